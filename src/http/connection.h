/*
 * http/connection - one peer: bytes in, requests out, bytes back. Private to http.
 *
 * A connection has one exchange at a time: what is sent after it waits in the head buffer, or in
 * the kernel. The head buffer is lent by the server while there is something in it.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include "http/server.h"

#include <llhttp.h>

enum { MAX_HEADERS = 64 };

enum connection_state {
	CONNECTION_IDLE,    /* between two requests */
	CONNECTION_HEAD,    /* within a head */
	CONNECTION_HANDLER, /* the handler has not answered yet */
	CONNECTION_WRITING, /* answered; the kernel has not taken all of it */
	CONNECTION_STREAM,
	CONNECTION_LINGER, /* all said; what still comes in is read away, so that nobody resets */
	CONNECTION_CLOSING,
};

struct http_stream {
	struct http_stream_callbacks callbacks;
	void *context;
	bool is_open, is_ending, is_chunked;
};

struct http_exchange {
	enum http_method method;
	struct str target, path, query, peer;
	struct http_header_line *headers; /* of the lent head */
	size_t header_count;
	struct arena arena; /* lent by the server when first asked for */
	struct http_stream stream;
	bool keep_alive;
	int minor; /* of HTTP/1.x */
};

/* Lent while there is something of a request in it; a stream's reader holds none. */
struct head {
	struct http_header_line headers[MAX_HEADERS];
	char bytes[]; /* of the server's limit */
};

struct peer {
	struct peer *next; /* in its bucket */
	unsigned char address[16];
	int64_t connections;
};

struct connection {
	uv_tcp_t tcp;
	llhttp_t parser;
	struct http_server *server;
	struct connection *previous, *next;
	struct peer *peer; /* NULL: it was not admitted */
	enum connection_state state;
	bool is_reading, is_in_handler;
	bool is_awaited, is_gone; /* the handler has yet to answer; closed while it had */
	struct head *head;        /* NULL: none lent */
	size_t filled, parsed;
	int refusal;         /* status to refuse the request with; 0: none */
	const char *reason;  /* why */
	int64_t deadline_ms; /* of the loop's clock; 0: none */
	size_t unsent;       /* at the last look, to see whether the peer reads at all */
	struct http_exchange x;
	char peer_text[46];
};

enum { PEER_BUCKETS = 1024 };

struct http_server {
	uv_loop_t *loop;
	uv_tcp_t listener;
	uv_timer_t timer;
	struct http_limits limits;
	http_handler *handler;
	void *context;
	struct connection *connections;
	struct peer *peers[PEER_BUCKETS];
	struct http_server_stats stats;
	int64_t admitted;   /* of the connections; the others have been turned away */
	struct buf scratch; /* a head being written */
	struct {
		struct head **items;
		size_t count, room;
	} spare_heads;
	struct {
		struct arena *items;
		size_t count, room;
	} spare_arenas;
	char date[64]; /* "Date: …\r\n" */
	int64_t date_at;
	int port, handles;
	bool is_draining, is_closing;
	int64_t drain_deadline_ms;
	void (*on_closed)(void *context);
	void *on_closed_context;
};

/* server.c */
struct head *server_lend_head(struct http_server *s);
void server_take_head(struct http_server *s, struct head *head);
struct arena server_lend_arena(struct http_server *s);
void server_take_arena(struct http_server *s, struct arena a);
void server_forget(struct connection *c); /* out of the list and of its peer's count; frees it */
struct str server_date(struct http_server *s);

/* connection.c */
void connection_start(struct connection *c);
void connection_set_state(struct connection *c, enum connection_state state);
void connection_close(struct connection *c); /* now */
void connection_reset(struct connection *c); /* now, and the peer is told that it is no end */
/* Now: a stream has not come to its end, which its reader can tell. */
void connection_break_off(struct connection *c);
void connection_linger(struct connection *c); /* no more to say; then closed */
void connection_on_time(struct connection *c);
/* The exchange is over: the next request, if there is one. */
void connection_next(struct connection *c);
/* A stream that was begun after the handler had returned: its reader is watched from now on. */
void connection_watch(struct connection *c);
struct connection *connection_of(const struct http_exchange *x);

/* reply.c: sends the parts, copies what the kernel does not take; `then` when all is out. */
struct part {
	struct str bytes;
	struct blob *owner; /* keeps the bytes; NULL: they are copied if need be */
};
enum { MAX_PARTS = 3 };
enum sending { SENT, SENDING, SEND_FAILED };
typedef void after_send(struct connection *c, bool ok); /* called after SENDING only */
enum sending connection_send(
	struct connection *c, const struct part *parts, size_t count, after_send *then);
void problem_refuse(struct connection *c, int status, const char *reason);
void add_head(struct connection *c, int status, const struct http_header_line *lines, size_t count,
	struct buf *out);

/* stream.c: the connection has gone. */
void stream_gone(struct connection *c);

#endif
