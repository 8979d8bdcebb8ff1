/*
 * monitor/scheduler - keeps `games` fresh, and writes when each is due: looks (monitor/looks.h) when
 * the plan says so, asked for on the pool. Private to monitor.
 */
#ifndef MONITOR_SCHEDULER_H
#define MONITOR_SCHEDULER_H

#include "monitor/monitor.h"

struct scheduler;

struct scheduler_calls {
	void (*on_planned)(
		void *context);         /* games have other times now; NULL: nobody wants to know */
	void (*on_over)(void *context); /* after scheduler_stop, or one look with `once` */
	void *context;
};

struct scheduler *scheduler_open(uv_loop_t *loop, const struct monitor_settings *s,
	const struct scheduler_calls *calls, struct err *err);
void scheduler_stop(struct scheduler *s);
int scheduler_exit_code(const struct scheduler *s); /* of the last look */
void scheduler_close(
	struct scheduler *s); /* after on_over, or without the loop running again; NULL is fine */

#endif
