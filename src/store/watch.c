#include "store/sql.h"

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
	if (!store_is_well(s, err) || !store_get_revision(s, &out->revision, err))
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
	if (!describe(s, w, out, err))
		return false;
	next.revision = out->revision;
	next.is_started = true;
	*w = next;
	return true;
}
