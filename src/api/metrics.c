#include "api/metrics.h"

#include "base/time.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_ROUTES = 48 };

static const int statuses[] = {200, 204, 304, 400, 401, 404, 406, 412, 500, 503};
static const struct {
	const char *label;
	uint64_t nanoseconds;
} buckets[] = {{"0.0001", 100000}, {"0.0005", 500000}, {"0.001", 1000000}, {"0.0025", 2500000},
	{"0.005", 5000000}, {"0.01", 10000000}, {"0.025", 25000000}, {"0.1", 100000000},
	{"0.5", 500000000}, {"2.5", 2500000000}, {"10", 10000000000}};
enum {
	STATUSES = sizeof(statuses) / sizeof(statuses[0]),
	BUCKETS = sizeof(buckets) / sizeof(buckets[0]),
};

typedef _Atomic int64_t number;

struct metrics {
	number values[METRICS];                         /* those that are counted or set */
	number by_status[MAX_ROUTES + 1][STATUSES + 1]; /* the last: any other */
	number by_time[BUCKETS + 1];
	number nanoseconds;
};

static const struct {
	const char *name, *type, *help;
} texts[METRICS] = {
	[COUNT_HITS] = {"cache_hits_total", "counter", "Answers that had been kept"},
	[COUNT_RENDERS] = {"cache_misses_total", "counter", "Answers that were made"},
	[COUNT_COALESCED] = {"cache_coalesced_total", "counter",
		"Requests that waited for an answer being made for another"},
	[COUNT_STALE] = {"stale_answers_total", "counter",
		"Answers shown while the database was away"},
	[COUNT_BUSY] = {"busy_refusals_total", "counter",
		"Requests turned away because the queue was full"},
	[COUNT_EXPORTS] = {"exports_total", "counter", "Whole results streamed"},
	[COUNT_CUT] = {"queries_cut_total", "counter",
		"Answers given up because they took longer than the limit"},
	[GAUGE_CONNECTIONS] = {"connections", "gauge", "Connections now"},
	[GAUGE_ACCEPTED] = {"connections_accepted_total", "counter", "Connections taken"},
	[GAUGE_REFUSED] = {"connections_refused_total", "counter",
		"Connections turned away for being too many"},
	[GAUGE_BAD_REQUESTS] = {"bad_requests_total", "counter", "Requests that were no HTTP"},
	[GAUGE_TIMEOUTS] = {"timeouts_total", "counter", "Connections closed for being slow"},
	[GAUGE_SLOW_DROPPED] = {"slow_readers_dropped_total", "counter",
		"Streams whose reader fell behind"},
	[GAUGE_QUEUE] = {"queue_depth", "gauge", "Answers that wait for a thread"},
	[GAUGE_KEPT] = {"cache_entries", "gauge", "Answers kept"},
	[GAUGE_KEPT_BYTES] = {"cache_bytes", "gauge", "Memory of the answers kept"},
	[GAUGE_SUBSCRIBERS] = {"stream_subscribers", "gauge", "Readers of /stream"},
	[GAUGE_AWAY] = {"database_away", "gauge", "1 while the database cannot be read"},
	[GAUGE_CHANGED_AT] = {"database_change_age_seconds", "gauge",
		"Since the last commit was heard of"},
	[ANSWERED_REQUESTS] = {"http_requests_total", "counter",
		"Requests answered, by route and status"},
	[ANSWERED_SECONDS] = {"http_request_duration_seconds", "histogram",
		"From the whole head to the answer"},
	[REPLICA_AWAY] = {"replica_away", "gauge", "1 while the replica cannot be read"},
	[REPLICA_BEHIND] = {"replica_behind_revisions", "gauge",
		"Commits that the replica lacked when last read"},
	[REPLICA_BEHIND_SECONDS] = {"replica_behind_seconds", "gauge",
		"For how long it has been behind"},
	[REPLICA_PASSED_OVER] = {"replica_passed_over_total", "counter",
		"Reads that went to the database for that"},
	[DATABASE_REVISION] = {"database_revision", "counter",
		"The newest commit that readers can see"},
	[DATABASE_QUARANTINED] = {"quarantined_games", "gauge",
		"Games of which a body is kept aside"},
	[DATABASE_MISSING] = {"database_missing", "gauge",
		"1 when the database gave no answer now, and what it would tell is not here"},
	/* Of the last minutes, as the ledger of polls is pruned: sums over all of it could fall. */
	[UPSTREAM_REQUESTS] = {"upstream_requests_5m", "gauge",
		"Requests of the upstream in the last five minutes"},
	[UPSTREAM_CHANGED] = {"upstream_changed_5m", "gauge",
		"Of these, those that brought something new"},
	[UPSTREAM_FAILED] = {"upstream_failed_5m", "gauge", "Of these, those that came to nothing"},
	[UPSTREAM_BYTES] = {"upstream_bytes_5m", "gauge", "Their bytes on the wire"},
	[LIVE_LAG] = {"live_game_lag_seconds", "gauge",
		"From when the upstream showed a change to its row, in the last hour: the median"},
	[LIVE_WORST_LAG] = {"live_game_lag_worst_seconds", "gauge",
		"From when the upstream showed a change to its row, in the last hour: at most"},
	[LIVE_AGE] = {"live_game_age_seconds", "gauge", "Since the upstream showed what is stored"},
	[LIVE_POLL_AGE] = {"live_game_poll_age_seconds", "gauge",
		"Since the upstream was last asked"},
	[LIVE_ERROR] = {"live_game_error", "gauge", "1 when the last poll failed"},
};

