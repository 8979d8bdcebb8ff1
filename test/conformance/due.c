/* store/due: the games as a queue, what every database behind it must do. */
#include "cmocka_all.h"
#include "place.h"

#include "base/time.h"
#include "store/due.h"

#include <pthread.h>

#define NOW INT64_C(1790000000000) /* a whole second, and what is near it is not */

enum { GAMES = 6, LEASE_MS = 60000 };

static struct database database;
static struct store *a, *b; /* two workers */

static int64_t id_of(int i)
{
	return 2026020001 + i;
}

/* All games as a schedule shows them, in that minute. */
static bool put_games(struct store *s, int minute)
{
	struct err err;
	struct game games[GAMES] = {0};
	size_t ignored;
	for (int i = 0; i < GAMES; i++) {
		SET(&games[i], GAME, game_id, id_of(i));
		SET(&games[i], GAME, season, 20262027);
		SET(&games[i], GAME, game_date, 20000);
		SET(&games[i], GAME, game_state, STR("LIVE"));
		SET(&games[i], GAME, period, minute);
	}
	return store_put_schedule(s, games, GAMES, 1 + minute, NOW, &ignored, &err);
}

static void open_both(void)
{
	struct err err;
	database = place_new();
	a = store_open(str_from(database.url), STORE_WRITE, &err);
	b = store_open(str_from(database.url), STORE_WRITE, &err);
	assert_true(a && b);
	assert_true(put_games(a, 0));
}

static void close_both(void)
{
	store_close(a);
	store_close(b);
	place_remove(&database);
}

static struct game read_game(int i)
{
	static struct arena arena;
	struct game g;
	struct err err;
	bool is_found;
	if (!arena.base)
		arena = arena_reserve(1 << 20);
	arena_reset(&arena);
	assert_true(store_get_game(a, id_of(i), &arena, &g, &is_found, &err) && is_found);
	return g;
}

static void plan_at(int i, int64_t next)
{
	struct game g = read_game(i);
	struct err err;
	assert_true(store_put_due(a, &g, next, NOW, &err));
}

static size_t take(struct store *s, int64_t now, const char *owner, size_t max, int64_t *out)
{
	size_t count;
	struct err err;
	assert_true(store_take_due(s, now, LEASE_MS, str_from(owner), max, out, &count, &err));
	return count;
}

static int64_t next_due(int64_t now)
{
	int64_t next;
	struct err err;
	assert_true(store_next_due(b, now, &next, &err));
	return next;
}

static void give_back(int i, const char *owner, int64_t next)
{
	struct game g = read_game(i);
	struct err err;
	SET(&g, GAME, last_poll_at, NOW);
	assert_true(store_give_back(a, &g, str_from(owner), next, &err));
}

static void each_game_is_taken_by_one(void)
{
	int64_t ids[GAMES], others[GAMES];
	assert_true(next_due(NOW) == INT64_MAX);
	for (int i = 0; i < GAMES; i++)
		plan_at(i, NOW - 1000 * (i % 3));
	assert_int_equal(next_due(NOW), NOW - 2000);
	assert_int_equal(take(a, NOW, "one", 2, ids), 2);
	for (int i = 0; i < 2; i++) /* who waited longest, in no order of their own */
		assert_true(ids[i] == id_of(2) || ids[i] == id_of(5));
	assert_int_equal(take(b, NOW + 1, "two", GAMES, others), GAMES - 2);
	for (int i = 0; i < GAMES - 2; i++)
		for (int k = 0; k < 2; k++)
			assert_true(others[i] != ids[k]);
	assert_int_equal(take(a, NOW + 2, "one", GAMES, ids), 0);
	assert_true(next_due(NOW + 2) == INT64_MAX);
}

static void a_lease_that_ends_gives_the_game_back(void)
{
	int64_t ids[GAMES];
	assert_int_equal(take(a, NOW + LEASE_MS - 1000, "three", GAMES, ids), 0);
	assert_int_equal(take(a, NOW + LEASE_MS + 1000, "three", GAMES, ids), GAMES);
	give_back(0, "one", NOW + 5000); /* too late: it is another's */
	assert_true(str_equal(read_game(0).lease_owner, STR("three")));
	give_back(0, "three", NOW + 5000);
	struct game g = read_game(0);
	assert_false(KNOWS(&g, GAME, lease_owner));
	assert_int_equal(g.next_poll_at, NOW + 5000);
	assert_true(g.last_poll_at == NOW);
	give_back(1, "three", INT64_MAX);
	g = read_game(1);
	assert_false(KNOWS(&g, GAME, next_poll_at));
}

/* An hour back: leases of before that end in an hour and a minute hold nobody up. */
static void a_clock_set_back_locks_nothing(void)
{
	int64_t ids[GAMES], back = NOW - 3600000;
	for (int i = 2; i < GAMES; i++)
		give_back(i, "three", back - 1000);
	assert_int_equal(take(b, NOW + 3600000, "ahead", GAMES, ids), GAMES - 1);
	assert_int_equal(take(a, back, "back", GAMES, ids), GAMES - 2);
}

static void a_plan_made_of_old_rows_is_not_written(void)
{
	struct err err;
	struct game before = read_game(2);
	give_back(2, "back", NOW + 1000);
	struct game g = before;
	g.last_poll_at = NOW - 1;
	assert_true(store_put_due(b, &g, NOW + 9000, NOW, &err));
	assert_int_equal(read_game(2).next_poll_at, NOW + 1000);
	g.last_poll_at = NOW;
	assert_true(store_put_due(b, &g, NOW + 9000, NOW, &err));
	assert_int_equal(read_game(2).next_poll_at, NOW + 9000);
}

