#include "http/connection.h"

#include <stddef.h>
#include <string.h>

#ifdef __linux__
#include <linux/sockios.h>
#include <sys/ioctl.h>
#endif

struct connection *connection_of(const struct http_exchange *x)
{
	return (struct connection *)(uintptr_t)((const char *)x - offsetof(struct connection, x));
}

/* ---- what a handler may ask ---- */

enum http_method http_method(const struct http_exchange *x)
{
	return x->method;
}

struct str http_path(const struct http_exchange *x)
{
	return x->path;
}

struct str http_query(const struct http_exchange *x)
{
	return x->query;
}

struct str http_peer(const struct http_exchange *x)
{
	return x->peer;
}

struct arena *http_arena(struct http_exchange *x)
{
	if (!x->arena.base)
		x->arena = server_lend_arena(connection_of(x)->server);
	return &x->arena;
}

struct str http_header(const struct http_exchange *x, struct str name)
{
	struct str found = {0};
	for (size_t i = 0; i < x->header_count; i++) {
		if (!str_equal_nocase(x->headers[i].name, name))
			continue;
		if (!found.n)
			found = x->headers[i].value;
		else
			found = str_format(http_arena((struct http_exchange *)(uintptr_t)x),
				"%.*s, %.*s", STR_ARG(found), STR_ARG(x->headers[i].value));
	}
	return found;
}

/* ---- parsing ---- */

/* Refuses the request; what follows on the connection is not read any more. */
static int refuse(struct connection *c, int status, const char *reason)
{
	if (!c->refusal) {
		c->refusal = status;
		c->reason = reason;
	}
	return HPE_USER;
}

/* Pieces of one span lie side by side, as the head stays where it was read to. */
static void extend(struct str *s, const char *at, size_t n)
{
	if (!s->p)
		s->p = at;
	s->n += n;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
	struct connection *c = p->data;
	extend(&c->x.target, at, n);
	if (c->x.target.n > (size_t)c->server->limits.target_bytes)
		return refuse(c, 414, "the target is too long");
	return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
	struct connection *c = p->data;
	if (c->x.header_count == MAX_HEADERS)
		return refuse(c, 431, "too many header fields");
	extend(&c->x.headers[c->x.header_count].name, at, n);
	return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
	struct connection *c = p->data;
	extend(&c->x.headers[c->x.header_count].value, at, n);
	return 0;
}

static int on_value_complete(llhttp_t *p)
{
	struct connection *c = p->data;
	struct http_header_line *h = &c->x.headers[c->x.header_count++];
	h->value = str_trim(h->value);
	return 0;
}

static bool is_host(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		if (ch <= ' ' || ch >= 0x7f || strchr("/?#@\\\"<>^`{|},", ch))
			return false;
	}
	return true;
}

static int check_fields(struct connection *c)
{
	size_t hosts = 0;
	for (size_t i = 0; i < c->x.header_count; i++) {
		struct http_header_line h = c->x.headers[i];
		if (str_equal_nocase(h.name, STR("host"))) {
			hosts++;
			if (!is_host(h.value))
				return refuse(c, 400, "the Host is none");
		} else if (str_equal_nocase(h.name, STR("transfer-encoding"))) {
			return refuse(c, 413, "a body: none is taken here");
		} else if (str_equal_nocase(h.name, STR("content-length")) &&
			   !str_equal(h.value, STR("0"))) {
			return refuse(c, 413, "a body: none is taken here");
		}
	}
	if (hosts > 1)
		return refuse(c, 400, "more than one Host");
	if (!hosts && c->x.minor > 0)
		return refuse(c, 400, "no Host");
	return 0;
}

