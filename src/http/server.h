/*
 * http/server - a small HTTP/1.1 server on libuv and llhttp: limits, replies, streams.
 *
 * GET, HEAD and OPTIONS only, and no request bodies, so the rest is small. The server
 * checks what every request must obey (one Host, a head of at most 16 KiB in a given
 * time, no obs-fold, no body) and answers those that do not itself, as problem+json.
 * All functions are called on the loop's thread.
 *
 * Knows: sockets, heads, limits. Does not know: routes, what is served.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "base/err.h"

#include <uv.h>

/*
 * Shared, immutable bytes: a rendered reply that many connections send at the same time.
 * Counted; made with one reference. Loop thread only, except blob_new and the freeing of
 * one that was never shared.
 */
struct blob;
struct blob *blob_new(struct buf *take); /* takes the buffer's memory; the buffer is left empty */
struct blob *blob_copy(struct str bytes);
struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is fine */
struct str blob_str(const struct blob *b);
/* To be asked whenever it is about to be sent: a file in memory with the same bytes, once it has been sent
 * often. -1: there is none. */
int blob_file(struct blob *b);

enum http_method { HTTP_GET_, HTTP_HEAD_, HTTP_OPTIONS_ };

struct http_limits {
	int64_t connections;          /* in all */
	int64_t connections_per_peer; /* for one address */
	int64_t head_bytes;           /* 16 KiB */
	int64_t target_bytes;         /* 8 KiB */
	int64_t head_ms;              /* from the first byte of a head to its last */
	int64_t idle_ms;              /* between requests */
	int64_t write_ms;             /* a reader that reads nothing for so long is closed */
	int64_t stream_queue_bytes;   /* unsent bytes at which a stream's reader is dropped */
};
extern const struct http_limits http_default_limits;

/* One request and its reply. Valid until it has been answered and the handler was told. */
struct http_exchange;

enum http_method http_method(const struct http_exchange *x);
struct str http_path(const struct http_exchange *x);  /* raw, before the '?', starts with '/' */
struct str http_query(const struct http_exchange *x); /* raw, after the '?', or empty */
struct str http_header(const struct http_exchange *x,
	struct str name);                            /* empty: not sent; repeated: joined by ", " */
struct str http_peer(const struct http_exchange *x); /* "127.0.0.1" */
struct arena *http_arena(struct http_exchange *x);   /* ends with the exchange */

struct http_header_line {
	struct str name, value;
};

/*
 * Answers, now or later. `head` lines are copied; Content-Length, Date and Connection are
 * the server's. The body is referenced; NULL is an empty one. HEAD gets the length and no body.
 * Each exchange is answered once, by http_reply or http_stream.
 */
void http_reply(struct http_exchange *x, int status, const struct http_header_line *head,
	size_t head_count, struct blob *body);

/*
 * A response whose head and body were rendered before, without status line, Date and Connection,
 * which the server writes; and further lines of this reply alone, each with its CRLF: the hot
 * path. The head ends with its empty line. The body is NULL where there is none; HEAD gets none.
 */
void http_reply_rendered(struct http_exchange *x, int status, struct str lines, struct blob *head,
	struct blob *body);

/* application/problem+json (RFC 9457). `parameter` may be empty. */
void http_problem(struct http_exchange *x, int status, struct str parameter, const char *format,
	...) __attribute__((format(printf, 4, 5)));

void http_problem_write(struct buf *out, int status, struct str parameter, struct str detail);

/* The standard reason phrase: "Not Found". */
struct str http_reason(int status);

/* A reply without an end known beforehand: chunked, or until the close. */
struct http_stream;
struct http_stream_callbacks {
	void (*on_drain)(struct http_stream *st, void *context); /* what was queued has been sent */
	void (*on_close)(
		struct http_stream *st, void *context); /* once; the stream is gone after it */
	bool is_finite; /* it comes to an end by itself, for which a drain waits */
};
struct http_stream *http_stream(struct http_exchange *x, int status,
	const struct http_header_line *head, size_t head_count,
	const struct http_stream_callbacks *callbacks, void *context);
/* For streams that live long: gives the request's arena back. The head goes when the handler has
 * returned, or at once when it had; what remains is less than a kilobyte a connection. */
void http_stream_forget_request(struct http_stream *st);
/* False: the reader was dropped for being slow, or has gone; on_close follows or has been called. */
bool http_stream_write(struct http_stream *st, struct blob *chunk);
size_t http_stream_queued(const struct http_stream *st); /* bytes not yet taken by the kernel */
void http_stream_end(struct http_stream *st); /* after what is queued; on_close follows */
/* The reader's connection is broken off without an end, so that it can tell. */
void http_stream_abort(struct http_stream *st);
/* No answer: the connection is reset. For those who test how others bear it. */
void http_reset(struct http_exchange *x);

typedef void http_handler(struct http_exchange *x, void *context);

struct http_server;
struct http_server_stats {
	int64_t connections, accepted, refused, requests, bad_requests, timeouts, slow_dropped;
};

/*
 * listen: "127.0.0.1:8080", "[::1]:8080", port 0 for any free one; "systemd": the socket that
 * the service manager has bound already and hands over (LISTEN_FDS).
 */
struct http_server *http_server_open(uv_loop_t *loop, struct str listen,
	const struct http_limits *limits, http_handler *handler, void *context, struct err *err);
int http_server_port(const struct http_server *s);
struct http_server_stats http_server_stats(const struct http_server *s);

/* No more connections; idle ones are closed, requests under way answered, streams ended.
 * After grace_ms what is left is closed. on_closed may free the server by http_server_close. */
void http_server_drain(
	struct http_server *s, int64_t grace_ms, void (*on_closed)(void *context), void *context);
/* At once. The loop must run once more afterwards. NULL is fine. */
void http_server_close(struct http_server *s);

/* "a=1&b=x%20y" cut at '&' and decoded into the arena, '+' is a space. false: bad escape, NUL, or not UTF-8;
 * *out_bad names it. */
struct http_parameter {
	struct str name, value;
};
bool http_query_parse(struct str query, struct arena *keep, struct http_parameter **out,
	size_t *out_count, struct str *out_bad);

#endif
