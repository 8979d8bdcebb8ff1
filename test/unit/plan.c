/* plan: who is due, and when; a row for each thing that can be known of a game. */
#include "cmocka_all.h"

#include "plan/plan.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define NOW   INT64_C(1790000000000)
#define NEVER PLAN_NEVER
#define NONE  INT64_MIN /* not known */

static const struct plan plan = {.every_ms = 10 * SECOND};

/* Times are relative to NOW. */
struct stored {
	const char *state; /* NULL: the database holds nothing of it */
	int64_t ended, official, polled;
	bool has_lines, has_error;
};

static struct game seen_game(const char *state, const char *schedule_state, int64_t start)
{
	struct game g = {0};
	SET(&g, GAME, game_id, 2026020204);
	if (state)
		SET(&g, GAME, game_state, str_from(state));
	if (schedule_state)
		SET(&g, GAME, schedule_state, str_from(schedule_state));
	if (start != NONE)
		SET(&g, GAME, start_time, NOW + start);
	return g;
}

static struct game stored_game(const struct stored *s)
{
	struct game g = {0};
	if (!s->state)
		return g;
	SET(&g, GAME, game_state, str_from(s->state));
	if (s->ended != NONE)
		SET(&g, GAME, ended_at, NOW + s->ended);
	if (s->official != NONE)
		SET(&g, GAME, official_at, NOW + s->official);
	if (s->polled != NONE)
		SET(&g, GAME, last_poll_at, NOW + s->polled);
	if (s->has_lines && game_phase(g.game_state) == PHASE_OFFICIAL)
		SET(&g, GAME, stats_status, STR("official"));
	if (s->has_error)
		SET(&g, GAME, last_error, STR("404 Not Found"));
	return g;
}

/* PLAN_NEVER stays; anything else relative to NOW. */
static int64_t ask(const struct game *seen, const struct game *stored)
{
	int64_t at = plan_game(&plan, seen, stored, NOW);
	return at == PLAN_NEVER ? at : at - NOW;
}

static void expect(int64_t got, int64_t wanted, const char *name)
{
	if (got != wanted)
		print_error("%s: wanted %lld ms from now, got %lld\n", name, (long long)wanted,
			(long long)got);
	assert_true(got == wanted);
}

static void a_game_that_is_played_is_due_at_every_tick(void **state)
{
	(void)state;
	static const struct {
		const char *state, *schedule_state;
		int64_t next;
	} cases[] = {
		{"FUT", "OK", NEVER},
		{"FUT", "TBD", NEVER},
		{"PRE", "OK", 0},
		{"LIVE", "OK", 0},
		{"CRIT", "OK", 0},
		{"LIVE", "SUSP", 0},
		{"LIVE", NULL, 0},
		{"WARMUP", "OK", 0}, /* never seen before */
		{NULL, "OK", 0},
		{"FUT", "PPD", NEVER},
		{"FUT", "CNCL", NEVER},
		{"LIVE", "PPD", NEVER},
		{"OFF", "CNCL", NEVER},
	};
	static const struct stored holdings[] = {
		{NULL, NONE, NONE, NONE, false, false}, {"FUT", NONE, NONE, NONE, false, false},
		{"LIVE", NONE, NONE, -1, true, false}, {"LIVE", NONE, NONE, -1, true, true},
		{"FINAL", -HOUR, NONE, -1, true, false}, /* back from the end: it has been seen */
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct game seen = seen_game(cases[i].state, cases[i].schedule_state, -HOUR);
		const char *name = cases[i].state ? cases[i].state : "no state";
		expect(ask(&seen, NULL), cases[i].next, name);
		for (size_t n = 0; n < COUNT(holdings); n++) {
			struct game stored = stored_game(&holdings[n]);
			expect(ask(&seen, &stored), cases[i].next, name);
		}
	}
}

