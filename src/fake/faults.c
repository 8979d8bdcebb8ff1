#include "fake/faults.h"

#include "base/time.h"
#include "fake/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

const struct str fault_names[FAULT_COUNT] = {
	[FAULT_NONE] = STR_INIT("none"),
#define FAULT(id, name, help) [FAULT_##id] = STR_INIT(name),
#include "fake/faults.def"
#undef FAULT
};

/* ---- the words ---- */

/* "status-503" for "status-NNN": the name up to its number, which follows. */
static bool parse_numbered(struct str word, enum fault fault, int low, int high, int *out)
{
	struct str stem = str_cut(fault_names[fault], 'N').head;
	int64_t number;
	if (!str_starts(word, stem) || !str_to_i64(str_skip(word, stem.n), &number) ||
		number < low || number > high)
		return false;
	*out = (int)number;
	return true;
}

static bool parse_kind(struct str word, struct fault_rule *out)
{
	if (parse_numbered(word, FAULT_STATUS, 400, 599, &out->number)) {
		out->fault = FAULT_STATUS;
		return true;
	}
	if (parse_numbered(word, FAULT_RETRY, 0, 86400, &out->number)) {
		out->fault = FAULT_RETRY;
		return true;
	}
	for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++)
		if (i != FAULT_STATUS && i != FAULT_RETRY && str_equal(fault_names[i], word)) {
			out->fault = (enum fault)i;
			return true;
		}
	return false;
}

static bool parse_chance(struct str text, double *out)
{
	char z[32], *end;
	if (!text.n || text.n >= sizeof(z) ||
		!((text.p[0] >= '0' && text.p[0] <= '9') || text.p[0] == '.'))
		return false;
	for (size_t i = 0; i < text.n; i++)
		z[i] = text.p[i];
	z[text.n] = 0;
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

static bool parse_condition(struct str one, struct fault_rule *out, struct err *err)
{
	struct str_cut pair = str_cut(one, ':');
	for (size_t i = 0; i < COUNT(conditions); i++) {
		if (!str_equal(conditions[i].name, pair.head))
			continue;
		return conditions[i].read(pair.tail, out) ||
		       err_set(err, ERR_USAGE, "--faults: \"@%.*s\": wants %s", STR_ARG(one),
			       conditions[i].wants);
	}
	return err_set(err, ERR_USAGE,
		"--faults: \"@%.*s\": no such condition; there are " CONDITIONS, STR_ARG(one));
}

/* ---- a rule ---- */

static bool say_kinds(struct str one, struct err *err)
{
	static const char all[] =
#define FAULT(id, name, help) ", " name
#include "fake/faults.def"
#undef FAULT
		;
	return err_set(err, ERR_USAGE, "--faults: \"%.*s\": no such fault; there are %s",
		STR_ARG(str_first(one, 60)), all + 2);
}

static bool parse_rule(struct str one, struct fault_rule *out, struct err *err)
{
	struct str_cut parts = str_cut(one, '@'), pair = str_cut(parts.head, '=');
	if (!parse_kind(str_trim(pair.head), out))
		return say_kinds(one, err);
	if (!pair.found || !parse_chance(str_trim(pair.tail), &out->chance))
		return err_set(err, ERR_USAGE,
			"--faults: \"%.*s\": wants a chance from 0 to 1, as in slow=0.01",
			STR_ARG(one));
	while (parts.found) {
		parts = str_cut(parts.tail, '@');
		if (!parse_condition(str_trim(parts.head), out, err))
			return false;
	}
	return !out->every_ms == !out->for_ms ||
	       err_set(err, ERR_USAGE, "--faults: \"%.*s\": @every and @for go together",
		       STR_ARG(one));
}

static bool is_unconditional(const struct fault_rule *r)
{
	return !r->game && !r->path.n && !r->first && !r->from_ms && !r->to_ms && !r->every_ms;
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
		sum += is_unconditional(r) ? r->chance : 0;
	}
	if (sum > 1 + 1e-9)
		return err_set(err, ERR_USAGE, "--faults: the chances sum to %g, more than 1", sum);
	*out = f;
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
