/*
 * stream - many readers of /stream, and when each event has reached the first and the last of them.
 *
 *     stream PORT READERS [TARGET]
 *
 * Prints "ready N" when all have their greeting, then a line for each event once all have it:
 * "event ID FIRST LAST", Unix milliseconds with fractions, and at the end of its input "left N".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 4096, AT_ONCE = 256, WINDOW = 64 };

/* An event may come in pieces: of the line "id: N" what has been read so far is kept. */
struct reader {
	int fd;
	char line[24];
	unsigned char n;
	int is_long; /* the rest of the line is passed over */
	int is_greeted;
};

static struct seen {
	int64_t id;
	double first, last;
	int count;
} seen[EVENTS];

static struct reader *readers;
static int reader_count, greeted, left;

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void note_event(int64_t id)
{
	struct seen *s = &seen[id % EVENTS];
	if (s->id != id)
		*s = (struct seen){.id = id, .first = now_ms()};
	s->last = now_ms();
	if (++s->count < left)
		return;
	printf("event %lld %.3f %.3f\n", (long long)id, s->first, s->last);
	fflush(stdout);
}

static void end_line(struct reader *r)
{
	r->line[r->n] = 0;
	if (!strncmp(r->line, "id: ", 4))
		note_event(atoll(r->line + 4));
	if (!strncmp(r->line, "retry:", 6) && !r->is_greeted++ && ++greeted == reader_count) {
		printf("ready %d\n", greeted);
		fflush(stdout);
	}
}

static void take(struct reader *r, const char *p, size_t n)
{
	for (const char *end = p + n; p < end;) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((stop ? stop : end) - p);
		if (!r->is_long && r->n + length < sizeof(r->line)) {
			memcpy(r->line + r->n, p, length);
			r->n = (unsigned char)(r->n + length);
		} else {
			r->is_long = 1;
		}
		if (!stop)
			return;
		if (!r->is_long)
			end_line(r);
		r->n = 0;
		r->is_long = 0;
		p = stop + 1;
	}
}

static int dial(int port, const char *target)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	char request[600];
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("stream: connect");
		exit(1);
	}
	int n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", target);
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		exit(1);
	return fd;
}

static void listen_to(int poller, struct reader *r)
{
	static char bytes[1 << 16];
	ssize_t n = recv(r->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n > 0) {
		take(r, bytes, (size_t)n);
	} else if (n == 0 || errno != EAGAIN) {
		epoll_ctl(poller, EPOLL_CTL_DEL, r->fd, NULL);
		close(r->fd);
		left--;
	}
}

static void turn(int poller, int wait_ms)
{
	struct epoll_event events[AT_ONCE];
	int n = epoll_wait(poller, events, AT_ONCE, wait_ms);
	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr) {
			listen_to(poller, events[i].data.ptr);
			continue;
		}
		printf("left %d\n", left);
		exit(0);
	}
}

int main(int argc, char **argv)
{
	struct rlimit most;
	if (argc < 3) {
		fprintf(stderr, "usage: stream PORT READERS [TARGET]\n");
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	left = reader_count = atoi(argv[2]);
	readers = calloc((size_t)reader_count, sizeof(*readers));
	int poller = epoll_create1(0);
	epoll_ctl(poller, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN});
	for (int i = 0; i < reader_count; i++) {
		readers[i].fd = dial(atoi(argv[1]), argc > 3 ? argv[3] : "/stream");
		epoll_ctl(poller, EPOLL_CTL_ADD, readers[i].fd,
			&(struct epoll_event){.events = EPOLLIN, .data.ptr = &readers[i]});
		if (i % WINDOW == 0) /* no more under way than a backlog takes */
			turn(poller, 0);
	}
	for (;;)
		turn(poller, -1);
}