/* The loop alone writes, so that a plain store is enough. */
static void add(number *n, int64_t more)
{
	atomic_store_explicit(
		n, atomic_load_explicit(n, memory_order_relaxed) + more, memory_order_relaxed);
}

static long long get(const number *n)
{
	return (long long)atomic_load_explicit(n, memory_order_relaxed);
}

struct metrics *metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof(*m));
	if (!m)
		abort();
	return m;
}

void metrics_free(struct metrics *m)
{
	free(m);
}

void metrics_add(struct metrics *m, enum metric which)
{
	add(&m->values[which], 1);
}

void metrics_set(struct metrics *m, enum metric which, int64_t value)
{
	atomic_store_explicit(&m->values[which], value, memory_order_relaxed);
}

void metrics_answered(
	struct metrics *m, const struct route *route, int status, uint64_t nanoseconds)
{
	size_t i = route ? (size_t)(route - routes) : MAX_ROUTES, s = 0, b = 0;
	while (s < STATUSES && statuses[s] != status)
		s++;
	while (b < BUCKETS && nanoseconds > buckets[b].nanoseconds)
		b++;
	add(&m->by_status[i < MAX_ROUTES ? i : MAX_ROUTES][s], 1);
	add(&m->by_time[b], 1);
	add(&m->nanoseconds, (int64_t)nanoseconds);
}

/* ---- as text ---- */

void metric_write_head(enum metric which, struct buf *out)
{
	buf_add_format(out, "# HELP rinkside_%s %s.\n# TYPE rinkside_%s %s\n", texts[which].name,
		texts[which].help, texts[which].name, texts[which].type);
}

void metric_write_line(enum metric which, struct str labels, int64_t value, struct buf *out)
{
	buf_add_format(out, "rinkside_%s%.*s %lld\n", texts[which].name, STR_ARG(labels),
		(long long)value);
}

void metric_write_seconds(enum metric which, struct str labels, int64_t ms, struct buf *out)
{
	buf_add_format(out, "rinkside_%s%.*s %.3f\n", texts[which].name, STR_ARG(labels),
		(double)ms / 1000);
}

void metric_write(enum metric which, int64_t value, struct buf *out)
{
	metric_write_head(which, out);
	metric_write_line(which, STR(""), value, out);
}

static void write_requests(const struct metrics *m, struct buf *out)
{
	metric_write_head(ANSWERED_REQUESTS, out);
	for (size_t i = 0; i <= MAX_ROUTES; i++)
		for (size_t s = 0; s <= STATUSES; s++) {
			struct str route = i < route_count ? routes[i].pattern : STR("none");
			char labels[160], status[12] = "other";
			long long n = get(&m->by_status[i][s]);
			if (!n)
				continue;
			if (s < STATUSES)
				snprintf(status, sizeof(status), "%d", statuses[s]);
			snprintf(labels, sizeof(labels), "{route=\"%.*s\",status=\"%s\"}",
				STR_ARG(route), status);
			metric_write_line(ANSWERED_REQUESTS, str_from(labels), n, out);
		}
}

static void write_times(const struct metrics *m, struct buf *out)
{
	const char *name = texts[ANSWERED_SECONDS].name;
	long long sum = 0;
	metric_write_head(ANSWERED_SECONDS, out);
	for (size_t b = 0; b <= BUCKETS; b++) {
		sum += get(&m->by_time[b]);
		buf_add_format(out, "rinkside_%s_bucket{le=\"%s\"} %lld\n", name,
			b < BUCKETS ? buckets[b].label : "+Inf", sum);
	}
	buf_add_format(out, "rinkside_%s_sum %.9f\nrinkside_%s_count %lld\n", name,
		(double)get(&m->nanoseconds) / 1e9, name, sum);
}

void metrics_write(const struct metrics *m, struct buf *out)
{
	write_requests(m, out);
	write_times(m, out);
	for (enum metric i = 0; i < GAUGE_CHANGED_AT; i++)
		metric_write(i, get(&m->values[i]), out);
	long long changed_at = get(&m->values[GAUGE_CHANGED_AT]);
	if (!changed_at)
		return;
	metric_write_head(GAUGE_CHANGED_AT, out);
	metric_write_seconds(GAUGE_CHANGED_AT, STR(""), time_now_ms() - changed_at, out);
}
