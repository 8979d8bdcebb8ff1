/*
 * api/metrics - what the server counts. Written on the loop, read anywhere.
 */
#ifndef API_METRICS_H
#define API_METRICS_H

#include "api/route.h"

enum counter {
	COUNT_HITS,      /* answered from what was kept */
	COUNT_RENDERS,   /* had to be made */
	COUNT_COALESCED, /* waited for one that was being made for somebody else */
	COUNT_STALE,     /* shown though the database was away */
	COUNT_BUSY,      /* turned away, the queue being full */
	COUNT_EXPORTS,
	COUNT_CUT, /* the database was given no more time */
	COUNTERS
};
/* What is so at this moment. */
enum gauge {
	GAUGE_CONNECTIONS,
	GAUGE_ACCEPTED,
	GAUGE_REFUSED,
	GAUGE_BAD_REQUESTS,
	GAUGE_TIMEOUTS,
	GAUGE_SLOW_DROPPED,
	GAUGE_QUEUE,
	GAUGE_KEPT,
	GAUGE_KEPT_BYTES,
	GAUGE_SUBSCRIBERS,
	GAUGE_AWAY,
	GAUGE_CHANGED_AT, /* Unix ms at which the newest commit was heard of */
	GAUGES
};

struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
void metrics_add(struct metrics *m, enum counter c);
void metrics_set(struct metrics *m, enum gauge g, int64_t value);
/* An answer that went out; route NULL: there was none. */
void metrics_answered(
	struct metrics *m, const struct route *route, int status, uint64_t nanoseconds);
void metrics_write(const struct metrics *m, struct buf *out);

#endif
