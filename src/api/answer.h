/*
 * api/answer - what a handler makes of a call: a status, lines of a head, a body.
 *
 * Knows: how long an answer holds, its ETag, its encodings. Does not know: sockets.
 */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "api/call.h"
#include "store/store.h"

#include <zlib.h>

/* How long others may hold what is shown, by the state of it. */
enum freshness {
	FRESH_NEVER, /* operations, problems */
	FRESH_LIVE,  /* something of it is on, or may begin */
	FRESH_SCHEDULED,
	FRESH_PROVISIONAL, /* ended, not official */
	FRESH_OFFICIAL,
	FRESH_SETTLED,
	FRESH_FIXED, /* can never change */
	FRESHNESSES
};
enum freshness freshness_of(struct str stats_status);

enum {
	ANSWER_LINES = 8,
	ANSWER_HEAD_LINES = ANSWER_LINES + 8,
	ANSWER_BYTES = 64 << 20,
	FIXED_ANSWER = -1
};

struct answer {
	int status; /* 200 unless said otherwise */
	enum format format;
	struct str content_type; /* of a FORMAT_FILE */
	struct http_header_line
		lines[ANSWER_LINES]; /* further ones; values in the context's arena */
	size_t line_count;
	struct buf body;
	struct problem problem; /* status 0: none; else the body is made of it */
	enum freshness freshness;
	int64_t observed_at; /* of the newest shown; 0: nothing is */
	int64_t game_id;     /* the only game that it shows; 0: any; FIXED_ANSWER: none */
	bool is_private;     /* only whoever has a token may see it */
	bool shows_polls;    /* changes with every commit, not with revisions alone */
	int64_t hold_ms;     /* this process may keep it so long; 0: until something changes */
	bool is_large;       /* body is empty: too many rows, to be streamed by an export */
	enum err_kind lacks; /* what kept a part of it away; it stands without it */
};

void answer_init(struct answer *a, const struct call *call);
void answer_clear(struct answer *a);
void answer_add_line(struct answer *a, struct str name, struct str value);
/* Always true, so that a handler can return it. */
bool answer_problem(struct answer *a, int status, struct str parameter, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What a handler works with. */
struct context {
	struct store *store;           /* NULL for ROUTE_LOCAL, and where a route can do without */
	struct arena *keep;            /* ends with the request */
	struct api *api;               /* NULL where there is no server */
	const struct metrics *metrics; /* the same */
};

/* ---- the representation that goes out ---- */

struct etag {
	char text[48]; /* quotes included */
};

/* How long others may hold it. A literal; no line of the head, as an answer that has outlived its
 * database is not to be held at all. */
const char *answer_cache_control(const struct answer *a);

/* A head without status line, Date, Connection and Cache-Control; and its body, of which the ETag is the hash. */
struct rendition {
	struct buf head, body; /* the head with its empty line */
	struct etag etag;
};

/* gzip: the body is compressed; else it is taken from the answer. False: it is not worth it,
 * nothing was made. */
bool rendition_make(struct rendition *out, struct answer *a, bool gzip);
/* The head of a 304 for it. */
void rendition_write_304(const struct rendition *r, const struct answer *a, struct buf *out);
void rendition_clear(struct rendition *r);

/* The same lines for a stream, as many as ANSWER_HEAD_LINES; etag may be NULL. */
size_t answer_head_lines(
	const struct answer *a, const struct etag *etag, bool gzip, struct http_header_line *out);

/*
 * Of a result too large to be hashed before it is sent: of the database, its revision, and what
 * was asked. False: there is none, as it may change without a revision.
 */
bool answer_etag_of_state(
	struct etag *out, struct store *s, const struct call *call, bool gzip, struct arena *keep);

bool gzip_init(z_stream *z, int level);

/* A list of ETags, or "*", that names this one. */
bool etag_matches(struct str if_none_match, const struct etag *etag);
/* True: If-Match does not name it, to which a weak one (W/) is none; then *out is the refusal. Empty: not asked. */
bool answer_is_other(struct str if_match, const struct etag *etag, struct answer *out);

/* A problem as the answer that it is. */
void answer_take_problem(struct answer *a, const struct problem *p);
void answer_away(struct answer *a); /* the database is */
/* What went wrong in a handler; what the database said of it goes into the log alone. */
void answer_take_error(struct answer *a, const struct err *err);

#endif
