/* The made-up league: the same from the same seed, and believable from any. */
#include "fake/bodies.h"
#include "fake/truth.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static struct arena arena, scratch;

static int sum_lines(const struct tally *t, int side, size_t member)
{
	int sum = 0;
	for (int i = 0; i < DRESSED; i++) {
		int value;
		memcpy(&value, (const char *)&t->lines[side * DRESSED + i] + member, sizeof(value));
		sum += value;
	}
	return sum;
}
#define SUM(tally, side, member) sum_lines((tally), (side), offsetof(struct line, member))

static void same_seed_same_game(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	const struct league *other = league_season(&arena, 8, 2023);
	struct arena a = scratch;
	const struct match *one = match_play(&a, l, &l->fixtures[3]);
	const struct match *two = match_play(&a, l, &l->fixtures[3]);
	const struct match *three = match_play(&a, other, &other->fixtures[3]);
	struct tally t, u, v;
	match_tally(one, 5000, &t);
	match_tally(two, 5000, &u);
	match_tally(three, 5000, &v);
	assert_memory_equal(&t, &u, sizeof(t));
	assert_memory_not_equal(&t, &v, sizeof(t));
}

static void check_final(const struct match *m)
{
	struct tally t;
	match_tally(m, FOR_EVER - 1, &t);
	assert_int_equal(t.moment.state, OFF);
	assert_int_not_equal(t.score[AWAY], t.score[HOME]);
	bool has_shootout = match_has_shootout(m);
	int played = 3600;
	for (int side = 0; side < SIDES; side++) {
		int won = has_shootout && m->winner == side;
		assert_int_equal(SUM(&t, side, goals) + won, t.score[side]);
		assert_int_equal(SUM(&t, side, shots), t.shots[side]);
		assert_true(SUM(&t, side, assists) <= 2 * SUM(&t, side, goals));
		/* five skaters and a goaltender, less penalties */
		int seconds = SUM(&t, side, seconds);
		assert_in_range(seconds, played * 6 * 9 / 10, played * 6 + 300 * 5);
		for (int i = 0; i < DRESSED; i++) {
			const struct line *s = &t.lines[side * DRESSED + i];
			assert_true(s->faceoffs_won <= s->faceoffs);
			assert_true(s->seconds <= 3900);
			for (int k = 0; k < 3; k++)
				assert_true(s->goals_against[k] <= s->shots_against[k]);
		}
	}
	assert_int_equal(SUM(&t, AWAY, faceoffs), SUM(&t, HOME, faceoffs));
}

static void five_hundred_games_are_believable(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	int goals = 0, overtimes = 0;
	for (size_t i = 0; i < 500; i++) {
		struct arena a = scratch;
		const struct match *m = match_play(&a, l, &l->fixtures[i]);
		check_final(m);
		struct tally t;
		match_tally(m, FOR_EVER - 1, &t);
		goals += t.score[AWAY] + t.score[HOME];
		overtimes += m->last_period > 3;
	}
	assert_in_range(goals, 500 * 5, 500 * 8);
	assert_in_range(overtimes, 50, 190);
}

static void only_goes_forward(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 9, 2023);
	for (size_t i = 0; i < 20; i++) {
		struct arena a = scratch;
		const struct match *m = match_play(&a, l, &l->fixtures[i]);
		struct tally before, t;
		match_tally(m, -4000, &before);
		assert_int_equal(before.moment.state, FUT);
		for (int32_t wall = -3990; wall < m->official_wall + 60; wall += 30) {
			match_tally(m, wall, &t);
			/* CRIT and LIVE alternate with the score; all else has its order */
			assert_true(
				t.moment.state >= before.moment.state || t.moment.state == LIVE);
			assert_true(t.moment.period >= before.moment.period);
			if (t.moment.period == before.moment.period)
				assert_true(t.moment.second >= before.moment.second);
			for (int s = 0; s < SLOTS; s++) {
				assert_true(t.lines[s].hits >= before.lines[s].hits);
				assert_true(t.lines[s].goals >= before.lines[s].goals);
				assert_true(t.lines[s].seconds >= before.lines[s].seconds);
			}
			before = t;
		}
		assert_int_equal(before.moment.state, OFF);
	}
}