/* A line that goes on in the next one. */
static bool is_folded(struct str head)
{
	const char *end = head.p + head.n;
	for (const char *p = head.p; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		if (p + 1 < end && (p[1] == ' ' || p[1] == '\t'))
			return true;
	return false;
}

static int check_method(struct connection *c)
{
	switch (llhttp_get_method(&c->parser)) {
	case HTTP_GET:
		c->x.method = HTTP_GET_;
		return 0;
	case HTTP_HEAD:
		c->x.method = HTTP_HEAD_;
		return 0;
	case HTTP_OPTIONS:
		c->x.method = HTTP_OPTIONS_;
		return 0;
	default:
		return refuse(c, 405, "only GET, HEAD and OPTIONS");
	}
}

/* "http://host/path", in any case and of either scheme, which a proxy in front may have had, without its
 * host; the path may be empty. */
static struct str path_of(struct str target)
{
	static const struct str schemes[] = {STR_INIT("http://"), STR_INIT("https://")};
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = schemes[i].n;
		if (target.n < n || !str_equal_nocase((struct str){target.p, n}, schemes[i]))
			continue;
		target = str_skip(target, n);
		while (target.n && target.p[0] != '/' && target.p[0] != '?' && target.p[0] != '#')
			target = str_skip(target, 1);
		return target.n ? target : STR("/");
	}
	return target;
}

/* Path and query lie side by side, as they do in other targets. */
static struct str slash_before(struct connection *c, const char *query)
{
	char *at = c->head->bytes + (query - c->head->bytes) - 1;
	*at = '/';
	return (struct str){at, 1};
}

/* "/path?query", also behind a scheme and a host; "*" for OPTIONS. */
static int cut_target(struct connection *c)
{
	struct http_exchange *x = &c->x;
	if (x->target.p[-2] == ' ') /* there is a method before it */
		return refuse(c, 400, "more than one space before the target");
	struct str target = path_of(x->target);
	if (x->method == HTTP_OPTIONS_ && str_equal(target, STR("*")))
		target = STR("/");
	struct str_cut cut = str_cut(target, '?');
	if (!cut.head.n && target.p > x->target.p) /* where the host stood, which nobody reads */
		cut.head = slash_before(c, cut.head.p);
	if (!str_starts(cut.head, STR("/")) || memchr(target.p, '#', target.n))
		return refuse(c, 400, "the target is no path");
	x->path = cut.head;
	x->query = cut.tail;
	return 0;
}

static const char only_one[] = "only HTTP/1.0 and HTTP/1.1";

static int on_headers_complete(llhttp_t *p)
{
	struct connection *c = p->data;
	p->upgrade = 0; /* nothing to upgrade to */
	c->x.minor = llhttp_get_http_minor(p);
	if (llhttp_get_http_major(p) != 1)
		return refuse(c, 505, only_one);
	int code = check_method(c);
	if (!code)
		code = check_fields(c);
	return code ? code : cut_target(c);
}

static int on_message_complete(llhttp_t *p)
{
	struct connection *c = p->data;
	c->x.keep_alive = llhttp_should_keep_alive(p);
	return HPE_PAUSED;
}

static const llhttp_settings_t *settings(void)
{
	static llhttp_settings_t s;
	if (!s.on_url) {
		llhttp_settings_init(&s);
		s.on_url = on_url;
		s.on_header_field = on_field;
		s.on_header_value = on_value;
		s.on_header_value_complete = on_value_complete;
		s.on_headers_complete = on_headers_complete;
		s.on_message_complete = on_message_complete;
	}
	return &s;
}

/* ---- one request after the other ---- */

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
	(void)suggested;
	static char thrown_away[16384];
	struct connection *c = h->data;
	size_t room = (size_t)c->server->limits.head_bytes;
	if (c->state == CONNECTION_STREAM || c->state == CONNECTION_LINGER) {
		*out = uv_buf_init(thrown_away, sizeof(thrown_away));
		return;
	}
	if (!c->head) {
		c->head = server_lend_head(c->server);
		c->x.headers = c->head->headers;
		memset(c->head->headers, 0, sizeof(c->head->headers));
	}
	*out = uv_buf_init(c->head->bytes + c->filled, (unsigned)(room - c->filled));
}

static void set_reading(struct connection *c, bool reading)
{
	if (c->is_reading == reading)
		return;
	c->is_reading = reading;
	if (reading)
		uv_read_start((uv_stream_t *)&c->tcp, on_room, on_read);
	else
		uv_read_stop((uv_stream_t *)&c->tcp);
}