static void an_ended_game_is_due_less_and_less_often(void **state)
{
	(void)state;
	static const struct {
		const char *name, *seen;
		struct stored stored;
		int64_t next;
	} cases[] = {
		{"nothing stored", "FINAL", {NULL, NONE, NONE, NONE, false, false}, 0},
		{"nothing stored, official", "OFF", {NULL, NONE, NONE, NONE, false, false}, 0},
		{"stored, never polled", "FINAL", {"FINAL", -HOUR, NONE, NONE, false, false}, 0},
		{"the end is news", "OVER", {"LIVE", NONE, NONE, -10 * SECOND, true, false}, 0},
		{"seen ended, polled before", "FINAL",
			{"FINAL", -2 * SECOND, NONE, -10 * SECOND, true, false}, -2 * SECOND},
		{"polled at the end", "FINAL",
			{"FINAL", -10 * SECOND, NONE, -10 * SECOND, true, false}, 50 * SECOND},
		{"a minute after", "OVER", {"OVER", -61 * SECOND, NONE, -60 * SECOND, true, false},
			-SECOND},
		{"two", "FINAL", {"FINAL", -62 * SECOND, NONE, -SECOND, true, false}, 58 * SECOND},
		{"an hour", "FINAL", {"FINAL", -HOUR, NONE, -20 * MINUTE, true, false}, 4 * MINUTE},
		{"ticks that were missed", "FINAL",
			{"FINAL", -HOUR, NONE, -50 * MINUTE, true, false}, -44 * MINUTE},
		{"twelve hours", "FINAL", {"FINAL", -12 * HOUR, NONE, -HOUR, true, false},
			1024 * MINUTE - 12 * HOUR},
		{"official is news", "OFF", {"FINAL", -HOUR, NONE, -MINUTE, true, false},
			4 * MINUTE},
		{"official, polled before", "OFF",
			{"OFF", -HOUR, -5 * SECOND, -MINUTE, true, false}, -5 * SECOND},
		{"official, without lines", "OFF",
			{"OFF", -HOUR, -HOUR, -50 * MINUTE, false, false}, -44 * MINUTE},
		{"official, the last poll failed", "OFF",
			{"OFF", -HOUR, -10 * MINUTE, -MINUTE, true, true}, 6 * MINUTE},
		{"official in the schedule, not yet in the box score", "OFF",
			{"FINAL", -HOUR, -5 * MINUTE, -2 * MINUTE, true, false}, -MINUTE},
		{"official, final lines in", "OFF",
			{"OFF", -2 * HOUR, -MINUTE, -SECOND, true, false}, 59 * MINUTE},
		{"two hours later", "OFF",
			{"OFF", -4 * HOUR, -3 * HOUR, -2 * HOUR + SECOND, true, false}, -HOUR},
		{"on the second day", "OFF", {"OFF", -DAY, -DAY, -HOUR, true, false}, 8 * HOUR},
		{"after 128 hours", "OFF", {"OFF", -6 * DAY, -6 * DAY, -DAY / 2, true, false},
			DAY + MINUTE},
		{"after a week", "OFF", {"OFF", -8 * DAY, -8 * DAY, -2 * DAY, true, false},
			MINUTE - DAY},
		{"settled", "OFF", {"OFF", -8 * DAY, -8 * DAY, MINUTE - DAY, true, false}, NEVER},
		{"asked by a clock that was an hour ahead", "FINAL",
			{"FINAL", -10 * MINUTE, NONE, 50 * MINUTE, true, false}, 6 * MINUTE},
		{"seen ended by it, too", "FINAL",
			{"FINAL", 45 * MINUTE, NONE, 50 * MINUTE, true, false}, 0},
		{"and asked since", "FINAL",
			{"FINAL", 45 * MINUTE, NONE, -10 * SECOND, true, false}, 50 * SECOND},
		{"official, asked by such a clock", "OFF",
			{"OFF", -3 * HOUR, -90 * MINUTE, 50 * MINUTE, true, false}, 30 * MINUTE},
		{"seen official by it", "OFF",
			{"OFF", -HOUR, 40 * MINUTE, 50 * MINUTE, true, false}, 0},
		{"and asked since, official", "OFF",
			{"OFF", -HOUR, 40 * MINUTE, -10 * MINUTE, true, false}, 50 * MINUTE},
		{"no such box score, ever", "OFF", {"OFF", NONE, NONE, -SECOND, false, true},
			256 * MINUTE + 150 * MINUTE - 5 * HOUR},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct game seen = seen_game(cases[i].seen, "OK", -5 * HOUR),
			    stored = stored_game(&cases[i].stored);
		expect(ask(&seen, &stored), cases[i].next, cases[i].name);
	}
}

