#include "api/watcher.h"

#include "base/time.h"

#include <stdlib.h>

enum { WAIT_MS = 100, AWAY_MS = 200 };

struct watcher {
	uv_async_t async;
	uv_mutex_t mutex;
	uv_cond_t taken;           /* the loop has taken the news, or it is time to end */
	bool has_news, is_closing; /* under the mutex, as the news */
	struct news news;
	struct str db;
	uv_thread_t thread;
	void (*tell)(void *context, const struct news *n);
	void *context;
	void (*on_closed)(void *context);
	void *closed_context;
};

static bool is_closing(struct watcher *w)
{
	uv_mutex_lock(&w->mutex);
	bool closing = w->is_closing;
	uv_mutex_unlock(&w->mutex);
	return closing;
}

/* Hands over, once the loop has taken what came before. */
static void hand_over(struct watcher *w, const struct news *n)
{
	uv_mutex_lock(&w->mutex);
	while (w->has_news && !w->is_closing)
		uv_cond_wait(&w->taken, &w->mutex);
	w->news = *n;
	w->has_news = true;
	uv_async_send(&w->async);
	uv_mutex_unlock(&w->mutex);
}

static void pause_thread(struct watcher *w)
{
	uv_mutex_lock(&w->mutex);
	if (!w->is_closing)
		uv_cond_timedwait(&w->taken, &w->mutex, (uint64_t)AWAY_MS * 1000000);
	uv_mutex_unlock(&w->mutex);
}

/* While the database is there. */
static void watch(struct watcher *w, struct store *s, struct store_watch *seen, struct err *err)
{
	bool found;
	seen->is_started = false;
	while (!is_closing(w)) {
		struct news n = {.is_other = !seen->is_started};
		if (!store_wait_change(s, seen, WAIT_MS, &n.change, &found, err))
			return;
		if (found)
			hand_over(w, &n);
	}
}

/* What was there for a while is tried again at once, as often a connection alone was lost: until this
 * has gone well nobody else tries. */
static void on_thread(void *argument)
{
	struct watcher *w = argument;
	struct store_watch seen = {0};
	bool was_away = false;
	while (!is_closing(w)) {
		struct err err = {0};
		int64_t since = time_monotonic_ms();
		struct store *s = store_open(w->db, STORE_READ, &err);
		bool was_there = s != NULL;
		if (s) {
			was_away = false;
			watch(w, s, &seen, &err);
		}
		store_close(s);
		if (!was_away && err.kind) {
			struct news n = {.is_away = true, .why = str_from(err.text)};
			hand_over(w, &n);
			uv_mutex_lock(&w->mutex);
			while (w->has_news && !w->is_closing) /* its text is ours */
				uv_cond_wait(&w->taken, &w->mutex);
			uv_mutex_unlock(&w->mutex);
		}
		was_away = err.kind != ERR_NONE;
		if (was_away && !(was_there && time_monotonic_ms() - since > AWAY_MS))
			pause_thread(w);
	}
}

static void on_async(uv_async_t *async)
{
	struct watcher *w = async->data;
	uv_mutex_lock(&w->mutex);
	struct news n = w->news;
	bool has_news = w->has_news && !w->is_closing;
	if (has_news)
		w->tell(w->context, &n);
	w->has_news = false;
	uv_cond_signal(&w->taken);
	uv_mutex_unlock(&w->mutex);
}

struct watcher *watcher_open(uv_loop_t *loop, struct str db,
	void (*tell)(void *context, const struct news *n), void *context)
{
	struct watcher *w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->db = db;
	w->tell = tell;
	w->context = context;
	uv_mutex_init(&w->mutex);
	uv_cond_init(&w->taken);
	uv_async_init(loop, &w->async, on_async);
	w->async.data = w;
	if (uv_thread_create(&w->thread, on_thread, w))
		abort();
	return w;
}

static void on_async_closed(uv_handle_t *h)
{
	struct watcher *w = h->data;
	void (*on_closed)(void *) = w->on_closed;
	void *context = w->closed_context;
	uv_cond_destroy(&w->taken);
	uv_mutex_destroy(&w->mutex);
	free(w);
	if (on_closed)
		on_closed(context);
}

void watcher_close(struct watcher *w, void (*on_closed)(void *context), void *context)
{
	w->on_closed = on_closed;
	w->closed_context = context;
	uv_mutex_lock(&w->mutex);
	w->is_closing = true;
	uv_cond_broadcast(&w->taken);
	uv_mutex_unlock(&w->mutex);
	uv_thread_join(&w->thread);
	uv_close((uv_handle_t *)&w->async, on_async_closed);
}