static int by_number(const void *a, const void *b)
{
	return *(const int32_t *)a - *(const int32_t *)b;
}

/* No club twice on a day or on three days running; full Saturdays, rests, matinees, late games. */
static void the_calendar_is_believable(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	int games[CLUBS] = {0}, at_home[CLUBS] = {0}, a_day[400] = {0};
	int back_to_back = 0, matinees = 0, late = 0, full = 0, put_off = 0;
	static int32_t days[CLUBS][82];
	int32_t first = day_from_civil(2023, 10, 7);
	assert_int_equal(l->count, SEASON_GAMES);
	for (size_t i = 0; i < l->count; i++) {
		const struct fixture *f = &l->fixtures[i];
		assert_ptr_equal(league_find(l, f->id), f);
		assert_int_equal(eastern_day(f->start_ms), f->day);
		assert_in_range(f->day, first, day_from_civil(2024, 4, 25));
		int both[] = {f->away, f->home};
		for (int k = 0; k < 2; k++)
			days[both[k]][games[both[k]]++] = f->day;
		at_home[f->home]++;
		a_day[f->day - first]++;
		int64_t minute = (f->start_ms / 60000 + eastern_offset_minutes(f->start_ms)) % 1440;
		matinees += minute < 17 * 60;
		late += minute >= 22 * 60;
		put_off += f->put_off_ms != 0;
	}
	for (int i = 0; i < CLUBS; i++) {
		assert_int_equal(games[i], 82);
		assert_in_range(at_home[i], 36, 46);
		qsort(days[i], 82, sizeof(days[i][0]), by_number);
		for (int k = 1; k < 82; k++) {
			assert_true(days[i][k] > days[i][k - 1]);
			back_to_back += days[i][k] == days[i][k - 1] + 1;
			assert_true(k < 2 || days[i][k] != days[i][k - 2] + 2);
		}
	}
	for (int i = 0; i < 400; i++)
		full += a_day[i] == 16;
	for (int d = 24; d <= 26; d++)
		assert_int_equal(a_day[day_from_civil(2023, 12, d) - first], 0);
	for (int d = 3; d <= 8; d++)
		assert_int_equal(a_day[day_from_civil(2024, 2, d) - first], 0);
	assert_in_range(full, 4, 20);
	assert_in_range(back_to_back, 32 * 8, 32 * 25);
	assert_in_range(matinees, 60, 250);
	assert_in_range(late, 100, 400);
	assert_in_range(put_off, 4, 30);
}

/* What was put off is on its first day until the other one is named. */
static void a_game_that_is_put_off_moves(void **state)
{
	(void)state;
	struct league *l = league_season(&arena, 7, 2023);
	league_begin(l);
	const struct fixture *f = l->fixtures;
	while (!f->put_off_ms)
		f++;
	struct listing before = league_listing(l, f, f->put_off_ms - 1),
		       off = league_listing(l, f, f->put_off_ms),
		       after = league_listing(l, f, f->named_ms);
	assert_int_equal(before.day, f->planned_day);
	assert_string_equal(before.schedule_state, "OK");
	assert_int_equal(off.day, f->planned_day);
	assert_string_equal(off.schedule_state, "PPD");
	assert_int_equal(after.day, f->day);
	assert_int_equal(after.start_ms, f->start_ms);
	assert_string_equal(after.schedule_state, "OK");
	assert_true(f->day > f->planned_day && f->named_ms < f->start_ms);
}

