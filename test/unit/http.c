/* http: a server in a process of its own, and peers that behave badly. */
#include "cmocka_all.h"

#include "base/time.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { BIG = 8 << 20, PER_PEER = 20, IN_ALL = 30, HEAD_MS = 300, IDLE_MS = 1500, WRITE_MS = 1000 };

/* ---- the server ---- */

struct service {
	uv_loop_t loop;
	struct http_server *server;
	uv_signal_t on_term;
	struct blob *big, *rendered_head, *rendered_body, *chunk;
	int64_t streams_closed;
};

static struct blob *letters(size_t n)
{
	struct buf b;
	buf_init(&b, n);
	memset(buf_room(&b, n), 'x', n);
	buf_grew(&b, n);
	return blob_new(&b);
}

static void echo(struct http_exchange *x)
{
	static const char *const methods[] = {"GET", "HEAD", "OPTIONS"};
	struct str path = http_path(x), query = http_query(x), one = http_header(x, STR("X-One"));
	struct str text =
		str_format(http_arena(x), "%s|%.*s|%.*s|%.*s|%.*s", methods[http_method(x)],
			STR_ARG(path), STR_ARG(query), STR_ARG(one), STR_ARG(http_peer(x)));
	struct blob *b = blob_copy(text);
	http_reply(
		x, 200, &(struct http_header_line){STR("Content-Type"), STR("text/plain")}, 1, b);
	blob_unref(b);
}

static void on_late(uv_timer_t *t)
{
	http_problem(t->data, 503, STR("late"), "it took %d ms", 50);
	uv_close((uv_handle_t *)t, (uv_close_cb)free);
}

static void answer_late(struct http_exchange *x, struct service *s)
{
	uv_timer_t *t = malloc(sizeof(*t));
	uv_timer_init(&s->loop, t);
	t->data = x;
	uv_timer_start(t, on_late, 50, 0);
}

static void on_stream_closed(struct http_stream *st, void *context)
{
	(void)st;
	((struct service *)context)->streams_closed++;
}

static void flood(struct http_stream *st, void *context)
{
	struct service *s = context;
	while (http_stream_write(st, s->chunk) && http_stream_queued(st) < 100000)
		;
}

static void on_flood_drained(struct http_stream *st, void *context)
{
	flood(st, context);
}

static void handle(struct http_exchange *x, void *context)
{
	static const struct http_stream_callbacks plain = {.on_close = on_stream_closed};
	static const struct http_stream_callbacks flooding = {
		.on_close = on_stream_closed, .on_drain = on_flood_drained};
	struct service *s = context;
	struct str path = http_path(x);
	if (str_equal(path, STR("/big"))) {
		http_reply(x, 200, NULL, 0, s->big);
	} else if (str_equal(path, STR("/rendered"))) {
		http_reply_rendered(
			x, 200, STR("X-More: 1\r\n"), s->rendered_head, s->rendered_body);
	} else if (str_equal(path, STR("/late"))) {
		answer_late(x, s);
	} else if (str_equal(path, STR("/empty"))) {
		http_reply(x, 304, NULL, 0, NULL);
	} else if (str_equal(path, STR("/stream"))) {
		struct http_stream *st = http_stream(x, 200, NULL, 0, &plain, s);
		struct blob *b = blob_copy(STR("hello"));
		http_stream_write(st, b);
		http_stream_write(st, b);
		blob_unref(b);
		http_stream_end(st);
	} else if (str_equal(path, STR("/open"))) {
		http_stream_write(http_stream(x, 200, NULL, 0, &plain, s), s->chunk);
	} else if (str_equal(path, STR("/flood"))) {
		flood(http_stream(x, 200, NULL, 0, &flooding, s), s);
	} else if (str_equal(path, STR("/overflow"))) {
		struct http_stream *st = http_stream(x, 200, NULL, 0, &plain, s);
		while (http_stream_write(st, s->chunk))
			;
	} else if (str_equal(path, STR("/stats"))) {
		struct http_server_stats n = http_server_stats(s->server);
		http_problem(x, 400, STR(""),
			"%lld connections, %lld slow, %lld streams closed, %lld timeouts",
			(long long)n.connections, (long long)n.slow_dropped,
			(long long)s->streams_closed, (long long)n.timeouts);
	} else {
		echo(x);
	}
}

