#include "plan/plan.h"

/*
 * The moments at which an ended game is asked: at the end itself, `first` after it, and then
 * at twice the time each; the last one is PLAN_LAST_MS after it. The earliest that comes
 * after `after`, or PLAN_NEVER.
 */
static int64_t next_moment(int64_t end, int64_t first, int64_t after)
{
	if (after < end)
		return end;
	for (int64_t wait = first; wait < PLAN_LAST_MS; wait *= 2)
		if (end + wait > after)
			return end + wait;
	return end + PLAN_LAST_MS > after ? end + PLAN_LAST_MS : PLAN_NEVER;
}

/* When it ended: as it was seen, else when such a game is usually over. False: nothing tells. */
static bool find_end(
	const struct game *seen, const struct game *stored, bool is_official, int64_t *out)
{
	if (stored && is_official && KNOWS(stored, GAME, official_at))
		*out = stored->official_at;
	else if (stored && KNOWS(stored, GAME, ended_at))
		*out = stored->ended_at;
	else if (stored && !KNOWS(stored, GAME, last_error))
		return false; /* polled until now as one that is being played: its end is news */
	else if (KNOWS(seen, GAME, start_time))
		*out = seen->start_time + PLAN_USUAL_LENGTH_MS;
	else
		return false;
	return true;
}

/* The last poll went well and brought the lines of the official end. */
static bool has_final_lines(const struct game *stored)
{
	return (str_equal(stored->stats_status, STR("official")) ||
		       str_equal(stored->stats_status, STR("settled"))) &&
	       !KNOWS(stored, GAME, last_error);
}

static int64_t plan_ended(const struct plan *p, const struct game *seen, const struct game *stored,
	bool is_official, int64_t now)
{
	int64_t end, first = PLAN_FIRST_PROVISIONAL_MS;
	if (!find_end(seen, stored, is_official, &end))
		return now;
	if (is_official && (!stored || has_final_lines(stored)))
		first = PLAN_FIRST_OFFICIAL_MS;
	/* Nothing tells when it was last asked: a tick asks for the moments since the one before
	 * it. */
	if (!stored)
		return next_moment(end, first, now - p->every_ms);
	if (!KNOWS(stored, GAME, last_poll_at))
		return now;
	return next_moment(end, first, stored->last_poll_at);
}

int64_t plan_game(
	const struct plan *p, const struct game *seen, const struct game *stored, int64_t now)
{
	if (KNOWS(seen, GAME, schedule_state) && game_is_off(seen->schedule_state))
		return PLAN_NEVER;
	switch (KNOWS(seen, GAME, game_state) ? game_phase(seen->game_state) : PHASE_UNKNOWN) {
	case PHASE_FUTURE:
		return PLAN_NEVER;
	case PHASE_UNKNOWN:
	case PHASE_PREGAME:
	case PHASE_LIVE:
		return now;
	case PHASE_PROVISIONAL:
		return plan_ended(p, seen, stored, false, now);
	case PHASE_OFFICIAL:
		return plan_ended(p, seen, stored, true, now);
	}
	return PLAN_NEVER;
}