static void players_move_and_nobody_is_twice(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	int elsewhere = 0, called_up = 0;
	for (int32_t day = l->fixtures[0].day; day < l->fixtures[0].day + 190; day += 19) {
		bool seen[CLUBS * 100] = {0};
		elsewhere = called_up = 0;
		for (int club = 0; club < CLUBS; club++) {
			bool numbers[100] = {0};
			for (int i = 0; i < ROSTER; i++) {
				const struct person *p = league_player(l, club, i, day);
				int origin;
				assert_ptr_equal(league_person(l, p->id, &origin), p);
				assert_int_equal(league_club_of(l, p, day), club);
				assert_false(seen[p->id - 8470000]);
				seen[p->id - 8470000] = true;
				assert_false(numbers[p->number]);
				numbers[p->number] = true;
				assert_int_equal(p->position == 'G', i >= FORWARDS + DEFENDERS);
				elsewhere += origin != club;
				called_up += (p->id - 8470000) % 100 >= ROSTER;
			}
		}
	}
	assert_in_range(elsewhere, 20, 120);
	assert_in_range(called_up, 2, 60);
}

/* Four rounds of best of seven, each game known only when the one before has been played. */
static void the_playoffs_have_one_winner(void **state)
{
	(void)state;
	struct league *l = league_season(&arena, 7, 2023);
	league_add_playoffs(l);
	int wins[CLUBS] = {0}, overtimes = 0, longest = 0, champions = 0;
	assert_in_range(l->count, SEASON_GAMES + 15 * 4, SEASON_GAMES + 15 * 7);
	for (size_t i = SEASON_GAMES; i < l->count; i++) {
		struct arena a = scratch;
		const struct fixture *f = &l->fixtures[i];
		const struct match *m = match_play(&a, l, f);
		struct tally t;
		match_tally(m, FOR_EVER - 1, &t);
		assert_int_equal(f->id / 10000, 202303);
		assert_ptr_equal(league_find(l, f->id), f);
		assert_true(f->known_ms < f->start_ms);
		assert_int_not_equal(t.score[AWAY], t.score[HOME]);
		assert_string_equal(
			match_period_type(m, m->last_period), m->last_period > 3 ? "OT" : "REG");
		wins[m->winner == HOME ? f->home : f->away]++;
		overtimes += m->last_period > 3;
		longest = m->last_period > longest ? m->last_period : longest;
	}
	for (int i = 0; i < CLUBS; i++) {
		champions += wins[i] == 16;
		assert_in_range(wins[i], 0, 16);
	}
	assert_int_equal(champions, 1);
	assert_in_range(overtimes, 5, 40);
	assert_in_range(longest, 4, 9);
}

/* What the rows say after each correction is what any look at the game then says. */
static void corrections_are_all_there_are(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	int corrected = 0, late = 0;
	struct buf before, now;
	buf_init(&before, 1 << 16);
	buf_init(&now, 1 << 16);
	for (size_t i = 0; i < 60; i++) {
		struct arena a = scratch;
		const struct match *m = match_play(&a, l, &l->fixtures[i]);
		int32_t walls[64];
		size_t count = match_corrections(m, walls, 64), at = 0;
		assert_int_equal(walls[0], m->over_wall);
		buf_reset(&before);
		truth_game(&before, m, walls[0]);
		for (int32_t wall = m->over_wall; wall < m->over_wall + 21 * 86400; wall += 3607) {
			bool is_due = false;
			while (at + 1 < count && walls[at + 1] <= wall) {
				is_due = true;
				corrected++;
				late += walls[++at] > m->over_wall + 7 * 86400;
			}
			buf_reset(&now);
			truth_game(&now, m, wall);
			bool same = str_equal(buf_str(&before), buf_str(&now));
			assert_true(same || is_due);
			struct buf t = before;
			before = now;
			now = t;
		}
		assert_int_equal(at + 1, count);
	}
	assert_in_range(corrected, 15, 90);
	assert_true(late > 0);
	buf_clear(&before);
	buf_clear(&now);
}

