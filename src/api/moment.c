#include "api/moment.h"

#include "base/time.h"

enum { STEP_MS = 1000 };

bool moment_read(const struct call *call, int64_t *out_as_of, struct problem *problem)
{
	const struct argument *as_of = call_get(call, STR("as_of")),
			      *delay = call_get(call, STR("delay"));
	int64_t now = time_now_ms();
	*out_as_of = 0;
	if (as_of && delay)
		return problem_set(problem, 400, STR("delay"),
			"delay: as_of is given too; it is one or the other");
	if (as_of && as_of->number > now)
		return problem_set(problem, 400, STR("as_of"), "as_of: a time that is yet to come");
	if (as_of)
		*out_as_of = as_of->number;
	else if (delay && delay->number)
		*out_as_of = (now - delay->number) / STEP_MS * STEP_MS;
	return true;
}

void moment_hold(const struct call *call, struct answer *out)
{
	if (call_get(call, STR("delay")))
		out->hold_ms = STEP_MS;
}
