#include "http/connection.h"

#include "base/log.h"
#include "base/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

const struct http_limits http_default_limits = {
	.connections = 20000,
	.connections_per_peer = 1000,
	.head_bytes = 16 * 1024,
	.target_bytes = 8 * 1024,
	.head_ms = 10000,
	.idle_ms = 60000,
	.write_ms = 30000,
	.stream_queue_bytes = 1024 * 1024,
};

enum {
	SWEEP_MS = 100,
	BACKLOG = 4096,
	SPARES = 64,
	OTHERS = 100,      /* descriptors that are no connection's: databases, their threads */
	TURNED_AWAY = 256, /* who linger; beyond these they are reset without a word */
	EXCHANGE_ARENA = 64 * 1024 * 1024, /* addresses; a request touches a few pages of them */
};

/* ---- what is lent ---- */

struct head *server_lend_head(struct http_server *s)
{
	if (s->spare_heads.count)
		return s->spare_heads.items[--s->spare_heads.count];
	struct head *head = malloc(sizeof(*head) + (size_t)s->limits.head_bytes);
	if (!head)
		abort();
	return head;
}

void server_take_head(struct http_server *s, struct head *head)
{
	if (s->spare_heads.count < SPARES)
		s->spare_heads.items[s->spare_heads.count++] = head;
	else
		free(head);
}

struct arena server_lend_arena(struct http_server *s)
{
	if (s->spare_arenas.count)
		return s->spare_arenas.items[--s->spare_arenas.count];
	return arena_reserve(EXCHANGE_ARENA);
}

void server_take_arena(struct http_server *s, struct arena a)
{
	bool is_small =
		a.at - a.base < 1 << 20; /* what a large one has touched goes back to the kernel */
	arena_reset(&a);
	if (is_small && s->spare_arenas.count < SPARES)
		s->spare_arenas.items[s->spare_arenas.count++] = a;
	else
		arena_release(&a);
}

struct str server_date(struct http_server *s)
{
	time_t now = (time_t)(time_now_ms() / 1000);
	if (now != s->date_at) {
		struct tm tm;
		s->date_at = now;
		strftime(s->date, sizeof(s->date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
			gmtime_r(&now, &tm));
	}
	return str_from(s->date);
}

/* ---- peers ---- */

/* IPv4 as it is mapped into IPv6. */
static void address_of(const struct sockaddr_storage *from, unsigned char *out)
{
	memset(out, 0, 16);
	if (from->ss_family == AF_INET6) {
		memcpy(out, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
	} else {
		out[10] = out[11] = 0xff;
		memcpy(out + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
	}
}

static struct peer **find_peer(struct http_server *s, const unsigned char *address)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < 16; i++)
		hash = (hash ^ address[i]) * UINT64_C(1099511628211);
	struct peer **p = &s->peers[hash % PEER_BUCKETS];
	while (*p && memcmp((*p)->address, address, 16))
		p = &(*p)->next;
	return p;
}

/* NULL when the address has all the connections it may have. */
static struct peer *count_peer(struct http_server *s, const unsigned char *address)
{
	struct peer **p = find_peer(s, address);
	if (!*p) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			return NULL;
		memcpy((*p)->address, address, 16);
	}
	if ((*p)->connections >= s->limits.connections_per_peer)
		return NULL;
	(*p)->connections++;
	return *p;
}

static void forget_peer(struct http_server *s, struct peer *peer)
{
	if (!peer || --peer->connections)
		return;
	struct peer **p = find_peer(s, peer->address);
	*p = peer->next;
	free(peer);
}

/* ---- connections ---- */

static void release_when_over(struct http_server *s);

static void release(struct http_server *s)
{
	for (size_t i = 0; i < s->spare_heads.count; i++)
		free(s->spare_heads.items[i]);
	for (size_t i = 0; i < s->spare_arenas.count; i++)
		arena_release(&s->spare_arenas.items[i]);
	free(s->spare_heads.items);
	free(s->spare_arenas.items);
	buf_clear(&s->scratch);
	free(s);
}

static void on_handle_closed(uv_handle_t *h)
{
	struct http_server *s = h->data;
	s->handles--;
	release_when_over(s);
}

static void close_handle(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, on_handle_closed);
}

/* With the last connection a drained server stops its clock, and with that it is over. */
static void release_when_over(struct http_server *s)
{
	if (s->connections)
		return;
	if (s->is_draining && s->handles)
		close_handle((uv_handle_t *)&s->timer);
	if (s->handles)
		return;
	void (*on_closed)(void *) = s->on_closed;
	s->on_closed = NULL;
	if (on_closed)
		on_closed(s->on_closed_context); /* which may close it */
	else if (s->is_closing)
		release(s);
}

