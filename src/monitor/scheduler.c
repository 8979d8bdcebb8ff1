#include "monitor/scheduler.h"

#include "base/log.h"
#include "base/time.h"
#include "decode/decode.h"
#include "ingest/ingest.h"
#include "plan/plan.h"
#include "store/due.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	REPLY_ARENA = 256 << 20, /* addresses: the largest bodies and what is decoded of them */
	PLAN_ARENA = 64 << 20,
	DAYS_BACK = 8, /* ended games are asked for a week */
	DAYS_AHEAD = 7,
	BOARDS = 3, /* yesterday, today, tomorrow */
	LOOKS = BOARDS + 1,
	WEEK = BOARDS,
	AWAKE_MS = 1000, /* between two looks at the rows while something is on; else: */
	ASLEEP_MS = 60000,
};

/* One look: asked on the pool, stored on the loop. */
struct sight {
	bool is_due, ok;
	int32_t day;
	struct source_reply reply;
	struct schedule schedule;
	struct err err;
};

struct scheduler {
	uv_loop_t *loop;
	struct monitor_settings settings;
	struct plan plan;
	struct scheduler_calls calls;
	struct manners *manners;
	struct source *source;
	struct store *store; /* NULL while the database is away */
	struct arena reply, planning;
	uv_timer_t timer;
	uv_work_t work;
	struct sight sights[LOOKS];
	struct look looks[LOOKS];
	int32_t days[BOARDS];
	bool is_working, is_stopping, has_looked;
	int exit_code;
};

int scheduler_exit_code(const struct scheduler *s)
{
	return s->exit_code;
}

/* ---- rows ---- */

struct rows {
	struct game *games;
	size_t count;
};

static bool store_failed(struct scheduler *s, const struct err *err)
{
	log_error("%s; tried again soon", err->text);
	s->exit_code = err_exit_code(err->kind);
	store_close(s->store);
	s->store = NULL;
	return false;
}

static bool find_store(struct scheduler *s)
{
	struct err err;
	if (!s->store)
		s->store = store_open(s->settings.db, STORE_WRITE, &err);
	return s->store || store_failed(s, &err);
}

static bool read_rows(struct scheduler *s, int64_t now, struct rows *out)
{
	struct err err;
	int32_t today = eastern_day(now);
	*out = (struct rows){0};
	arena_reset(&s->planning);
	return find_store(s) && (store_get_games(s->store, today - DAYS_BACK, today + DAYS_AHEAD,
					 &s->planning, &out->games, &out->count, &err) ||
					store_failed(s, &err));
}

/* ---- when to look ---- */

/* Each day has its place for as long as it is near. */
static void turn_days(struct scheduler *s, int64_t now)
{
	int32_t today = eastern_day(now);
	for (int32_t day = today - 1; day <= today + 1; day++)
		if (s->days[day % BOARDS] != day) {
			s->days[day % BOARDS] = day;
			s->looks[day % BOARDS] = (struct look){0};
		}
}

/* Without the week the boards of three days tell who is on. */
static int64_t next_look(const struct scheduler *s, const struct rows *rows, int i, int64_t now)
{
	const struct look *week = &s->looks[WEEK], *look = &s->looks[i];
	if (i == WEEK)
		return plan_week(&s->plan, week, now);
	if (week->failures && (!look->at_ms || look->failures))
		return plan_week(&s->plan, look, now);
	return plan_board(&s->plan, rows->games, rows->count, s->days[i], look, now);
}

static bool anything_is_on(const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (plan_is_live(&rows->games[i]))
			return true;
	return false;
}