/* Read by a real parser; the sums of the lines are what the head says. */
static void box_scores_parse_and_add_up(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	static const int32_t walls[] = {-5000, -60, 10, 900, 2000, 5000, 8000, FOR_EVER - 1};
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < 40; i++) {
		struct arena a = scratch;
		const struct match *m = match_play(&a, l, &l->fixtures[i]);
		for (size_t w = 0; w < sizeof(walls) / sizeof(walls[0]); w++) {
			buf_reset(&out);
			body_box_score(&out, l, m, walls[w]);
			assert_false(out.failed);
			yyjson_doc *doc = yyjson_read(out.p, out.n, 0);
			assert_non_null(doc);
			yyjson_val *root = yyjson_doc_get_root(doc);
			assert_int_equal(
				yyjson_get_sint(yyjson_obj_get(root, "id")), 2023020001 + i);
			yyjson_val *both = yyjson_obj_get(root, "playerByGameStats");
			assert_int_equal(both != NULL, walls[w] >= 0);
			yyjson_val *club = yyjson_obj_get(root, "awayTeam"), *p;
			yyjson_val *side = yyjson_obj_get(both, "awayTeam");
			static const char *const groups[] = {"forwards", "defense"};
			int64_t shots = 0;
			size_t at, n;
			for (int g = 0; g < 2; g++)
				yyjson_arr_foreach(yyjson_obj_get(side, groups[g]), at, n, p)
					shots += yyjson_get_sint(yyjson_obj_get(p, "sog"));
			assert_int_equal(shots, yyjson_get_sint(yyjson_obj_get(club, "sog")));
			yyjson_doc_free(doc);
		}
	}
	buf_clear(&out);
}

static void other_bodies_parse(void **state)
{
	(void)state;
	int64_t now = 1793000000000;
	const struct league *l = league_night(&arena, 7, 6, now, 30);
	struct buf out;
	buf_init(&out, 1 << 20);
	for (int what = 0; what < 7; what++) {
		buf_reset(&out);
		switch (what) {
		case 0:
			body_roster(&out, l, 3, eastern_day(now));
			break;
		case 1:
			body_player(&out, l, &l->people[4][2], 4);
			break;
		case 2:
			body_teams(&out);
			break;
		case 3:
			body_score(&out, l, eastern_day(now), now, scratch);
			break;
		case 6:
			body_play_by_play(
				&out, l, match_play(&arena, l, &l->fixtures[0]), FOR_EVER - 1);
			break;
		case 4:
			body_schedule(&out, l, eastern_day(now) - 2, now, scratch);
			break;
		default:
			body_club_season(&out, l, l->fixtures[0].home, now, scratch);
		}
		yyjson_doc *doc = yyjson_read(out.p, out.n, 0);
		assert_non_null(doc);
		yyjson_val *games = yyjson_obj_get(yyjson_doc_get_root(doc), "games");
		if (what == 3)
			assert_int_equal(yyjson_arr_size(games), 6);
		if (what == 6)
			assert_in_range(
				yyjson_arr_size(yyjson_obj_get(yyjson_doc_get_root(doc), "plays")),
				200, 600);
		if (what == 5)
			assert_int_equal(yyjson_arr_size(games), 1);
		yyjson_doc_free(doc);
	}
	buf_clear(&out);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_reserve(64 << 20);
	scratch = arena_reserve(8 << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_game),
		cmocka_unit_test(five_hundred_games_are_believable),
		cmocka_unit_test(only_goes_forward),
		cmocka_unit_test(the_calendar_is_believable),
		cmocka_unit_test(a_game_that_is_put_off_moves),
		cmocka_unit_test(players_move_and_nobody_is_twice),
		cmocka_unit_test(the_playoffs_have_one_winner),
		cmocka_unit_test(corrections_are_all_there_are),
		cmocka_unit_test(box_scores_parse_and_add_up),
		cmocka_unit_test(other_bodies_parse),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
