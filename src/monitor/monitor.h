/*
 * monitor - the schedule at an interval, and an ingest for each game that is due.
 *
 * It keeps no state that matters: what is due follows from the schedule, the clock and the
 * database. A tick that finds the schedule bad or the database away says so; the next one puts
 * everything right.
 *
 * Runs on a loop of the caller's, on the loop's thread; what blocks is done on the pool.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include "base/err.h"
#include "source/source.h"

#include <uv.h>

enum { KILL_AFTER_MS = 2000 }; /* a child that was asked to end, and did not */

struct monitor_settings {
	struct str db;
	struct source_settings source;
	int64_t every_ms;
	int64_t child_deadline_ms;        /* one ingest; asked to end then, and killed 2 s later */
	int64_t max_children;             /* at a time; the others wait */
	bool once;                        /* one tick, and its ingests */
	bool is_inline;                   /* no children: threads, over kept connections */
	const char *const *child_options; /* for each child, ended by NULL: "--timeout", "5s" */
	/* Of the pair (monitor/pair.h) only. */
	int policy; /* enum policy */
	double speed;
	int64_t lease_ms; /* longer than an ingest may take */
};

struct monitor;

/* on_over: after monitor_stop, or after `once`; then only monitor_close may be called. */
struct monitor *monitor_open(uv_loop_t *loop, const struct monitor_settings *s,
	void (*on_over)(void *context), void *context, struct err *err);
void monitor_stop(struct monitor *m); /* children and requests under way are ended */
/* What the process may exit with: 0, or what went wrong in the only tick. */
int monitor_exit_code(const struct monitor *m);
void monitor_close(struct monitor *m); /* NULL is fine */

#endif
