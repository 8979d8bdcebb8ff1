/*
 * api/serve - the routes over HTTP: cache before, threads behind, told of every commit.
 *
 * Knows: exchanges, answers kept, who waits for what. What other files of api need of the server
 * is here; others see api/api.h.
 */
#ifndef API_SERVE_H
#define API_SERVE_H

#include "api/api.h"
#include "api/shelf.h"
#include "api/pool.h"
#include "api/route.h"
#include "api/watcher.h"

/* Told on the loop of every commit, and of a database that has gone. The owner keeps it. */
struct subscriber {
	void (*tell)(struct subscriber *s, const struct news *n);
	struct subscriber *next, *previous;
};
void api_subscribe(struct api *a, struct subscriber *s);
void api_unsubscribe(struct api *a, struct subscriber *s);

struct pool *api_pool(struct api *a);
uv_loop_t *api_loop(struct api *a);
const struct api_settings *api_settings(const struct api *a);
bool api_asks_tokens(const struct api *a);
/* One more, or with -1 one less; false: as many as there may be. */
bool api_count_export(struct api *a, int more);
bool api_is_away(const struct api *a);            /* the database */
struct replica *api_replica(const struct api *a); /* NULL: none */
bool api_is_ending(const struct api *a);
struct stream_hub *api_stream_hub(const struct api *a);
int64_t api_revision(const struct api *a); /* the newest that the loop has heard of; 0: none yet */

/* Somebody who is owed an answer. */
struct asked {
	struct http_exchange *x;
	const struct route *route; /* NULL: there is none */
	bool takes_gzip;
	uint64_t began; /* by uv_hrtime */
};
/* Only while the request is being taken: later it is another's time that it would have. */
struct asked api_asked(const struct api *a, struct http_exchange *x, const struct route *route);

/* Counts an answer that goes out by another way than api_reply. */
void api_answered(struct api *a, const struct asked *by, int status);
/* A 412, where If-Match names other ETags; false: it does not. */
bool api_refuse_other(struct api *a, const struct asked *by, const struct etag *etag);
void api_reply(struct api *a, const struct asked *by, struct answer *answer);
/* While the request is being taken. */
void api_refuse(
	struct api *a, struct http_exchange *x, const struct route *route, const struct problem *p);

/* ---- what an answer has in common, over a socket and without one ---- */

struct tokens;
bool api_check_token(const struct tokens *tokens, const struct route *route,
	struct str authorization, struct problem *problem);

/* What is true of this reply alone: how long it may be held, how old its numbers are, that the
 * database is away: then it is for now only. */
enum { API_OWN_LINES = 160 };
struct str api_own_lines(const char *cache_control, int64_t observed_at, bool is_stale,
	char room[static API_OWN_LINES]);

enum { API_OPTIONS_LINES = 5 };
extern const struct http_header_line api_options_lines[API_OPTIONS_LINES];

#endif
