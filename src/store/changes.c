#include "store/changes.h"

#include "base/time.h"
#include "store/raw.h"
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
	if (!sql_begin(s, game_id, err)) {
		s->noted_count = 0; /* their texts do not outlive the call that noted them */
		return false;
	}
	raw_ask_noted(s);
	return true;
}

bool commit_end(struct commit *c, bool ok, struct err *err)
{
	ok = ok && raw_write_noted(c, err);
	if (ok && c->revision)
		sql_announce(c->store);
	ok = ok && sql_commit(c->store, err);
	if (!ok)
		sql_rollback(c->store);
	c->store->noted_count = 0;
	return ok;
}

bool commit_take_revision(struct commit *c, struct err *err)
{
	return c->revision || sql_take_revision(c->store, &c->revision, err);
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

#define RECORD(member, its_type)                                                                   \
	{                                                                                          \
		.name = STR_INIT(#member), .type = COLUMN_##its_type,                              \
		.offset = offsetof(struct recorded_row, member)                                    \
	}
static const struct column stat_change_columns[] = {RECORD(revision, INT), RECORD(game_id, INT),
	RECORD(player_id, INT), RECORD(kind, TEXT), RECORD(before, TEXT), RECORD(after, TEXT),
	RECORD(phase, TEXT), RECORD(observed_at, TIME), RECORD(correction, INT)};
static const struct column game_change_columns[] = {RECORD(revision, INT), RECORD(game_id, INT),
	RECORD(kind, TEXT), RECORD(before, TEXT), RECORD(after, TEXT), RECORD(phase, TEXT),
	RECORD(observed_at, TIME)};
const struct table stat_change_table = {STR_INIT("stat_changes"), stat_change_columns,
	sizeof(stat_change_columns) / sizeof(stat_change_columns[0]), 3,
	offsetof(struct recorded_row, known)};
const struct table game_change_table = {STR_INIT("game_changes"), game_change_columns,
	sizeof(game_change_columns) / sizeof(game_change_columns[0]), 2,
	offsetof(struct recorded_row, known)};

bool commit_record(struct commit *c, const struct change *change, struct err *err)
{
	const struct table *t = change->table;
	const void *old = change->old, *new = change->new;
	struct buf before, after;
	buf_init(&before, 1 << 16);
	buf_init(&after, 1 << 16);
	row_write_json(t, old ? old : new, old ? change->columns : 0, &before);
	row_write_json(t, new ? new : old, new ? change->columns : 0, &after);
	struct recorded_row r = {.known = ~(uint64_t)0,
		.revision = c->revision,
		.game_id = change->game_id,
		.player_id = change->player_id,
		.kind = !old  ? STR("insert")
			: new ? STR("update")
			      : STR("delete"),
		.before = buf_str(&before),
		.after = buf_str(&after),
		.phase = change->phase,
		.observed_at = change->observed_at,
		.correction = change->is_correction};
	bool ok = row_put(
		c->store, t == &stat_table ? &stat_change_table : &game_change_table, &r, err);
	buf_clear(&before);
	buf_clear(&after);
	return ok;
}
