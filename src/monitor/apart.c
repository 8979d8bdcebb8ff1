#include "monitor/apart.h"

#include "base/log.h"

#include <stdlib.h>

enum { LEAVE_AFTER_MS = 3000 }; /* what waits for nobody has ended long before */

struct apart {
	/* The thread's, and once it is over the caller's. */
	uv_loop_t own;
	uv_async_t stop; /* sent by the caller's */
	int parts;
	struct monitor_settings settings;
	struct pair *pair; /* NULL: not open */
	struct err err;
	/* The caller's. */
	uv_thread_t thread;
	uv_async_t over; /* sent by the thread */
	uv_timer_t patience;
	void (*on_end)(void *context);
	void *context;
	bool is_stopping, is_joined, is_told;
};

/* ---- the thread ---- */

static void on_stop(uv_async_t *async)
{
	struct apart *a = async->data;
	if (a->pair)
		pair_stop(a->pair);
}

static void on_pair_over(void *context)
{
	struct apart *a = context;
	uv_stop(&a->own);
}

static void on_thread(void *argument)
{
	struct apart *a = argument;
	a->pair = pair_open(&a->own, a->parts, &a->settings, on_pair_over, a, &a->err);
	if (a->pair)
		uv_run(&a->own, UV_RUN_DEFAULT);
	uv_async_send(&a->over);
}

/* ---- the caller ---- */

static void tell(struct apart *a)
{
	bool was_told = a->is_told;
	a->is_told = true;
	if (!was_told)
		a->on_end(a->context);
}

static void on_over_closed(uv_handle_t *h)
{
	tell(h->data);
}

static void on_over(uv_async_t *async)
{
	struct apart *a = async->data;
	uv_thread_join(&a->thread);
	a->is_joined = true;
	uv_close((uv_handle_t *)&a->stop, NULL);
	uv_run(&a->own, UV_RUN_DEFAULT);
	uv_loop_close(&a->own);
	uv_close((uv_handle_t *)&a->patience, NULL);
	uv_close((uv_handle_t *)&a->over, on_over_closed);
}

/* It may still come while others end. */
static void on_patience(uv_timer_t *t)
{
	struct apart *a = t->data;
	log_warning("the database keeps schedule and worker waiting: ended without them");
	uv_unref((uv_handle_t *)&a->over);
	tell(a);
}

struct apart *apart_open(uv_loop_t *loop, int parts, const struct monitor_settings *s,
	void (*on_end)(void *context), void *context)
{
	struct apart *a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	a->parts = parts;
	a->settings = *s;
	a->on_end = on_end;
	a->context = context;
	a->stop.data = a->over.data = a->patience.data = a;
	uv_loop_init(&a->own);
	uv_async_init(&a->own, &a->stop, on_stop);
	uv_async_init(loop, &a->over, on_over);
	uv_timer_init(loop, &a->patience);
	if (uv_thread_create(&a->thread, on_thread, a))
		abort();
	return a;
}

void apart_stop(struct apart *a)
{
	if (a->is_stopping || a->is_joined)
		return;
	a->is_stopping = true;
	uv_async_send(&a->stop);
	uv_timer_start(&a->patience, on_patience, LEAVE_AFTER_MS, 0);
}

bool apart_check(const struct apart *a, struct err *err)
{
	bool has_failed = a->is_joined && !a->pair;
	if (has_failed)
		*err = a->err;
	return !has_failed;
}

bool apart_close(struct apart *a)
{
	if (!a)
		return true;
	if (!a->is_joined)
		return false;
	pair_close(a->pair);
	free(a);
	return true;
}
