#include "http/connection.h"

#include "base/json.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/sendfile.h>
#endif

static const struct {
	int status;
	struct str reason;
} reasons[] = {
	{200, STR_INIT("OK")},
	{204, STR_INIT("No Content")},
	{301, STR_INIT("Moved Permanently")},
	{304, STR_INIT("Not Modified")},
	{307, STR_INIT("Temporary Redirect")},
	{400, STR_INIT("Bad Request")},
	{401, STR_INIT("Unauthorized")},
	{403, STR_INIT("Forbidden")},
	{404, STR_INIT("Not Found")},
	{405, STR_INIT("Method Not Allowed")},
	{406, STR_INIT("Not Acceptable")},
	{408, STR_INIT("Request Timeout")},
	{410, STR_INIT("Gone")},
	{412, STR_INIT("Precondition Failed")},
	{413, STR_INIT("Content Too Large")},
	{414, STR_INIT("URI Too Long")},
	{417, STR_INIT("Expectation Failed")},
	{429, STR_INIT("Too Many Requests")},
	{431, STR_INIT("Request Header Fields Too Large")},
	{500, STR_INIT("Internal Server Error")},
	{501, STR_INIT("Not Implemented")},
	{502, STR_INIT("Bad Gateway")},
	{503, STR_INIT("Service Unavailable")},
	{504, STR_INIT("Gateway Timeout")},
	{505, STR_INIT("HTTP Version Not Supported")},
};

struct str http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return STR("Unknown");
}

/* ---- sending ---- */

/* What the kernel did not take at once. */
struct unsent {
	uv_write_t write;
	struct connection *connection;
	after_send *then;
	struct blob *owners[MAX_PARTS];
	size_t owner_count;
	char copied[];
};

static void release(struct unsent *u)
{
	for (size_t i = 0; i < u->owner_count; i++)
		blob_unref(u->owners[i]);
	free(u);
}

static void on_written(uv_write_t *w, int status)
{
	struct unsent *u = w->data;
	u->then(u->connection, status == 0);
	release(u);
}

static enum sending send_later(
	struct connection *c, const struct part *parts, size_t count, size_t sent, after_send *then)
{
	size_t copied = 0;
	for (size_t i = 0; i < count; i++)
		copied += parts[i].owner ? 0 : parts[i].bytes.n;
	struct unsent *u = malloc(sizeof(*u) + copied);
	if (!u)
		abort();
	*u = (struct unsent){.write.data = u, .connection = c, .then = then};
	uv_buf_t bufs[MAX_PARTS];
	unsigned n = 0;
	char *room = u->copied;
	for (size_t i = 0; i < count; i++) {
		struct str rest = str_skip(parts[i].bytes, sent);
		sent -= parts[i].bytes.n - rest.n;
		if (!rest.n)
			continue;
		if (parts[i].owner) {
			u->owners[u->owner_count++] = blob_ref(parts[i].owner);
		} else {
			memcpy(room, rest.p, rest.n);
			rest.p = room;
			room += rest.n;
		}
		bufs[n++] = uv_buf_init((char *)(uintptr_t)rest.p, (unsigned)rest.n);
	}
	if (uv_write(&u->write, (uv_stream_t *)&c->tcp, bufs, n, on_written) == 0)
		return SENDING;
	release(u);
	return SEND_FAILED;
}

/* What is sent at once, and how much that is; negative: nothing ever. */
static int64_t send_now(struct connection *c, const struct part *parts, size_t count)
{
	uv_buf_t bufs[MAX_PARTS] = {0};
	for (size_t i = 0; i < count; i++)
		bufs[i] = uv_buf_init(
			(char *)(uintptr_t)parts[i].bytes.p, (unsigned)parts[i].bytes.n);
	int sent = uv_try_write((uv_stream_t *)&c->tcp, bufs, (unsigned)count);
	return sent == UV_EAGAIN ? 0 : sent;
}

