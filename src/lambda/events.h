/*
 * lambda/events - the events' handlers, and what they share. Private to lambda.
 */
#ifndef LAMBDA_EVENTS_H
#define LAMBDA_EVENTS_H

#include "api/tokens.h"
#include "base/json.h"
#include "lambda/function.h"
#include "store/store.h"

#include <yyjson.h>

struct function {
	struct function_settings settings; /* source: timeout and patience as the deadline allows */
	int64_t timeout_ms;                /* as it was set */
	int64_t deadline_ms;               /* of the event at hand; 0: none */
	struct manners *manners;
	struct source *source;
	struct store *store;  /* for ingests; NULL: not open */
	struct store *reader; /* for readers; NULL: not open */
	struct tokens *tokens;
	struct arena keep; /* of one event */
	struct arena game; /* of one game or schedule of it */
};

/* Time that may still be spent on the event; INT64_MAX without a deadline. */
int64_t function_time_left_ms(const struct function *f);
/* False when there is none left; else no fetch lasts longer than it. */
bool function_begin_fetch(struct function *f, struct err *err);
bool function_find_store(struct function *f, struct err *err); /* opened if need be */
bool function_find_reader(struct function *f, struct err *err);
bool function_store_failed(struct function *f); /* opened anew the next time; false */

typedef bool event_handler(struct function *f, yyjson_val *event, struct buf *out, struct err *err);

/* http.c: a request of API Gateway (either version), a function URL or a load balancer. */
bool is_http(yyjson_val *event);
event_handler handle_http;

/* command.c: {"command": …}, a schedule's tick, a batch of a queue. */
bool is_command(yyjson_val *event), is_schedule(yyjson_val *event), is_queue(yyjson_val *event);
event_handler handle_command, handle_schedule, handle_queue;

struct str event_text(yyjson_val *object, const char *key); /* empty: none */

#endif
