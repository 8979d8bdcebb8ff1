/*
 * api - rows out: the routes over HTTP.
 *
 * Runs on a loop of the caller's. What asks the database is done on threads of its own, so that
 * the loop never waits; the database is only read, and may be away.
 */
#ifndef API_API_H
#define API_API_H

#include "http/server.h"

struct api_settings {
	struct str db, listen;
	struct str db_read;    /* a replica of db, for what may be read there; empty: none */
	struct str token_file; /* empty: nobody is asked for a token */
	struct http_limits limits;
	int64_t threads, queue, cache_bytes;
	int64_t exports; /* results streamed at a time */
	int64_t query_ms; /* for the database to find an answer; a result that is streamed has no limit */
};

struct api;
struct api *api_open(uv_loop_t *loop, const struct api_settings *s, struct err *err);
int api_port(const struct api *a);
/* No more connections; what is under way is answered within grace_ms; then on_over, which may
 * call nothing but api_close. */
void api_stop(struct api *a, int64_t grace_ms, void (*on_over)(void *context), void *context);
void api_close(struct api *a); /* after on_over; NULL is fine */

#endif
