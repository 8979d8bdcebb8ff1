/* plan: the adaptive policy, a row for each thing that can be known, and what clocks and schedules
 * do. */
#include "cmocka_all.h"

#include "base/time.h"
#include "plan/plan.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

#define NOW    INT64_C(1790000000000)
#define NEVER  PLAN_NEVER
#define NONE   INT64_MIN /* not known */
#define MARGIN PLAN_MARGIN_MS

static const struct plan plan = {.policy = POLICY_ADAPTIVE};

static void expect(int64_t got, int64_t wanted, const char *name)
{
	if (got != wanted)
		print_error("%s: wanted %lld ms from now, got %lld\n", name, (long long)wanted,
			(long long)got);
	assert_true(got == wanted);
}

static int64_t from_now(int64_t at)
{
	return at == NEVER ? at : at - NOW;
}

/* ---- one game ---- */

/* Times are relative to NOW; a game that begins an hour ago and whose period has 600 s left. */
struct known {
	const char *state;
	int64_t polled, expires, start;
	int clock; /* seconds that it shows; 0: 600 */
	bool stands, pauses;
	int64_t board;
	int ahead; /* seconds of play that the board shows beyond the box score */
	int goals; /* that it shows beyond it */
	bool failed;
	int64_t planned; /* next_poll_at as it stands; 0: nobody has planned since the poll */
};

static struct game game_of(const struct known *k)
{
	struct game g = {0};
	int clock = k->clock ? k->clock : 600;
	SET(&g, GAME, game_id, 2026020204);
	SET(&g, GAME, schedule_state, STR("OK"));
	SET(&g, GAME, game_state, str_from(k->state));
	SET(&g, GAME, start_time, NOW + (k->start ? k->start : -HOUR));
	if (k->polled == NONE)
		return g;
	SET(&g, GAME, last_poll_at, NOW + k->polled);
	if (k->expires != NONE)
		SET(&g, GAME, expires_at, NOW + k->expires);
	SET(&g, GAME, period, 2);
	SET(&g, GAME, period_type, STR("REG"));
	SET(&g, GAME, clock_seconds, clock);
	SET(&g, GAME, clock_running, !k->stands && !k->pauses);
	SET(&g, GAME, in_intermission, k->pauses);
	SET(&g, GAME, away_score, k->goals);
	SET(&g, GAME, observed_at, NOW + k->polled);
	SET(&g, GAME, order_time, (NOW + k->polled) / 1000);
	SET(&g, GAME, order_period, 2);
	SET(&g, GAME, order_elapsed, game_elapsed(&g) - k->ahead);
	SET(&g, GAME, order_tally, 0);
	SET(&g, GAME, next_poll_at, NOW + (k->planned ? k->planned : k->polled));
	if (k->board)
		SET(&g, GAME, board_at, NOW + k->board);
	if (k->failed)
		SET(&g, GAME, last_error, STR("429 Too Many Requests"));
	return g;
}

