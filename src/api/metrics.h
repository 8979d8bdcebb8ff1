/*
 * api/metrics - what the server counts. Written on the loop, read anywhere.
 */
#ifndef API_METRICS_H
#define API_METRICS_H

#include "api/route.h"

/* All that /metrics tells, each with a name, a type and a sentence in one table. */
enum metric {
	/* Counted by metrics_add. */
	COUNT_HITS,      /* answered from what was kept */
	COUNT_RENDERS,   /* had to be made */
	COUNT_COALESCED, /* waited for one that was being made for somebody else */
	COUNT_STALE,     /* shown though the database was away */
	COUNT_BUSY,      /* turned away, the queue being full */
	COUNT_EXPORTS,
	COUNT_CUT, /* the database was given no more time */

	/* What is so at this moment, by metrics_set. */
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
	GAUGE_CHANGED_AT, /* Unix ms at which the newest commit was heard of; told as an age */

	/* By metrics_answered. */
	ANSWERED_REQUESTS,
	ANSWERED_SECONDS,

	/* Of the replica and of the database, known when they are told. */
	REPLICA_AWAY,
	REPLICA_BEHIND,
	REPLICA_BEHIND_SECONDS,
	REPLICA_PASSED_OVER,
	DATABASE_REVISION,
	DATABASE_QUARANTINED,
	DATABASE_MISSING,
	UPSTREAM_REQUESTS,
	UPSTREAM_CHANGED,
	UPSTREAM_FAILED,
	UPSTREAM_BYTES,
	LIVE_LAG,
	LIVE_WORST_LAG,
	LIVE_AGE,
	LIVE_POLL_AGE,
	LIVE_ERROR,
	METRICS
};

struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
void metrics_add(struct metrics *m, enum metric which);
void metrics_set(struct metrics *m, enum metric which, int64_t value);
/* An answer that went out; route NULL: there was none. */
void metrics_answered(
	struct metrics *m, const struct route *route, int status, uint64_t nanoseconds);
void metrics_write(const struct metrics *m, struct buf *out);

/* The head of a metric, after which come all its lines and no other's; labels may be empty. */
void metric_write_head(enum metric which, struct buf *out);
void metric_write_line(enum metric which, struct str labels, int64_t value, struct buf *out);
void metric_write_seconds(enum metric which, struct str labels, int64_t ms, struct buf *out);
/* One that has a single line. */
void metric_write(enum metric which, int64_t value, struct buf *out);

#endif
