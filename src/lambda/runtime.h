/*
 * lambda/runtime - the client of AWS Lambda's runtime interface: the next invocation, its answer.
 *
 * Knows: the interface's paths and headers. Does not know: what events mean.
 */
#ifndef LAMBDA_RUNTIME_H
#define LAMBDA_RUNTIME_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* What a function may answer with, as JSON; the same holds for events. */
enum { RUNTIME_MAX_BYTES = 6 * 1024 * 1024 };

struct invocation {
	struct str event; /* lives until the next one */
	char id[128], trace[256];
	int64_t deadline_ms; /* monotonic; 0: none was told */
};

struct runtime;
struct runtime *runtime_open(const char *address, struct err *err); /* "127.0.0.1:9001" */
void runtime_close(struct runtime *r);                              /* NULL is fine */

/* Waits for it, as long as it takes. False: the interface is gone or broken, and the process is to
 * end. */
bool runtime_next(struct runtime *r, struct invocation *out, struct err *err);
bool runtime_respond(
	struct runtime *r, const struct invocation *i, struct str answer, struct err *err);
/* The invocation failed: what kind of error and a sentence. */
bool runtime_fail(
	struct runtime *r, const struct invocation *i, const struct err *why, struct err *err);
/* Nothing can be invoked at all. */
bool runtime_fail_init(struct runtime *r, const struct err *why, struct err *err);

#endif