static void what_is_moved_is_what_was_seen(void)
{
	struct err err;
	assert_true(
		store_move_due(b, id_of(2), NOW + 8000, NOW + 1000, &err)); /* planned anew since */
	assert_int_equal(read_game(2).next_poll_at, NOW + 9000);
	assert_true(store_move_due(b, id_of(2), NOW + 9000, NOW + 1000, &err));
	assert_int_equal(read_game(2).next_poll_at, NOW + 1000);
	assert_true(store_move_due(b, id_of(2), NOW + 1000, NOW + 9000, &err));
}

static bool take_one(struct store *s, int i, int64_t now, const char *owner)
{
	bool is_taken;
	struct err err;
	assert_true(store_take_game(s, id_of(i), now, LEASE_MS, str_from(owner), &is_taken, &err));
	return is_taken;
}

static void a_game_that_is_named_is_taken_when_it_is_due(void)
{
	int64_t later = NOW + 20000;
	assert_false(take_one(a, 2, NOW, "named"));       /* not due before NOW + 9000 */
	assert_false(take_one(a, 1, later, "named"));     /* never due */
	assert_false(take_one(a, GAMES, later, "named")); /* not known */
	assert_true(take_one(a, 2, later, "named"));
	assert_false(take_one(b, 2, later, "other"));
	assert_true(take_one(b, 2, later + LEASE_MS + 1000, "other"));
	assert_true(str_equal(read_game(2).lease_owner, STR("other")));
}

struct putting {
	pthread_t thread;
	void *held;
	int minute;
	bool is_well;
};

static void *put_in_thread(void *argument)
{
	struct putting *p = argument;
	struct err err;
	struct store *s = store_open(str_from(database.url), STORE_WRITE, &err);
	p->is_well = s && put_games(s, p->minute);
	store_close(s);
	return NULL;
}

/* Another one stores what a schedule shows; it has read the rows when this returns. */
static void begin_to_put(struct putting *p, int minute)
{
	*p = (struct putting){.held = place_hold(&database, 0), .minute = minute};
	assert_int_equal(pthread_create(&p->thread, NULL, put_in_thread, p), 0);
	place_await(&database, p->held);
}

static void end_put(struct putting *p)
{
	place_release(&database, p->held);
	pthread_join(p->thread, NULL);
	assert_true(p->is_well);
	assert_int_equal(read_game(0).period, p->minute);
}

/* Who writes a game does not write who has it, nor when it is due. */
static void a_put_leaves_the_queue_alone(void)
{
	struct putting p;
	int64_t later = NOW + 100000;
	plan_at(0, NOW);
	assert_true(take_one(a, 0, NOW + 1, "putter"));
	begin_to_put(&p, 1);
	give_back(0, "putter", later);
	end_put(&p);
	struct game g = read_game(0);
	assert_false(KNOWS(&g, GAME, lease_owner));
	assert_false(KNOWS(&g, GAME, lease_until));
	assert_int_equal(g.next_poll_at, later);

	begin_to_put(&p, 2);
	assert_true(take_one(b, 0, later + 1, "taker"));
	end_put(&p);
	assert_true(str_equal(read_game(0).lease_owner, STR("taker")));
	assert_false(take_one(a, 0, later + 2, "third"));
}

/* What a failed poll leaves is said of the poll alone. */
static void a_failed_poll_leaves_the_queue_alone(void)
{
	struct err err;
	int64_t before = read_game(3).next_poll_at;
	assert_true(store_put_poll(a, id_of(3), NOW + 7000, STR("500"), &err));
	struct game g = read_game(3);
	assert_true(str_equal(g.last_error, STR("500")) && g.last_poll_at == NOW + 7000);
	assert_int_equal(g.next_poll_at, before);
}

/* Who takes games passes over those that somebody is just about to take, and waits for nobody. */
static void nobody_waits_for_who_takes(void)
{
	int64_t ids[GAMES], later = NOW + 3600000;
	for (int i = 0; i < GAMES; i++) {
		plan_at(i, NOW);
		assert_true(take_one(a, i, later, "before"));
		give_back(i, "before", later);
	}
	void *held = place_hold(&database, id_of(4));
	int64_t began = time_monotonic_ms();
	size_t count = take(a, later + 1, "one", GAMES, ids);
	assert_true(time_monotonic_ms() - began < 3000);
	assert_int_equal(count, held ? GAMES - 1 : GAMES);
	for (size_t i = 0; held && i < count; i++)
		assert_int_not_equal(ids[i], id_of(4));
	place_release(&database, held);
	assert_int_equal(take(b, later + 2, "two", GAMES, ids), held ? 1 : 0);
}

/* One story: what each part finds is what the one before has left. */
static void a_queue_of_games(void **state)
{
	(void)state;
	open_both();
	each_game_is_taken_by_one();
	a_lease_that_ends_gives_the_game_back();
	a_clock_set_back_locks_nothing();
	a_plan_made_of_old_rows_is_not_written();
	what_is_moved_is_what_was_seen();
	a_game_that_is_named_is_taken_when_it_is_due();
	a_put_leaves_the_queue_alone();
	a_failed_poll_leaves_the_queue_alone();
	nobody_waits_for_who_takes();
	close_both();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(a_queue_of_games)};
	return place_run_everywhere(tests, sizeof(tests) / sizeof(tests[0]));
}
