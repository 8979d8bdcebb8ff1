/*
 * A request up to its call: the target, Accept and Accept-Encoding, a line each. What is taken has a
 * format that its route has, and arguments within their bounds; what is refused has a status and a
 * sentence.
 */
#include "fuzz.h"

#include "api/call.h"
#include "api/route.h"

static void check_argument(const struct argument *a)
{
	const struct parameter *p = a->parameter;
	fuzz_check(str_is_utf8(a->text) && !(a->text.n && memchr(a->text.p, 0, a->text.n)));
	switch (p->type) {
	case PARAMETER_NUMBER:
	case PARAMETER_DURATION:
		fuzz_check(a->number >= p->min && a->number <= p->max);
		return;
	case PARAMETER_CHOICE:
		fuzz_check(a->number >= 0 && (size_t)a->number < p->choice_count);
		fuzz_check(str_equal(p->choices[a->number], a->text));
		return;
	case PARAMETER_SEASON:
		fuzz_check(a->number % 10000 == a->number / 10000 + 1);
		return;
	case PARAMETER_TEAM:
		fuzz_check(a->number > 0 || a->text.n == 3);
		return;
	case PARAMETER_TEXT: /* format has no bounds: it is one of the route's */
		fuzz_check(
			!p->max || ((int64_t)a->text.n >= p->min && (int64_t)a->text.n <= p->max));
		return;
	case PARAMETER_DATE:
	case PARAMETER_TIME:
		return;
	}
}

static void check_call(const struct call *call)
{
	fuzz_check(call->route >= routes && call->route < routes + route_count);
	fuzz_check(call->route->formats >> call->format & 1);
	fuzz_check(call->id >= 0 && call->id <= 9999999999);
	for (size_t i = 0; i < call->count; i++) {
		const struct argument *a = &call->arguments[i];
		check_argument(a);
		const struct argument *next = call_next(call, a->parameter->name, a);
		fuzz_check(a->parameter->may_repeat || !next);
	}
}

static bool read_call(struct str target, struct str accept, struct arena *keep, struct call *out,
	struct problem *p)
{
	struct str_cut cut = str_cut(target, '?');
	if (!call_find_route(cut.head, out, p))
		return false;
	out->format = call_accept(out->route, accept);
	return call_read_query(out, cut.tail, keep, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct call call = {0};
	struct problem problem = {0};
	if (size > 16384)
		return 0;
	struct arena *keep = fuzz_arena(1 << 24);
	char *copy = fuzz_copy(data, size);
	struct str_cut target = str_cut((struct str){copy, size}, '\n');
	struct str_cut accept = str_cut(target.tail, '\n');
	if (read_call(target.head, accept.head, keep, &call, &problem))
		check_call(&call);
	else
		fuzz_check(problem.status >= 400 && problem.status < 500 && *problem.detail);
	request_takes_gzip(accept.tail);
	free(copy);
	return 0;
}