/* The last part lies in the file, too: the others say that more comes. */
static int64_t send_file_now(uv_os_fd_t socket, const struct part *parts, size_t count, int file)
{
#ifdef __linux__
	struct iovec pieces[MAX_PARTS];
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count - 1};
	ssize_t before = 0;
	off_t at = 0;
	for (size_t i = 0; i + 1 < count; i++) {
		pieces[i] = (struct iovec){(char *)(uintptr_t)parts[i].bytes.p, parts[i].bytes.n};
		before += (ssize_t)parts[i].bytes.n;
	}
	ssize_t sent = sendmsg(socket, &message, MSG_MORE);
	if (sent < 0)
		return errno == EAGAIN ? 0 : -1;
	if (sent < before)
		return sent;
	ssize_t of_file = sendfile(socket, file, &at, parts[count - 1].bytes.n);
	return before + (of_file > 0 ? of_file : 0); /* a failure is met again by the rest */
#else
	(void)file;
	(void)socket;
	(void)parts;
	(void)count;
	return 0; /* there are no such files */
#endif
}

static bool has_file(
	struct connection *c, const struct part *parts, size_t count, int *file, uv_os_fd_t *socket)
{
	struct blob *body = count > 1 ? parts[count - 1].owner : NULL;
	return body && (*file = blob_file(body)) >= 0 &&
	       !uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp) &&
	       uv_fileno((uv_handle_t *)&c->tcp, socket) == 0;
}

enum sending connection_send(
	struct connection *c, const struct part *parts, size_t count, after_send *then)
{
	size_t total = 0;
	int file;
	uv_os_fd_t socket;
	for (size_t i = 0; i < count; i++)
		total += parts[i].bytes.n;
	int64_t sent = has_file(c, parts, count, &file, &socket)
			       ? send_file_now(socket, parts, count, file)
			       : send_now(c, parts, count);
	if (sent < 0)
		return SEND_FAILED;
	return (size_t)sent == total ? SENT : send_later(c, parts, count, (size_t)sent, then);
}

/* ---- heads ---- */

static void add_line(struct buf *out, struct str name, struct str value)
{
	buf_add(out, name);
	buf_add(out, STR(": "));
	buf_add(out, value);
	buf_add(out, STR("\r\n"));
}

static void add_status(int status, struct buf *out)
{
	buf_add(out, STR("HTTP/1.1 "));
	buf_add_i64(out, status);
	buf_add_char(out, ' ');
	buf_add(out, http_reason(status));
	buf_add(out, STR("\r\n"));
}

/* All but what tells of the length, and the empty line. */
void add_head(struct connection *c, int status, const struct http_header_line *lines, size_t count,
	struct buf *out)
{
	add_status(status, out);
	buf_add(out, server_date(c->server));
	if (!c->x.keep_alive)
		buf_add(out, STR("Connection: close\r\n"));
	else if (c->x.minor == 0)
		buf_add(out, STR("Connection: keep-alive\r\n"));
	for (size_t i = 0; i < count; i++)
		add_line(out, lines[i].name, lines[i].value);
}

