/*
 * monitor/crew - takes games that are due under a lease, ingests them, and writes when each is due
 * again. Private to monitor.
 *
 * Any number of crews, in any number of processes and on any number of machines, share one
 * database. One that dies gives its games back at the leases' end.
 */
#ifndef MONITOR_CREW_H
#define MONITOR_CREW_H

#include "monitor/monitor.h"

struct crew;

/* on_over: after crew_stop, or with `once` after crew_finish when nothing is due any more. */
struct crew *crew_open(uv_loop_t *loop, const struct monitor_settings *s,
	void (*on_over)(void *context), void *context, struct err *err);
void crew_look(struct crew *c);   /* something may have become due */
void crew_finish(struct crew *c); /* what is due now is the last */
void crew_stop(struct crew *c);   /* ingests under way are ended */
int crew_exit_code(const struct crew *c);
void crew_close(
	struct crew *c); /* after on_over, or without the loop running again; NULL is fine */

#endif