static void a_live_game_is_due_when_its_copy_has_run_out(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct known known;
		int64_t next;
	} cases[] = {
		{"never asked", {.state = "LIVE", .polled = NONE}, 0},
		{"just asked", {.state = "LIVE", .polled = 0, .expires = 15 * SECOND},
			15 * SECOND + MARGIN},
		{"asked within a copy's life",
			{.state = "CRIT", .polled = 0, .expires = 4 * SECOND}, 4 * SECOND + MARGIN},
		{"the copy is over", {.state = "LIVE", .polled = -16 * SECOND, .expires = -SECOND},
			MARGIN - SECOND},
		{"the upstream does not say", {.state = "LIVE", .polled = 0, .expires = NONE},
			PLAN_COPY_MS + MARGIN},
		{"it had run out already", {.state = "LIVE", .polled = 0, .expires = -3 * SECOND},
			PLAN_COPY_OVER_MS + MARGIN},
		{"it says a day", {.state = "LIVE", .polled = 0, .expires = DAY},
			PLAN_COPY_MAX_MS + MARGIN},
		{"an intermission",
			{.state = "LIVE",
				.polled = 0,
				.expires = 15 * SECOND,
				.pauses = true,
				.clock = 900},
			870 * SECOND},
		{"its last half minute",
			{.state = "LIVE",
				.polled = 0,
				.expires = 15 * SECOND,
				.pauses = true,
				.clock = 20},
			15 * SECOND + MARGIN},
		{"an intermission that only the board shows",
			{.state = "LIVE",
				.polled = -15 * SECOND,
				.expires = 0,
				.pauses = true,
				.clock = 900,
				.ahead = 3},
			MARGIN},
		{"a standing clock, no board",
			{.state = "LIVE", .polled = 0, .expires = 15 * SECOND, .stands = true},
			15 * SECOND + MARGIN},
		{"a standing clock on the board",
			{.state = "LIVE",
				.polled = -5 * SECOND,
				.expires = 10 * SECOND,
				.stands = true,
				.board = -SECOND},
			PLAN_SWEEP_MS - 5 * SECOND},
		{"on an old board",
			{.state = "LIVE",
				.polled = 0,
				.expires = 15 * SECOND,
				.stands = true,
				.board = -PLAN_BOARD_COUNTS_MS},
			15 * SECOND + MARGIN},
		{"the board shows play",
			{.state = "LIVE",
				.polled = -20 * SECOND,
				.expires = -5 * SECOND,
				.stands = true,
				.board = -SECOND,
				.ahead = 2},
			MARGIN - 5 * SECOND},
		{"the board shows a goal",
			{.state = "LIVE",
				.polled = -20 * SECOND,
				.expires = -5 * SECOND,
				.stands = true,
				.board = -SECOND,
				.goals = 1},
			MARGIN - 5 * SECOND},
		{"a running clock on the board",
			{.state = "LIVE", .polled = 0, .expires = 15 * SECOND, .board = -SECOND},
			15 * SECOND + MARGIN},
		{"a state never seen", {.state = "DELAYED", .polled = 0, .expires = 15 * SECOND},
			PLAN_UNKNOWN_MS},
		{"a state never seen, never asked", {.state = "DELAYED", .polled = NONE}, 0},
		{"before its start",
			{.state = "PRE", .polled = 0, .expires = 15 * SECOND, .start = 20 * MINUTE},
			PLAN_PREGAME_MS},
		{"just before",
			{.state = "PRE", .polled = 0, .expires = 15 * SECOND, .start = 2 * MINUTE},
			2 * MINUTE + MARGIN},
		{"past its start",
			{.state = "PRE", .polled = 0, .expires = 15 * SECOND, .start = -MINUTE},
			15 * SECOND + MARGIN},
		{"long past it",
			{.state = "PRE", .polled = 0, .expires = 15 * SECOND, .start = -HOUR},
			PLAN_WARM_UP_MS},
		{"to come, nobody reads the schedule",
			{.state = "FUT", .polled = NONE, .start = -MINUTE}, 9 * MINUTE},
		{"to come", {.state = "FUT", .polled = NONE, .start = HOUR}, 70 * MINUTE},
		{"a no-show", {.state = "FUT", .polled = 0, .start = -PLAN_NO_SHOW_MS}, NEVER},
		{"one failure", {.state = "LIVE", .polled = 0, .failed = true}, 10 * SECOND},
		{"one failure, before the start",
			{.state = "PRE", .polled = 0, .failed = true, .start = HOUR}, 10 * SECOND},
		{"one failure, asked an hour late",
			{.state = "LIVE", .polled = 0, .failed = true, .planned = -HOUR},
			10 * SECOND},
		{"planned after it",
			{.state = "LIVE",
				.polled = -SECOND,
				.failed = true,
				.planned = 39 * SECOND},
			39 * SECOND},
		{"planned by another clock",
			{.state = "LIVE", .polled = 0, .failed = true, .planned = HOUR},
			PLAN_FAILED_MAX_MS},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct game g = game_of(&cases[i].known);
		expect(from_now(plan_game(&plan, &g, &g, NOW)), cases[i].next, cases[i].name);
	}
}

/* The box score's copy may be older than what the board shows: the first that is not is asked for.
 */
static void a_copy_older_than_the_board_is_not_asked_for(void **state)
{
	(void)state;
	struct known k = {.state = "LIVE",
		.polled = -40 * SECOND,
		.expires = -25 * SECOND,
		.stands = true,
		.board = -SECOND,
		.ahead = 2};
	struct game g = game_of(&k);
	SET(&g, GAME, observed_at, NOW - 12 * SECOND); /* the copies: from -25, -10 and 5 on */
	expect(from_now(plan_game(&plan, &g, &g, NOW)), -10 * SECOND + MARGIN, "the copy of -10 s");
	SET(&g, GAME, observed_at, NOW - 5 * SECOND);
	expect(from_now(plan_game(&plan, &g, &g, NOW)), 5 * SECOND + MARGIN, "the next one");
}

