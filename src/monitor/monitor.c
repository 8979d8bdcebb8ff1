#include "monitor/monitor.h"

#include "base/log.h"
#include "base/time.h"
#include "decode/decode.h"
#include "ingest/ingest.h"
#include "monitor/missed.h"
#include "monitor/runner.h"
#include "plan/plan.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	REPLY_ARENA = 256 << 20, /* addresses: the largest bodies and what is decoded of them */
	PLAN_ARENA = 64 << 20,
	MAX_GAMES = 1024,
	FETCHES = 4, /* a week, or the three days in its place */
};

/* What the upstream says of the last days, today and tomorrow: read on the pool, looked at on the loop.
 */
struct reading {
	int32_t yesterday;
	int32_t from; /* of the week that is asked: not later */
	struct game *games;
	size_t count;
	int64_t order_time, observed_at;
	struct fetched {
		struct source_request request;
		struct source_reply reply;
	} fetched[FETCHES];
	size_t fetched_count;
	bool ok;
	struct err err;
};

struct monitor {
	uv_loop_t *loop;
	struct monitor_settings settings;
	void (*on_over)(void *context);
	void *context;
	struct manners *manners;
	struct source *source; /* for the schedule */
	struct store *store;   /* NULL while the database is away */
	struct runner *runner;
	struct arena reply, planning;
	uv_timer_t timer;
	uv_work_t work;
	struct reading reading;
	bool is_ticking, is_stopping, has_ticked;
	int32_t said_missed; /* see missed_say */
	int exit_code;
};

int monitor_exit_code(const struct monitor *m)
{
	return m->exit_code ? m->exit_code : runner_exit_code(m->runner);
}

/* ---- what the upstream says; on the pool ---- */

static bool fetch(struct monitor *m, struct reading *r, const struct source_request *q,
	struct source_reply *out, struct err *err)
{
	bool ok = source_fetch(m->source, q, &m->reply, out, err);
	r->fetched[r->fetched_count++] = (struct fetched){*q, *out};
	return ok;
}

static bool read_schedule(struct monitor *m, struct reading *r)
{
	struct source_request q = {.endpoint = ENDPOINT_SCHEDULE, .day = r->from};
	struct source_reply reply;
	struct schedule schedule;
	if (!fetch(m, r, &q, &reply, &r->err) ||
		!decode_schedule(reply.body, &m->reply, &schedule, &r->err))
		return false;
	if (schedule.warning)
		log_warning("schedule: %s", schedule.warning);
	r->games = schedule.games;
	r->count = schedule.count;
	r->order_time = reply.order_time;
	r->observed_at = reply.observed_at;
	return true;
}

/* Three days one by one, when the week cannot be had. */
static bool read_scores(struct monitor *m, struct reading *r)
{
	bool any = false;
	r->games = ARENA_NEW(&m->reply, struct game, MAX_GAMES);
	r->count = 0;
	for (int32_t day = r->yesterday; day <= r->yesterday + 2; day++) {
		struct source_request q = {.endpoint = ENDPOINT_SCORE, .day = day};
		struct source_reply reply;
		struct schedule schedule;
		struct err ignored;
		if (!fetch(m, r, &q, &reply, &ignored) ||
			!decode_schedule(reply.body, &m->reply, &schedule, &ignored))
			continue;
		if (schedule.warning)
			log_warning("score: %s", schedule.warning);
		any = true;
		for (size_t i = 0; i < schedule.count && r->count < MAX_GAMES; i++)
			r->games[r->count++] = schedule.games[i];
		if (!r->order_time || reply.order_time < r->order_time) {
			r->order_time =
				reply.order_time; /* the oldest of them: it claims the least */
			r->observed_at = reply.observed_at;
		}
	}
	return any;
}

static void read_upstream(uv_work_t *w)
{
	struct monitor *m = w->data;
	arena_reset(&m->reply);
	m->reading.ok = read_schedule(m, &m->reading) || read_scores(m, &m->reading);
}

/* ---- what is due; on the loop ---- */

static bool store_failed(struct monitor *m, const struct err *err)
{
	log_error("%s; the next tick tries again", err->text);
	store_close(m->store);
	m->store = NULL;
	return false;
}

static bool find_store(struct monitor *m)
{
	struct err err;
	if (!m->store)
		m->store = store_open(m->settings.db, STORE_WRITE, &err);
	return m->store || store_failed(m, &err);
}

static const struct game *find_game(const struct game *games, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (games[i].game_id == id)
			return &games[i];
	return NULL;
}

static bool read_stored(struct monitor *m, struct game **stored, size_t *count)
{
	int32_t yesterday = m->reading.yesterday;
	struct err err;
	return store_get_games(m->store, yesterday + 1 - PLAN_DAYS_BACK, yesterday + 2,
		       &m->planning, stored, count, &err) ||
	       store_failed(m, &err);
}

/* While the database is away nobody knows of earlier days. */
static int32_t week_from(struct monitor *m, int64_t now)
{
	struct game *stored = NULL;
	size_t count = 0;
	arena_reset(&m->planning);
	if (m->store)
		read_stored(m, &stored, &count);
	missed_say(&m->said_missed, stored, count, now);
	return plan_week_from(stored, count, now);
}