void connection_set_state(struct connection *c, enum connection_state state)
{
	int64_t now = (int64_t)uv_now(c->server->loop);
	const struct http_limits *limits = &c->server->limits;
	c->state = state;
	c->unsent = 0;
	switch (state) {
	case CONNECTION_IDLE:
		c->deadline_ms = now + limits->idle_ms;
		break;
	case CONNECTION_HEAD:
		c->deadline_ms = now + limits->head_ms;
		break;
	case CONNECTION_WRITING:
		c->deadline_ms = now + limits->write_ms;
		break;
	case CONNECTION_LINGER:
		c->deadline_ms = now + 1000;
		break;
	case CONNECTION_HANDLER:
	case CONNECTION_STREAM:
	case CONNECTION_CLOSING:
		c->deadline_ms = 0;
		break;
	}
}

static void give_back_head(struct connection *c)
{
	if (c->head)
		server_take_head(c->server, c->head);
	c->head = NULL;
	c->x.headers = NULL;
	c->x.header_count = 0;
	c->x.target = c->x.path = c->x.query = (struct str){0};
	c->filled = c->parsed = 0;
}

static void end_exchange(struct connection *c)
{
	if (c->x.arena.base)
		server_take_arena(c->server, c->x.arena);
	size_t headers = c->x.header_count;
	if (c->head)
		memset(c->x.headers, 0,
			sizeof(c->x.headers[0]) * (headers + (headers < MAX_HEADERS)));
	c->x.header_count = 0;
	c->x.target = (struct str){0};
	c->x.method = HTTP_GET_;
	c->x.arena = (struct arena){0};
	if (!c->head)
		return;
	c->filled -= c->parsed;
	if (c->filled)
		memmove(c->head->bytes, c->head->bytes + c->parsed, c->filled);
	else
		give_back_head(c);
	c->parsed = 0;
}

static void handle(struct connection *c)
{
	c->server->stats.requests++;
	connection_set_state(c, CONNECTION_HANDLER);
	c->is_in_handler = c->is_awaited = true;
	c->server->handler(&c->x, c->server->context);
	c->is_in_handler = false;
}

static void refuse_now(struct connection *c)
{
	c->server->stats.bad_requests++;
	c->parsed = c->filled;
	problem_refuse(c, c->refusal, c->reason);
}

/* Parses what is there; true when a request has come to its end. */
static bool parse(struct connection *c)
{
	if (c->state == CONNECTION_IDLE)
		connection_set_state(c, CONNECTION_HEAD);
	llhttp_errno_t code =
		llhttp_execute(&c->parser, c->head->bytes + c->parsed, c->filled - c->parsed);
	if (code == HPE_OK) {
		c->parsed = c->filled;
		if (c->filled < (size_t)c->server->limits.head_bytes)
			return false;
		refuse(c, 431, "the head is too large");
	} else if (code == HPE_PAUSED) {
		c->parsed = (size_t)(llhttp_get_error_pos(&c->parser) - c->head->bytes);
		llhttp_resume(&c->parser);
		if (!is_folded((struct str){c->head->bytes, c->parsed}))
			return true;
		refuse(c, 400, "a folded header line");
	} else if (code == HPE_PAUSED_H2_UPGRADE) {
		refuse(c, 505, only_one);
	} else {
		refuse(c, 400, llhttp_get_error_reason(&c->parser));
	}
	refuse_now(c);
	return false;
}

/* What was sent after the request of a stream is lost with it, so that the end closes. */
static void forget_head(struct connection *c)
{
	if (c->filled > c->parsed)
		c->x.keep_alive = false;
	give_back_head(c);
}

static bool is_being_answered(const struct connection *c)
{
	return c->state == CONNECTION_HANDLER || c->state == CONNECTION_WRITING;
}

/* Reading goes on while an answer is made, as turning it off and on is two calls of the system: what
 * comes meanwhile waits behind the request, as long as there is room. */
static void read_on(struct connection *c)
{
	set_reading(c, !is_being_answered(c) || c->filled < (size_t)c->server->limits.head_bytes);
}

static void process(struct connection *c)
{
	while ((c->state == CONNECTION_IDLE || c->state == CONNECTION_HEAD) &&
		c->parsed < c->filled)
		if (parse(c))
			handle(c);
	if (c->state != CONNECTION_CLOSING)
		read_on(c);
	/* Of a stream the handler has returned: nobody looks at its request any more. */
	if (c->state == CONNECTION_STREAM)
		forget_head(c);
	else if (!c->filled)
		give_back_head(c);
}

