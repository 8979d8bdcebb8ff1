#include "lambda/events.h"

#include "base/log.h"
#include "base/time.h"
#include "store/due.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	EARLY_MS = 1000,       /* a queue's clock and ours may differ by that much */
	LEASE_MS = 60000,      /* of an event without a deadline */
	LEASE_AFTER_MS = 2000, /* its deadline, else */
};

/* ---- the queue ---- */

/*
 * Puts the game back into the queue, to come out when it is due. What is due later than a queue
 * holds it is left to a later look at the schedule, as is what gets lost.
 */
static bool send_follow(struct function *f, int64_t game_id, int64_t next, struct err *err)
{
	char message[80];
	int64_t wait_s = next == PLAN_NEVER ? INT64_MAX : (time_until_ms(next) + 999) / 1000;
	if (!f->queue || wait_s > QUEUE_MAX_DELAY_S)
		return true;
	snprintf(message, sizeof(message), "{\"command\":\"follow\",\"game_id\":%" PRId64 "}",
		game_id);
	int64_t left = function_time_left_ms(f);
	return queue_send(f->queue, str_from(message), wait_s, left > 0 ? left : 1, err) ||
	       err_wrap(err, "game %" PRId64 ": its message for the next time", game_id);
}

/* ---- one that is taken ---- */

static struct taken taken_until_deadline(const struct function *f)
{
	int64_t lease = f->deadline_ms ? function_time_left_ms(f) + LEASE_AFTER_MS : LEASE_MS;
	if (lease < LEASE_AFTER_MS)
		lease = LEASE_AFTER_MS;
	if (lease > STORE_LEASE_MAX_MS)
		lease = STORE_LEASE_MAX_MS;
	return (struct taken){f->plan, str_from(f->owner), lease};
}

/* Ingests it, and says when it is due again. An ingest that fails is planned for like any other. */
static bool ingest_taken(struct function *f, const struct taken *t, int64_t game_id,
	struct tally *tally, int64_t *out_next, struct err *err)
{
	struct put_result put;
	struct err failure = {0};
	bool ok = function_ingest(f, game_id, &put, &failure);
	if (!ok)
		log_error("%s", failure.text);
	tally->ingested += ok;
	tally->failed += !ok;
	return function_find_store(f, err) &&
	       (taken_give_back(
			f->store, t, game_id, ok ? NULL : &failure, f->game, out_next, err) ||
		       function_store_failed(f));
}

/*
 * A game that follows its own rhythm: taken if it is due and nobody has it, ingested, put back into
 * the queue. So a message that comes twice, or beside another about the same game, ends there.
 */
bool run_follow(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	const struct taken taken = taken_until_deadline(f);
	struct tally tally = {0};
	int64_t game_id, next = PLAN_NEVER;
	bool is_taken;
	if (!event_game_id(event, "follow", &game_id, err) || !function_find_store(f, err))
		return false;
	if (!store_take_game(f->store, game_id, time_now_ms() + EARLY_MS, taken.lease_ms,
		    taken.owner, &is_taken, err))
		return function_store_failed(f);
	if (is_taken && (!ingest_taken(f, &taken, game_id, &tally, &next, err) ||
				!send_follow(f, game_id, next, err)))
		return err_wrap(err, "follow");
	return answer_tally(f, &tally, next, out);
}

/* What was due when the event came, a game at a time, beside any number of others. */
bool run_worker(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	const int64_t begun = time_now_ms();
	struct tally tally = {.ticks = 1};
	int64_t next = PLAN_NEVER, game_id, ignored;
	size_t count = 1;
	(void)event;
	while (count && function_time_left_ms(f) > 0) {
		const struct taken taken = taken_until_deadline(f);
		if (!function_find_store(f, err))
			return err_wrap(err, "worker");
		if (!store_take_due(
			    f->store, begun, taken.lease_ms, taken.owner, 1, &game_id, &count, err))
			return function_store_failed(f);
		if (count && !ingest_taken(f, &taken, game_id, &tally, &ignored, err))
			return err_wrap(err, "worker");
	}
	return store_next_due(f->store, time_now_ms(), &next, err)
		       ? answer_tally(f, &tally, next, out)
		       : function_store_failed(f);
}

/* ---- the schedule ---- */

static bool find_looks(struct function *f, struct err *err)
{
	const struct looks_settings settings = {
		.db = f->settings.db, .source = &f->settings.source, .plan = f->plan};
	if (!f->looks)
		f->looks = looks_open(&settings, false, err);
	return f->looks != NULL;
}

/* What is worth a look now, and what that makes worth one; what was not to be had is in *failure. */
static bool look(struct function *f, struct err *failure, struct err *err)
{
	int64_t ignored;
	if (!find_looks(f, err))
		return false;
	while (looks_are_due(f->looks, time_now_ms(), &ignored)) {
		if (!function_begin_fetches(f, LOOKS_MOST, err))
			return false;
		looks_ask(f->looks);
		if (function_time_left_ms(f) <= 0)
			return err_set(err, ERR_NETWORK,
				"the function's deadline came before it was stored; nothing was "
				"changed");
		looks_put(f->looks);
		if (looks_failure(f->looks)->kind != ERR_NONE)
			*failure = *looks_failure(f->looks);
	}
	return true;
}

/* The games that are due and in nobody's hands, into *j, and into the queue. */
static bool send_due(struct function *f, struct json *j, int64_t *out_next, struct err *err)
{
	int64_t now = time_now_ms();
	int32_t today = eastern_day(now);
	struct game *games;
	size_t count;
	*out_next = PLAN_NEVER;
	if (!function_find_store(f, err))
		return false;
	if (!store_get_games(
		    f->store, today - PLAN_DAYS_BACK, today + 1, &f->keep, &games, &count, err))
		return function_store_failed(f);
	for (size_t i = 0; i < count; i++) {
		const struct game *g = &games[i];
		bool is_taken = KNOWS(g, GAME, lease_until) && g->lease_until > now;
		if (!KNOWS(g, GAME, next_poll_at) || is_taken)
			continue;
		if (g->next_poll_at < *out_next)
			*out_next = g->next_poll_at;
		if (g->next_poll_at > now)
			continue;
		json_i64(j, g->game_id);
		if (!send_follow(f, g->game_id, now, err))
			return false;
	}
	return true;
}

bool run_schedule(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	struct json j = json_begin(out);
	struct err failure = {0};
	int64_t next;
	(void)event;
	if (!look(f, &failure, err))
		return err_wrap(err, "schedule");
	json_open(&j, '{');
	json_key(&j, STR("due"));
	json_open(&j, '[');
	if (!send_due(f, &j, &next, err))
		return err_wrap(err, "schedule");
	json_close(&j, ']');
	answer_next(f, &j, next);
	json_close(&j, '}');
	*err = failure; /* what is due was told all the same */
	return failure.kind == ERR_NONE || err_wrap(err, "schedule");
}
