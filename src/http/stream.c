#include "http/connection.h"

#include <assert.h>
#include <stdio.h>

static struct connection *stream_connection(const struct http_stream *st)
{
	return connection_of(
		(const struct http_exchange *)((const char *)st -
					       offsetof(struct http_exchange, stream)));
}

void stream_gone(struct connection *c)
{
	struct http_stream *st = &c->x.stream;
	if (!st->is_open)
		return;
	st->is_open = false;
	st->callbacks.on_close(st, st->context);
}

size_t http_stream_queued(const struct http_stream *st)
{
	return uv_stream_get_write_queue_size((uv_stream_t *)&stream_connection(st)->tcp);
}

/* The kernel has taken what was left. */
static void after_chunk(struct connection *c, bool ok)
{
	struct http_stream *st = &c->x.stream;
	if (c->state != CONNECTION_STREAM)
		return;
	if (!ok)
		connection_close(c);
	else if (!st->is_ending && http_stream_queued(st) == 0 && st->callbacks.on_drain)
		st->callbacks.on_drain(st, st->context);
}

static void after_end(struct connection *c, bool ok)
{
	if (c->state == CONNECTION_CLOSING)
		return;
	stream_gone(c);
	if (!ok)
		connection_close(c);
	else if (!c->x.keep_alive)
		connection_linger(c);
	else
		connection_next(c);
}

struct http_stream *http_stream(struct http_exchange *x, int status,
	const struct http_header_line *lines, size_t count,
	const struct http_stream_callbacks *callbacks, void *context)
{
	struct connection *c = connection_of(x);
	struct http_stream *st = &x->stream;
	struct buf *out = &c->server->scratch;
	*st = (struct http_stream){.callbacks = *callbacks,
		.context = context,
		.is_open = true,
		.is_chunked = x->minor > 0};
	c->is_awaited = false;
	if (c->is_gone || c->state == CONNECTION_CLOSING)
		return st; /* the first write says so */
	assert(c->state == CONNECTION_HANDLER);
	if (!st->is_chunked || c->server->is_draining)
		x->keep_alive = false;
	buf_reset(out);
	add_head(c, status, lines, count, out);
	buf_add(out, st->is_chunked ? STR("Transfer-Encoding: chunked\r\n\r\n") : STR("\r\n"));
	connection_set_state(c, CONNECTION_STREAM);
	/* A failure here is met again by the first write. */
	connection_send(c, &(struct part){.bytes = buf_str(out)}, 1, after_chunk);
	connection_watch(c);
	return st;
}

void http_stream_forget_request(struct http_stream *st)
{
	struct connection *c = stream_connection(st);
	if (c->x.arena.base)
		server_take_arena(c->server, c->x.arena);
	c->x.arena = (struct arena){0};
}

static bool has_room(struct connection *c, size_t more)
{
	size_t queued = http_stream_queued(&c->x.stream);
	return !queued || queued + more <= (size_t)c->server->limits.stream_queue_bytes;
}

bool http_stream_write(struct http_stream *st, struct blob *chunk)
{
	struct connection *c = stream_connection(st);
	struct str bytes = blob_str(chunk);
	if (c->is_gone || c->state != CONNECTION_STREAM) {
		http_stream_abort(st);
		return false;
	}
	if (c->x.method == HTTP_HEAD_ || !bytes.n || st->is_ending)
		return true;
	if (!has_room(c, bytes.n)) {
		c->server->stats.slow_dropped++;
		connection_break_off(c);
		return false;
	}
	char size[20];
	int n = snprintf(size, sizeof(size), "%zx\r\n", bytes.n);
	struct part parts[] = {{.bytes = {size, (size_t)n}}, {.bytes = bytes, .owner = chunk},
		{.bytes = STR("\r\n")}};
	enum sending sending = st->is_chunked ? connection_send(c, parts, 3, after_chunk)
					      : connection_send(c, &parts[1], 1, after_chunk);
	if (sending != SEND_FAILED)
		return true;
	connection_break_off(c);
	return false;
}

void http_stream_end(struct http_stream *st)
{
	struct connection *c = stream_connection(st);
	if (c->is_gone || c->state != CONNECTION_STREAM) {
		http_stream_abort(st);
		return;
	}
	st->is_ending = true;
	struct part last = {.bytes = STR("0\r\n\r\n")};
	if (!st->is_chunked || c->x.method == HTTP_HEAD_)
		last.bytes = STR("");
	if (!last.bytes.n && !http_stream_queued(st)) {
		after_end(c, true);
		return;
	}
	enum sending sending = connection_send(c, &last, 1, after_end);
	if (sending != SENDING)
		after_end(c, sending == SENT);
}

void http_stream_abort(struct http_stream *st)
{
	struct connection *c = stream_connection(st);
	if (!c->is_gone) {
		connection_break_off(c);
		return;
	}
	stream_gone(c);
	server_forget(c);
}
