#include "fake/faults.h"

#include "base/time.h"
#include "fake/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const struct str fault_names[FAULT_COUNT] = {
	[FAULT_NONE] = STR_INIT("none"),
#define FAULT(id, name, help) [FAULT_##id] = STR_INIT(name),
#include "fake/faults.def"
#undef FAULT
};

/* ---- the words ---- */

/* Kinds whose name is followed by a number: "status-503" for "status-NNN". */
static const struct {
	enum fault fault;
	int low, high;
} numbered[] = {{FAULT_STATUS, 400, 599}, {FAULT_RETRY, 0, 86400}};

static bool parse_numbered(struct str word, size_t i, struct fault_rule *out, struct err *err)
{
	struct str stem = str_cut(fault_names[numbered[i].fault], 'N').head;
	int64_t number;
	if (!str_to_i64(str_skip(word, stem.n), &number) || number < numbered[i].low ||
		number > numbered[i].high)
		return err_set(err, ERR_USAGE,
			"--faults: \"%.*s\": wants a number from %d to %d after %.*s",
			STR_ARG(str_first(word, 60)), numbered[i].low, numbered[i].high,
			STR_ARG(stem));
	out->fault = numbered[i].fault;
	out->number = (int)number;
	return true;
}

static bool parse_kind(struct str word, struct fault_rule *out, struct err *err)
{
	for (size_t i = 0; i < COUNT(numbered); i++)
		if (str_starts(word, str_cut(fault_names[numbered[i].fault], 'N').head))
			return parse_numbered(word, i, out, err);
	for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++)
		if (str_equal(fault_names[i], word)) {
			out->fault = (enum fault)i;
			return true;
		}
	return err_set(err, ERR_USAGE,
		"--faults: \"%.*s\": no such fault; `rinkside fake --help` has all",
		STR_ARG(str_first(word, 60)));
}

static bool parse_chance(struct str text, double *out)
{
	char z[32], *end;
	if (!text.n || text.n >= sizeof(z) || text.p[0] == '-')
		return false;
	for (size_t i = 0; i < text.n; i++)
		z[i] = text.p[i];
	z[text.n] = 0;
	if (z[strspn(z, "0123456789.e-")])
		return false;
	*out = strtod(z, &end);
	return !*end && *out >= 0 && *out <= 1;
}

/* ---- the conditions ---- */

typedef bool read_condition(struct str text, struct fault_rule *out);

static bool read_game(struct str text, struct fault_rule *out)
{
	return str_to_i64(text, &out->game) && out->game > 0;
}

static bool read_path(struct str text, struct fault_rule *out)
{
	out->path = text;
	return text.n > 0;
}

static bool read_first(struct str text, struct fault_rule *out)
{
	return str_to_i64(text, &out->first) && out->first > 0;
}

static bool read_from(struct str text, struct fault_rule *out)
{
	return time_parse(text, &out->from_ms);
}

static bool read_to(struct str text, struct fault_rule *out)
{
	return time_parse(text, &out->to_ms);
}

static bool read_every(struct str text, struct fault_rule *out)
{
	return time_parse_duration(text, &out->every_ms) && out->every_ms > 0;
}

static bool read_for(struct str text, struct fault_rule *out)
{
	return time_parse_duration(text, &out->for_ms) && out->for_ms > 0;
}

static const struct {
	struct str name;
	read_condition *read;
	const char *wants;
} conditions[] = {
	{STR_INIT("game"), read_game, "a game's number, as in @game:2025020001"},
	{STR_INIT("path"), read_path, "a word in the path, as in @path:boxscore"},
	{STR_INIT("first"), read_first, "a number of times, as in @first:3"},
	{STR_INIT("from"), read_from, "a time, as in @from:2025-12-01T20:00:00Z"},
	{STR_INIT("to"), read_to, "a time, as in @to:2025-12-01T20:00:00Z"},
	{STR_INIT("every"), read_every, "a duration, as in @every:24h"},
	{STR_INIT("for"), read_for, "a duration, as in @for:1h"},
};
#define CONDITIONS "game, path, first, from, to, every, for"

