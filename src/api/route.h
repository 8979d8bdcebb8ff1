/*
 * api/route - the table of routes, from which requests are found their handlers and checked,
 * and /routes and /openapi.json are written.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/answer.h"

struct api;

/* No reader names one beyond it: JSON's have exact numbers up to here. */
#define REVISION_MAX ((int64_t)1 << 53)

/* How a route is served. */
enum route_kind {
	ROUTE_STORE,  /* on a thread with a store; the answer is kept until something changed */
	ROUTE_LOCAL,  /* at once, from what the process knows */
	ROUTE_STREAM, /* the exchange itself is handed over, on the loop */
};

/* The answer is out; false: err, whose kind gives the status. Problems with a parameter are answers. */
typedef bool route_handler(
	struct context *c, const struct call *call, struct answer *out, struct err *err);
typedef void route_stream(struct api *a, struct http_exchange *x, const struct call *call);

struct route {
	struct str pattern; /* at most one {name}, which is a number */
	enum route_kind kind;
	bool is_open;        /* asks for no token */
	bool is_hidden;      /* not in the lists of routes */
	bool is_search;      /* may read much of the database before it has an answer */
	bool can_do_without; /* a ROUTE_STORE that has something to say while the database is away */
	unsigned formats;    /* AS(…); the first is the default */
	const struct parameter *const *parameters; /* ended by NULL; format is added */
	route_handler *handler;
	route_stream *stream;
	const struct table *rows; /* what it shows, or NULL */
	const char *shape; /* where that is no table: its schema's name in openapi.c, or NULL */
	bool is_list;      /* an array of them */
	const char *summary;
};

/* The handler, on one commit of the store, if there is a store. */
bool route_answer(const struct route *r, struct context *c, const struct call *call,
	struct answer *out, struct err *err);

extern const struct route routes[];
extern const size_t route_count;

#endif