/* Marks the looks that are due; when to come back if none is. */
static bool find_due(struct scheduler *s, const struct rows *rows, int64_t now, int64_t *out_next)
{
	bool any = false;
	*out_next = now + (anything_is_on(rows) ? AWAKE_MS : ASLEEP_MS);
	for (int i = 0; i < LOOKS; i++) {
		int64_t next = next_look(s, rows, i, now);
		s->sights[i] = (struct sight){.is_due = next <= now,
			.day = i == WEEK ? eastern_day(now) - 1 : s->days[i]};
		any |= s->sights[i].is_due;
		*out_next = next < *out_next ? next : *out_next;
	}
	return any;
}

/* ---- looking; on the pool ---- */

static struct source_request request_of(const struct scheduler *s, const struct sight *sight)
{
	bool is_week = sight == &s->sights[WEEK];
	return (struct source_request){
		.endpoint = is_week ? ENDPOINT_SCHEDULE : ENDPOINT_SCORE, .day = sight->day};
}

static void look(struct scheduler *s, int i)
{
	struct sight *sight = &s->sights[i];
	struct source_request q = request_of(s, sight);
	sight->ok = source_fetch(s->source, &q, &s->reply, &sight->reply, &sight->err) &&
		    decode_schedule(sight->reply.body, &s->reply, &sight->schedule, &sight->err);
}

static void look_at_all(uv_work_t *w)
{
	struct scheduler *s = w->data;
	arena_reset(&s->reply);
	for (int i = 0; i < LOOKS; i++)
		if (s->sights[i].is_due)
			look(s, i);
}

/* ---- what was seen; on the loop ---- */

static bool put_sight(struct scheduler *s, const struct sight *sight)
{
	struct err err;
	size_t ignored;
	struct source_request q = request_of(s, sight);
	if (!sight->ok) {
		log_error("%s", sight->err.text);
		s->exit_code = err_exit_code(sight->err.kind);
	}
	if (!find_store(s))
		return false;
	ingest_note(s->store, &q, &sight->reply);
	if (!sight->ok)
		return store_flush(s->store, &err) ? false : store_failed(s, &err);
	return (store_put_schedule(s->store, sight->schedule.games, sight->schedule.count,
			sight->reply.order_time, sight->reply.observed_at, &ignored, &err) ||
		store_failed(s, &err));
}

static void note_look(struct look *look, const struct source_reply *reply, bool ok, int64_t now)
{
	look->at_ms = ok ? reply->arrival_ms : now;
	look->failures = ok ? 0 : look->failures + 1;
	look->expires_ms = ok && reply->max_age_s >= 0
				   ? reply->arrival_ms + (reply->max_age_s - reply->age_s) * 1000
				   : 0;
}

/* Live games that a board stands in for carry its time; see plan_is_probe. */
static void mark_probed(struct scheduler *s, struct rows *rows, const struct sight *sight)
{
	bool is_probe = plan_is_probe(&s->plan, rows->games, rows->count, sight->day);
	for (size_t i = 0; i < rows->count; i++) {
		struct game *g = &rows->games[i];
		if (g->game_date != sight->day || !plan_is_live(g))
			continue;
		g->known &= ~((uint64_t)1 << GAME_board_at);
		g->board_at = 0;
		if (is_probe)
			SET(g, GAME, board_at, sight->reply.arrival_ms);
	}
}

static bool differs(const struct game *g, int64_t next, int64_t now)
{
	if (!KNOWS(g, GAME, next_poll_at))
		return next != PLAN_NEVER;
	bool both_due = next <= now && g->next_poll_at <= now;
	int64_t by = next > g->next_poll_at ? next - g->next_poll_at : g->next_poll_at - next;
	return next == PLAN_NEVER || (by > 1 && !both_due);
}

static bool plan_row(struct scheduler *s, const struct game *g, int64_t now, bool is_marked)
{
	struct err err;
	int64_t next = plan_due(&s->plan, g, now);
	if (!is_marked && !differs(g, next, now))
		return true;
	return store_put_due(s->store, g, next, now, &err) || store_failed(s, &err);
}

