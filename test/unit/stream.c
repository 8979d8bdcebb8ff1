/* stream: what only a certain order of reading and coming shows. The jobs of the hub are held here, and
 * done when the test says so; the rest is real: the server, the sockets, SQLite. */
#include "cmocka_all.h"

#include "api/pool.h"
#include "base/time.h"

static void hold(struct pool *p, struct pool_job *job);

#define pool_continue hold
#include "api/stream.c"
#undef pool_continue

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define GAME  INT64_C(2026020204)
#define START INT64_C(1790000000000)

enum { AWAY = 12, HOME = 3, LIMIT_MS = 20000, MOST_HELD = 8, HEARD_BYTES = 64 << 10 };

static uv_loop_t loop;
static struct api *api;
static struct store *writer;
static char folder[] = "/tmp/rinkside-stream-XXXXXX";
static bool is_over;

/* ---- the hub's jobs ---- */

static struct pool_job *held[MOST_HELD]; /* the oldest first */
static size_t held_count;

static void hold(struct pool *p, struct pool_job *job)
{
	(void)p;
	assert_true(held_count < MOST_HELD);
	held[held_count++] = job;
}

static struct pool_job *take_held(void)
{
	assert_true(held_count > 0);
	struct pool_job *job = held[0];
	memmove(&held[0], &held[1], sizeof(held[0]) * --held_count);
	return job;
}

static void read_now(struct pool_job *job)
{
	job->work(job, writer);
	assert_false(job->has_failed);
}

static void do_held(void)
{
	while (held_count) {
		struct pool_job *job = take_held();
		read_now(job);
		job->done(job);
	}
}

/* ---- readers ---- */

struct client {
	int fd;
	size_t n;
	char heard[HEARD_BYTES];
};

static struct client dial(const char *target)
{
	struct client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)api_port(api)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char head[200];
	int n = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: here\r\n\r\n", target);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(c.fd, head, (size_t)n), n);
	assert_int_equal(fcntl(c.fd, F_SETFL, O_NONBLOCK), 0);
	return c;
}

/* Whether it has heard that by now. */
static bool hears(struct client *c, const char *text)
{
	ssize_t n;
	while ((n = read(c->fd, c->heard + c->n, sizeof(c->heard) - 1 - c->n)) > 0)
		c->n += (size_t)n;
	return strstr(c->heard, text) != NULL;
}

