#include "store/due.h"

#include "store/sql.h"

#include <stdio.h>

static struct value instant(int64_t ms)
{
	return (struct value){.known = true, .type = COLUMN_TIME, .integer = ms};
}

static struct value instant_or_null(int64_t ms)
{
	struct value v = instant(ms);
	v.known = ms != INT64_MAX;
	return v;
}

/* Taken by nobody: no lease, one that is over, or one longer than any may be (the clock was set
 * back). */
#define IS_FREE "(lease_until IS NULL OR lease_until <= ? OR lease_until > ?)"

static void bind_free(struct sql *q, int64_t now)
{
	sql_bind(q, instant(now));
	sql_bind(q, instant(now + STORE_LEASE_MAX_MS));
}

bool store_take_due(struct store *s, int64_t now_ms, int64_t lease_ms, struct str owner, size_t max,
	int64_t *out, size_t *out_count, struct err *err)
{
	char text[512];
	struct sql q;
	size_t n = 0;
	enum step step;
	snprintf(text, sizeof(text),
		/* Materialized: run once, or rows that are locked already would be passed over. */
		"WITH due AS MATERIALIZED (SELECT game_id FROM games WHERE next_poll_at <= ? "
		"AND " IS_FREE " ORDER BY next_poll_at, game_id LIMIT ?%s) "
		"UPDATE games SET lease_until = ?, lease_owner = ? WHERE game_id IN "
		"(SELECT game_id FROM due) RETURNING game_id",
		s->backend->skip_locked);
	if (!sql_prepare(s, text, &q, err))
		return false;
	sql_bind(&q, instant(now_ms));
	bind_free(&q, now_ms);
	sql_bind_i64(&q, (int64_t)max);
	sql_bind(&q, instant(now_ms + lease_ms));
	sql_bind_text(&q, owner);
	while ((step = sql_step(&q, err)) == STEP_ROW)
		if (n < max)
			out[n++] = sql_i64(&q);
	sql_reset(&q);
	*out_count = n;
	return step == STEP_DONE;
}

bool store_take_game(struct store *s, int64_t game_id, int64_t now_ms, int64_t lease_ms,
	struct str owner, bool *out_taken, struct err *err)
{
	struct sql q;
	enum step step;
	if (!sql_prepare(s,
		    "UPDATE games SET lease_until = ?, lease_owner = ? WHERE game_id = ? "
		    "AND next_poll_at <= ? AND " IS_FREE " RETURNING game_id",
		    &q, err))
		return false;
	sql_bind(&q, instant(now_ms + lease_ms));
	sql_bind_text(&q, owner);
	sql_bind_i64(&q, game_id);
	sql_bind(&q, instant(now_ms));
	bind_free(&q, now_ms);
	*out_taken = false;
	while ((step = sql_step(&q, err)) == STEP_ROW)
		*out_taken = true;
	sql_reset(&q);
	return step == STEP_DONE;
}

bool store_next_due(struct store *s, int64_t now_ms, int64_t *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s,
		    "SELECT min(next_poll_at) FROM games WHERE next_poll_at IS NOT NULL "
		    "AND " IS_FREE,
		    &q, err))
		return false;
	bind_free(&q, now_ms);
	enum step step = sql_step(&q, err);
	if (step == STEP_ROW) {
		struct value v = sql_value(&q, COLUMN_TIME);
		*out = v.known ? v.integer : INT64_MAX;
	}
	sql_reset(&q);
	return step == STEP_ROW;
}

bool store_give_back(
	struct store *s, const struct game *g, struct str owner, int64_t next_ms, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s,
		    "UPDATE games SET next_poll_at = ?, last_poll_at = ?, last_error = ?, "
		    "lease_until = "
		    "NULL, lease_owner = NULL WHERE game_id = ? AND lease_owner = ?",
		    &q, err))
		return false;
	sql_bind(&q, instant_or_null(next_ms));
	sql_bind(&q, record_get(&game_table, g, GAME_last_poll_at));
	sql_bind(&q, record_get(&game_table, g, GAME_last_error));
	sql_bind_i64(&q, g->game_id);
	sql_bind_text(&q, owner);
	return sql_exec(&q, err);
}

bool store_put_due(
	struct store *s, const struct game *g, int64_t next_ms, int64_t now_ms, struct err *err)
{
	struct sql q;
	struct value polled = record_get(&game_table, g, GAME_last_poll_at);
	polled.known = true; /* unknown: its zero stands for none */
	if (!sql_prepare(s,
		    "UPDATE games SET next_poll_at = ?, board_at = ? WHERE game_id = ? AND "
		    "coalesce(last_poll_at, ?) = ? AND " IS_FREE,
		    &q, err))
		return false;
	sql_bind(&q, instant_or_null(next_ms));
	sql_bind(&q, record_get(&game_table, g, GAME_board_at));
	sql_bind_i64(&q, g->game_id);
	sql_bind(&q, polled);
	sql_bind(&q, polled);
	bind_free(&q, now_ms);
	return sql_exec(&q, err);
}

bool store_move_due(
	struct store *s, int64_t game_id, int64_t from_ms, int64_t to_ms, struct err *err)
{
	struct sql q;
	if (from_ms == to_ms)
		return true;
	if (!sql_prepare(s,
		    "UPDATE games SET next_poll_at = ? WHERE game_id = ? AND next_poll_at = ?", &q,
		    err))
		return false;
	sql_bind(&q, instant(to_ms));
	sql_bind_i64(&q, game_id);
	sql_bind(&q, instant(from_ms));
	return sql_exec(&q, err);
}