/* A game that was not seen to end by its box score is asked at the copy's end, for a while. */
static void the_end_that_a_board_shows_is_asked_for(void **state)
{
	(void)state;
	struct known k = {.state = "OVER", .polled = 0, .expires = 15 * SECOND, .ahead = 1};
	struct game g = game_of(&k);
	SET(&g, GAME, ended_at, NOW - 10 * SECOND);
	expect(from_now(plan_game(&plan, &g, &g, NOW)), 15 * SECOND + MARGIN, "box score behind");
	SET(&g, GAME, order_elapsed, game_elapsed(&g));
	expect(from_now(plan_game(&plan, &g, &g, NOW)), 50 * SECOND, "box score there");
	SET(&g, GAME, order_tally, 99);
	SET(&g, GAME, ended_at, NOW - HOUR);
	expect(from_now(plan_game(&plan, &g, &g, NOW)), 4 * MINUTE, "they never agree");
}

/* Whatever is stored and however the clock is set, a poll just done is not done again at once. */
static void after_a_poll_there_is_a_pause(void **state)
{
	(void)state;
	static const char *const states[] = {"FUT", "PRE", "LIVE", "OVER", "FINAL", "OFF", "NEW"};
	for (size_t i = 0; i < COUNT(states); i++)
		for (int64_t shift = -HOUR; shift <= HOUR; shift += 7 * MINUTE) {
			struct known k = {
				.state = states[i], .polled = shift, .expires = shift + 1};
			struct game g = game_of(&k);
			if (i > 2)
				SET(&g, GAME, ended_at, NOW + 2 * shift);
			assert_true(plan_after_poll(&plan, &g, NOW) > NOW);
		}
}

/* ---- the clock ---- */

/* Set back by NTP, a leap second, somebody: nothing waits longer than it may wait anyway. */
static void a_clock_set_back_stalls_nothing(void **state)
{
	(void)state;
	static const int64_t jumps[] = {SECOND, 30 * SECOND, HOUR, 30 * DAY};
	for (size_t i = 0; i < COUNT(jumps); i++) {
		struct known live = {
			.state = "LIVE", .polled = jumps[i], .expires = jumps[i] + 15 * SECOND};
		struct game g = game_of(&live);
		expect(from_now(plan_game(&plan, &g, &g, NOW)), 15 * SECOND + MARGIN, "live");
		struct known pause = live;
		pause.pauses = true;
		pause.clock = 900;
		g = game_of(&pause);
		expect(from_now(plan_game(&plan, &g, &g, NOW)), 870 * SECOND, "intermission");
		struct known failed = {.state = "LIVE", .polled = jumps[i], .failed = true};
		g = game_of(&failed);
		assert_true(plan_game(&plan, &g, &g, NOW) <= NOW + PLAN_FAILED_MAX_MS);
		struct known over = {.state = "FINAL", .polled = jumps[i]};
		g = game_of(&over);
		SET(&g, GAME, ended_at, NOW + jumps[i]);
		assert_true(plan_game(&plan, &g, &g, NOW) <= NOW + MINUTE);
		struct look look = {.at_ms = NOW + jumps[i]};
		expect(from_now(plan_week(&plan, &look, NOW)), HOUR, "the week");
	}
}

/* Set forward: what seems overdue is asked once. */
static void a_clock_set_forward_costs_one_poll(void **state)
{
	(void)state;
	struct known k = {.state = "LIVE", .polled = -HOUR, .expires = -HOUR + 15 * SECOND};
	struct game g = game_of(&k);
	assert_true(plan_game(&plan, &g, &g, NOW) <= NOW);
	k = (struct known){.state = "LIVE", .polled = 0, .expires = 15 * SECOND};
	g = game_of(&k);
	assert_true(plan_game(&plan, &g, &g, NOW) > NOW);
	static const char *const ended[] = {"FINAL", "OFF"};
	static const int64_t jumps[] = {2 * HOUR, DAY, 6 * DAY};
	for (size_t i = 0; i < COUNT(ended); i++)
		for (size_t n = 0; n < COUNT(jumps); n++) {
			k = (struct known){.state = ended[i], .polled = -9 * MINUTE};
			g = game_of(&k);
			SET(&g, GAME, ended_at, NOW - 10 * MINUTE);
			SET(&g, GAME, official_at, NOW - 10 * MINUTE);
			SET(&g, GAME, stats_status, STR("official"));
			int64_t now = NOW + jumps[n];
			assert_true(plan_game(&plan, &g, &g, now) <= now);
			SET(&g, GAME, last_poll_at, now);
			assert_true(plan_game(&plan, &g, &g, now) > now + 30 * MINUTE);
		}
}

