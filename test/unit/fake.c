/* The made-up league: the same from the same seed, and believable from any. */
#include "fake/bodies.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
	bool has_shootout = m->last_period == 5;
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

static void every_club_plays_82(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	int games[CLUBS] = {0};
	int32_t last[CLUBS] = {0};
	assert_int_equal(l->count, SEASON_GAMES);
	for (size_t i = 0; i < l->count; i++) {
		const struct fixture *f = &l->fixtures[i];
		assert_ptr_equal(league_find(l, f->id), f);
		assert_int_equal(eastern_day(f->start_ms), f->day);
		int both[] = {f->away, f->home};
		for (int k = 0; k < 2; k++) {
			games[both[k]]++;
			assert_true(f->day > last[both[k]]);
			last[both[k]] = f->day;
		}
	}
	for (int i = 0; i < CLUBS; i++)
		assert_int_equal(games[i], 82);
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
			body_roster(&out, l, 3);
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
		cmocka_unit_test(every_club_plays_82),
		cmocka_unit_test(box_scores_parse_and_add_up),
		cmocka_unit_test(other_bodies_parse),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