static bool has_length(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

/* ---- answers ---- */

static void after_reply(struct connection *c, bool ok)
{
	if (c->state == CONNECTION_CLOSING)
		return;
	if (!ok)
		connection_close(c);
	else if (!c->x.keep_alive)
		connection_linger(c);
	else
		connection_next(c);
}

/* False when the peer went while the handler was at it: nobody to answer. */
static bool begin_answer(struct connection *c)
{
	c->is_awaited = false;
	if (c->is_gone)
		server_forget(c);
	else if (c->state != CONNECTION_CLOSING) {
		assert(c->state == CONNECTION_HANDLER);
		c->x.keep_alive &= !c->server->is_draining;
		return true;
	}
	return false;
}

static void answer(struct connection *c, const struct part *parts, size_t count)
{
	connection_set_state(c, CONNECTION_WRITING);
	enum sending sending = connection_send(c, parts, count, after_reply);
	if (sending != SENDING)
		after_reply(c, sending == SENT);
}

void http_reply(struct http_exchange *x, int status, const struct http_header_line *lines,
	size_t count, struct blob *body)
{
	struct connection *c = connection_of(x);
	if (!begin_answer(c))
		return;
	struct buf *out = &c->server->scratch;
	struct str bytes = body ? blob_str(body) : STR("");
	buf_reset(out);
	add_head(c, status, lines, count, out);
	if (has_length(status)) {
		buf_add(out, STR("Content-Length: "));
		buf_add_i64(out, (int64_t)bytes.n);
		buf_add(out, STR("\r\n"));
	}
	buf_add(out, STR("\r\n"));
	struct part parts[] = {{.bytes = buf_str(out)}, {.bytes = bytes, .owner = body}};
	answer(c, parts, bytes.n && x->method != HTTP_HEAD_ && has_length(status) ? 2 : 1);
}

void http_reply_rendered(
	struct http_exchange *x, int status, struct str lines, struct blob *head, struct blob *body)
{
	struct connection *c = connection_of(x);
	if (!begin_answer(c))
		return;
	struct buf *out = &c->server->scratch;
	buf_reset(out);
	add_head(c, status, NULL, 0, out);
	buf_add(out, lines);
	buf_add(out, blob_str(head));
	struct str bytes = body ? blob_str(body) : STR("");
	struct part parts[] = {{.bytes = buf_str(out)}, {.bytes = bytes, .owner = body}};
	answer(c, parts, bytes.n && x->method != HTTP_HEAD_ ? 2 : 1);
}

void http_reset(struct http_exchange *x)
{
	struct connection *c = connection_of(x);
	if (begin_answer(c))
		connection_reset(c);
}

/* ---- problems ---- */

void http_problem_write(struct buf *out, int status, struct str parameter, struct str detail)
{
	struct json j = json_begin(out);
	json_open(&j, '{');
	json_key(&j, STR("type"));
	json_text(&j, STR("about:blank"));
	json_key(&j, STR("title"));
	json_text(&j, http_reason(status));
	json_key(&j, STR("status"));
	json_i64(&j, status);
	json_key(&j, STR("detail"));
	json_text(&j, detail);
	if (parameter.n) {
		json_key(&j, STR("parameter"));
		json_text(&j, parameter);
	}
	json_close(&j, '}');
	buf_add_char(out, '\n');
}

static void reply_problem(
	struct http_exchange *x, int status, struct str parameter, struct str detail)
{
	static const struct http_header_line lines[] = {
		{STR_INIT("Content-Type"), STR_INIT("application/problem+json")},
		{STR_INIT("Cache-Control"), STR_INIT("no-store")},
		{STR_INIT("Access-Control-Allow-Origin"), STR_INIT("*")},
		{STR_INIT("Retry-After"), STR_INIT("5")},
		{STR_INIT("Allow"), STR_INIT("GET, HEAD, OPTIONS")},
		{STR_INIT("WWW-Authenticate"), STR_INIT("Bearer")},
	};
	struct http_header_line list[4];
	size_t count = 3;
	memcpy(list, lines, sizeof(lines[0]) * count);
	if (status == 503 || status == 429)
		list[count++] = lines[3];
	else if (status == 405)
		list[count++] = lines[4];
	else if (status == 401)
		list[count++] = lines[5];
	struct buf text;
	buf_init(&text, 1 << 16);
	http_problem_write(&text, status, parameter, detail);
	struct blob *body = blob_new(&text);
	http_reply(x, status, list, count, body);
	blob_unref(body);
}

void http_problem(
	struct http_exchange *x, int status, struct str parameter, const char *format, ...)
{
	char detail[400];
	va_list args;
	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	reply_problem(x, status, parameter, str_from(detail));
}

void problem_refuse(struct connection *c, int status, const char *reason)
{
	c->x.keep_alive = false;
	connection_set_state(c, CONNECTION_HANDLER);
	reply_problem(&c->x, status, STR(""), str_from(reason));
}
