#include "store/changes.h"

#include "base/time.h"
#include "store/rows.h"

bool commit_begin(struct commit *c, struct store *s, int64_t observed_at, struct err *err)
{
	return commit_begin_game(c, s, 0, observed_at, err);
}

bool commit_begin_game(
	struct commit *c, struct store *s, int64_t game_id, int64_t observed_at, struct err *err)
{
	arena_reset(&s->scratch);
	*c = (struct commit){.store = s,
		.keep = &s->scratch,
		.observed_at = observed_at ? observed_at : time_now_ms()};
	return sql_begin(s, game_id, err);
}

bool commit_end(struct commit *c, bool ok, struct err *err)
{
	if (ok && sql_commit(c->store, err))
		return true;
	sql_rollback(c->store);
	return false;
}

bool commit_take_revision(struct commit *c, struct err *err)
{
	struct sql q;
	if (c->revision)
		return true;
	if (!sql_prepare(c->store,
		    "UPDATE revisions SET revision = revision + 1 RETURNING revision", &q, err))
		return false;
	if (sql_step(&q, err) != STEP_ROW)
		return false;
	c->revision = sql_i64(&q);
	sql_reset(&q);
	return true;
}

#define BIT(prefix, member) ((uint64_t)1 << prefix##_##member)

uint64_t change_content(const struct table *t)
{
	uint64_t content = 0;
	for (size_t i = 0; i < t->count; i++)
		if (!t->columns[i].hidden)
			content |= (uint64_t)1 << i;
	if (t == &stat_table)
		return content & ~(BIT(STAT, revision) | BIT(STAT, observed_at));
	return content & ~(BIT(GAME, revision) | BIT(GAME, observed_at) | BIT(GAME, last_poll_at) |
				 BIT(GAME, next_poll_at) | BIT(GAME, last_error));
}

bool commit_record(struct commit *c, const struct change *change, struct err *err)
{
	const struct table *t = change->table;
	const void *old = change->old, *new = change->new;
	bool is_line = t == &stat_table;
	struct sql q;
	if (!sql_prepare(c->store,
		    is_line ? "INSERT INTO stat_changes (revision, game_id, kind, before, after, "
			      "phase, observed_at, "
			      "player_id, correction) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
			    : "INSERT INTO game_changes (revision, game_id, kind, before, after, "
			      "phase, observed_at) "
			      "VALUES (?, ?, ?, ?, ?, ?, ?)",
		    &q, err))
		return false;
	struct buf before, after;
	buf_init(&before, 1 << 16);
	buf_init(&after, 1 << 16);
	row_write_json(t, old ? old : new, old ? change->columns : 0, &before);
	row_write_json(t, new ? new : old, new ? change->columns : 0, &after);
	sql_bind_i64(&q, c->revision);
	sql_bind_i64(&q, change->game_id);
	sql_bind_text(&q, !old ? STR("insert") : new ? STR("update") : STR("delete"));
	sql_bind_text(&q, buf_str(&before));
	sql_bind_text(&q, buf_str(&after));
	sql_bind_text(&q, change->phase);
	sql_bind(&q, (struct value){.known = true, .type = COLUMN_TIME, .integer = c->observed_at});
	if (is_line) {
		sql_bind_i64(&q, change->player_id);
		sql_bind(&q, (struct value){.known = true,
				     .type = COLUMN_BOOL,
				     .integer = change->is_correction});
	}
	bool ok = sql_exec(&q, err);
	buf_clear(&before);
	buf_clear(&after);
	return ok;
}
