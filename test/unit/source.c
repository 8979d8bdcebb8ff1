/* What the head of a reply says, manners, and files. The rest of source is tested by
 * test/system/manners.py. */
#include "source/manners.h"
#include "source/reply_head.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct reply_head parse(const char *const *lines)
{
	struct reply_head h;
	reply_head_init(&h);
	for (; *lines; lines++)
		reply_head_add(&h, str_from(*lines));
	return h;
}

static void orders_by_etag_then_date(void **state)
{
	(void)state;
	enum { ARRIVAL = 1701298950 };
	static const struct {
		const char *lines[4];
		int64_t order;
	} cases[] = {
		{{"ETag: W/\"6567c306--gzip\"", "Date: Wed, 29 Nov 2023 23:02:19 GMT"}, 0x6567c306},
		{{"etag:W/\"6567c306--gzip\""}, 0x6567c306},
		{{"ETag: W/\"6567c306--\""}, 0x6567c306},
		{{"Date: Wed, 29 Nov 2023 23:02:19 GMT", "Age: 9"}, 1701298939 - 9},
		{{"ETag: \"6567c306-3039\"", "Date: Wed, 29 Nov 2023 23:02:19 GMT"}, 1701298939},
		{{"ETag: W/\"6567C306--gzip\"", "Date: Wed, 29 Nov 2023 23:02:19 GMT"}, 1701298939},
		{{"ETag: W/\"0367c306--gzip\"", "Date: Wed, 29 Nov 2023 23:02:19 GMT"}, 1701298939},
		{{"ETag: W/\"ff67c306--gzip\"", "Date: Wed, 29 Nov 2023 23:02:19 GMT"}, 1701298939},
		{{"ETag: W/\"6567c3\"", "Date: Wed, 29 Nov 2023 23:02:19 GMT"}, 1701298939},
		{{"ETag: W/\"", "Age: 10"}, ARRIVAL - 10},
		{{"ETag: \"33a64df551425fcc55e4d42a148795d9f25f89d4\""}, ARRIVAL},
		{{"Date: yesterday", "Age: -4"}, ARRIVAL},
		{{"Age: 99999999999999999999"}, ARRIVAL},
		{{"Date: Wed, 29 Nov 2023 23:03:30 GMT"}, ARRIVAL + 60},
		{{"Date: Wed, 29 Nov 2023 23:03:31 GMT"}, ARRIVAL},
		{{"Date: Thu, 01 Jan 2099 00:00:00 GMT", "Age: 9"}, ARRIVAL - 9},
		{{"Date: Thu, 01 Jan 2099 00:00:00 GMT", "ETag: W/\"f2a54980--gzip\""}, ARRIVAL},
		{{NULL}, ARRIVAL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply_head h = parse(cases[i].lines);
		assert_int_equal(reply_head_order_time(&h, ARRIVAL), cases[i].order);
	}
}

static void reads_ages(void **state)
{
	(void)state;
	struct reply_head h = parse((const char *[]){
		"Cache-Control: no-transform, max-age=14, s-maxage=99\r\n", "AGE: 3", NULL});
	assert_int_equal(h.max_age_s, 14);
	assert_int_equal(h.age_s, 3);
	h = parse((const char *[]){"Cache-Control: no-store, max-age=soon", NULL});
	assert_int_equal(h.max_age_s, -1);
	h = parse((const char *[]){"no colon", "", ":", "Age", NULL});
	assert_int_equal(h.age_s, 0);
}

static void reads_retry_after(void **state)
{
	(void)state;
	static const struct {
		const char *lines[3];
		int64_t seconds;
	} cases[] = {
		{{"Retry-After: 120"}, 120},
		{{"Retry-After: Wed, 29 Nov 2023 23:02:49 GMT",
			 "Date: Wed, 29 Nov 2023 23:02:19 GMT"},
			30},
		{{"Date: Wed, 29 Nov 2023 23:02:19 GMT",
			 "Retry-After: Wed, 29 Nov 2023 23:02:18 GMT"},
			0},
		{{"Retry-After: Tue, 14 Nov 2023 22:14:00 GMT"}, 40},
		{{"Retry-After: soon"}, 0},
		{{"Retry-After: -5"}, 0},
		{{NULL}, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply_head h = parse(cases[i].lines);
		assert_int_equal(reply_head_retry_after_s(&h, 1700000000), cases[i].seconds);
	}
}

static void back_off_doubles_with_full_jitter(void **state)
{
	(void)state;
	struct manners *m = manners_new(&(struct source_settings){.seed = 7});
	for (int tries = 1; tries < 12; tries++) {
		int64_t most = BACK_OFF_FIRST_MS;
		for (int i = 1; i < tries; i++)
			most = most * 2 < BACK_OFF_MAX_MS ? most * 2 : BACK_OFF_MAX_MS;
		int64_t low = most, high = 0;
		for (int i = 0; i < 500; i++) {
			int64_t ms = manners_back_off_ms(m, tries);
			low = ms < low ? ms : low;
			high = ms > high ? ms : high;
		}
		assert_true(low >= 0 && low < most / 20);
		assert_true(high <= most && high > most - most / 20);
	}
	manners_free(m);
}

static void back_off_comes_from_the_seed(void **state)
{
	(void)state;
	struct manners *a = manners_new(&(struct source_settings){.seed = 7});
	struct manners *b = manners_new(&(struct source_settings){.seed = 7});
	for (int i = 0; i < 20; i++)
		assert_int_equal(manners_back_off_ms(a, 5), manners_back_off_ms(b, 5));
	manners_free(a);
	manners_free(b);
}

static enum turn begin(struct manners *m, int64_t game, int64_t patience_ms, int64_t *wait_ms)
{
	return manners_begin(m, game, time_monotonic_ms() + patience_ms, wait_ms);
}

static void cap_spaces_requests(void **state)
{
	(void)state;
	struct manners *m = manners_new(&(struct source_settings){.rate = 100, .seed = 1});
	int64_t wait_ms, started = time_monotonic_ms();
	for (int i = 0; i < 21; i++) {
		assert_int_equal(begin(m, 0, 5000, &wait_ms), TURN_GIVEN);
		manners_end(m, 0, VERDICT_GOOD, 0);
	}
	assert_true(time_monotonic_ms() - started >= 199);
	assert_int_equal(begin(m, 0, 0, &wait_ms), TURN_TOO_LATE);
	manners_free(m);
}

static void retry_after_holds_for_all(void **state)
{
	(void)state;
	struct manners *m = manners_new(&(struct source_settings){.seed = 1});
	int64_t wait_ms, started = time_monotonic_ms();
	assert_int_equal(begin(m, 1, 1000, &wait_ms), TURN_GIVEN);
	manners_end(m, 1, VERDICT_BAD, 150);
	assert_int_equal(begin(m, 2, 50, &wait_ms), TURN_TOO_LATE);
	assert_true(wait_ms > 50 && wait_ms <= 151); /* rounded up */
	assert_int_equal(begin(m, 2, 1000, &wait_ms), TURN_GIVEN);
	assert_true(time_monotonic_ms() - started >= 150);
	manners_free(m);
}

static void breaker_opens(void **state)
{
	(void)state;
	struct manners *m = manners_new(&(struct source_settings){.seed = 1});
	int64_t wait_ms;
	for (int i = 0; i < BREAKER_FAILURES; i++) {
		assert_int_equal(begin(m, 0, 1000, &wait_ms), TURN_GIVEN);
		manners_end(m, 0, VERDICT_BAD, 0);
	}
	assert_int_equal(begin(m, 0, 100000, &wait_ms), TURN_BROKEN);
	assert_true(wait_ms > BREAKER_FIRST_MS / 2 - 100 && wait_ms <= BREAKER_FIRST_MS);
	manners_free(m);

	/* One good answer between failures keeps it closed. */
	m = manners_new(&(struct source_settings){.seed = 1});
	for (int i = 0; i < 3 * BREAKER_FAILURES; i++) {
		assert_int_equal(begin(m, 0, 1000, &wait_ms), TURN_GIVEN);
		manners_end(m, 0, i % (BREAKER_FAILURES - 1) ? VERDICT_BAD : VERDICT_GOOD, 0);
	}
	assert_int_equal(begin(m, 0, 1000, &wait_ms), TURN_GIVEN);
	manners_free(m);
}

/* As a parent and its child are: each with manners of its own, over the same memory. */
static void a_host_is_one_to_all_processes(void **state)
{
	(void)state;
	struct source_settings settings = {.seed = 1, .rate = 100, .host_fd = manners_host_fd()};
	struct manners *both[] = {manners_new(&settings), manners_new(&settings)};
	int64_t wait_ms, started = time_monotonic_ms();
	assert_true(settings.host_fd > 0 && manners_host_fd() == settings.host_fd);
	for (int i = 0; i < 21; i++) {
		assert_int_equal(begin(both[i % 2], 0, 5000, &wait_ms), TURN_GIVEN);
		manners_end(both[i % 2], 0, VERDICT_GOOD, 0);
	}
	assert_true(time_monotonic_ms() - started >= 199);
	assert_int_equal(begin(both[0], 0, 1000, &wait_ms), TURN_GIVEN);
	manners_end(both[0], 0, VERDICT_BAD, 150);
	assert_int_equal(begin(both[1], 0, 50, &wait_ms), TURN_TOO_LATE);
	assert_int_equal(begin(both[1], 0, 1000, &wait_ms), TURN_GIVEN);
	manners_free(both[0]);
	manners_free(both[1]);
}

static void fail_until_open(struct manners *m)
{
	int64_t wait_ms;
	for (int i = 0; i < BREAKER_FAILURES; i++) {
		assert_int_equal(begin(m, 0, 1000, &wait_ms), TURN_GIVEN);
		manners_end(m, 0, VERDICT_BAD, 0);
	}
}

/* When it is over, one request alone may ask; its answer decides for all. */
static void probe(struct manners *m, enum verdict verdict)
{
	int64_t wait_ms;
	while (begin(m, 0, 1000, &wait_ms) == TURN_BROKEN)
		assert_true(manners_sleep(m, wait_ms ? wait_ms : 1));
	assert_int_equal(begin(m, 0, 1000, &wait_ms), TURN_BROKEN);
	manners_end(m, 0, verdict, 0);
}

static void breaker_asks_once_and_believes_it(void **state)
{
	(void)state;
	struct manners *well = manners_new(&(struct source_settings){.seed = 1});
	struct manners *ill = manners_new(&(struct source_settings){.seed = 1});
	int64_t wait_ms;
	fail_until_open(well);
	fail_until_open(ill);
	probe(well, VERDICT_GOOD);
	for (int i = 0; i < 2; i++)
		assert_int_equal(begin(well, 0, 1000, &wait_ms), TURN_GIVEN);
	probe(ill, VERDICT_BAD);
	assert_int_equal(begin(ill, 0, 1000, &wait_ms), TURN_BROKEN);
	assert_true(wait_ms > BREAKER_FIRST_MS - 100 && wait_ms <= 2 * BREAKER_FIRST_MS);
	manners_free(well);
	manners_free(ill);
}

struct waiter {
	struct manners *manners;
	int64_t game;
	enum turn turn;
};

static void *wait_for_turn(void *context)
{
	struct waiter *w = context;
	int64_t wait_ms;
	w->turn = begin(w->manners, w->game, 10000, &wait_ms);
	return NULL;
}

static void one_request_at_a_time_for_a_game(void **state)
{
	(void)state;
	struct manners *m = manners_new(&(struct source_settings){.seed = 1});
	int64_t wait_ms;
	assert_int_equal(begin(m, 2023020001, 0, &wait_ms), TURN_GIVEN);
	assert_int_equal(begin(m, 2023020001, 20, &wait_ms), TURN_TOO_LATE);
	assert_int_equal(begin(m, 2023020002, 0, &wait_ms), TURN_GIVEN);
	struct waiter w = {.manners = m, .game = 2023020001};
	pthread_t thread;
	pthread_create(&thread, NULL, wait_for_turn, &w);
	manners_end(m, 2023020001, VERDICT_GOOD, 0);
	pthread_join(thread, NULL);
	assert_int_equal(w.turn, TURN_GIVEN);
	manners_free(m);
}

static void stop_ends_waits(void **state)
{
	(void)state;
	struct manners *m = manners_new(&(struct source_settings){.seed = 1});
	int64_t wait_ms, started = time_monotonic_ms();
	begin(m, 5, 0, &wait_ms);
	struct waiter w = {.manners = m, .game = 5};
	pthread_t thread;
	pthread_create(&thread, NULL, wait_for_turn, &w);
	manners_stop(m);
	pthread_join(thread, NULL);
	assert_int_equal(w.turn, TURN_STOPPED);
	assert_false(manners_sleep(m, 10000));
	assert_true(time_monotonic_ms() - started < 5000);
	manners_free(m);
}

static void refuses_upstreams(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "api-web.nhle.com", "ftp://host",
		"file:///etc/passwd", "http://", "http://host/?a=b", "http://host/#a",
		"https://ho st"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct source_settings s = {.upstream = str_from(bad[i]), .timeout_ms = 1000};
		struct manners *m = manners_new(&s);
		struct err err;
		assert_null(source_open(&s, m, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_true(str_starts(str_from(err.text), STR("--upstream: wants ")));
		manners_free(m);
	}
}

static void never_tells_a_password(void **state)
{
	(void)state;
	struct source_settings s = {
		.upstream = STR("http://user:sesame@127.0.0.1:1/x/"), .timeout_ms = 1000};
	struct manners *m = manners_new(&s);
	struct arena keep = arena_reserve(SOURCE_MAX_BODY + 4096);
	struct source_reply reply;
	struct err err;
	struct source *source = source_open(&s, m, &err);
	assert_non_null(source);
	struct source_request q = {.endpoint = ENDPOINT_ROSTER, .abbrev = STR("CAR")};
	assert_false(source_fetch(source, &q, &keep, &reply, &err));
	assert_int_equal(err.kind, ERR_NETWORK);
	assert_int_equal(reply.tries, 1);
	assert_null(strstr(err.text, "sesame"));
	assert_non_null(strstr(err.text, "GET http://127.0.0.1:1/x/v1/roster/CAR/current: "));
	source_close(source);
	manners_free(m);
	arena_release(&keep);
}

static void reads_files(void **state)
{
	(void)state;
	char path[] = P_tmpdir "/rinkside-source-XXXXXX";
	int fd = mkstemp(path);
	struct arena keep = arena_reserve(SOURCE_MAX_BODY + 4096);
	struct source_reply reply;
	struct err err;
	assert_int_equal(write(fd, "{}", 2), 2);
	assert_true(source_read_file(path, &keep, &reply, &err));
	assert_true(str_equal(reply.body, STR("{}")));
	assert_int_equal(reply.body.p[2], 0);
	assert_true(reply.order_time > 1700000000 && reply.order_time == reply.observed_at / 1000);

	arena_reset(&keep);
	assert_int_equal(ftruncate(fd, SOURCE_MAX_BODY), 0);
	assert_true(source_read_file(path, &keep, &reply, &err));
	arena_reset(&keep);
	assert_int_equal(ftruncate(fd, SOURCE_MAX_BODY + 1), 0);
	assert_false(source_read_file(path, &keep, &reply, &err));
	assert_int_equal(err.kind, ERR_DECODE);

	close(fd);
	unlink(path);
	assert_false(source_read_file(path, &keep, &reply, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(source_read_file("/", &keep, &reply, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	arena_release(&keep);
}

/* ---- the client ---- */

enum { MAX_THREADS = 16 };

struct client {
	const struct source_settings *settings;
	struct manners *manners;
	char **games;
	int count;
};

/* A line a fetch: what it came to, as "name=value" words, and the sentence at the end. */
static void *fetch_all(void *context)
{
	struct client *c = context;
	struct arena keep = arena_reserve(SOURCE_MAX_BODY + 4096);
	struct err err;
	struct source *source = source_open(c->settings, c->manners, &err);
	for (int i = 0; i < c->count; i++) {
		struct source_reply reply = {0};
		struct source_request q = {.endpoint = ENDPOINT_BOX_SCORE};
		str_to_i64(str_from(c->games[i]), &q.id);
		if (!strcmp(c->games[i], "now"))
			q.endpoint = ENDPOINT_SCHEDULE;
		arena_reset(&keep);
		bool ok = false;
		if (source)
			ok = source_fetch(source, &q, &keep, &reply, &err);
		printf("kind=%d status=%d tries=%d order=%lld bytes=%zu wire=%lld age=%lld "
		       "max_age=%lld text=%s\n",
			ok ? 0 : (int)err.kind, reply.status, reply.tries,
			(long long)reply.order_time, reply.body.n, (long long)reply.wire_bytes,
			(long long)reply.age_s, (long long)reply.max_age_s, ok ? "" : err.text);
		fflush(stdout);
	}
	source_close(source);
	arena_release(&keep);
	return NULL;
}

static int64_t number(const char *text)
{
	int64_t value = 0;
	str_to_i64(str_from(text), &value);
	return value;
}

/* UPSTREAM TIMEOUT_MS RETRIES RATE PATIENCE_MS IS_LONG_LIVED THREADS GAME… */
static int client_main(int argc, char **argv)
{
	struct source_settings settings = {.upstream = str_from(argv[1]),
		.timeout_ms = number(argv[2]),
		.retries = number(argv[3]),
		.rate = (double)number(argv[4]),
		.patience_ms = number(argv[5]),
		.is_long_lived = number(argv[6]),
		.version = "0.0.1",
		.seed = 1};
	struct client client = {.settings = &settings,
		.manners = manners_new(&settings),
		.games = argv + 8,
		.count = argc - 8};
	pthread_t threads[MAX_THREADS];
	int64_t count = number(argv[7]);
	for (int64_t i = 0; i < count && i < MAX_THREADS; i++)
		pthread_create(&threads[i], NULL, fetch_all, &client);
	for (int64_t i = 0; i < count && i < MAX_THREADS; i++)
		pthread_join(threads[i], NULL);
	manners_free(client.manners);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 8)
		return client_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_by_etag_then_date),
		cmocka_unit_test(reads_ages),
		cmocka_unit_test(reads_retry_after),
		cmocka_unit_test(back_off_doubles_with_full_jitter),
		cmocka_unit_test(back_off_comes_from_the_seed),
		cmocka_unit_test(cap_spaces_requests),
		cmocka_unit_test(retry_after_holds_for_all),
		cmocka_unit_test(a_host_is_one_to_all_processes),
		cmocka_unit_test(breaker_opens),
		cmocka_unit_test(breaker_asks_once_and_believes_it),
		cmocka_unit_test(one_request_at_a_time_for_a_game),
		cmocka_unit_test(stop_ends_waits),
		cmocka_unit_test(refuses_upstreams),
		cmocka_unit_test(never_tells_a_password),
		cmocka_unit_test(reads_files),
	};
	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
