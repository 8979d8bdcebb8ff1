/*
 * lambda/events - the events' handlers, and what they share. Private to lambda.
 */
#ifndef LAMBDA_EVENTS_H
#define LAMBDA_EVENTS_H

#include "api/tokens.h"
#include "base/json.h"
#include "lambda/function.h"
#include "lambda/queue.h"
#include "monitor/looks.h"
#include "monitor/taken.h"
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
	struct looks *looks;  /* of the schedule; NULL: it has not been asked for */
	struct queue *queue;  /* NULL: there is none */
	struct plan plan;
	int32_t said_missed; /* see missed_say */
	char owner[64];      /* of what is taken from the database */
	struct tokens *tokens;
	struct arena keep; /* of one event */
	struct arena game; /* of one game or schedule of it */
};

/* Time that may still be spent on the event; INT64_MAX without a deadline. */
int64_t function_time_left_ms(const struct function *f);
/* False when there is none left; else so many fetches, one after the other, last no longer than it. */
bool function_begin_fetches(struct function *f, int count, struct err *err);
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

/* due.c: the commands that go by what the database says is due. */
event_handler run_schedule, run_worker, run_follow;

/* ---- what the commands share ---- */

struct str event_text(yyjson_val *object, const char *key); /* empty: none */
/* Ten digits, as a number or as text. */
bool event_game_id(yyjson_val *event, const char *command, int64_t *out, struct err *err);

struct tally {
	int64_t ticks, ingested, failed;
};

void answer_number(struct json *j, struct str key, int64_t value);
/* The next time that something wants to be asked, as an instant and as the wait until then. */
void answer_next(struct function *f, struct json *j, int64_t next_ms);
bool answer_tally(struct function *f, const struct tally *t, int64_t next_ms, struct buf *out);

/* Fetch, decode, put, complete, before the deadline. */
bool function_ingest(struct function *f, int64_t game_id, struct put_result *put, struct err *err);

#endif
