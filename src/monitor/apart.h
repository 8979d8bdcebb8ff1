/*
 * monitor/apart - the pair on a thread and a loop of its own: what it waits for, a database that
 * hangs or a lock that somebody holds, nobody else waits for.
 *
 * Its functions and on_over belong to the thread of the loop that it is opened on.
 */
#ifndef MONITOR_APART_H
#define MONITOR_APART_H

#include "monitor/pair.h"

struct apart;

/*
 * Opens the pair over there; one that could not be opened is over by itself. on_over: once, and then
 * only apart_check and apart_close may be called.
 */
struct apart *apart_open(uv_loop_t *loop, int parts, const struct monitor_settings *s,
	void (*on_over)(void *context), void *context);
/* On_over comes soon, also while the thread waits for a database: it is left to itself then. */
void apart_stop(struct apart *a);
bool apart_check(const struct apart *a, struct err *err); /* false: why it could not be opened */
/*
 * When the loop has nothing left. False: the thread still waits, and the process has to end without
 * it, as if it were killed. NULL is fine.
 */
bool apart_close(struct apart *a);

#endif
