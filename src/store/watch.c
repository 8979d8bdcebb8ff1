#include "store/schema.h"
#include "store/sql.h"

/*
 * Of whom and when a revision is: one that took its number elsewhere, after a failover that lost it or
 * in a backup's place, has another mark. Of the same observation it would be the same again.
 */
static bool read_mark(struct store *s, int64_t revision, uint64_t *out, struct err *err)
{
	enum { PRIME = 1000003 };
	struct sql q;
	enum step step;
	if (!sql_prepare(s,
		    "SELECT game_id, observed_at FROM stat_changes WHERE revision = ? UNION "
		    "SELECT game_id, observed_at FROM game_changes WHERE revision = ? "
		    "ORDER BY game_id, observed_at",
		    &q, err))
		return false;
	sql_bind_i64(&q, revision);
	sql_bind_i64(&q, revision);
	*out = 0;
	while ((step = sql_step(&q, err)) == STEP_ROW) {
		*out = *out * PRIME + (uint64_t)sql_i64(&q);
		*out = *out * PRIME + (uint64_t)sql_value(&q, COLUMN_TIME).integer;
	}
	sql_reset(&q);
	return step == STEP_DONE;
}

/* One that has fewer may also be late. */
static bool compare(
	struct store *s, const struct store_watch *w, struct store_change *out, struct err *err)
{
	uint64_t now;
	if (!w->is_marked || out->revision < w->revision)
		return true;
	if (!read_mark(s, w->revision, &now, err))
		return false;
	out->is_other = now != w->mark;
	out->is_any |= out->is_other;
	return true;
}

/* Games changed since a revision; one more than fits means any. */
static bool add_games(struct store *s, int64_t since, struct store_change *out, struct err *err)
{
	struct sql q;
	enum step step;
	if (!sql_prepare(s,
		    "SELECT game_id FROM stat_changes WHERE revision > ? UNION "
		    "SELECT game_id FROM game_changes WHERE revision > ? LIMIT 65",
		    &q, err))
		return false;
	sql_bind_i64(&q, since);
	sql_bind_i64(&q, since);
	while ((step = sql_step(&q, err)) == STEP_ROW) {
		if (out->count == STORE_CHANGE_GAMES)
			out->is_any = true;
		else
			out->games[out->count++] = sql_i64(&q);
	}
	sql_reset(&q);
	return step == STEP_DONE;
}

static bool describe(
	struct store *s, const struct store_watch *w, struct store_change *out, struct err *err)
{
	*out = (struct store_change){.is_any = !w->is_started};
	if (!schema_check(s, err) || !store_get_revision(s, &out->revision, err) ||
		!compare(s, w, out, err))
		return false;
	if (out->revision < w->revision)
		out->is_any = true;
	if (out->is_any || out->revision == w->revision)
		return true;
	return add_games(s, w->revision, out, err);
}

bool store_wait_change(struct store *s, struct store_watch *w, int64_t wait_ms,
	struct store_change *out, bool *out_found, struct err *err)
{
	struct store_watch next = *w;
	if (!s->backend->wait(s, &next.version, w->is_started ? wait_ms : 0, out_found, err))
		return false;
	*out_found |= !w->is_started;
	if (!*out_found)
		return true;
	/* Before anybody is told: afterwards the database may be gone that it was of. */
	if (!describe(s, w, out, err) || !read_mark(s, out->revision, &next.mark, err))
		return false;
	next.is_marked = true;
	next.revision = out->revision;
	next.is_started = true;
	*w = next;
	return true;
}