void server_forget(struct connection *c)
{
	struct http_server *s = c->server;
	if (c->head)
		server_take_head(s, c->head);
	if (c->x.arena.base)
		server_take_arena(s, c->x.arena);
	if (c->previous)
		c->previous->next = c->next;
	else
		s->connections = c->next;
	if (c->next)
		c->next->previous = c->previous;
	if (c->peer)
		s->admitted--;
	forget_peer(s, c->peer);
	s->stats.connections--;
	free(c);
	release_when_over(s);
}

/* They take nobody's place, however many they are: only those who were admitted count as too many. */
static void turn_away(struct connection *c, int status, const char *reason)
{
	struct http_server *s = c->server;
	s->stats.refused++;
	if (s->stats.connections - s->admitted > TURNED_AWAY)
		connection_reset(c);
	else
		problem_refuse(c, status, reason);
}

static void admit(struct connection *c)
{
	struct http_server *s = c->server;
	struct sockaddr_storage from;
	int size = sizeof(from);
	unsigned char address[16];
	if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&from, &size) != 0) {
		connection_close(c);
		return;
	}
	address_of(&from, address);
	uv_ip_name((struct sockaddr *)&from, c->peer_text, sizeof(c->peer_text));
	c->x.peer = str_from(c->peer_text);
	c->x.minor = 1;
	uv_tcp_nodelay(&c->tcp, 1);
	if (s->admitted >= s->limits.connections) {
		turn_away(c, 503, "too many connections");
	} else if (!(c->peer = count_peer(s, address))) {
		turn_away(c, 429, "too many connections from this address");
	} else {
		s->admitted++;
		connection_start(c);
	}
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct http_server *s = listener->data;
	if (status < 0) {
		log_warning("http: a connection could not be taken: %s", uv_strerror(status));
		return;
	}
	struct connection *c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->server = s;
	c->tcp.data = c;
	uv_tcp_init(s->loop, &c->tcp);
	c->next = s->connections;
	if (c->next)
		c->next->previous = c;
	s->connections = c;
	s->stats.connections++;
	s->stats.accepted++;
	if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0)
		connection_close(c);
	else
		admit(c);
}

static void on_timer(uv_timer_t *timer)
{
	struct http_server *s = timer->data;
	bool is_over = s->is_draining && (int64_t)uv_now(s->loop) >= s->drain_deadline_ms;
	for (struct connection *c = s->connections, *next; c; c = next) {
		next = c->next;
		if (is_over)
			connection_break_off(c);
		else
			connection_on_time(c);
	}
}

/* ---- opening and closing ---- */

static bool parse_listen(struct str listen, struct sockaddr_storage *out, struct err *err)
{
	char host[64];
	int64_t port;
	size_t colon = listen.n;
	while (colon && listen.p[colon - 1] != ':')
		colon--;
	struct str name = str_bytes(listen, colon ? colon - 1 : 0);
	bool is_six = str_starts(name, STR("[")) && str_ends(name, STR("]"));
	if (is_six)
		name = str_bytes(str_skip(name, 1), name.n - 2);
	if (!colon || name.n >= sizeof(host) || !str_to_i64(str_skip(listen, colon), &port) ||
		port < 0 || port > 65535)
		return err_set(err, ERR_USAGE,
			"--listen: wants ADDRESS:PORT such as 127.0.0.1:8080, got \"%.*s\"",
			STR_ARG(str_first(listen, 100)));
	memcpy(host, name.p, name.n);
	host[name.n] = '\0';
	if (!strcmp(host, "localhost"))
		strcpy(host, "127.0.0.1");
	int code = is_six ? uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)out)
			  : uv_ip4_addr(host, (int)port, (struct sockaddr_in *)out);
	return code == 0 ||
	       err_set(err, ERR_USAGE,
		       "--listen: \"%s\" is no address; wants an IP address and a port, such as "
		       "127.0.0.1:8080",
		       host);
}

/* The first socket that a service manager has bound for us, as sd_listen_fds(3) describes it. */
static bool was_handed_socket(void)
{
	int64_t pid, count;
	return str_to_i64(str_from(getenv("LISTEN_PID")), &pid) && pid == getpid() &&
	       str_to_i64(str_from(getenv("LISTEN_FDS")), &count) && count >= 1;
}

static bool take_socket(struct http_server *s, struct err *err)
{
	enum { FIRST_HANDED = 3 };
	if (!was_handed_socket())
		return err_set(
			err, ERR_USAGE, "--listen systemd: no socket was handed over (LISTEN_FDS)");
	unsetenv("LISTEN_PID"); /* no child is to think that it has one, nor to hold this */
	fcntl(FIRST_HANDED, F_SETFD, FD_CLOEXEC);
	int code = uv_tcp_open(&s->listener, FIRST_HANDED);
	return code == 0 || err_set(err, ERR_USAGE, "--listen systemd: %s", uv_strerror(code));
}

