/*
 * pair - the decoupled design: one part keeps `games` fresh and writes when each is due, the
 * other takes what is due and ingests it. In one process or in many.
 *
 * What is to be done stands in the database, so either part may be killed and begun again, and
 * there may be any number of the second.
 */
#ifndef MONITOR_PAIR_H
#define MONITOR_PAIR_H

#include "monitor/monitor.h"

enum { PAIR_SCHEDULE = 1, PAIR_WORK = 2 };

struct pair;

/* on_over: after pair_stop, or after `once`; then only pair_close may be called. */
struct pair *pair_open(uv_loop_t *loop, int parts, const struct monitor_settings *s,
	void (*on_over)(void *context), void *context, struct err *err);
void pair_stop(struct pair *p);
int pair_exit_code(const struct pair *p); /* 0, or what went wrong first */
void pair_close(struct pair *p);          /* NULL is fine */

#endif
