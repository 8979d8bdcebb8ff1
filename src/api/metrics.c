#include "api/metrics.h"

#include "base/time.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_ROUTES = 48 };

static const int statuses[] = {200, 204, 304, 400, 401, 404, 406, 500, 503};
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
	number counters[COUNTERS], gauges[GAUGES];
	number by_status[MAX_ROUTES + 1][STATUSES + 1]; /* the last: any other */
	number by_time[BUCKETS + 1];
	number nanoseconds;
};

static const struct {
	const char *name, *type, *help;
} counter_texts[COUNTERS] = {[COUNT_HITS] = {"cache_hits_total", "counter",
				     "Answers that had been kept"},
	[COUNT_RENDERS] = {"cache_misses_total", "counter", "Answers that were made"},
	[COUNT_COALESCED] = {"cache_coalesced_total", "counter",
		"Requests that waited for an answer being made for another"},
	[COUNT_STALE] = {"stale_answers_total", "counter",
		"Answers shown while the database was away"},
	[COUNT_BUSY] = {"busy_refusals_total", "counter",
		"Requests turned away because the queue was full"},
	[COUNT_EXPORTS] = {"exports_total", "counter", "Whole results streamed"},
	[COUNT_CUT] = {"queries_cut_total", "counter",
		"Answers given up because they took longer than the limit"}},
  gauge_texts[GAUGES] = {[GAUGE_CONNECTIONS] = {"connections", "gauge", "Connections now"},
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
	  [GAUGE_CHANGED_AT] = {NULL, NULL, NULL}};

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

void metrics_add(struct metrics *m, enum counter c)
{
	add(&m->counters[c], 1);
}

void metrics_set(struct metrics *m, enum gauge g, int64_t value)
{
	atomic_store_explicit(&m->gauges[g], value, memory_order_relaxed);
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

static void write_head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_add_format(
		out, "# HELP rinkside_%s %s.\n# TYPE rinkside_%s %s\n", name, help, name, type);
}

static void write_requests(const struct metrics *m, struct buf *out)
{
	write_head(out, "http_requests_total", "counter", "Requests answered, by route and status");
	for (size_t i = 0; i <= MAX_ROUTES; i++)
		for (size_t s = 0; s <= STATUSES; s++) {
			struct str route = i < route_count ? routes[i].pattern : STR("none");
			long long n = get(&m->by_status[i][s]);
			if (!n)
				continue;
			buf_add_format(out, "rinkside_http_requests_total{route=\"%.*s\",status=\"",
				STR_ARG(route));
			if (s < STATUSES)
				buf_add_i64(out, statuses[s]);
			else
				buf_add(out, STR("other"));
			buf_add_format(out, "\"} %lld\n", n);
		}
}

static void write_times(const struct metrics *m, struct buf *out)
{
	static const char name[] = "http_request_duration_seconds";
	long long sum = 0;
	write_head(out, name, "histogram", "From the whole head to the answer");
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
	for (size_t i = 0; i < COUNTERS; i++) {
		write_head(
			out, counter_texts[i].name, counter_texts[i].type, counter_texts[i].help);
		buf_add_format(
			out, "rinkside_%s %lld\n", counter_texts[i].name, get(&m->counters[i]));
	}
	for (size_t i = 0; i < GAUGES; i++) {
		if (!gauge_texts[i].name)
			continue;
		write_head(out, gauge_texts[i].name, gauge_texts[i].type, gauge_texts[i].help);
		buf_add_format(out, "rinkside_%s %lld\n", gauge_texts[i].name, get(&m->gauges[i]));
	}
	long long changed_at = get(&m->gauges[GAUGE_CHANGED_AT]);
	if (!changed_at)
		return;
	write_head(
		out, "database_change_age_seconds", "gauge", "Since the last commit was heard of");
	buf_add_format(out, "rinkside_database_change_age_seconds %.3f\n",
		(double)(time_now_ms() - changed_at) / 1000);
}
