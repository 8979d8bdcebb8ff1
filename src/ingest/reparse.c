#include "ingest/reparse.h"

#include "base/log.h"

#include <inttypes.h>

struct reparse {
	struct store *store;
	struct game game; /* as stored; known 0: not there */
	struct arena body;
	void (*on_put)(int64_t game_id, const struct put_result *put);
	struct reparse_report *report;
};

/* Nothing that is stored would give way to it. */
static bool is_passed(const struct reparse *r, const struct store_body *b)
{
	const struct game *g = &r->game;
	return KNOWS(g, GAME, order_time) && b->order_time < g->order_time &&
	       KNOWS(g, GAME, events_time) && b->order_time < g->events_time;
}

static bool is_what_is_stored(const struct reparse *r, const struct store_body *b)
{
	return b->order_time == r->game.order_time && b->order_arrival == r->game.order_arrival;
}

static bool lists_games(enum body_kind kind)
{
	return kind == BODY_SCHEDULE || kind == BODY_SCORE || kind == BODY_LEGACY_SCHEDULE;
}

static void count(struct reparse *r, const struct ingest_report *report)
{
	const struct put_result *put = &report->put;
	bool is_quarantined = report->game_id && put->outcome == PUT_QUARANTINED;
	bool is_put = report->game_id && put->outcome == PUT_STORED;
	r->report->refused += is_quarantined;
	r->report->changed += is_put || (lists_games(report->kind) && report->changed);
	if (is_put)
		r->on_put(report->game_id, put);
}

/* What is not understood is no failure, but for the one that has been. */
static bool take_body(struct reparse *r, const struct store_body *b, struct err *err)
{
	struct ingest_report report = {0};
	struct source_reply reply = {.status = 200,
		.order_time = b->order_time,
		.arrival_ms = b->order_arrival,
		.observed_at = b->observed_at,
		.max_age_s = -1};
	arena_reset(&r->body);
	if (!store_read_body(r->store, b->body_id, &r->body, &reply.body, err))
		return false;
	if (ingest_body(r->store, &reply, &r->body, &report, err)) {
		count(r, &report);
		return true;
	}
	if (err->kind != ERR_DECODE || is_what_is_stored(r, b))
		return err_wrap(err, "body %" PRId64, b->body_id);
	r->report->refused++;
	log_debug("body %" PRId64 ": %s", b->body_id, err->text);
	return true;
}

bool reparse_game(struct store *store, int64_t game_id,
	void (*on_put)(int64_t game_id, const struct put_result *put),
	struct reparse_report *report, struct err *err)
{
	struct reparse r = {.store = store, .on_put = on_put, .report = report};
	struct arena keep = arena_reserve(64 << 20);
	struct store_body *bodies = NULL;
	size_t body_count = 0;
	bool is_found, ok = true;
	struct err late;
	r.body = arena_reserve(INGEST_ARENA);
	store_replay(store);
	ok = store_get_game(store, game_id, &keep, &r.game, &is_found, err) &&
	     store_get_bodies(store, game_id, &keep, &bodies, &body_count, err);
	if (ok && !is_found)
		r.game = (struct game){0};
	for (size_t i = 0; (ok || err->kind == ERR_DECODE) && i < body_count; i++) {
		report->bodies++;
		if (is_passed(&r, &bodies[i]) || take_body(&r, &bodies[i], &late))
			continue;
		ok = false;
		*err = late;
	}
	report->games += game_id && body_count;
	arena_release(&r.body);
	arena_release(&keep);
	return ok;
}
