/*
 * api/stream - every commit as an event to everyone who wants it: GET /stream.
 *
 * A commit is rendered once and its bytes are shared by all its readers. A reader has a place, the
 * revision up to which it has everything; it gets what comes after that, in order, from the events
 * kept in memory or from the database, whichever has them. So nothing is lost and nothing doubled,
 * whenever it comes, and after whatever restart. Who wants it late (delay=) gets the same events in
 * the same order, each when answers with that delay show it.
 *
 * Loop only.
 */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "api/serve.h"

struct stream_hub;
struct stream_hub *stream_hub_open(struct api *a);
/* When no reader and no job of the pool is left. The loop must run once more. NULL is fine. */
void stream_hub_close(struct stream_hub *h);

struct stream_stats {
	int64_t readers, events, resumes, resets;
};
struct stream_stats stream_hub_stats(const struct stream_hub *h);

#endif