static size_t times(const struct client *c, const char *text)
{
	size_t count = 0;
	for (const char *at = c->heard; (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* The loop runs until it is so; the hub's timer sees to it that it looks. */
#define RUN_UNTIL(condition)                                                                       \
	do {                                                                                       \
		int64_t deadline = time_monotonic_ms() + LIMIT_MS;                                 \
		while (!(condition)) {                                                             \
			if (time_monotonic_ms() > deadline)                                        \
				fail_msg("in vain: " #condition);                                  \
			uv_run(&loop, UV_RUN_ONCE);                                                \
		}                                                                                  \
	} while (0)

/* ---- commits ---- */

static struct stat_line line_of(
	int64_t player_id, int64_t team_id, int64_t opponent_id, int64_t goals)
{
	struct stat_line l = {0};
	SET(&l, STAT, game_id, GAME);
	SET(&l, STAT, player_id, player_id);
	SET(&l, STAT, player_name, STR("C. Somebody"));
	SET(&l, STAT, player_position, STR("C"));
	SET(&l, STAT, team_id, team_id);
	SET(&l, STAT, opponent_team_id, opponent_id);
	SET(&l, STAT, goals, goals);
	SET(&l, STAT, assists, 0);
	SET(&l, STAT, points, goals);
	return l;
}

/* The revision is the number of goals: each commit has one more. */
static void commit(int64_t goals)
{
	struct stat_line lines[] = {
		line_of(8470001, AWAY, HOME, goals), line_of(8470002, HOME, AWAY, 0)};
	struct snapshot s = {.lines = lines, .count = 2, .has_lines = true};
	struct put_result r;
	struct err err;
	s.observed_at = START + goals * 1000;
	s.order = (struct order_key){s.observed_at / 1000, 1, 0, s.observed_at};
	SET(&s.game, GAME, game_id, GAME);
	SET(&s.game, GAME, season, 20262027);
	SET(&s.game, GAME, game_type, 2);
	SET(&s.game, GAME, start_time, START);
	SET(&s.game, GAME, game_date, eastern_day(START));
	SET(&s.game, GAME, game_state, STR("LIVE"));
	SET(&s.game, GAME, away_team_id, AWAY);
	SET(&s.game, GAME, home_team_id, HOME);
	if (!store_put_game(writer, &s, &r, &err))
		fail_msg("%s", err.text);
	assert_int_equal(r.revision, goals);
}

/* ---- the tests ---- */

/* A page that was read before a reader came says nothing of what it has beyond that page: another API, or this
 * one before it was started again, may have told it. */
static void test_a_page_from_before_a_reader_came(void **state)
{
	struct stream_hub *h = api_stream_hub(api);
	(void)state;
	RUN_UNTIL(h->has_head && h->head == 3);
	struct client first = dial("/stream?after=1");
	RUN_UNTIL(held_count == 1 && h->stats.readers == 1);
	struct pool_job *page = take_held();
	read_now(page);
	commit(4);
	struct client second = dial("/stream?after=4");
	RUN_UNTIL(h->stats.readers == 2);
	assert_int_equal(h->head, 3);
	page->done(page);
	RUN_UNTIL((do_held(), hears(&first, "id: 4\n")));
	commit(5);
	RUN_UNTIL((do_held(), hears(&first, "id: 5\n") && hears(&second, "id: 5\n")));
	assert_int_equal(times(&second, "event: reset"), 0);
	assert_int_equal(times(&second, "id: "), 1);
	assert_int_equal(times(&first, "id: "), 4);
	close(first.fd);
	close(second.fd);
	RUN_UNTIL((do_held(), !h->stats.readers));
}

/* Who is ahead of what the database has is told so, and where it is now. */
static void test_a_place_of_another_database(void **state)
{
	struct stream_hub *h = api_stream_hub(api);
	(void)state;
	struct client c = dial("/stream?after=99");
	RUN_UNTIL((do_held(), hears(&c, "event: reset\nid: 5\n")));
	commit(6);
	RUN_UNTIL((do_held(), hears(&c, "id: 6\n")));
	close(c.fd);
	RUN_UNTIL((do_held(), !h->stats.readers));
}

static int open_api(void **state)
{
	static char url[80];
	struct err err;
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(url, sizeof(url), "sqlite:%s/rinkside.db", folder);
	writer = store_open(str_from(url), STORE_WRITE, &err);
	if (!writer) {
		fprintf(stderr, "# %s\n", err.text);
		return -1;
	}
	for (int64_t goals = 1; goals <= 3; goals++)
		commit(goals);
	const struct api_settings settings = {.db = str_from(url),
		.listen = STR("127.0.0.1:0"),
		.limits = http_default_limits,
		.threads = 1,
		.queue = 16,
		.cache_bytes = 1 << 20,
		.exports = 1,
		.query_ms = LIMIT_MS};
	uv_loop_init(&loop);
	api = api_open(&loop, &settings, &err);
	if (!api)
		fprintf(stderr, "# %s\n", err.text);
	return api ? 0 : -1;
}

static void on_over(void *context)
{
	(void)context;
	is_over = true;
}

static int stop_api(void **state)
{
	static const char *const files[] = {"", "-wal", "-shm"};
	char path[80];
	(void)state;
	api_stop(api, 0, on_over, NULL);
	RUN_UNTIL(is_over);
	api_close(api);
	uv_run(&loop, UV_RUN_DEFAULT);
	store_close(writer);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/rinkside.db%s", folder, files[i]);
		unlink(path);
	}
	return rmdir(folder) || uv_loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_page_from_before_a_reader_came),
		cmocka_unit_test(test_a_place_of_another_database),
	};
	return cmocka_run_group_tests(tests, open_api, stop_api);
}
