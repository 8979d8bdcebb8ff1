/*
 * api/watcher - a thread that looks for commits, and tells the loop of them.
 */
#ifndef API_WATCHER_H
#define API_WATCHER_H

#include "store/store.h"

#include <uv.h>

/* What has changed since the last call; or that the database is away. */
struct news {
	bool is_away;
	struct str why;
	bool is_other; /* the database was opened anew: it may be another one */
	struct store_change change;
};

struct watcher;
/* tell is called on the loop. */
struct watcher *watcher_open(uv_loop_t *loop, struct str db,
	void (*tell)(void *context, const struct news *n), void *context);
void watcher_close(struct watcher *w, void (*on_closed)(void *context), void *context);

#endif
