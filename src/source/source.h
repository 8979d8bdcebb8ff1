/*
 * source - bytes from the upstream, with manners.
 *
 * One client of one upstream: kept connections, gzip, time limits on connect, whole
 * and stall, a size limit, retries with full jitter, Retry-After, a breaker, a cap
 * on requests a second and one request at a time for a game. A source belongs to one
 * thread at a time; what concerns the host is shared by all sources of one struct manners.
 *
 * Knows: URLs, HTTP, what the CDN's headers say. Does not know: JSON, the database.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { SOURCE_MAX_BODY = 8 * 1024 * 1024 };

enum endpoint {
	ENDPOINT_SCHEDULE,     /* /v1/schedule/{day}: a week from that day; /now on day 0 */
	ENDPOINT_SCORE,        /* /v1/score/{day}; /now on day 0 */
	ENDPOINT_BOX_SCORE,    /* /v1/gamecenter/{game}/boxscore */
	ENDPOINT_PLAY_BY_PLAY, /* /v1/gamecenter/{game}/play-by-play */
	ENDPOINT_ROSTER,       /* /v1/roster/{abbrev}/{season} */
	ENDPOINT_PLAYER,       /* /v1/player/{id}/landing */
	ENDPOINT_TEAMS, /* /stats/rest/en/team, of another host when the upstream is the NHL's own
			 */
};
extern const struct str
	endpoint_names[7]; /* "schedule", "score", "boxscore", … as `polls` has them */

struct source_request {
	enum endpoint endpoint;
	int64_t id;        /* game or player */
	int64_t season;    /* roster; 0: current */
	int32_t day;       /* schedule, score */
	struct str abbrev; /* roster: three capital letters */
	bool is_extra;     /* nobody waits for it: one try is enough for now */
	struct str etag;   /* of the body that is known; empty: none. 304 is then an answer too */
};

struct source_settings {
	struct str upstream; /* base URL without /v1; http or https */
	int64_t timeout_ms;  /* one request, whole, redirects included */
	int64_t retries;     /* further tries after a failure that may pass */
	double rate;         /* requests a second for the host, all sources together; 0: no cap */
	int64_t parallel;    /* requests at a time for the host, all sources together; 0: no cap */
	int64_t patience_ms; /* one fetch with all its tries and waits; 0: three times timeout_ms */
	bool is_long_lived;  /* many requests to come: certificates are all read once, connections
				kept */
	int host_fd; /* what is shared with others that ask the host: manners_host_fd(); 0: nothing */
	const char *version; /* for the User-Agent: "0.1.0"; NULL: not said */
	uint64_t seed;       /* of the jitter; 0: from the machine */
};

struct source_reply {
	struct str body;   /* NUL-terminated behind its end, with SOURCE_PADDING zero bytes there */
	int status;        /* the last one; 200 on success, or 304 */
	bool is_unchanged; /* 304: the body of the request's ETag is the newest, and none came */
	struct str etag;   /* in keep; empty: none */
	int64_t order_time; /* ETag time, Unix seconds; else Date less Age; else the time of arrival
			     */
	int64_t arrival_ms; /* Unix ms */
	int64_t observed_at;    /* Unix ms: arrival less Age, the moment for which the CDN took the
				   body */
	int64_t max_age_s;      /* Cache-Control's; -1: not said */
	int64_t age_s;          /* Age; 0 when not said */
	int64_t wire_bytes;     /* as received, compressed */
	int64_t duration_ms;    /* of the last try */
	int64_t retry_after_ms; /* as the upstream asked on 429 or 503; 0: it did not */
	int tries;              /* 0: not asked at all, the host is being left alone */
};
enum { SOURCE_PADDING = 8 }; /* so that a parser may work in place */

struct manners; /* what is shared towards one host: rate, breaker, Retry-After */
struct source;

/*
 * Memory by which all that ask the host, in this process and in its children, keep to one rate, and to
 * what the host asked of any of them. A child finds it at HOST_FD_OF_CHILD when its environment has
 * HOST_FD_VARIABLE, which this sets. The same at each call; 0: the system has none. Not from two threads.
 */
#define HOST_FD_VARIABLE "RINKSIDE_HOST_FD"
enum { HOST_FD_OF_CHILD = 3 };
int manners_host_fd(void);

/* The settings are copied as far as manners need them. */
struct manners *manners_new(const struct source_settings *s);
void manners_free(struct manners *m);

/* Checks the upstream URL. `s` and `m` outlive the source. */
struct source *source_open(const struct source_settings *s, struct manners *m, struct err *err);
void source_close(struct source *s);

/*
 * Asks, follows at most three redirects of the same scheme, tries again where that may
 * help. The body is kept in *keep, which needs room for SOURCE_MAX_BODY. *out is filled
 * in as far as known even on failure, for the ledger. Errors: ERR_NETWORK, ERR_STATUS,
 * ERR_NOT_FOUND (404 and 410), ERR_DECODE (larger than SOURCE_MAX_BODY, broken gzip).
 */
bool source_fetch(struct source *s, const struct source_request *q, struct arena *keep,
	struct source_reply *out, struct err *err);

/* Blocking waits of fetches under way end early and fail; for a clean stop. Any thread. */
void manners_stop(struct manners *m);

/* A file in place of the upstream: same limits, same padding; order_time is the file's own time,
 * if that has come. */
bool source_read_file(
	const char *path, struct arena *keep, struct source_reply *out, struct err *err);

#endif
