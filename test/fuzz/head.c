/*
 * A request's head through the server itself: a connection on loopback that sends the input in
 * pieces (the first byte says how large), ends, and is heard out. Whatever came, what goes back is
 * nothing or begins as a response, and the connection is gone afterwards.
 */
#include "fuzz.h"

#include "http/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static uv_loop_t loop;
static struct http_server *server;

static void handle(struct http_exchange *x, void *context)
{
	struct str path = http_path(x), query = http_query(x);
	struct http_parameter *list;
	struct str bad;
	size_t count;
	(void)context;
	fuzz_check(path.n && path.p[0] == '/' && !memchr(path.p, 0, path.n));
	fuzz_check(!query.n || !memchr(query.p, ' ', query.n));
	fuzz_check(http_method(x) <= HTTP_OPTIONS_);
	http_header(x, STR("host"));
	http_header(x, STR("cookie"));
	http_query_parse(query, http_arena(x), &list, &count, &bad);
	http_reply(x, 200, NULL, 0, NULL);
}

static void open_server(void)
{
	struct err err;
	struct http_limits limits = http_default_limits;
	limits.head_bytes = 2048;
	limits.target_bytes = 512;
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	server = http_server_open(&loop, STR("127.0.0.1:0"), &limits, handle, NULL, &err);
	fuzz_check(server);
}

static int dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct linger now = {.l_onoff = 1};
	to.sin_port = htons((uint16_t)http_server_port(server));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)); /* no port waits after it */
	fuzz_check(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void turn(void)
{
	for (int i = 0; i < 3; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static void say(int fd, const uint8_t *data, size_t size, size_t piece)
{
	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		if (send(fd, data + at, n, MSG_NOSIGNAL) < 0)
			break; /* refused already */
		turn();
	}
	shutdown(fd, SHUT_WR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char heard[65536];
	if (!server)
		open_server();
	if (!size || size > 4096)
		return 0;
	size_t piece = *data % 4 ? 4096 : 1 + *data / 4; /* mostly all at once: it is faster */
	if (size / piece > 64)
		piece = size / 64 + 1;
	int fd = dial();
	turn();
	say(fd, data + 1, size - 1, piece);
	for (int i = 0; i < 1000 && http_server_stats(server).connections; i++) {
		ssize_t n = recv(fd, heard, sizeof(heard), 0);
		fuzz_check(n < 9 || i || !memcmp(heard, "HTTP/1.1 ", 9));
		turn();
	}
	close(fd);
	fuzz_check(!http_server_stats(server).connections);
	return 0;
}
