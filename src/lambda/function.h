/*
 * lambda/function - what an event asks for, done, with all that is kept between two of them.
 *
 * Knows: the shapes of events (a command, a schedule, a queue's batch, an HTTP request).
 * Does not know: where they come from.
 */
#ifndef LAMBDA_FUNCTION_H
#define LAMBDA_FUNCTION_H

#include "base/buf.h"
#include "base/err.h"
#include "source/source.h"

struct function_settings {
	struct str db;
	struct source_settings source;
	struct str token_file;  /* empty: readers are asked for no token */
	struct str delay_queue; /* of commands, by its URL; empty: there is none */
	int64_t every_ms;       /* between two looks at the schedule */
	int64_t jobs;           /* of a season */
};

struct function;

/* Checks the settings; a database that is away is no mistake. */
struct function *function_open(const struct function_settings *s, struct err *err);
void function_close(struct function *f); /* NULL is fine */

/*
 * The event's answer, JSON, into *out. False: nothing was done of it that is not whole, and why.
 * It ends before deadline_ms (monotonic; 0: none): what does not fit is left for a later event.
 */
bool function_invoke(struct function *f, struct str event, int64_t deadline_ms, struct buf *out,
	struct err *err);

#endif
