/*
 * api/call - a request, checked against the table of routes.
 *
 * Knows: routes, parameters and what each may be, formats.
 * Does not know: sockets, the database. Pure: the same request gives the same call.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "base/arena.h"
#include "http/server.h"
#include "model/model.h"

/* What matters of a request, wherever it came from. Views. */
struct api_request {
	enum http_method method;
	struct str path, query; /* raw, without the '?' between them */
	struct str accept, accept_encoding, if_match, if_none_match, authorization, last_event_id;
};

enum format {
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_NDJSON,
	FORMAT_HTML,
	FORMAT_METRICS,
	FORMAT_EVENTS,
	FORMAT_FILE, /* the answer says what it is */
	FORMATS
};
extern const struct format_kind {
	struct str name; /* in ?format= */
	struct str media_type, content_type;
} format_kinds[FORMATS];
#define AS(format) (1u << FORMAT_##format)

enum parameter_type {
	PARAMETER_NUMBER, /* from min to max */
	PARAMETER_SEASON, /* 20232024 */
	PARAMETER_DATE,
	PARAMETER_TIME,     /* RFC 3339 */
	PARAMETER_DURATION, /* 45s; milliseconds, from min to max */
	PARAMETER_CHOICE,   /* one of choices */
	PARAMETER_TEAM,     /* the NHL's number, or three letters */
	PARAMETER_TEXT,     /* from min to max bytes; looked at by the handler */
};

struct parameter {
	struct str name;
	enum parameter_type type;
	int64_t min, max;
	const struct str *choices;
	size_t choice_count;
	bool is_required, may_repeat; /* repeated: any of them */
	const char *help;
};

struct argument {
	const struct parameter *parameter;
	struct str text;
	int64_t number; /* number, season, day, milliseconds, choice; 0 for a team's letters */
};

struct route;
struct call {
	const struct route *route;
	int64_t id;      /* of the path's {…}; 0: it has none */
	struct str rest; /* of the path's {…...} */
	enum format format;
	const struct argument *arguments;
	size_t count;
};

/* What is wrong with a request: a status, perhaps the parameter's name, a sentence. */
struct problem {
	int status;
	struct str parameter;
	char detail[320];
};
bool problem_set(struct problem *p, int status, struct str parameter, const char *format, ...)
	__attribute__((format(printf, 4, 5))); /* returns false */

/* The route of a path; the id is checked too. */
bool call_find_route(struct str path, struct call *out, struct problem *problem);

/* What Accept says; FORMATS: nothing that the route has. A route of one format has that for everyone. */
enum format call_accept(const struct route *route, struct str accept);

/* The query, decoded into keep and checked; ?format= decides over Accept, which without it has to
 * have found something. */
bool call_read_query(
	struct call *call, struct str query, struct arena *keep, struct problem *problem);

/* The next argument of that name after `after`, NULL to begin; NULL: none. */
const struct argument *call_next(
	const struct call *call, struct str name, const struct argument *after);
const struct argument *call_get(const struct call *call, struct str name);
int64_t call_number(const struct call *call, struct str name, int64_t otherwise);
/* A text as a query has it: what would mean something there is encoded. */
void call_write_text(struct str text, struct buf *out);

bool request_takes_gzip(struct str accept_encoding);

#endif