static void on_drained(void *context)
{
	struct service *s = context;
	http_server_close(s->server);
}

static void on_term(uv_signal_t *h, int number)
{
	struct service *s = h->data;
	(void)number;
	uv_close((uv_handle_t *)h, NULL);
	http_server_drain(s->server, 1000, on_drained, s);
}

static void serve(int port_to)
{
	struct service *s = calloc(1, sizeof(*s));
	struct http_limits limits = http_default_limits;
	struct err err;
	limits.connections = IN_ALL;
	limits.connections_per_peer = PER_PEER;
	limits.head_ms = HEAD_MS;
	limits.idle_ms = IDLE_MS;
	limits.write_ms = WRITE_MS;
	limits.stream_queue_bytes = 1 << 20;
	uv_loop_init(&s->loop);
	s->big = letters(BIG);
	s->chunk = letters(65536);
	s->rendered_head = blob_copy(STR("Content-Length: 3\r\n\r\n"));
	s->rendered_body = blob_copy(STR("abc"));
	s->server = http_server_open(&s->loop, STR("127.0.0.1:0"), &limits, handle, s, &err);
	if (!s->server) {
		fprintf(stderr, "# %s\n", err.text);
		_exit(1);
	}
	uv_signal_init(&s->loop, &s->on_term);
	s->on_term.data = s;
	uv_signal_start(&s->on_term, on_term, SIGTERM);
	int port = http_server_port(s->server);
	if (write(port_to, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	int left = uv_loop_close(&s->loop);
	blob_unref(s->big);
	blob_unref(s->chunk);
	blob_unref(s->rendered_head);
	blob_unref(s->rendered_body);
	free(s);
	exit(left ? 3 : 0); /* not _exit: leaks are looked for */
}

static pid_t server_pid;
static int server_port;

static int start(void **state)
{
	(void)state;
	int ends[2];
	if (pipe(ends))
		return -1;
	server_pid = fork();
	if (!server_pid)
		serve(ends[1]);
	close(ends[1]);
	ssize_t n = read(ends[0], &server_port, sizeof(server_port));
	close(ends[0]);
	return n == sizeof(server_port) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	int status = 0;
	kill(server_pid, SIGTERM);
	waitpid(server_pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fprintf(stderr, "# the server ended with %x\n", (unsigned)status);
	return -1;
}

/* ---- a peer ---- */

/* The last: of the address, 127.0.0.1 and on. */
static int dial_from(unsigned last)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server_port)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	from.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) | last);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int dial(void)
{
	return dial_from(1);
}

static void say(int fd, struct str what)
{
	while (what.n) {
		ssize_t n = send(fd, what.p, what.n, MSG_NOSIGNAL);
		if (n <= 0)
			return; /* refused half-way: the answer tells */
		what = str_skip(what, (size_t)n);
	}
}

/* What comes until the end, or until `wanted` bytes; -1 when nothing comes for five seconds. */
static ssize_t hear(int fd, char *out, size_t room, size_t wanted)
{
	size_t n = 0;
	while (n < wanted && n < room - 1) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 5000) <= 0)
			return -1;
		ssize_t got = recv(fd, out + n, room - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	out[n] = '\0';
	return (ssize_t)n;
}

static char heard[1 << 16];

/* One request on a connection that is closed after it. */
static const char *ask(struct str request)
{
	int fd = dial();
	say(fd, request);
	assert_true(hear(fd, heard, sizeof(heard), sizeof(heard)) >= 0);
	close(fd);
	return heard;
}

#define CLOSED "Host: x\r\nConnection: close\r\n\r\n"

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in: %.300s", part, text);
}

/* ---- tests ---- */

