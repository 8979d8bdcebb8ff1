#include "base/time.h"
#include "store/sql.h"

/* The first column of the first row, as text. */
static bool get_text(struct store *s, const char *text, enum column_type type, struct arena *keep,
	struct str *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, text, &q, err))
		return false;
	enum step step = sql_step(&q, err);
	struct value v = {0};
	if (step == STEP_ROW)
		v = sql_value(&q, type);
	*out = v.known ? str_format(keep, "%lld", (long long)v.integer) : STR("");
	sql_reset(&q);
	return step != STEP_FAILED;
}

bool store_get_state(struct store *s, const struct table *t, struct arena *keep,
	struct store_state *out, struct err *err)
{
	static const struct {
		const struct table *table;
		const char *newest;
	} kept[] = {
		{&game_table, "SELECT max(last_poll_at) FROM games"},
		{&team_table, "SELECT max(fetched_at) FROM teams"},
		{&player_table, "SELECT max(fetched_at) FROM players"},
	};
	*out = (struct store_state){0};
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].table == t && !get_text(s, kept[i].newest, COLUMN_TIME, keep,
						  &out->bookkeeping, err))
			return false;
	return get_text(s, "SELECT applied_at FROM schema_versions WHERE version = 1", COLUMN_TIME,
		       keep, &out->identity, err) &&
	       store_get_revision(s, &out->revision, err);
}
