/*
 * monitor/runner - ingests under way: never two for one game, a limit on all, a deadline for each.
 * Private to monitor.
 *
 * In a child process each, or on the pool's threads; those that find no room wait in order.
 */
#ifndef MONITOR_RUNNER_H
#define MONITOR_RUNNER_H

#include "monitor/monitor.h"

struct runner;

struct runner_calls {
	void (*on_idle)(void *context); /* nothing is under way any more, and nothing waits */
	/* An ingest is over; err NULL: well. NULL: nobody wants to know. */
	void (*on_done)(void *context, int64_t game_id, const struct err *err);
	void *context;
};

struct runner *runner_open(uv_loop_t *loop, const struct monitor_settings *s,
	const struct runner_calls *calls, struct err *err);
size_t runner_room(const struct runner *r);         /* how many more would start at once */
void runner_add(struct runner *r, int64_t game_id); /* nothing happens when it is there already */
bool runner_is_idle(const struct runner *r);
void runner_stop(struct runner *r);           /* those that wait are forgotten, the others ended */
int runner_exit_code(const struct runner *r); /* the first that was not 0 */
void runner_close(struct runner *r);          /* idle by then; NULL is fine */

#endif
