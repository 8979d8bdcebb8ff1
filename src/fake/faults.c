#include "fake/faults.h"

#include "fake/random.h"

#include <stdlib.h>

static const struct {
	struct str name;
	enum fault fault;
} kinds[] = {
	{STR_INIT("slow"), FAULT_SLOW},
	{STR_INIT("drop"), FAULT_DROP},
	{STR_INIT("torn"), FAULT_TORN},
	{STR_INIT("cut"), FAULT_CUT},
	{STR_INIT("empty"), FAULT_EMPTY},
	{STR_INIT("html"), FAULT_HTML},
	{STR_INIT("gzip"), FAULT_GZIP},
	{STR_INIT("stale"), FAULT_STALE},
};
#define NAMES "status-NNN, slow, drop, torn, cut, empty, html, gzip, stale"

static bool parse_kind(struct str name, enum fault *out, int *out_status)
{
	int64_t status;
	if (str_starts(name, STR("status-")) && str_to_i64(str_skip(name, 7), &status) &&
		status >= 400 && status <= 599) {
		*out = FAULT_STATUS;
		*out_status = (int)status;
		return true;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(kinds[i].name, name)) {
			*out = kinds[i].fault;
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

bool faults_parse(struct str spec, uint64_t seed, struct faults *out, struct err *err)
{
	struct faults f = {.seed = seed};
	double sum = 0;
	for (struct str_cut part = {.tail = spec, .found = spec.n > 0}; part.found;) {
		part = str_cut(part.tail, ',');
		struct str one = str_trim(part.head);
		struct str_cut pair = str_cut(one, '=');
		if (f.count == FAULTS_MAX)
			return err_set(err, ERR_USAGE, "--faults: more than %d kinds", FAULTS_MAX);
		if (!parse_kind(
			    str_trim(pair.head), &f.list[f.count].fault, &f.list[f.count].status))
			return err_set(err, ERR_USAGE,
				"--faults: \"%.*s\": no such fault; there are " NAMES,
				STR_ARG(one));
		if (!pair.found || !parse_chance(str_trim(pair.tail), &f.list[f.count].chance))
			return err_set(err, ERR_USAGE,
				"--faults: \"%.*s\": wants a chance from 0 to 1, as in slow=0.01",
				STR_ARG(one));
		sum += f.list[f.count++].chance;
	}
	if (sum > 1 + 1e-9)
		return err_set(err, ERR_USAGE, "--faults: the chances sum to %g, more than 1", sum);
	*out = f;
	return true;
}

enum fault faults_draw(const struct faults *f, uint64_t path_hash, uint32_t nth, int *out_status)
{
	if (!f->count)
		return FAULT_NONE;
	struct random r = random_from(f->seed, path_hash + nth);
	double u = random_unit(&r);
	for (size_t i = 0; i < f->count; i++) {
		if (u < f->list[i].chance) {
			*out_status = f->list[i].status;
			return f->list[i].fault;
		}
		u -= f->list[i].chance;
	}
	return FAULT_NONE;
}

int faults_below(const struct faults *f, uint64_t path_hash, uint32_t nth, int n)
{
	struct random r = random_from(f->seed ^ 1, path_hash + nth);
	return random_below(&r, n);
}