/* Each once: which there were is kept in *met. */
static bool parse_condition(struct str one, unsigned *met, struct fault_rule *out, struct err *err)
{
	struct str_cut pair = str_cut(one, ':');
	for (size_t i = 0; i < COUNT(conditions); i++) {
		if (!str_equal(conditions[i].name, pair.head))
			continue;
		if (*met & 1U << i)
			return err_set(err, ERR_USAGE,
				"--faults: \"@%.*s\": a second one; all must hold", STR_ARG(one));
		*met |= 1U << i;
		return conditions[i].read(pair.tail, out) ||
		       err_set(err, ERR_USAGE, "--faults: \"@%.*s\": wants %s", STR_ARG(one),
			       conditions[i].wants);
	}
	return err_set(err, ERR_USAGE,
		"--faults: \"@%.*s\": no such condition; there are " CONDITIONS, STR_ARG(one));
}

/* ---- a rule ---- */

static bool parse_rule(struct str one, struct fault_rule *out, struct err *err)
{
	struct str_cut parts = str_cut(one, '@'), pair = str_cut(parts.head, '=');
	unsigned met = 0;
	if (!parse_kind(str_trim(pair.head), out, err))
		return false;
	if (!pair.found || !parse_chance(str_trim(pair.tail), &out->chance))
		return err_set(err, ERR_USAGE,
			"--faults: \"%.*s\": wants a chance from 0 to 1, as in slow=0.01",
			STR_ARG(one));
	while (parts.found) {
		parts = str_cut(parts.tail, '@');
		if (!parse_condition(str_trim(parts.head), &met, out, err))
			return false;
	}
	if (!out->every_ms != !out->for_ms || out->for_ms > out->every_ms)
		return err_set(err, ERR_USAGE,
			"--faults: \"%.*s\": @every and @for go together, and @for is no longer",
			STR_ARG(one));
	if (out->to_ms && out->from_ms >= out->to_ms)
		return err_set(err, ERR_USAGE, "--faults: \"%.*s\": @from is not before @to",
			STR_ARG(one));
	return true;
}

static bool has_condition(const struct fault_rule *r)
{
	return r->game || r->path.n || r->first || r->from_ms || r->to_ms || r->every_ms;
}

/* What names a place or a time comes before what goes on everywhere: an hour's dead upstream is dead. */
static struct faults conditions_first(const struct faults *f)
{
	struct faults sorted = {.seed = f->seed};
	for (int rest = 0; rest < 2; rest++)
		for (size_t i = 0; i < f->count; i++)
			if (has_condition(&f->rules[i]) == !rest)
				sorted.rules[sorted.count++] = f->rules[i];
	return sorted;
}

bool faults_parse(struct str spec, uint64_t seed, struct faults *out, struct err *err)
{
	struct faults f = {.seed = seed};
	double sum = 0;
	for (struct str_cut part = {.tail = spec, .found = spec.n > 0}; part.found;) {
		part = str_cut(part.tail, ',');
		if (f.count == FAULTS_MAX)
			return err_set(err, ERR_USAGE, "--faults: more than %d rules", FAULTS_MAX);
		struct fault_rule *r = &f.rules[f.count++];
		if (!parse_rule(str_trim(part.head), r, err))
			return false;
		sum += has_condition(r) ? 0 : r->chance;
	}
	if (sum > 1 + 1e-9)
		return err_set(err, ERR_USAGE, "--faults: the chances sum to %g, more than 1", sum);
	*out = conditions_first(&f);
	return true;
}

/* ---- fate ---- */

static bool holds(struct str text, struct str word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (str_starts(str_skip(text, i), word))
			return true;
	return false;
}

static bool is_met(const struct fault_rule *r, struct str path, uint32_t nth, int64_t now_ms)
{
	char game[24];
	snprintf(game, sizeof(game), "%" PRId64, r->game);
	return (!r->game || holds(path, str_from(game))) && holds(path, r->path) &&
	       (!r->first || nth < r->first) && (!r->from_ms || now_ms >= r->from_ms) &&
	       (!r->to_ms || now_ms < r->to_ms) &&
	       (!r->every_ms || now_ms % r->every_ms < r->for_ms);
}

const struct fault_rule *faults_draw(
	const struct faults *f, struct str path, uint64_t path_hash, uint32_t nth, int64_t now_ms)
{
	if (!f->count)
		return NULL;
	struct random r = random_from(f->seed, path_hash + nth);
	double u = random_unit(&r);
	for (size_t i = 0; i < f->count; i++) {
		if (!is_met(&f->rules[i], path, nth, now_ms))
			continue;
		if (u < f->rules[i].chance)
			return &f->rules[i];
		u -= f->rules[i].chance;
	}
	return NULL;
}

int faults_below(const struct faults *f, uint64_t path_hash, uint32_t nth, int n)
{
	struct random r = random_from(f->seed ^ 1, path_hash + nth);
	return random_below(&r, n);
}