static void without_a_database_the_clock_decides(void **state)
{
	(void)state;
	static const struct {
		const char *seen;
		int64_t since_end; /* since such a game is usually over */
		int64_t next;
	} cases[] = {
		{"FINAL", -HOUR, HOUR}, /* over sooner than most: the moments begin an hour later */
		{"FINAL", 0, 0},
		{"FINAL", 9 * SECOND, -9 * SECOND},
		{"FINAL", 10 * SECOND, 50 * SECOND},
		{"FINAL", MINUTE + 3 * SECOND, -3 * SECOND},
		{"FINAL", 3 * MINUTE, MINUTE},
		{"OFF", 5 * SECOND, -5 * SECOND},
		{"OFF", MINUTE, 59 * MINUTE},
		{"OFF", 4 * HOUR + SECOND, -SECOND},
		{"OFF", 7 * DAY + MINUTE, 0},
		{"OFF", 8 * DAY, NEVER},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct game seen =
			seen_game(cases[i].seen, "OK", -PLAN_USUAL_LENGTH_MS - cases[i].since_end);
		expect(ask(&seen, NULL), cases[i].next, cases[i].seen);
	}
	struct game seen = seen_game("FINAL", "OK", NONE);
	expect(ask(&seen, NULL), 0, "no start either");
}

/* However ticks fall, a game is asked at most once between two of them, and some 20 times in all.
 */
static void a_whole_life_costs_few_polls(void **state)
{
	(void)state;
	int64_t end = NOW, official = NOW + 3 * HOUR, polled = NOW - SECOND;
	int polls = 0;
	for (int64_t now = NOW; now < NOW + 10 * DAY; now += plan.every_ms) {
		bool is_official = now >= official;
		struct game seen = seen_game(is_official ? "OFF" : "FINAL", "OK", -3 * HOUR);
		struct game stored = seen;
		SET(&stored, GAME, ended_at, end);
		SET(&stored, GAME, last_poll_at, polled);
		SET(&stored, GAME, order_time, polled / 1000);
		SET(&stored, GAME, stats_status,
			is_official ? STR("official") : STR("provisional"));
		if (is_official)
			SET(&stored, GAME, official_at, official);
		if (plan_game(&plan, &seen, &stored, now) <= now) {
			polls++;
			polled = now + SECOND / 2;
		}
	}
	/* The end, 1, 2, … 128 min; official, 1, 2, … 128 h; a week. */
	assert_int_equal(polls, 9 + 1 + 8 + 1);
}

/* Corrected on the third day, it is watched until a week has passed since. */
static void a_correction_begins_the_week_anew(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int64_t corrected, polled, next;
	} cases[] = {
		{"seen just now", 0, 0, HOUR},
		{"an hour ago", -HOUR, -HOUR, 0},
		{"on the way", -3 * DAY, -40 * HOUR, 64 * HOUR - 3 * DAY},
		{"a week of the end is over, one of the correction is not", -5 * DAY, -DAY / 2,
			128 * HOUR - 5 * DAY},
		{"a week since", -7 * DAY, -DAY, MINUTE},
		{"settled", -8 * DAY, MINUTE - DAY, NEVER},
		{"before the official end", -12 * DAY, MINUTE - 4 * DAY, NEVER},
		{"by a clock that was set back since", 2 * DAY, 2 * DAY, 3 * DAY},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stored held = {"OFF", -11 * DAY, -11 * DAY, cases[i].polled, true, false};
		struct game seen = seen_game("OFF", "OK", -11 * DAY - 3 * HOUR),
			    stored = stored_game(&held);
		SET(&stored, GAME, changed_at, NOW + cases[i].corrected);
		if (cases[i].corrected <= 0)
			expect(ask(&seen, &stored), cases[i].next, cases[i].name);
		else if (ask(&seen, &stored) > cases[i].next)
			fail_msg("%s: later than %lld", cases[i].name, (long long)cases[i].next);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_game_that_is_played_is_due_at_every_tick),
		cmocka_unit_test(an_ended_game_is_due_less_and_less_often),
		cmocka_unit_test(without_a_database_the_clock_decides),
		cmocka_unit_test(a_whole_life_costs_few_polls),
		cmocka_unit_test(a_correction_begins_the_week_anew),
	};
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
