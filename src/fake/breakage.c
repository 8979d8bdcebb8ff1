#include "fake/breakage.h"

#include <stdlib.h>

enum { DROP_BYTES = 10, DROP_MS = 100, LOOK_MS = 100, HANG_MS = 60000 };

/* One reply that takes its time. */
struct slow {
	uv_timer_t timer;
	struct http_exchange *x; /* that hangs; NULL: one that drips */
	struct http_stream *stream;
	struct blob *body;
	size_t sent;
	int64_t waited_ms;
	const bool *is_stopping;
};

static void on_closed(uv_handle_t *h)
{
	struct slow *s = h->data;
	blob_unref(s->body);
	free(s);
}

static void finish(struct slow *s)
{
	uv_close((uv_handle_t *)&s->timer, on_closed);
}

static struct slow *begin(
	uv_loop_t *loop, const bool *is_stopping, uv_timer_cb on_time, uint64_t every_ms)
{
	struct slow *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->is_stopping = is_stopping;
	s->timer.data = s;
	uv_timer_init(loop, &s->timer);
	uv_timer_start(&s->timer, on_time, every_ms, every_ms);
	return s;
}

/* ---- nothing ---- */

static void on_look(uv_timer_t *t)
{
	struct slow *s = t->data;
	s->waited_ms += LOOK_MS;
	if (!*s->is_stopping && s->waited_ms < HANG_MS)
		return;
	http_reset(s->x);
	finish(s);
}

void breakage_hang(uv_loop_t *loop, struct http_exchange *x, const bool *is_stopping)
{
	begin(loop, is_stopping, on_look, LOOK_MS)->x = x;
}

/* ---- drops ---- */

/* The only end there is, however it came. */
static void on_stream_gone(struct http_stream *st, void *context)
{
	(void)st;
	finish(context);
}

static void on_drop(uv_timer_t *t)
{
	struct slow *s = t->data;
	struct str left = str_skip(blob_str(s->body), s->sent);
	if (*s->is_stopping || !left.n) {
		uv_timer_stop(t);
		if (left.n)
			http_stream_abort(s->stream);
		else
			http_stream_end(s->stream);
		return;
	}
	struct blob *drop = blob_copy(str_bytes(left, DROP_BYTES));
	s->sent += blob_str(drop).n;
	http_stream_write(s->stream, drop);
	blob_unref(drop);
}

void breakage_drip(uv_loop_t *loop, struct http_exchange *x, const struct http_header_line *head,
	size_t count, struct blob *body, const bool *is_stopping)
{
	static const struct http_stream_callbacks callbacks = {.on_close = on_stream_gone};
	struct slow *s = begin(loop, is_stopping, on_drop, DROP_MS);
	s->body = blob_ref(body);
	s->stream = http_stream(x, 200, head, count, &callbacks, s);
}

/* ---- halves ---- */

static void on_broken(struct http_stream *st, void *context)
{
	(void)st;
	(void)context;
}

void breakage_break_off(struct http_exchange *x, const struct http_header_line *head, size_t count,
	struct str body, size_t n)
{
	static const struct http_stream_callbacks callbacks = {
		.on_drain = on_broken, .on_close = on_broken};
	struct http_stream *st = http_stream(x, 200, head, count, &callbacks, NULL);
	struct blob *half = blob_copy(str_bytes(body, n));
	if (n && !http_stream_write(st, half))
		st = NULL; /* gone before us */
	blob_unref(half);
	if (st)
		http_stream_abort(st);
}
