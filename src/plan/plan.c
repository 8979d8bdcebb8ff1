#include "plan/plan.h"

#include "base/time.h"

#include <assert.h>

const struct str policy_names[2] = {
	[POLICY_FIXED] = STR_INIT("fixed"), [POLICY_ADAPTIVE] = STR_INIT("adaptive")};

/* A time of the upstream's, in ours. */
static int64_t scaled(const struct plan *p, int64_t ms)
{
	return p->speed > 0 && ms != PLAN_NEVER ? (int64_t)((double)ms / p->speed) : ms;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A moment that the database knows: none of them is yet to come, whatever a clock that was set
 * back says. */
static int64_t past(int64_t moment, int64_t now)
{
	return earlier(moment, now);
}

static enum game_phase phase_of(const struct game *g)
{
	return KNOWS(g, GAME, game_state) ? game_phase(g->game_state) : PHASE_UNKNOWN;
}

static bool is_off(const struct game *g)
{
	return KNOWS(g, GAME, schedule_state) && game_is_off(g->schedule_state);
}

/* ---- ended ---- */

/*
 * The moments at which an ended game is asked: at the end itself, `first` after it, and then
 * at twice the time each; the last one is PLAN_LAST_MS after it. The earliest that comes
 * after `after`, or PLAN_NEVER.
 */
static int64_t next_moment(const struct plan *p, int64_t end, int64_t first, int64_t after)
{
	int64_t last = scaled(p, PLAN_LAST_MS);
	if (after < end)
		return end;
	for (int64_t wait = later(scaled(p, first), 1); wait < last; wait *= 2)
		if (end + wait > after)
			return end + wait;
	return end + last > after ? end + last : PLAN_NEVER;
}

/* When it ended: as it was seen, else when such a game is usually over. False: nothing tells. */
static bool find_end(const struct plan *p, const struct game *seen, const struct game *stored,
	bool is_official, int64_t *out)
{
	if (stored && is_official && KNOWS(stored, GAME, official_at))
		*out = stored->official_at;
	else if (stored && KNOWS(stored, GAME, ended_at))
		*out = stored->ended_at;
	else if (KNOWS(seen, GAME, start_time) && (!stored || KNOWS(stored, GAME, last_error)))
		*out = seen->start_time + scaled(p, PLAN_USUAL_LENGTH_MS);
	else
		return false; /* polled until now as one that is being played: its end is news */
	return true;
}

/* Such an end is seen, or reckoned: only one that was seen is past, whatever the clock says now. */
static bool has_seen_end(const struct game *stored)
{
	return KNOWS(stored, GAME, ended_at) || KNOWS(stored, GAME, official_at);
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
	if (!find_end(p, seen, stored, is_official, &end))
		return now;
	if (is_official && (!stored || has_final_lines(stored)))
		first = PLAN_FIRST_OFFICIAL_MS;
	if (is_official && stored && KNOWS(stored, GAME, changed_at)) /* a correction: anew */
		end = later(end, past(stored->changed_at, now));
	/* Nothing tells when it was last asked: a tick asks for the moments since the one before
	 * it. */
	if (!stored)
		return next_moment(p, end, first, now - p->every_ms);
	if (!KNOWS(stored, GAME, last_poll_at))
		return now;
	if (end > now && has_seen_end(stored)) /* the clock was set back: asked once, then paced */
		return stored->last_poll_at > now ? now : stored->last_poll_at + scaled(p, first);
	return next_moment(p, end, first, past(stored->last_poll_at, now));
}

/* ---- the original design: every tick ---- */

static int64_t plan_fixed(
	const struct plan *p, const struct game *seen, const struct game *stored, int64_t now)
{
	switch (phase_of(seen)) {
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

/* ---- adaptive ---- */

/* When the last reply's copy has run out at the CDN, and a little. */
static int64_t copy_over(const struct plan *p, const struct game *g, int64_t now)
{
	int64_t polled = past(g->last_poll_at, now), wait = scaled(p, PLAN_COPY_MS);
	if (KNOWS(g, GAME, expires_at))
		wait = g->expires_at > g->last_poll_at ? g->expires_at - g->last_poll_at
						       : scaled(p, PLAN_COPY_OVER_MS);
	return polled + earlier(wait, PLAN_COPY_MAX_MS) + PLAN_MARGIN_MS;
}

/* How long after its last poll a game is to be asked again; 0: nobody has planned since. */
static int64_t planned_wait(const struct game *g)
{
	bool is_planned = KNOWS(g, GAME, next_poll_at) && KNOWS(g, GAME, last_poll_at);
	return is_planned ? later(g->next_poll_at - g->last_poll_at, 0) : 0;
}

/* The wait is in the row: a sleep before the first failure, however long, is none. */
static int64_t after_failure(const struct plan *p, const struct game *g, int64_t now)
{
	int64_t wait = later(planned_wait(g), scaled(p, PLAN_FAILED_FIRST_MS));
	return past(g->last_poll_at, now) + earlier(wait, scaled(p, PLAN_FAILED_MAX_MS));
}

/* What a score board or the schedule has shown since goes beyond the stored box score. */
static bool is_ahead(const struct game *g)
{
	int64_t period = KNOWS(g, GAME, period) ? g->period : 0;
	int64_t tally = g->away_score + g->home_score + g->away_shots + g->home_shots;
	if (!KNOWS(g, GAME, order_time) || period != g->order_period)
		return !KNOWS(g, GAME, order_time) || period > g->order_period;
	return game_elapsed(g) > g->order_elapsed ||
	       (KNOWS(g, GAME, order_tally) && tally != g->order_tally);
}

static bool clock_stands(const struct game *g)
{
	return KNOWS(g, GAME, clock_running) && !g->clock_running && !g->in_intermission;
}

static bool is_on_the_board(const struct plan *p, const struct game *g, int64_t now)
{
	return KNOWS(g, GAME, board_at) &&
	       now - past(g->board_at, now) < scaled(p, PLAN_BOARD_COUNTS_MS);
}

/* The first copy of the box score that was made no sooner than what the board has shown. */
static int64_t copy_after(const struct plan *p, const struct game *g, int64_t now)
{
	int64_t over = copy_over(p, g, now), lasts = later(scaled(p, PLAN_COPY_MS), 1);
	int64_t behind = past(g->observed_at, now) - (over - PLAN_MARGIN_MS);
	if (!KNOWS(g, GAME, observed_at) || behind <= 0)
		return over;
	return over + (behind + lasts - 1) / lasts * lasts;
}

static int64_t plan_live(const struct plan *p, const struct game *g, int64_t now)
{
	int64_t fresh = copy_over(p, g, now);
	if (is_ahead(g))
		return copy_after(p, g, now);
	if (g->in_intermission && KNOWS(g, GAME, clock_seconds) && KNOWS(g, GAME, observed_at)) {
		int64_t left = g->clock_seconds * 1000 - PLAN_AWAKE_MS;
		return later(fresh, past(g->observed_at, now) + scaled(p, left));
	}
	if (clock_stands(g) && is_on_the_board(p, g, now))
		return later(fresh, past(g->last_poll_at, now) + scaled(p, PLAN_SWEEP_MS));
	return fresh;
}

static int64_t plan_pregame(const struct plan *p, const struct game *g, int64_t now)
{
	int64_t polled = past(g->last_poll_at, now), start = g->start_time;
	if (!KNOWS(g, GAME, start_time))
		return polled + scaled(p, PLAN_PREGAME_MS);
	if (polled < start)
		return earlier(polled + scaled(p, PLAN_PREGAME_MS), start + PLAN_MARGIN_MS);
	if (polled < start + scaled(p, PLAN_LATE_MS))
		return copy_over(p, g, now);
	return polled + scaled(p, PLAN_WARM_UP_MS);
}

/* Should be seen to begin by the schedule; if nobody reads that any more, here. */
static int64_t plan_future(const struct plan *p, const struct game *g, int64_t now)
{
	int64_t late = scaled(p, PLAN_LATE_MS), next = g->start_time + late;
	if (!KNOWS(g, GAME, start_time) || str_equal(g->schedule_state, STR("TBD")))
		return PLAN_NEVER;
	if (KNOWS(g, GAME, last_poll_at))
		next = later(next, past(g->last_poll_at, now) + late);
	return next < g->start_time + scaled(p, PLAN_NO_SHOW_MS) ? next : PLAN_NEVER;
}

/*
 * The last box score may not have shown the end that a score board has: it is not waited for.
 * For ever it is not believed either, since the two need not agree on every shot.
 */
static int64_t plan_finished(
	const struct plan *p, const struct game *g, bool is_official, int64_t now)
{
	int64_t next = plan_ended(p, g, g, is_official, now);
	bool is_known = KNOWS(g, GAME, ended_at) && KNOWS(g, GAME, last_poll_at);
	if (is_known && is_ahead(g) && g->ended_at <= now &&
		g->last_poll_at < g->ended_at + scaled(p, PLAN_SETTLING_MS))
		return earlier(next, copy_over(p, g, now));
	return next;
}

static int64_t plan_adaptive(const struct plan *p, const struct game *g, int64_t now)
{
	enum game_phase phase = phase_of(g);
	bool was_polled = KNOWS(g, GAME, last_poll_at);
	switch (phase) {
	case PHASE_FUTURE:
		return plan_future(p, g, now);
	case PHASE_PROVISIONAL:
		return plan_finished(p, g, false, now);
	case PHASE_OFFICIAL:
		return plan_finished(p, g, true, now);
	case PHASE_UNKNOWN:
	case PHASE_PREGAME:
	case PHASE_LIVE:
		break;
	}
	if (!was_polled)
		return now;
	if (KNOWS(g, GAME, last_error))
		return after_failure(p, g, now);
	if (phase == PHASE_UNKNOWN)
		return past(g->last_poll_at, now) + scaled(p, PLAN_UNKNOWN_MS);
	return phase == PHASE_LIVE ? plan_live(p, g, now) : plan_pregame(p, g, now);
}

/* ---- games ---- */

int64_t plan_game(
	const struct plan *p, const struct game *seen, const struct game *stored, int64_t now)
{
	const struct game *g = stored && KNOWS(stored, GAME, game_state) ? stored : seen;
	assert(g); /* seen may be the stored one itself, but never nothing */
	switch (p->policy) {
	case POLICY_FIXED:
		return is_off(seen) ? PLAN_NEVER : plan_fixed(p, seen, stored, now);
	case POLICY_ADAPTIVE:
		return is_off(g) ? PLAN_NEVER : plan_adaptive(p, g, now);
	}
	return PLAN_NEVER;
}

int64_t plan_due(const struct plan *p, const struct game *stored, int64_t now)
{
	int64_t next = plan_game(p, stored, stored, now);
	if (p->policy == POLICY_FIXED && KNOWS(stored, GAME, last_poll_at))
		return later(next, past(stored->last_poll_at, now) + p->every_ms);
	return next;
}

int64_t plan_after_poll(const struct plan *p, const struct game *stored, int64_t now)
{
	int64_t least = p->policy == POLICY_FIXED ? p->every_ms : PLAN_MARGIN_MS;
	struct game g = *stored;
	if (KNOWS(&g, GAME, last_error) && KNOWS(&g, GAME, next_poll_at))
		g.next_poll_at += planned_wait(&g);
	return later(plan_due(p, &g, now), now + least);
}

void plan_note_failure(struct game *g, int64_t polled)
{
	if (KNOWS(g, GAME, last_error) && KNOWS(g, GAME, next_poll_at))
		g->next_poll_at = polled + planned_wait(g);
	SET(g, GAME, last_poll_at, polled);
}

bool plan_is_live(const struct game *g)
{
	return phase_of(g) == PHASE_LIVE && !is_off(g);
}

/* ---- looks at the schedule ---- */

static int64_t look_again(const struct plan *p, const struct look *last, int64_t every, int64_t now)
{
	int64_t at = past(last->at_ms, now), wait = scaled(p, every);
	if (!last->at_ms)
		return now;
	if (last->failures > 0) {
		int64_t longest = scaled(p, PLAN_LOOK_FAILED_MAX_MS);
		int doublings = last->failures < 8 ? last->failures - 1 : 7;
		wait = earlier(scaled(p, PLAN_FAILED_FIRST_MS) << doublings, longest);
	}
	return at + wait;
}

int64_t plan_week(const struct plan *p, const struct look *last, int64_t now)
{
	switch (p->policy) {
	case POLICY_FIXED:
		return last->at_ms ? past(last->at_ms, now) + p->every_ms : now;
	case POLICY_ADAPTIVE:
		return look_again(p, last, PLAN_WEEK_MS, now);
	}
	return PLAN_NEVER;
}

/* Its start is over, and nobody has seen its end. */
static bool is_open(const struct game *g, int64_t now)
{
	enum game_phase phase = phase_of(g);
	return KNOWS(g, GAME, game_date) && KNOWS(g, GAME, start_time) && g->start_time < now &&
	       !is_off(g) && phase != PHASE_PROVISIONAL && phase != PHASE_OFFICIAL;
}

int32_t plan_week_from(const struct game *games, size_t count, int64_t now)
{
	int32_t today = eastern_day(now), day = today - 1;
	for (size_t i = 0; i < count; i++)
		if (is_open(&games[i], now) && games[i].game_date < day)
			day = games[i].game_date;
	return day > today - PLAN_MISSED_DAYS ? day : today - PLAN_MISSED_DAYS;
}

bool plan_is_missed(const struct game *g, int64_t now)
{
	return is_open(g, now) && g->game_date < eastern_day(now) - PLAN_MISSED_DAYS;
}

/* For a game that has not begun: sooner and sooner as its start nears. */
static int64_t look_for_start(
	const struct plan *p, const struct game *g, const struct look *last, int64_t now)
{
	int64_t at = past(last->at_ms, now), near = g->start_time - scaled(p, PLAN_NEAR_MS);
	if (!KNOWS(g, GAME, start_time) || now > g->start_time + scaled(p, PLAN_NO_SHOW_MS))
		return PLAN_NEVER;
	if (at < near || last->failures)
		return later(near, look_again(p, last, PLAN_BOARD_MS, now));
	return at + later((g->start_time - at) / PLAN_NEARING, scaled(p, PLAN_BOARD_MS));
}

static int64_t look_for_game(
	const struct plan *p, const struct game *g, const struct look *last, int64_t now)
{
	if (is_off(g))
		return PLAN_NEVER;
	switch (phase_of(g)) {
	case PHASE_FUTURE:
	case PHASE_PREGAME:
		return look_for_start(p, g, last, now);
	case PHASE_UNKNOWN:
	case PHASE_LIVE:
		return look_again(p, last, PLAN_BOARD_MS, now);
	case PHASE_PROVISIONAL:
	case PHASE_OFFICIAL:
		break;
	}
	return PLAN_NEVER;
}

/* While so many clocks stand, one look in place of as many box scores. */
static int64_t look_for_clocks(const struct plan *p, const struct look *last, int64_t now)
{
	int64_t wait = scaled(p, PLAN_COPY_MS);
	if (!last->at_ms || last->failures)
		return look_again(p, last, PLAN_BOARD_MS, now);
	if (last->expires_ms)
		wait = last->expires_ms > last->at_ms ? last->expires_ms - last->at_ms
						      : scaled(p, PLAN_COPY_OVER_MS);
	return past(last->at_ms, now) + earlier(wait, PLAN_COPY_MAX_MS) + PLAN_MARGIN_MS;
}

static bool stands(const struct game *g, int32_t day)
{
	return g->game_date == day && plan_is_live(g) && clock_stands(g) &&
	       !KNOWS(g, GAME, last_error);
}

bool plan_is_probe(const struct plan *p, const struct game *games, size_t count, int32_t day)
{
	int standing = 0;
	for (size_t i = 0; i < count; i++)
		standing += stands(&games[i], day);
	return p->policy == POLICY_ADAPTIVE && standing >= PLAN_STANDING;
}

/* A game whose box score is put off until the board shows it moved. */
static bool is_waiting(
	const struct plan *p, const struct game *games, size_t count, int32_t day, int64_t now)
{
	for (size_t i = 0; i < count; i++)
		if (stands(&games[i], day) && is_on_the_board(p, &games[i], now))
			return true;
	return false;
}

int64_t plan_board(const struct plan *p, const struct game *games, size_t count, int32_t day,
	const struct look *last, int64_t now)
{
	int64_t next = PLAN_NEVER;
	if (p->policy == POLICY_FIXED)
		return PLAN_NEVER;
	for (size_t i = 0; i < count; i++)
		if (games[i].game_date == day)
			next = earlier(next, look_for_game(p, &games[i], last, now));
	if (plan_is_probe(p, games, count, day) || is_waiting(p, games, count, day, now))
		next = earlier(next, look_for_clocks(p, last, now));
	return next;
}