static void test_what_goes_well(void **state)
{
	(void)state;
	static const struct {
		const char *request, *wanted;
	} rows[] = {
		{"GET /a?b=c&d HTTP/1.1\r\nX-One: 1\r\nx-one:  2 \r\n" CLOSED,
			"GET|/a|b=c&d|1, 2|127.0.0.1"},
		{"GET http://other/p?q HTTP/1.1\r\n" CLOSED, "GET|/p|q|"},
		{"GET http://other HTTP/1.1\r\n" CLOSED, "GET|/||"},
		{"GET http://other?q=1 HTTP/1.1\r\n" CLOSED, "GET|/|q=1|"},
		{"GET HTTPS://other:443/p?q HTTP/1.1\r\n" CLOSED, "GET|/p|q|"},
		{"OPTIONS * HTTP/1.1\r\n" CLOSED, "OPTIONS|/||"},
		{"GET /a HTTP/1.0\r\n\r\n", "GET|/a||"},
		{"GET /a HTTP/1.1\r\nContent-Length: 0\r\n" CLOSED, "GET|/a||"},
		{"GET /a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\nHost: "
		 "x\r\n\r\n",
			"GET|/a||"},
		{"\r\nGET /a HTTP/1.1\r\n" CLOSED, "GET|/a||"},
		{"GET /rendered HTTP/1.1\r\n" CLOSED, "\r\n\r\nabc"},
		{"GET /late HTTP/1.1\r\n" CLOSED,
			"\"detail\":\"it took 50 ms\",\"parameter\":\"late\""},
		{"GET /late HTTP/1.1\r\n" CLOSED, "HTTP/1.1 503 Service Unavailable\r\nDate: "},
		{"GET /stream HTTP/1.1\r\n" CLOSED,
			"\r\n\r\n5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"},
		{"GET /stream HTTP/1.0\r\n\r\n", "Connection: close\r\n\r\nhellohello"},
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_has(ask(str_from(rows[i].request)), rows[i].wanted);
	ask(STR("HEAD /rendered HTTP/1.1\r\n" CLOSED));
	assert_true(str_ends(str_from(heard), STR("X-More: 1\r\nContent-Length: 3\r\n\r\n")));
	ask(STR("HEAD /a HTTP/1.1\r\n" CLOSED));
	assert_has(heard, "Content-Length: 19\r\n");
	assert_true(str_ends(str_from(heard), STR("\r\n\r\n")));
	ask(STR("GET /empty HTTP/1.1\r\n" CLOSED));
	assert_null(strstr(heard, "Content-Length"));
}

static void test_what_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *request;
		int status;
	} rows[] = {
		{"POST / HTTP/1.1\r\n" CLOSED, 405},
		{"DELETE / HTTP/1.1\r\n" CLOSED, 405},
		{"PUT / HTTP/1.1\r\nContent-Length: 3\r\nHost: x\r\n\r\nabc", 405},
		{"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		{"get / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 0\r\n\r\nabc",
			400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413},
		{"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: "
		 "5\r\n\r\n0\r\n\r\n",
			400},
		{"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n\tc\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nX A: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nX-A: \x01\r\n\r\n", 400},
		{"GET / HTTP/1.1\nHost: x\n\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", 400},
		{"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
		{"GET / HTTP/1.2\r\nHost: x\r\n\r\n", 400},
		{"GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505},
		{"GET / HTTQ/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET / a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET /a\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n", 400},
		{"{\"json\": true}\r\n\r\n", 400},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char wanted[40];
		snprintf(wanted, sizeof(wanted), "HTTP/1.1 %d ", rows[i].status);
		ask(str_from(rows[i].request));
		if (strncmp(heard, wanted, strlen(wanted)) ||
			!strstr(heard, "application/problem+json") ||
			!strstr(heard, "\r\nConnection: close\r\n"))
			fail_msg("wanted %d for: %s\ngot: %.200s", rows[i].status, rows[i].request,
				heard);
	}
	assert_has(ask(STR("POST / HTTP/1.1\r\n" CLOSED)), "\r\nAllow: GET, HEAD, OPTIONS\r\n");
	ask(STR("GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"));
	assert_has(heard, "HTTP/1.1 400 ");
}

static void test_sizes(void **state)
{
	(void)state;
	static char request[40000];
	int n = snprintf(request, sizeof(request), "GET /%08192d HTTP/1.1\r\n" CLOSED, 0);
	assert_has(ask((struct str){request, (size_t)n}), "HTTP/1.1 414 ");
	n = snprintf(request, sizeof(request), "GET /%08190d HTTP/1.1\r\n" CLOSED, 0);
	assert_has(ask((struct str){request, (size_t)n}), "HTTP/1.1 200 ");
	n = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nX-A: %016000d\r\n" CLOSED, 0);
	assert_has(ask((struct str){request, (size_t)n}), "HTTP/1.1 200 ");
	n = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nX-A: %017000d\r\n" CLOSED, 0);
	assert_has(ask((struct str){request, (size_t)n}), "HTTP/1.1 431 ");
	n = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\n");
	for (int i = 0; i < 70; i++)
		n += snprintf(request + n, sizeof(request) - (size_t)n, "X-%d: 1\r\n", i);
	n += snprintf(request + n, sizeof(request) - (size_t)n, CLOSED);
	assert_has(ask((struct str){request, (size_t)n}), "HTTP/1.1 431 ");
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

/* One byte at a time, all at once, and a late answer between prompt ones: in order, none lost. */
static void test_pipelining(void **state)
{
	(void)state;
	const char *one =
		"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /late HTTP/1.1\r\nHost: x\r\n\r\n"
		"GET /stream HTTP/1.1\r\nHost: x\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: x\r\n\r\n"
		"GET /3 HTTP/1.1\r\n" CLOSED;
	for (int slowly = 0; slowly < 2; slowly++) {
		int fd = dial();
		for (const char *p = one; *p; p += slowly ? 1 : strlen(p))
			say(fd, slowly ? (struct str){p, 1} : str_from(p));
		assert_true(hear(fd, heard, sizeof(heard), sizeof(heard)) > 0);
		close(fd);
		const char *first = strstr(heard, "GET|/1|"), *late = strstr(heard, "it took"),
			   *stream = strstr(heard, "hello"), *last = strstr(heard, "GET|/3|");
		assert_true(first && late && stream && last && first < late && late < stream &&
			    stream < last);
		assert_int_equal(count_of(heard, "HTTP/1.1 "), 5);
	}
	static char many[64 * 600];
	size_t n = 0;
	for (int i = 0; i < 600; i++)
		n += (size_t)sprintf(many + n, "GET /rendered HTTP/1.1\r\nHost: x\r\n\r\n");
	int fd = dial();
	say(fd, (struct str){many, n});
	enum { EACH = 89 }; /* with status line, Date and X-More */
	assert_int_equal(hear(fd, heard, sizeof(heard), 600 * EACH), 600 * EACH);
	close(fd);
}

/* An answer is under way: who has said all is answered, and who says too much first has it. */
static void test_what_comes_while_an_answer_is_made(void **state)
{
	(void)state;
	static char much[20000];
	int fd = dial();
	say(fd, STR("GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
	shutdown(fd, SHUT_WR);
	assert_true(hear(fd, heard, sizeof(heard), sizeof(heard)) > 0); /* to its end */
	close(fd);
	assert_has(heard, "it took");
	fd = dial();
	memset(much, 'x', sizeof(much));
	say(fd, STR("GET /late HTTP/1.1\r\nHost: x\r\n\r\nGET /"));
	say(fd, (struct str){much, sizeof(much)}); /* beyond a head */
	assert_true(hear(fd, heard, sizeof(heard), sizeof(heard)) > 0);
	close(fd);
	const char *late = strstr(heard, "it took"), *refused = strstr(heard, "HTTP/1.1 4");
	assert_true(late && refused && late < refused);
	assert_int_equal(count_of(heard, "HTTP/1.1 "), 2);
	/* One that is gone before its answer leaves nothing behind. */
	struct linger at_once = {.l_onoff = 1};
	fd = dial();
	say(fd, STR("GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
	assert_has(ask(STR("GET /late HTTP/1.1\r\n" CLOSED)), "it took");
	assert_has(ask(STR("GET /stats HTTP/1.1\r\n" CLOSED)), "1 connections");
}

static void test_a_large_body_and_a_slow_reader(void **state)
{
	(void)state;
	static char big[BIG + 1000];
	int fd = dial();
	say(fd, STR("GET /big HTTP/1.1\r\n" CLOSED));
	ssize_t n = hear(fd, big, sizeof(big), sizeof(big));
	assert_true(n > BIG && n < BIG + 300);
	close(fd);
	/* One that reads nothing is closed, and does not stop the others meanwhile. */
	fd = dial();
	int small = 4096;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	say(fd, STR("GET /big HTTP/1.1\r\n" CLOSED));
	int64_t until = time_monotonic_ms() + 5000;
	do
		ask(STR("GET /stats HTTP/1.1\r\n" CLOSED));
	while (strstr(heard, " 0 timeouts") && time_monotonic_ms() < until);
	assert_null(strstr(heard, " 0 timeouts"));
	close(fd);
}

static int64_t count_timeouts(void)
{
	long long n = -1;
	const char *streams =
		strstr(ask(STR("GET /stats HTTP/1.1\r\n" CLOSED)), "streams closed, ");
	assert_true(streams && sscanf(streams, "streams closed, %lld timeouts", &n) == 1);
	return n;
}

/* Little by little, but steadily: never closed, though the kernel takes nothing more from us for long. The
 * more room it has, the rarer its kernel says that there is some. */
static void test_a_steady_reader_is_slow(void **state)
{
	(void)state;
	enum { PACE_MS = 20 };
	static const char *const requests[] = {
		"GET /big HTTP/1.1\r\n" CLOSED, "GET /flood HTTP/1.1\r\n" CLOSED};
	for (size_t i = 0; i < COUNT(requests); i++) {
		int64_t before = count_timeouts(), until = time_monotonic_ms() + WRITE_MS * 3 / 2;
		int fd = dial(), small = 4096;
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		say(fd, str_from(requests[i]));
		while (time_monotonic_ms() < until) {
			assert_true(hear(fd, heard, 2048, 2047) > 0);
			poll(NULL, 0, PACE_MS);
		}
		assert_int_equal(count_timeouts(), before);
		close(fd);
	}
}

static void test_streams(void **state)
{
	(void)state;
	static char part[1 << 20];
	int fd = dial();
	say(fd, STR("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")); /* endless, as fast as it is read */
	for (int i = 0; i < 30; i++)
		assert_int_equal(hear(fd, part, sizeof(part), sizeof(part) - 1), sizeof(part) - 1);
	close(fd); /* and it sees that the reader has gone */
	fd = dial();
	say(fd, STR("GET /overflow HTTP/1.1\r\nHost: x\r\n\r\n")); /* faster than it is read:
								      dropped */
	int64_t until = time_monotonic_ms() + 5000;
	do
		ask(STR("GET /stats HTTP/1.1\r\n" CLOSED));
	while (!strstr(heard, ", 1 slow") && time_monotonic_ms() < until);
	assert_has(heard, ", 1 slow");
	close(fd);
	fd = dial();
	say(fd, STR("GET /open HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_true(hear(fd, part, sizeof(part), 65536) >= 65536);
	close(fd);
	until = time_monotonic_ms() + 5000;
	do
		ask(STR("GET /stats HTTP/1.1\r\n" CLOSED));
	while (!strstr(heard, "detail\":\"1 connections") && time_monotonic_ms() < until);
	assert_has(heard, "detail\":\"1 connections");
}

static void test_time_limits(void **state)
{
	(void)state;
	int64_t began = time_monotonic_ms();
	assert_has(ask(STR("GET / HTTP/1.1\r\nHos")), "HTTP/1.1 408 ");
	assert_true(time_monotonic_ms() - began >= HEAD_MS);
	began = time_monotonic_ms();
	int fd = dial(); /* a byte now and then does not help */
	struct pollfd p = {.fd = fd, .events = POLLIN};
	for (const char *c = "GET / HTTP/1.1\r\nX-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
		*c && !poll(&p, 1, 50); c++)
		say(fd, (struct str){c, 1});
	hear(fd, heard, sizeof(heard), sizeof(heard));
	assert_has(heard, "HTTP/1.1 408 ");
	close(fd);
	assert_int_equal(strlen(ask(STR(""))), 0); /* idle: closed without a word */
	assert_true(time_monotonic_ms() - began >= IDLE_MS);
}

static void test_connections_of_one_address(void **state)
{
	(void)state;
	int fds[PER_PEER];
	for (int i = 0; i < PER_PEER; i++) {
		fds[i] = dial();
		say(fds[i], STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
		assert_true(hear(fds[i], heard, sizeof(heard), 10) > 0);
	}
	assert_has(ask(STR("GET / HTTP/1.1\r\n" CLOSED)), "HTTP/1.1 429 ");
	assert_has(heard, "Retry-After: ");
	for (int i = 0; i < PER_PEER; i++)
		close(fds[i]);
	int64_t until = time_monotonic_ms() + 5000;
	do
		ask(STR("GET / HTTP/1.1\r\n" CLOSED));
	while (!strstr(heard, "HTTP/1.1 200 ") && time_monotonic_ms() < until);
	assert_has(heard, "HTTP/1.1 200 ");
}

/* Whoever is turned away takes nobody's place while it lingers, and not for ever a descriptor. */
static void test_one_address_does_not_shut_out_the_others(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	static int fds[MANY];
	int n = 0;
	bool is_reset = false;
	for (; n < PER_PEER; n++)
		fds[n] = dial_from(2);
	for (; n < PER_PEER + IN_ALL; n++) {
		fds[n] = dial_from(2);
		assert_true(hear(fds[n], heard, sizeof(heard), 12) > 0);
		assert_has(heard, "HTTP/1.1 429");
	}
	assert_has(ask(STR("GET / HTTP/1.1\r\n" CLOSED)), "HTTP/1.1 200 ");
	for (; n < MANY && !is_reset; n++) {
		fds[n] = dial_from(2);
		is_reset = hear(fds[n], heard, sizeof(heard), 12) == 0;
	}
	assert_true(is_reset);
	assert_has(ask(STR("GET / HTTP/1.1\r\n" CLOSED)), "HTTP/1.1 200 ");
	while (n)
		close(fds[--n]);
}

/* Told to stop, it answers what it has, ends its streams and takes nobody new. */
static void test_drain(void **state)
{
	(void)state;
	int late = dial(), open = dial(), idle = dial(), status;
	static char text[1 << 17];
	say(open, STR("GET /open HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_true(hear(open, text, sizeof(text), 65536) >= 65536);
	say(idle, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_true(hear(idle, heard, sizeof(heard), 10) > 0);
	say(late,
		STR("GET /late HTTP/1.1\r\nHost: x\r\n\r\nGET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_true(
		hear(late, heard, sizeof(heard), 10) > 0); /* the first; the second is under way */
	kill(server_pid, SIGTERM);
	assert_true(hear(late, heard, sizeof(heard), sizeof(heard)) > 0);
	assert_has(heard, "it took");
	assert_has(heard, "Connection: close");
	hear(open, text, sizeof(text), sizeof(text));
	assert_true(str_ends(str_from(text), STR("0\r\n\r\n")));
	hear(idle, heard, sizeof(heard), sizeof(heard));
	assert_int_equal(waitpid(server_pid, &status, 0), server_pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(late);
	close(open);
	close(idle);
	assert_int_equal(start(NULL), 0);
}

static void test_query(void **state)
{
	(void)state;
	struct arena keep = arena_reserve(1 << 20);
	struct http_parameter *p;
	size_t n;
	struct str bad;
	assert_true(http_query_parse(STR("a=1&b=x%20y+z&&c&=d&e=%C3%A9=%3d"), &keep, &p, &n, &bad));
	assert_int_equal(n, 5);
	assert_true(str_equal(p[1].value, STR("x y z")) && str_equal(p[2].name, STR("c")));
	assert_true(str_equal(p[3].value, STR("d")) && str_equal(p[4].value, STR("\xc3\xa9==")));
	static const char *const bads[] = {"a=%", "a=%4", "a=%zz", "a=%00", "%ff=1", "x=1&a=%c3"};
	for (size_t i = 0; i < COUNT(bads); i++)
		if (http_query_parse(str_from(bads[i]), &keep, &p, &n, &bad) || !bad.n)
			fail_msg("%s was taken", bads[i]);
	arena_release(&keep);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_what_goes_well),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_pipelining),
		cmocka_unit_test(test_what_comes_while_an_answer_is_made),
		cmocka_unit_test(test_a_large_body_and_a_slow_reader),
		cmocka_unit_test(test_a_steady_reader_is_slow),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_time_limits),
		cmocka_unit_test(test_connections_of_one_address),
		cmocka_unit_test(test_one_address_does_not_shut_out_the_others),
		cmocka_unit_test(test_drain),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, stop);
}
