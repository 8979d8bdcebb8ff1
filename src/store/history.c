#include "store/store.h"

#include "store/sql.h"

#include <string.h>

static struct recorded read_recorded(struct sql *q, struct arena *keep)
{
	struct recorded r = {0};
	r.revision = sql_i64(q);
	r.game_id = sql_i64(q);
	r.player_id = sql_i64(q);
	r.kind = str_copy(keep, sql_text(q));
	r.before = str_copy(keep, sql_text(q));
	r.after = str_copy(keep, sql_text(q));
	r.phase = str_copy(keep, sql_text(q));
	r.is_correction = sql_i64(q) != 0;
	r.observed_at = sql_value(q, COLUMN_TIME).integer;
	return r;
}

struct page_room {
	struct arena *keep;
	struct recorded *rows;
	size_t count, room;
};

static void add_row(struct page_room *p, struct recorded r)
{
	if (p->count == p->room) {
		struct recorded *more =
			ARENA_NEW(p->keep, struct recorded, p->room = p->room * 2 + 64);
		if (p->count)
			memcpy(more, p->rows, p->count * sizeof(*more));
		p->rows = more;
	}
	p->rows[p->count++] = r;
}

/* The rows of a statement that gives them in order, up to the end, the time or the most rows; a
 * revision is taken whole or not at all. */
static bool read_page(struct sql *q, int64_t as_of, size_t most, struct arena *keep,
	struct history_page *out, struct err *err)
{
	struct page_room p = {.keep = keep};
	enum step step;
	while ((step = sql_step(q, err)) == STEP_ROW) {
		struct recorded r = read_recorded(q, keep);
		bool is_next = !p.count || r.revision != p.rows[p.count - 1].revision;
		out->is_held = as_of && r.observed_at > as_of;
		out->is_cut = is_next && p.count >= most;
		if (out->is_held || out->is_cut) {
			out->last = r.revision - 1;
			break;
		}
		add_row(&p, r);
	}
	sql_reset(q);
	out->rows = p.rows;
	out->count = p.count;
	return step != STEP_FAILED;
}

bool store_get_changes(struct store *s, const struct history_question *ask, struct arena *keep,
	struct history_page *out, struct err *err)
{
	struct history_page page = {0};
	struct sql q;
	if (!store_get_revision(s, &page.newest, err))
		return false;
	/* Commits are in the order of revisions, so that all up to the newest are there. */
	page.last = ask->up_to && ask->up_to < page.newest ? ask->up_to : page.newest;
	if (!sql_prepare(s,
		    "SELECT revision, game_id, 0 AS player_id, kind, before, after, phase, "
		    "0 AS correction, observed_at FROM game_changes "
		    "WHERE revision > ? AND revision <= ? "
		    "UNION ALL SELECT revision, game_id, player_id, kind, before, after, phase, "
		    "correction, observed_at FROM stat_changes "
		    "WHERE revision > ? AND revision <= ? ORDER BY 1, 2, 3",
		    &q, err))
		return false;
	for (int i = 0; i < 2; i++) {
		sql_bind_i64(&q, ask->after);
		sql_bind_i64(&q, page.last);
	}
	sql_read_chunks(&q);
	if (!read_page(&q, ask->as_of, ask->most, keep, &page, err))
		return false;
	*out = page;
	return true;
}

bool store_get_corrections(struct store *s, const struct history_question *ask, struct arena *keep,
	struct history_page *out, struct err *err)
{
	struct history_page page = {0};
	struct sql q;
	if (!store_get_revision(s, &page.newest, err))
		return false;
	page.last = page.newest;
	if (!sql_prepare(s,
		    "SELECT revision, game_id, player_id, kind, before, after, phase, correction, "
		    "observed_at FROM stat_changes WHERE correction = 1 AND revision > ? "
		    "AND revision <= ? AND (CAST(? AS BIGINT) = 0 OR game_id = ?) ORDER BY revision, game_id, player_id",
		    &q, err))
		return false;
	sql_bind_i64(&q, ask->after);
	sql_bind_i64(&q, page.last);
	sql_bind_i64(&q, ask->game_id);
	sql_bind_i64(&q, ask->game_id);
	sql_read_chunks(&q);
	if (!read_page(&q, ask->as_of, ask->most, keep, &page, err))
		return false;
	*out = page;
	return true;
}
