#include "monitor/crew.h"

#include "base/log.h"
#include "base/time.h"
#include "monitor/runner.h"
#include "monitor/taken.h"
#include "store/due.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	MAX_TAKEN = 64,
	LOOK_MS = 1000,       /* others may have planned anew */
	AWAY_FIRST_MS = 1000, /* until a database that is away is tried again; doubled each time, */
	AWAY_MOST_MS = 16000, /* to this */
	ROW_ARENA = 1 << 20,
};

struct crew {
	uv_loop_t *loop;
	struct monitor_settings settings;
	struct plan plan;
	void (*on_over)(void *context);
	void *context;
	struct store *store; /* NULL while the database is away */
	int64_t away_ms;     /* how long it is left alone after its next failure; 0: not at all */
	int64_t try_at;      /* until when it is left alone then, by the monotonic clock */
	struct runner *runner;
	struct arena row;
	char owner[64];
	uv_timer_t timer;
	bool is_stopping, is_finishing;
};

int crew_exit_code(const struct crew *c)
{
	return runner_exit_code(c->runner);
}

/* ---- the database ---- */

/* Anything between half of it and all, so that many workers do not come back together. */
static int64_t with_jitter(int64_t ms)
{
	uint32_t chance = 0;
	uv_random(NULL, NULL, &chance, sizeof(chance), 0, NULL);
	return ms / 2 + chance % (ms / 2 + 1);
}

/* The first time at once: often the connection alone was cut, and a game waits to be given back. */
static int64_t wait_after_failure(struct crew *c)
{
	int64_t wait = c->away_ms, twice = 2 * wait;
	c->away_ms = !wait ? AWAY_FIRST_MS : twice < AWAY_MOST_MS ? twice : AWAY_MOST_MS;
	return wait ? with_jitter(wait) : 0;
}

static bool store_failed(struct crew *c, const struct err *err)
{
	int64_t wait = wait_after_failure(c);
	c->try_at = time_monotonic_ms() + wait;
	log_error("%s; tried again %s%s", err->text, wait ? "in " : "at once",
		wait ? time_format_duration(wait).text : "");
	store_close(c->store);
	c->store = NULL;
	return false;
}

/* False without a word while the time to try again has not come. */
static bool find_store(struct crew *c)
{
	struct err err;
	if (!c->store && time_monotonic_ms() < c->try_at)
		return false;
	if (!c->store)
		c->store = store_open(c->settings.db, STORE_WRITE, &err);
	return c->store || store_failed(c, &err);
}

/* ---- an ingest that is over ---- */

static bool give_back(struct crew *c, int64_t game_id, const struct err *failure)
{
	const struct taken taken = {c->plan, str_from(c->owner), c->settings.lease_ms};
	struct err err;
	int64_t ignored;
	arena_reset(&c->row);
	return find_store(c) &&
	       (taken_give_back(c->store, &taken, game_id, failure, c->row, &ignored, &err) ||
		       store_failed(c, &err));
}

static void on_done(void *context, int64_t game_id, const struct err *err)
{
	struct crew *c = context;
	if (!give_back(c, game_id, err))
		log_warning("game %" PRId64 ": it stays taken until its lease ends", game_id);
	crew_look(c);
}

/* ---- taking ---- */

static void on_timer_closed(uv_handle_t *h)
{
	struct crew *c = h->data;
	c->on_over(c->context);
}

static void end_if_over(struct crew *c, bool nothing_is_due)
{
	bool is_last = c->is_stopping || (c->is_finishing && nothing_is_due);
	if (is_last && runner_is_idle(c->runner) && !uv_is_closing((uv_handle_t *)&c->timer))
		uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

static void on_idle(void *context)
{
	crew_look(context);
}

/* How many were taken, or -1: the database is away. */
static int take(struct crew *c, int64_t now)
{
	int64_t ids[MAX_TAKEN];
	size_t count = 0, room = runner_room(c->runner);
	struct err err;
	if (!room)
		return 0;
	if (!find_store(c))
		return -1;
	if (!store_take_due(c->store, now, c->settings.lease_ms, str_from(c->owner),
		    room < MAX_TAKEN ? room : MAX_TAKEN, ids, &count, &err)) {
		store_failed(c, &err);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		runner_add(c->runner, ids[i]);
	return (int)count;
}

/* Asked first, since reading disturbs nobody who writes. */
static bool find_next(struct crew *c, int64_t now, int64_t *out)
{
	struct err err;
	if (!find_store(c))
		return false;
	if (!store_next_due(c->store, now, out, &err))
		return store_failed(c, &err);
	c->away_ms = 0;
	return true;
}

static void on_timer(uv_timer_t *t)
{
	crew_look(t->data);
}

static void wait_until(struct crew *c, int64_t at)
{
	int64_t wait = c->store ? time_until_ms(at) : c->try_at - time_monotonic_ms();
	uv_update_time(c->loop);
	if (!uv_is_closing((uv_handle_t *)&c->timer))
		uv_timer_start(&c->timer, on_timer, wait > 0 ? (uint64_t)wait : 0, 0);
}

void crew_look(struct crew *c)
{
	int64_t now = time_now_ms(), next = now + LOOK_MS;
	int taken = 0;
	if (c->is_stopping) {
		end_if_over(c, true);
		return;
	}
	bool is_there = find_next(c, now, &next);
	if (is_there && next <= now)
		taken = take(c, now);
	end_if_over(c, is_there && next > now && !taken);
	if (taken > 0)
		find_next(c, now, &next);
	if (next <= now || next > now + LOOK_MS) /* no room: a place that gets free looks again */
		next = now + LOOK_MS;
	wait_until(c, next);
}

void crew_finish(struct crew *c)
{
	c->is_finishing = true;
	crew_look(c);
}

/* ---- opening and closing ---- */

struct crew *crew_open(uv_loop_t *loop, const struct monitor_settings *s,
	void (*on_over)(void *context), void *context, struct err *err)
{
	struct crew *c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	*c = (struct crew){.loop = loop,
		.settings = *s,
		.on_over = on_over,
		.context = context,
		.plan = {(enum policy)s->policy, s->every_ms, s->speed}};
	c->row = arena_reserve(ROW_ARENA);
	taken_name_owner(c->owner);
	if (store_open_or_wait(s->db, !s->once, &c->store, err))
		c->runner = runner_open(
			loop, &c->settings, &(struct runner_calls){on_idle, on_done, c}, err);
	if (!c->runner) {
		crew_close(c);
		return NULL;
	}
	c->timer.data = c;
	uv_timer_init(loop, &c->timer);
	uv_timer_start(&c->timer, on_timer, 0, 0);
	return c;
}

void crew_stop(struct crew *c)
{
	c->is_stopping = true;
	runner_stop(c->runner);
	crew_look(c);
}

void crew_close(struct crew *c)
{
	if (!c)
		return;
	runner_close(c->runner);
	store_close(c->store);
	arena_release(&c->row);
	free(c);
}