static void plan_rows(struct scheduler *s)
{
	struct rows rows;
	int64_t now = time_now_ms();
	if (!read_rows(s, now, &rows))
		return;
	int64_t *before = ARENA_NEW(&s->planning, int64_t, rows.count + 1);
	for (size_t i = 0; i < rows.count; i++)
		before[i] = rows.games[i].board_at;
	for (int i = 0; i < BOARDS; i++)
		if (s->sights[i].is_due && s->sights[i].ok)
			mark_probed(s, &rows, &s->sights[i]);
	for (size_t i = 0; i < rows.count; i++)
		if (!plan_row(s, &rows.games[i], now, before[i] != rows.games[i].board_at))
			return;
	if (s->calls.on_planned)
		s->calls.on_planned(s->calls.context);
}

/* ---- time ---- */

static void on_timer_closed(uv_handle_t *h)
{
	struct scheduler *s = h->data;
	s->calls.on_over(s->calls.context);
}

static void end_if_over(struct scheduler *s)
{
	bool is_last = s->is_stopping || (s->settings.once && s->has_looked);
	if (is_last && !s->is_working && !uv_is_closing((uv_handle_t *)&s->timer))
		uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

static void on_timer(uv_timer_t *t);

static void wait_until(struct scheduler *s, int64_t at)
{
	uv_update_time(s->loop);
	if (!uv_is_closing((uv_handle_t *)&s->timer))
		uv_timer_start(&s->timer, on_timer, (uint64_t)time_until_ms(at), 0);
}

static void after_looking(uv_work_t *w, int status)
{
	struct scheduler *s = w->data;
	(void)status;
	s->is_working = false;
	s->exit_code = 0;
	for (int i = 0; i < LOOKS && !s->is_stopping; i++) {
		struct sight *sight = &s->sights[i];
		if (!sight->is_due)
			continue;
		bool ok = put_sight(s, sight);
		note_look(&s->looks[i], &sight->reply, ok, time_now_ms());
	}
	if (!s->is_stopping)
		plan_rows(s);
	s->has_looked = true;
	end_if_over(s);
	wait_until(s, time_now_ms());
}

static void on_timer(uv_timer_t *t)
{
	struct scheduler *s = t->data;
	struct rows rows;
	int64_t now = time_now_ms(), next;
	if (s->is_working)
		return;
	turn_days(s, now);
	read_rows(s, now, &rows);
	if (!find_due(s, &rows, now, &next)) {
		wait_until(s, next);
		return;
	}
	s->is_working = true;
	s->work.data = s;
	uv_queue_work(s->loop, &s->work, look_at_all, after_looking);
}

/* ---- opening and closing ---- */

struct scheduler *scheduler_open(uv_loop_t *loop, const struct monitor_settings *settings,
	const struct scheduler_calls *calls, struct err *err)
{
	struct scheduler *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	*s = (struct scheduler){.loop = loop,
		.settings = *settings,
		.calls = *calls,
		.plan = {(enum policy)settings->policy, settings->every_ms, settings->speed}};
	s->reply = arena_reserve(REPLY_ARENA);
	s->planning = arena_reserve(PLAN_ARENA);
	s->manners = manners_new(&s->settings.source);
	s->source = source_open(&s->settings.source, s->manners, err);
	if (!s->source || !store_open_or_wait(settings->db, !settings->once, &s->store, err)) {
		scheduler_close(s);
		return NULL;
	}
	s->timer.data = s;
	uv_timer_init(loop, &s->timer);
	uv_timer_start(&s->timer, on_timer, 0, 0);
	return s;
}

void scheduler_stop(struct scheduler *s)
{
	s->is_stopping = true;
	manners_stop(s->manners);
	end_if_over(s);
}

void scheduler_close(struct scheduler *s)
{
	if (!s)
		return;
	store_close(s->store);
	source_close(s->source);
	manners_free(s->manners);
	arena_release(&s->reply);
	arena_release(&s->planning);
	free(s);
}
