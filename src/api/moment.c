#include "api/moment.h"

#include "base/time.h"

enum { STEP_MS = 1000 };

int64_t moment_of_delay(int64_t delay_ms)
{
	return (time_now_ms() - delay_ms) / STEP_MS * STEP_MS;
}

int64_t moment_shown_after(int64_t observed_at, int64_t delay_ms)
{
	return (observed_at + STEP_MS - 1) / STEP_MS * STEP_MS + delay_ms;
}

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
		*out_as_of =
			as_of->number ? as_of->number : 1; /* the first moment of 1970 is no 0 */
	else if (delay && delay->number)
		*out_as_of = moment_of_delay(delay->number);
	return true;
}

void moment_hold(const struct call *call, struct answer *out)
{
	const struct argument *delay = call_get(call, STR("delay"));
	if (delay)
		out->hold_ms = STEP_MS - (time_now_ms() - delay->number) % STEP_MS;
}
