/* What cost makes of a made-up game, against the game itself. */
#include "cost/timeline.h"
#include "fake/game.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena arena, scratch;

static struct view at(const struct timeline *t, int32_t wall)
{
	return timeline_at(t, timeline_ms(t, wall));
}

static void check_corrections(const struct timeline *t, const struct match *m)
{
	int32_t late[64];
	size_t count = match_corrections(m, late, 64);
	assert_int_equal(at(t, late[0]).changes + count - 1, t->change_count);
	for (size_t i = 1; i < count; i++)
		assert_int_equal(at(t, late[i]).changes, at(t, late[i] - 1).changes + 1);
}

static void shows_the_game(void **state)
{
	(void)state;
	const struct league *l = league_season(&arena, 7, 2023);
	size_t before_the_horn = 0;
	for (size_t i = 0; i < 200; i++) {
		struct arena keep = arena, a = scratch;
		const struct match *m = match_play(&a, l, &l->fixtures[i]);
		struct timeline t = timeline_of_match(&keep, a, l, &l->fixtures[i], 1);
		for (int32_t wall = 0; wall < m->over_wall; wall += 600) {
			struct tally now;
			match_tally(m, wall, &now);
			assert_int_equal(at(&t, wall).period, now.moment.period);
		}
		struct tally end;
		match_tally(m, m->over_wall, &end);
		for (int side = 0; side < SIDES; side++) {
			assert_int_equal(at(&t, m->over_wall).score[side], end.score[side]);
			assert_int_equal(at(&t, FOR_EVER - 1).score[side], end.score[side]);
		}
		check_corrections(&t, m);
		if (m->mistake.slot != NOBODY && m->mistake.wall < m->over_wall) {
			before_the_horn++;
			assert_true(at(&t, m->mistake.wall).changes >
				    at(&t, m->mistake.wall - 1).changes);
		}
	}
	assert_true(before_the_horn > 0);
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_reserve(32 << 20);
	scratch = arena_reserve(4 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	arena_release(&scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_game),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