void connection_watch(struct connection *c)
{
	if (c->is_in_handler)
		return; /* process() goes on */
	set_reading(c, true);
	forget_head(c);
}

void connection_next(struct connection *c)
{
	end_exchange(c);
	connection_set_state(c, CONNECTION_IDLE);
	if (c->server->is_draining)
		connection_close(c);
	else if (!c->is_in_handler) /* within it, the loop that called it goes on */
		process(c);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct connection *c = stream->data;
	(void)buf;
	if (n == UV_EOF && is_being_answered(c)) {
		c->is_reading = false; /* it is met again when the answer is on its way */
	} else if (n < 0) {
		connection_close(c); /* also a half-closed one: nobody asks and listens so */
	} else if (c->state == CONNECTION_IDLE || c->state == CONNECTION_HEAD) {
		c->filled += (size_t)n;
		process(c);
	} else if (is_being_answered(c)) {
		c->filled += (size_t)n;
		read_on(c);
	} else if (c->state == CONNECTION_STREAM && n > 0) {
		c->x.keep_alive = false; /* the next request has been thrown away */
	}
}

void connection_start(struct connection *c)
{
	llhttp_init(&c->parser, HTTP_REQUEST, settings());
	c->parser.data = c;
	connection_set_state(c, CONNECTION_IDLE);
	set_reading(c, true);
}

/* ---- the end ---- */

static void on_closed(uv_handle_t *h)
{
	struct connection *c = h->data;
	stream_gone(c);
	if (c->is_awaited)
		c->is_gone = true;
	else
		server_forget(c);
}

void connection_close(struct connection *c)
{
	if (c->state == CONNECTION_CLOSING)
		return;
	connection_set_state(c, CONNECTION_CLOSING);
	uv_close((uv_handle_t *)&c->tcp, on_closed);
}

void connection_reset(struct connection *c)
{
	const struct linger at_once = {.l_onoff = 1};
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	connection_close(c);
}

void connection_break_off(struct connection *c)
{
	/* Chunks lack their last one; to who has none the close alone is the end. */
	if (c->state == CONNECTION_STREAM && !c->x.stream.is_chunked)
		connection_reset(c);
	else
		connection_close(c);
}

void connection_linger(struct connection *c)
{
	/* The end is told at once; a peer that still sends must not meet a reset before it has
	 * read. */
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&c->tcp, &fd) == 0)
		shutdown(fd, SHUT_WR);
	connection_set_state(c, CONNECTION_LINGER);
	if (!c->is_in_handler)
		set_reading(c, true);
}

/* What the kernel has taken and the peer's has not. */
static size_t held_by_kernel(const struct connection *c)
{
#ifdef __linux__
	uv_os_fd_t fd;
	int n;
	if (uv_fileno((const uv_handle_t *)&c->tcp, &fd) == 0 && ioctl(fd, SIOCOUTQ, &n) == 0)
		return (size_t)n;
#endif
	(void)c;
	return 0;
}

/* Our own queue alone would not tell: the kernel takes more of it when a third of what it holds has gone, for
 * which one who reads steadily but slowly takes minutes. */
static bool reads_on(struct connection *c)
{
	size_t unsent = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);
	if (unsent)
		unsent += held_by_kernel(c);
	bool progress = unsent < c->unsent || !c->unsent;
	c->unsent = unsent;
	return progress || !unsent;
}

/* A stream has no end, but its reader must read: its deadline begins when something is queued. */
static void watch_stream(struct connection *c, int64_t now)
{
	if (reads_on(c) || !c->deadline_ms)
		c->deadline_ms = now + c->server->limits.write_ms;
}

void connection_on_time(struct connection *c)
{
	int64_t now = (int64_t)uv_now(c->server->loop);
	if (c->state == CONNECTION_STREAM)
		watch_stream(c, now);
	else if (c->state == CONNECTION_WRITING && reads_on(c))
		c->deadline_ms = now + c->server->limits.write_ms;
	if (!c->deadline_ms || now < c->deadline_ms)
		return;
	if (c->state != CONNECTION_IDLE && c->state != CONNECTION_LINGER)
		c->server->stats.timeouts++;
	if (c->state == CONNECTION_HEAD) {
		c->refusal = 408;
		c->reason = "the head took too long";
		refuse_now(c);
	} else {
		connection_break_off(c);
	}
}