/* A game across each change of New York's clocks is planned like any other, second by second. */
static void summer_time_changes_nothing(void **state)
{
	(void)state;
	static const char *const changes[] = {
		"2027-03-14T07:00:00Z", "2026-11-01T06:00:00Z", "2026-12-31T23:59:59Z"};
	for (size_t i = 0; i < COUNT(changes); i++) {
		int64_t at;
		assert_true(time_parse(str_from(changes[i]), &at));
		for (int64_t now = at - 90 * SECOND; now <= at + 90 * SECOND; now += SECOND) {
			struct known k = {.state = "LIVE",
				.polled = now - NOW,
				.expires = now - NOW + 15 * SECOND,
				.start = at - HOUR - NOW};
			struct game g = game_of(&k);
			SET(&g, GAME, game_date, eastern_day(at - 12 * HOUR));
			expect(plan_game(&plan, &g, &g, now) - now, 15 * SECOND + MARGIN,
				changes[i]);
			struct look look = {.at_ms = now - 10 * SECOND};
			expect(plan_board(&plan, &g, 1, g.game_date, &look, now) - now, 50 * SECOND,
				changes[i]);
		}
	}
}

/* The week turns at New York's midnight, on the days of 23 and 25 hours too. */
static void the_week_turns_at_midnight_in_new_york(void **state)
{
	(void)state;
	static const struct {
		const char *midnight, *day;
	} rows[] = {
		{"2027-03-14T05:00:00Z", "2027-03-14"}, /* 23 hours */
		{"2027-03-15T04:00:00Z", "2027-03-15"},
		{"2026-11-01T04:00:00Z", "2026-11-01"}, /* 25 hours */
		{"2026-11-02T05:00:00Z", "2026-11-02"},
		{"2027-01-01T05:00:00Z", "2027-01-01"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t at;
		int32_t day;
		assert_true(time_parse(str_from(rows[i].midnight), &at));
		assert_true(day_parse(str_from(rows[i].day), &day));
		struct game g = {0};
		SET(&g, GAME, game_state, STR("FUT"));
		SET(&g, GAME, start_time, at - DAY);
		for (int64_t now = at - 90 * MINUTE; now < at + 90 * MINUTE; now += 10 * SECOND) {
			int32_t today = now < at ? day - 1 : day;
			SET(&g, GAME, game_date, today - 3);
			assert_int_equal(plan_week_from(NULL, 0, now), today - 1);
			assert_int_equal(plan_week_from(&g, 1, now), today - 3);
			SET(&g, GAME, game_date, day - 1 - PLAN_MISSED_DAYS);
			assert_int_equal(plan_week_from(&g, 1, now), today - PLAN_MISSED_DAYS);
			assert_true(plan_is_missed(&g, now) == (now >= at));
		}
	}
}

/* ---- the schedule ---- */

static struct game coming(int64_t start, const char *schedule_state, int32_t day)
{
	struct known k = {.state = "FUT", .polled = NONE, .start = start};
	struct game g = game_of(&k);
	SET(&g, GAME, schedule_state, str_from(schedule_state));
	SET(&g, GAME, game_date, day);
	return g;
}

static int64_t next_board(const struct game *games, size_t count, int64_t last)
{
	struct look look = {.at_ms = NOW + last};
	return from_now(plan_board(&plan, games, count, 100, &look, NOW));
}

static void looks_rise_as_a_start_nears(void **state)
{
	(void)state;
	static const struct {
		int64_t start, last, next;
	} cases[] = {
		{12 * HOUR, -HOUR, 8 * HOUR},
		{4 * HOUR, 0, HOUR},
		{HOUR, 0, 15 * MINUTE},
		{20 * MINUTE, 0, 5 * MINUTE},
		{3 * MINUTE, 0, MINUTE},
		{0, 0, MINUTE},
		{-30 * MINUTE, 0, MINUTE}, /* late, and nobody says so */
		{-5 * HOUR, 0, NEVER},
		{HOUR, -2 * HOUR, -2 * HOUR + 45 * MINUTE},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct game g = coming(cases[i].start, "OK", 100);
		char name[32];
		snprintf(name, sizeof(name), "row %zu", i);
		expect(next_board(&g, 1, cases[i].last), cases[i].next, name);
	}
	struct look never = {0};
	struct game g = coming(HOUR, "OK", 100);
	assert_true(plan_board(&plan, &g, 1, 100, &never, NOW) <= NOW);
	assert_true(plan_week(&plan, &never, NOW) <= NOW);
}

/* Under way the start moves, the game goes to another day, is put off, one is added. */
static void a_schedule_that_changes_is_followed(void **state)
{
	(void)state;
	struct game games[2] = {coming(2 * HOUR, "OK", 100), coming(6 * HOUR, "OK", 100)};
	expect(next_board(games, 1, 0), 30 * MINUTE, "as it was");
	games[0] = coming(20 * MINUTE, "OK", 100);
	expect(next_board(games, 1, 0), 5 * MINUTE, "moved earlier");
	games[0] = coming(10 * HOUR, "OK", 100);
	expect(next_board(games, 1, 0), 6 * HOUR, "moved later");
	games[0] = coming(2 * HOUR, "OK", 101);
	expect(next_board(games, 1, 0), NEVER, "to another day");
	struct look look = {.at_ms = NOW};
	expect(from_now(plan_board(&plan, games, 1, 101, &look, NOW)), 30 * MINUTE,
		"whose board is asked in its place");
	games[0] = coming(2 * HOUR, "PPD", 100);
	expect(next_board(games, 1, 0), NEVER, "put off");
	assert_true(plan_game(&plan, &games[0], &games[0], NOW) == NEVER);
	games[0] = coming(2 * HOUR, "CNCL", 100);
	assert_true(plan_game(&plan, &games[0], &games[0], NOW) == NEVER);
	games[0] = coming(2 * HOUR, "TBD", 100);
	assert_true(plan_game(&plan, &games[0], &games[0], NOW) == NEVER);
	games[1] = coming(8 * MINUTE, "OK", 100);
	expect(next_board(games, 2, 0), 2 * MINUTE, "one added");
	struct known k = {.state = "LIVE", .polled = 0, .expires = 15 * SECOND};
	games[1] = game_of(&k);
	SET(&games[1], GAME, game_date, 100);
	expect(next_board(games, 2, 0), MINUTE, "one that is on");
	SET(&games[1], GAME, schedule_state, STR("PPD"));
	assert_true(plan_game(&plan, &games[1], &games[1], NOW) == NEVER);
}

/* One that is about to begin is asked by the start that it has now. */
static void a_start_that_moves_is_followed(void **state)
{
	(void)state;
	static const struct {
		const char *name, *schedule_state;
		int64_t polled, start, next;
	} rows[] = {
		{"as it was", "OK", 0, 20 * MINUTE, PLAN_PREGAME_MS},
		{"earlier", "OK", 0, 2 * MINUTE, 2 * MINUTE + MARGIN},
		{"to a moment that is over", "OK", -10 * SECOND, -SECOND, MARGIN - SECOND},
		{"later", "OK", 0, 3 * HOUR, PLAN_PREGAME_MS},
		{"later, when it should have begun", "OK", -SECOND, 30 * MINUTE,
			PLAN_PREGAME_MS - SECOND},
		{"to another day", "OK", 0, DAY, PLAN_PREGAME_MS},
		{"put off", "PPD", 0, 20 * MINUTE, NEVER},
		{"cancelled", "CNCL", 0, 20 * MINUTE, NEVER},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct known k = {.state = "PRE",
			.polled = rows[i].polled,
			.expires = rows[i].polled + 15 * SECOND,
			.start = rows[i].start};
		struct game g = game_of(&k);
		SET(&g, GAME, schedule_state, str_from(rows[i].schedule_state));
		expect(from_now(plan_game(&plan, &g, &g, NOW)), rows[i].next, rows[i].name);
	}
}

static void standing_clocks_call_for_the_board(void **state)
{
	(void)state;
	struct game games[PLAN_STANDING];
	struct known k = {.state = "LIVE", .polled = 0, .expires = 15 * SECOND, .stands = true};
	struct look look = {.at_ms = NOW, .expires_ms = NOW + 9 * SECOND};
	for (size_t i = 0; i < PLAN_STANDING; i++) {
		games[i] = game_of(&k);
		SET(&games[i], GAME, game_date, 100);
	}
	assert_true(plan_is_probe(&plan, games, PLAN_STANDING, 100));
	expect(from_now(plan_board(&plan, games, PLAN_STANDING, 100, &look, NOW)),
		9 * SECOND + MARGIN, "all stand");
	struct game standing = games[0];
	SET(&games[0], GAME, last_error, STR("429")); /* what it shows is of before */
	assert_false(plan_is_probe(&plan, games, PLAN_STANDING, 100));
	games[0] = standing;
	SET(&games[0], GAME, in_intermission, true); /* is over at a time that is known */
	assert_false(plan_is_probe(&plan, games, PLAN_STANDING, 100));
	games[0] = standing;
	SET(&games[0], GAME, clock_running, true);
	assert_false(plan_is_probe(&plan, games, PLAN_STANDING, 100));
	expect(from_now(plan_board(&plan, games, PLAN_STANDING, 100, &look, NOW)), MINUTE,
		"one too few");
	SET(&games[1], GAME, board_at, NOW - SECOND); /* it still waits for the board */
	expect(from_now(plan_board(&plan, games, PLAN_STANDING, 100, &look, NOW)),
		9 * SECOND + MARGIN, "one waits");
}

/* At a speed below life's: else the minute of a live game's looks comes first. */
static void a_board_that_holds_for_ever_is_asked_for(void **state)
{
	(void)state;
	static const struct plan slow = {.policy = POLICY_ADAPTIVE, .speed = 0.5};
	struct game games[PLAN_STANDING];
	struct known k = {.state = "LIVE", .polled = 0, .expires = 15 * SECOND, .stands = true};
	struct look look = {.at_ms = NOW, .expires_ms = NOW + DAY};
	for (size_t i = 0; i < PLAN_STANDING; i++) {
		games[i] = game_of(&k);
		SET(&games[i], GAME, game_date, 100);
	}
	expect(from_now(plan_board(&slow, games, PLAN_STANDING, 100, &look, NOW)),
		PLAN_COPY_MAX_MS + MARGIN, "it says a day");
}

static void the_week_begins_where_an_end_was_missed(void **state)
{
	(void)state;
	static const struct {
		const char *state, *schedule_state;
		int days_ago, wanted;
	} rows[] = {
		{"FUT", "OK", 3, 3},
		{"LIVE", "OK", 2, 2},
		{"CRIT", "OK", 1, 1},
		{"FUT", "OK", -2, 1},
		{"FINAL", "OK", 3, 1},
		{"OFF", "OK", 3, 1},
		{"FUT", "PPD", 3, 1},
		{"FUT", "OK", 8, PLAN_MISSED_DAYS},
	};
	int32_t today = eastern_day(NOW);
	assert_int_equal(plan_week_from(NULL, 0, NOW), today - 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct game g = {0};
		SET(&g, GAME, game_state, str_from(rows[i].state));
		SET(&g, GAME, schedule_state, str_from(rows[i].schedule_state));
		SET(&g, GAME, game_date, today - rows[i].days_ago);
		SET(&g, GAME, start_time, NOW - rows[i].days_ago * 24 * 60 * MINUTE);
		assert_int_equal(plan_week_from(&g, 1, NOW), today - rows[i].wanted);
		assert_true(plan_is_missed(&g, NOW) == (rows[i].days_ago == 8));
	}
}

/* ---- an upstream that answers 429 for an hour ---- */

/* As it is stored: by whoever asked, and then by whoever plans. */
static void poll_at(const struct plan *p, struct game *g, int64_t now, bool refused)
{
	if (refused) {
		plan_note_failure(g, now);
		SET(g, GAME, last_error, STR("429"));
	} else {
		g->known &= ~((uint64_t)1 << GAME_last_error);
		SET(g, GAME, last_poll_at, now);
		SET(g, GAME, expires_at, now + 15 * SECOND);
	}
	SET(g, GAME, next_poll_at, plan_after_poll(p, g, now));
}

/* However long the game was left alone before: in an intermission, before its start, by nobody. */
static void each_failure_waits_twice_as_long(void **state)
{
	(void)state;
	static const int64_t waits[] = {
		10 * SECOND, 20 * SECOND, 40 * SECOND, 80 * SECOND, 120 * SECOND, 120 * SECOND};
	static const struct known sleeps[] = {
		{.state = "LIVE", .polled = -16 * SECOND, .expires = -SECOND},
		{.state = "LIVE", .polled = -15 * MINUTE, .pauses = true, .clock = 930},
		{.state = "LIVE", .polled = -2 * MINUTE, .stands = true, .board = -SECOND},
		{.state = "PRE", .polled = -5 * MINUTE, .start = HOUR},
		{.state = "DELAYED", .polled = -MINUTE},
		{.state = "LIVE", .polled = -DAY},
	};
	for (size_t i = 0; i < COUNT(sleeps); i++) {
		struct game g = game_of(&sleeps[i]);
		int64_t now = NOW;
		for (int round = 0; round < 2; round++) {
			for (size_t n = 0; n < COUNT(waits); n++) {
				char name[64];
				snprintf(name, sizeof(name), "sleep %zu, failure %zu", i, n);
				poll_at(&plan, &g, now, true);
				expect(g.next_poll_at - now, waits[n], name);
				/* Whoever reads it meanwhile sees it so. */
				expect(plan_due(&plan, &g, now + SECOND), g.next_poll_at, name);
				now = g.next_poll_at + SECOND; /* asked a little late */
			}
			poll_at(&plan, &g, now, false);
			now = g.next_poll_at;
		}
	}
}

/* Who only asks leaves the plan as it stands; the wait is kept for the next to double. */
static void who_asks_without_a_plan_keeps_the_wait(void **state)
{
	(void)state;
	struct known k = {.state = "LIVE", .polled = 0, .planned = 15 * SECOND};
	struct game g = game_of(&k);
	plan_note_failure(&g, NOW + 20 * SECOND);
	expect(from_now(g.next_poll_at), 15 * SECOND, "the first");
	SET(&g, GAME, last_error, STR("429"));
	SET(&g, GAME, next_poll_at, plan_after_poll(&plan, &g, NOW + 20 * SECOND));
	plan_note_failure(&g, NOW + 40 * SECOND);
	expect(from_now(g.next_poll_at), 50 * SECOND, "another");
	expect(from_now(plan_after_poll(&plan, &g, NOW + 40 * SECOND)), 60 * SECOND, "doubled");
	struct game never = {0};
	plan_note_failure(&never, NOW);
	assert_false(KNOWS(&never, GAME, next_poll_at));
	assert_true(never.last_poll_at == NOW);
}

static void an_hour_of_refusals_is_borne(void **state)
{
	(void)state;
	const struct plan fixed = {.policy = POLICY_FIXED, .every_ms = 10 * SECOND};
	const struct {
		const struct plan *plan;
		int least, most;
		int64_t patience; /* after the hour */
	} rows[] = {{&plan, 20, 40, PLAN_FAILED_MAX_MS}, {&fixed, 360, 360, 10 * SECOND}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct known k = {.state = "LIVE", .polled = 0, .expires = 15 * SECOND};
		struct game g = game_of(&k);
		int64_t end = NOW + HOUR, well_at = 0;
		int polls = 0;
		for (int64_t now = NOW; now < NOW + 2 * HOUR && !well_at; now += SECOND) {
			if (plan_due(rows[i].plan, &g, now) > now)
				continue;
			polls++;
			poll_at(rows[i].plan, &g, now, now < end);
			well_at = now < end ? 0 : now;
		}
		assert_in_range(polls, rows[i].least, rows[i].most);
		assert_true(well_at && well_at <= end + rows[i].patience);
	}
}

static void an_hour_of_refused_looks_is_borne(void **state)
{
	(void)state;
	struct known k = {.state = "LIVE", .polled = 0, .expires = 15 * SECOND};
	struct game g = game_of(&k);
	struct look look = {.at_ms = NOW};
	int looks = 0;
	SET(&g, GAME, game_date, 100);
	for (int64_t now = NOW; now < NOW + HOUR; now += SECOND)
		if (plan_board(&plan, &g, 1, 100, &look, now) <= now) {
			looks++;
			look = (struct look){.at_ms = now, .failures = look.failures + 1};
		}
	assert_in_range(looks, 10, 25);
}

/* ---- ticks that come late, twice, or not at all ---- */

static void ticks_may_come_as_they_like(void **state)
{
	(void)state;
	static const int64_t every[] = {100, 1000, 10000, 60000};
	for (size_t i = 0; i < COUNT(every); i++) {
		struct known k = {.state = "LIVE", .polled = 0, .expires = 15 * SECOND};
		struct game g = game_of(&k);
		int polls = 0;
		for (int64_t now = NOW; now < NOW + HOUR; now += every[i])
			for (int twice = 0; twice < 2; twice++)
				if (plan_game(&plan, &g, &g, now) <= now) {
					polls++;
					SET(&g, GAME, last_poll_at, now);
					SET(&g, GAME, expires_at,
						now - now % (15 * SECOND) + 15 * SECOND);
				}
		assert_in_range(polls, every[i] == 60000 ? 59 : every[i] == 10000 ? 170 : 235, 241);
	}
}

/* A rehearsal at sixty times the speed is the same plan, in a sixtieth of the time. */
static void speed_scales_the_upstreams_time(void **state)
{
	(void)state;
	const struct plan fast = {.policy = POLICY_ADAPTIVE, .speed = 60};
	struct known k = {
		.state = "LIVE", .polled = 0, .expires = SECOND, .pauses = true, .clock = 930};
	struct game g = game_of(&k);
	expect(from_now(plan_game(&fast, &g, &g, NOW)), 15 * SECOND, "an intermission");
	k = (struct known){.state = "LIVE", .polled = 0, .expires = SECOND};
	g = game_of(&k);
	expect(from_now(plan_game(&fast, &g, &g, NOW)), SECOND + MARGIN,
		"a copy's life is the CDN's");
	struct look look = {.at_ms = NOW};
	expect(from_now(plan_week(&fast, &look, NOW)), MINUTE, "the week");
}

/* Each works as the program does with its own rows: fixed is asked every ten seconds. */
static void fixed_is_paced_by_its_interval(void **state)
{
	(void)state;
	const struct plan fixed = {.policy = POLICY_FIXED, .every_ms = 10 * SECOND};
	struct known k = {.state = "LIVE", .polled = 0, .expires = 15 * SECOND};
	struct game g = game_of(&k);
	struct look look = {.at_ms = NOW};
	expect(from_now(plan_after_poll(&fixed, &g, NOW)), 10 * SECOND, "a game");
	expect(from_now(plan_week(&fixed, &look, NOW)), 10 * SECOND, "the schedule");
	assert_true(plan_board(&fixed, &g, 1, 0, &look, NOW) == NEVER);
	assert_false(plan_is_probe(&fixed, &g, 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_live_game_is_due_when_its_copy_has_run_out),
		cmocka_unit_test(a_copy_older_than_the_board_is_not_asked_for),
		cmocka_unit_test(the_end_that_a_board_shows_is_asked_for),
		cmocka_unit_test(after_a_poll_there_is_a_pause),
		cmocka_unit_test(a_clock_set_back_stalls_nothing),
		cmocka_unit_test(a_clock_set_forward_costs_one_poll),
		cmocka_unit_test(summer_time_changes_nothing),
		cmocka_unit_test(the_week_turns_at_midnight_in_new_york),
		cmocka_unit_test(looks_rise_as_a_start_nears),
		cmocka_unit_test(a_schedule_that_changes_is_followed),
		cmocka_unit_test(a_start_that_moves_is_followed),
		cmocka_unit_test(standing_clocks_call_for_the_board),
		cmocka_unit_test(a_board_that_holds_for_ever_is_asked_for),
		cmocka_unit_test(each_failure_waits_twice_as_long),
		cmocka_unit_test(who_asks_without_a_plan_keeps_the_wait),
		cmocka_unit_test(an_hour_of_refusals_is_borne),
		cmocka_unit_test(an_hour_of_refused_looks_is_borne),
		cmocka_unit_test(ticks_may_come_as_they_like),
		cmocka_unit_test(the_week_begins_where_an_end_was_missed),
		cmocka_unit_test(speed_scales_the_upstreams_time),
		cmocka_unit_test(fixed_is_paced_by_its_interval),
	};
	return cmocka_run_group_tests_name("plan, adaptive", tests, NULL, NULL);
}
