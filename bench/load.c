/*
 * load PORT CONNECTIONS SECONDS PATH|@FILE [HEADER]: GETs over so many kept connections on loopback, each with one
 * request under way.
 *
 * With @FILE every path in it, a line each, is asked once, and the run ends with the last. It costs little itself: of an answer it reads the head,
 * and lets the kernel throw the body away (MSG_TRUNC), so that the server is what is measured. Prints
 * "answers N seconds S p50 US p99 US errors N".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 1024, MAX_CONNECTIONS = 4096, BUCKETS = 200000 /* of a microsecond each; the last: longer */ };

struct connection {
	int fd;
	size_t got;      /* of the head */
	int64_t left;    /* of the body; -1: the head is under way */
	int64_t sent_us;
	char head[HEAD];
};

static struct connection connections[MAX_CONNECTIONS];
static unsigned counts[BUCKETS];
static char **paths; /* NULL: always the same one */
static size_t path_count, next_path;
static const char *only_path, *header = "Host: bench";
static long answers, errors;

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void read_paths(const char *name)
{
	FILE *f = fopen(name, "r");
	char *line = NULL;
	size_t room = 0, paths_room = 0;
	if (!f)
		fail(name);
	for (ssize_t n; (n = getline(&line, &room, f)) > 0;) {
		line[strcspn(line, "\n")] = '\0';
		if (path_count == paths_room)
			paths = realloc(paths, (paths_room = 2 * paths_room + 1024) * sizeof(*paths));
		paths[path_count++] = strdup(line);
	}
	free(line);
	fclose(f);
}

/* False: all has been asked. */
static bool ask(struct connection *c)
{
	char request[512];
	if (paths && next_path == path_count)
		return false;
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s\r\n\r\n",
		paths ? paths[next_path++] : only_path, header);
	c->got = 0;
	c->left = -1;
	c->sent_us = now_us();
	if (send(c->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		fail("send");
	return true;
}

/* The head is whole: how much of the body is still to come. */
static void take_head(struct connection *c, const char *end)
{
	c->head[c->got] = '\0';
	const char *length = strcasestr(c->head, "\r\nContent-Length:");
	errors += strncmp(c->head, "HTTP/1.1 200 ", 13) != 0;
	if (!length || length > end) {
		fprintf(stderr, "no Content-Length: %.200s\n", c->head);
		exit(1);
	}
	c->left = atoll(length + 17) - (int64_t)(c->head + c->got - end - 4);
}

static void finish(struct connection *c)
{
	int64_t took = now_us() - c->sent_us;
	counts[took < BUCKETS ? took : BUCKETS - 1]++;
	answers++;
}

/* True: the answer is whole. */
static bool read_some(struct connection *c)
{
	while (c->left) {
		ssize_t n = c->left < 0 ? recv(c->fd, c->head + c->got, HEAD - 1 - c->got, MSG_DONTWAIT)
					: recv(c->fd, NULL, (size_t)c->left, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n <= 0)
			fail("recv: closed");
		if (c->left > 0) {
			c->left -= n;
			continue;
		}
		c->got += (size_t)n;
		c->head[c->got] = '\0';
		const char *end = strstr(c->head, "\r\n\r\n");
		if (end)
			take_head(c, end);
		else if (c->got == HEAD - 1)
			fail("a head longer than this reads");
	}
	return true;
}

static int connect_to(int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
		fail("connect");
	return fd;
}

static long percentile(double share)
{
	long wanted = (long)((double)answers * share), seen = 0, at = 0;
	while (at < BUCKETS - 1 && (seen += counts[at]) <= wanted)
		at++;
	return at;
}

int main(int argc, char **argv)
{
	if (argc < 5 || argc > 6)
		return 2;
	if (argc == 6)
		header = argv[5];
	int count = atoi(argv[2]), epoll = epoll_create1(EPOLL_CLOEXEC);
	if (count < 1 || count > MAX_CONNECTIONS || epoll < 0)
		return 2;
	if (argv[4][0] == '@')
		read_paths(argv[4] + 1);
	only_path = argv[4];
	for (int i = 0; i < count; i++) {
		struct connection *c = &connections[i];
		c->fd = connect_to(atoi(argv[1]));
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c}))
			fail("epoll_ctl");
	}
	int64_t began = now_us(), until = began + (int64_t)(atof(argv[3]) * 1e6);
	int busy = 0;
	for (int i = 0; i < count; i++)
		busy += ask(&connections[i]);
	while (busy) {
		struct epoll_event events[256];
		int n = epoll_wait(epoll, events, 256, 10000);
		if (n <= 0)
			fail("nothing came for ten seconds");
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;
			if (!read_some(c))
				continue;
			finish(c);
			if (now_us() >= until || !ask(c))
				busy--;
		}
	}
	printf("answers %ld seconds %.6f p50 %ld p99 %ld errors %ld\n", answers, (double)(now_us() - began) / 1e6, percentile(0.5),
		percentile(0.99), errors);
	return 0;
}