/* What is stored of the last days, the reading's games put there first. False: database away. */
static bool exchange_with_store(struct monitor *m, struct game **stored, size_t *count)
{
	const struct reading *r = &m->reading;
	struct err err;
	size_t ignored;
	if (!find_store(m))
		return false;
	for (size_t i = 0; i < r->fetched_count; i++)
		ingest_note(m->store, &r->fetched[i].request, &r->fetched[i].reply);
	if (!r->ok && !store_flush(m->store, &err))
		return store_failed(m, &err);
	if (r->ok && !store_put_schedule(m->store, r->games, r->count, r->order_time,
			     r->observed_at, &ignored, &err))
		return store_failed(m, &err);
	return read_stored(m, stored, count);
}

static void add_due(struct monitor *m)
{
	static const struct game nothing;
	const struct reading *r = &m->reading;
	const struct plan plan = {.every_ms = m->settings.every_ms};
	int64_t now = time_now_ms();
	struct game *stored = NULL;
	size_t count = 0;
	arena_reset(&m->planning);
	bool has_store = exchange_with_store(m, &stored, &count);
	for (size_t i = 0; r->ok && i < r->count; i++) {
		const struct game *seen = &r->games[i],
				  *known = find_game(stored, count, seen->game_id);
		if (seen->game_date < r->from || seen->game_date > r->yesterday + 2)
			continue;
		if (plan_game(&plan, seen, has_store ? (known ? known : &nothing) : NULL, now) <=
			now)
			runner_add(m->runner, seen->game_id);
	}
	/* And those that it does not show any more, or that only the database tells of. */
	for (size_t i = 0; i < count; i++)
		if ((!r->ok || !find_game(r->games, r->count, stored[i].game_id)) &&
			plan_game(&plan, &stored[i], &stored[i], now) <= now)
			runner_add(m->runner, stored[i].game_id);
}

/* ---- ticks ---- */

static void on_timer_closed(uv_handle_t *h)
{
	struct monitor *m = h->data;
	m->on_over(m->context);
}

static void end_when_over(struct monitor *m)
{
	bool is_last = m->is_stopping || (m->settings.once && m->has_ticked);
	if (!is_last || m->is_ticking || !runner_is_idle(m->runner) ||
		uv_is_closing((uv_handle_t *)&m->timer))
		return;
	uv_close((uv_handle_t *)&m->timer, on_timer_closed);
}

static void on_idle(void *context)
{
	end_when_over(context);
}

static void after_reading(uv_work_t *w, int status)
{
	struct monitor *m = w->data;
	(void)status;
	if (!m->is_stopping) {
		if (!m->reading.ok) {
			log_error("schedule: %s", m->reading.err.text);
			m->exit_code = err_exit_code(m->reading.err.kind);
		}
		add_due(m);
	}
	m->has_ticked = true;
	m->is_ticking = false;
	end_when_over(m);
}

static void on_tick(uv_timer_t *t)
{
	struct monitor *m = t->data;
	if (m->is_ticking) {
		log_warning("the schedule takes longer than a tick");
		return;
	}
	int64_t now = time_now_ms();
	m->is_ticking = true;
	m->reading = (struct reading){.yesterday = eastern_day(now) - 1};
	m->reading.from = week_from(m, now);
	m->work.data = m;
	uv_queue_work(m->loop, &m->work, read_upstream, after_reading);
}

/* ---- opening and closing ---- */

struct monitor *monitor_open(uv_loop_t *loop, const struct monitor_settings *s,
	void (*on_over)(void *context), void *context, struct err *err)
{
	struct monitor *m = calloc(1, sizeof(*m));
	if (!m)
		abort();
	*m = (struct monitor){.loop = loop, .settings = *s, .on_over = on_over, .context = context};
	m->reply = arena_reserve(REPLY_ARENA);
	m->planning = arena_reserve(PLAN_ARENA);
	m->manners = manners_new(&s->source);
	m->source = source_open(&s->source, m->manners, err);
	if (m->source && store_open_or_wait(s->db, !s->once, &m->store, err))
		m->runner = runner_open(
			loop, s, &(struct runner_calls){.on_idle = on_idle, .context = m}, err);
	if (!m->runner) {
		monitor_close(m);
		return NULL;
	}
	m->timer.data = m;
	uv_timer_init(loop, &m->timer);
	uv_timer_start(&m->timer, on_tick, 0, s->once ? 0 : (uint64_t)s->every_ms);
	return m;
}

void monitor_stop(struct monitor *m)
{
	if (m->is_stopping)
		return;
	m->is_stopping = true;
	uv_timer_stop(&m->timer);
	manners_stop(m->manners);
	runner_stop(m->runner);
	end_when_over(m);
}

void monitor_close(struct monitor *m)
{
	if (!m)
		return;
	runner_close(m->runner);
	store_close(m->store);
	source_close(m->source);
	manners_free(m->manners);
	arena_release(&m->reply);
	arena_release(&m->planning);
	free(m);
}