static bool bind_address(struct http_server *s, struct str listen, struct err *err)
{
	struct sockaddr_storage address = {0};
	if (!parse_listen(listen, &address, err))
		return false;
	int code = uv_tcp_bind(&s->listener, (struct sockaddr *)&address, 0);
	return code == 0 ||
	       err_set(err, ERR_USAGE, "--listen %.*s: %s", STR_ARG(listen), uv_strerror(code));
}

/* A connection is a descriptor: as many as there may be, and what others in the process hold. */
static void raise_descriptors(const struct http_limits *limits)
{
	struct rlimit r;
	rlim_t wanted = (rlim_t)limits->connections + TURNED_AWAY + OTHERS;
	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= wanted)
		return;
	r.rlim_cur = r.rlim_max < wanted ? r.rlim_max : wanted;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* Where they do not suffice who comes beyond them is told so, while others in the process still have theirs. */
static void heed_descriptors(struct http_limits *limits)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur >= (rlim_t)limits->connections)
		return;
	limits->connections = r.rlim_cur > OTHERS ? (int64_t)r.rlim_cur - OTHERS : 1;
	log_warning("http: at most %lld connections: %lld descriptors (LimitNOFILE), of which %d "
		    "are ours",
		(long long)limits->connections, (long long)r.rlim_cur, OTHERS);
}

static bool start_listening(struct http_server *s, struct str listen, struct err *err)
{
	struct sockaddr_storage address = {0};
	int size = sizeof(address);
	bool is_handed = str_equal(listen, STR("systemd"));
	if (is_handed ? !take_socket(s, err) : !bind_address(s, listen, err))
		return false;
	int code = uv_listen((uv_stream_t *)&s->listener, BACKLOG, on_connection);
	if (!code)
		code = uv_tcp_getsockname(&s->listener, (struct sockaddr *)&address, &size);
	if (code)
		return err_set(
			err, ERR_USAGE, "--listen %.*s: %s", STR_ARG(listen), uv_strerror(code));
	s->port = address.ss_family == AF_INET6
			  ? ntohs(((struct sockaddr_in6 *)&address)->sin6_port)
			  : ntohs(((struct sockaddr_in *)&address)->sin_port);
	return true;
}

struct http_server *http_server_open(uv_loop_t *loop, struct str listen,
	const struct http_limits *limits, http_handler *handler, void *context, struct err *err)
{
	struct http_server *s = calloc(1, sizeof(*s));
	if (s) {
		s->spare_heads.items = calloc(SPARES, sizeof(*s->spare_heads.items));
		s->spare_arenas.items = calloc(SPARES, sizeof(*s->spare_arenas.items));
	}
	if (!s || !s->spare_heads.items || !s->spare_arenas.items)
		abort();
	s->loop = loop;
	s->limits = *limits;
	s->handler = handler;
	s->context = context;
	s->handles = 2;
	buf_init(&s->scratch, 1 << 16);
	raise_descriptors(limits);
	uv_tcp_init(loop, &s->listener);
	uv_timer_init(loop, &s->timer);
	s->listener.data = s->timer.data = s;
	if (!start_listening(s, listen, err)) {
		http_server_close(s);
		return NULL;
	}
	heed_descriptors(&s->limits);
	uv_timer_start(&s->timer, on_timer, SWEEP_MS, SWEEP_MS);
	return s;
}

int http_server_port(const struct http_server *s)
{
	return s->port;
}

struct http_server_stats http_server_stats(const struct http_server *s)
{
	return s->stats;
}

void http_server_drain(
	struct http_server *s, int64_t grace_ms, void (*on_closed)(void *context), void *context)
{
	s->is_draining = true;
	s->on_closed = on_closed;
	s->on_closed_context = context;
	s->drain_deadline_ms = (int64_t)uv_now(s->loop) + grace_ms;
	close_handle((uv_handle_t *)&s->listener);
	for (struct connection *c = s->connections, *next; c; c = next) {
		next = c->next;
		if (c->state == CONNECTION_IDLE)
			connection_close(c);
		else if (c->state == CONNECTION_STREAM && !c->x.stream.callbacks.is_finite)
			http_stream_end(&c->x.stream);
	}
}

void http_server_close(struct http_server *s)
{
	if (!s)
		return;
	s->is_closing = true;
	s->on_closed = NULL;
	close_handle((uv_handle_t *)&s->listener);
	close_handle((uv_handle_t *)&s->timer);
	for (struct connection *c = s->connections, *next; c; c = next) {
		next = c->next;
		connection_break_off(c);
	}
	if (!s->handles)
		release_when_over(s);
}
