#include "base/time.h"
#include "store/raw.h"
#include "store/sql.h"

#include <stdio.h>

enum { HOUR_MS = 3600000 };

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

static const char made_at[] = "SELECT applied_at FROM schema_versions WHERE version = 1";

bool store_get_identity(struct store *s, int64_t *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, made_at, &q, err))
		return false;
	enum step step = sql_step(&q, err);
	*out = step == STEP_ROW ? sql_value(&q, COLUMN_TIME).integer : 0;
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
		{&team_table, "SELECT max(fetched_at) FROM teams"},
		{&player_table, "SELECT max(fetched_at) FROM players"},
	};
	*out = (struct store_state){0};
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (kept[i].table == t &&
			!get_text(s, kept[i].newest, COLUMN_TIME, keep, &out->bookkeeping, err))
			return false;
	return get_text(s, made_at, COLUMN_TIME, keep, &out->identity, err) &&
	       store_get_revision(s, &out->revision, err);
}

/* ---- coverage ---- */

bool store_get_coverage(struct store *s, int64_t season, struct arena *keep, struct coverage **out,
	size_t *out_count, struct err *err)
{
	enum { ROOM = 1000 }; /* seasons times kinds of game: a century has some 300 */
	struct sql q;
	enum step step;
	if (!sql_prepare(s,
		    "SELECT season, game_type, "
		    "sum(CASE WHEN schedule_state IN ('PPD', 'CNCL') THEN 0 ELSE 1 END), "
		    "sum(CASE WHEN EXISTS (SELECT 1 FROM game_stats l WHERE l.game_id = g.game_id) "
		    "THEN 1 ELSE 0 END), "
		    "sum(CASE WHEN stats_status IN ('official', 'settled') AND lines_ended THEN 1 ELSE 0 END), "
		    "max(observed_at) FROM games g WHERE season >= ? AND season <= ? "
		    "GROUP BY season, game_type ORDER BY season, game_type",
		    &q, err))
		return false;
	sql_bind_i64(&q, season ? season : 0);
	sql_bind_i64(&q, season ? season : 99999999);
	*out = ARENA_NEW(keep, struct coverage, ROOM);
	*out_count = 0;
	while ((step = sql_step(&q, err)) == STEP_ROW && *out_count < ROOM) {
		struct coverage *c = &(*out)[(*out_count)++];
		c->season = sql_i64(&q);
		c->game_type = sql_i64(&q);
		c->expected = sql_i64(&q);
		c->stored = sql_i64(&q);
		c->official = sql_i64(&q);
		c->observed_at = sql_value(&q, COLUMN_TIME).integer;
	}
	sql_reset(&q);
	return step != STEP_FAILED;
}

bool store_get_missing(struct store *s, int64_t season, int64_t after, int64_t *out, size_t room,
	size_t *out_count, struct err *err)
{
	struct sql q;
	enum step step;
	*out_count = 0;
	if (!sql_prepare(s,
		    "SELECT game_id FROM games g WHERE season = ? AND game_id > ? "
		    "AND game_state IN ('OVER', 'FINAL', 'OFF') "
		    "AND (schedule_state IS NULL OR schedule_state NOT IN ('PPD', 'CNCL')) "
		    "AND (lines_ended IS NULL OR NOT lines_ended OR NOT EXISTS "
		    "(SELECT 1 FROM game_stats l WHERE l.game_id = g.game_id)) "
		    "ORDER BY game_id LIMIT ?",
		    &q, err))
		return false;
	sql_bind_i64(&q, season);
	sql_bind_i64(&q, after);
	sql_bind_i64(&q, (int64_t)room);
	while ((step = sql_step(&q, err)) == STEP_ROW && *out_count < room)
		out[(*out_count)++] = sql_i64(&q);
	sql_reset(&q);
	return step != STEP_FAILED;
}

/* ---- the upstream ---- */

static bool sum_polls(
	struct store *s, int64_t since_ms, struct upstream_summary *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s,
		    "SELECT count(*), sum(CASE WHEN changed THEN 1 ELSE 0 END), "
		    "sum(CASE WHEN status IS NULL OR status >= 400 THEN 1 ELSE 0 END), "
		    "CAST(sum(bytes) AS BIGINT), "
		    "CAST(avg(CASE WHEN endpoint = 'boxscore' THEN body_bytes END) AS BIGINT), "
		    "CAST(avg(CASE WHEN endpoint = 'schedule' THEN body_bytes END) AS BIGINT) "
		    "FROM polls WHERE poll_id >= ?",
		    &q, err))
		return false;
	sql_bind_i64(&q, poll_id_at(since_ms));
	enum step step = sql_step(&q, err);
	if (step == STEP_ROW) {
		out->requests = sql_i64(&q);
		out->changed = sql_value(&q, COLUMN_INT).integer;
		out->failed = sql_value(&q, COLUMN_INT).integer;
		out->bytes = sql_value(&q, COLUMN_INT).integer;
		out->box_score_bytes = sql_value(&q, COLUMN_INT).integer;
		out->schedule_bytes = sql_value(&q, COLUMN_INT).integer;
	}
	sql_reset(&q);
	return step == STEP_ROW;
}

/* The time is in the polls' numbers. */
static bool measure_gaps(
	struct store *s, int64_t since_ms, struct upstream_summary *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s,
		    "SELECT count(*), CAST(avg(gap) AS BIGINT), max(gap) FROM (SELECT (poll_id - lag(poll_id) "
		    "OVER (PARTITION BY game_id ORDER BY poll_id)) / ? AS gap FROM polls "
		    "WHERE poll_id >= ? AND endpoint = 'boxscore') AS gaps WHERE gap IS NOT NULL",
		    &q, err))
		return false;
	sql_bind_i64(&q, poll_id_at(1));
	sql_bind_i64(&q, poll_id_at(since_ms));
	enum step step = sql_step(&q, err);
	if (step == STEP_ROW) {
		out->gaps = sql_i64(&q);
		out->gap_mean_ms = sql_value(&q, COLUMN_INT).integer;
		out->gap_worst_ms = sql_value(&q, COLUMN_INT).integer;
	}
	sql_reset(&q);
	return step == STEP_ROW;
}

/* The middle one of each game's, or of all, which are as one game 0. */
static bool prepare_lags(
	struct store *s, const char *game, int64_t since_ms, struct sql *out, struct err *err)
{
	char text[640];
	snprintf(text, sizeof(text),
		"SELECT game_id, count(*), max(CASE WHEN place = (among + 1) / 2 THEN lag END), "
		"max(lag) FROM (SELECT game_id, lag, row_number() OVER (PARTITION BY game_id ORDER "
		"BY lag) AS place, count(*) OVER (PARTITION BY game_id) AS among FROM (SELECT %s AS "
		"game_id, lag_milliseconds AS lag FROM polls WHERE poll_id >= ? AND endpoint = "
		"'boxscore' AND changed AND lag_milliseconds IS NOT NULL) AS changes) AS places "
		"GROUP BY game_id ORDER BY game_id",
		game);
	if (!sql_prepare(s, text, out, err))
		return false;
	sql_bind_i64(out, poll_id_at(since_ms));
	return true;
}

static bool read_lags(struct store *s, const char *game, int64_t now_ms, struct upstream_lag *out,
	size_t room, size_t *out_count, struct err *err)
{
	struct sql q;
	enum step step;
	*out_count = 0;
	if (!prepare_lags(s, game, now_ms - HOUR_MS, &q, err))
		return false;
	while ((step = sql_step(&q, err)) == STEP_ROW && *out_count < room) {
		struct upstream_lag *l = &out[(*out_count)++];
		l->game_id = sql_i64(&q);
		l->changes = sql_i64(&q);
		l->median_ms = sql_i64(&q);
		l->worst_ms = sql_i64(&q);
	}
	sql_reset(&q);
	return step != STEP_FAILED;
}

bool store_get_lags(struct store *s, int64_t now_ms, struct upstream_lag out[static LAG_GAMES],
	size_t *out_count, struct err *err)
{
	return read_lags(s, "game_id", now_ms, out, LAG_GAMES, out_count, err);
}

bool store_get_lag(struct store *s, int64_t now_ms, struct upstream_lag *out, struct err *err)
{
	size_t count;
	*out = (struct upstream_lag){0};
	return read_lags(s, "0", now_ms, out, 1, &count, err);
}

/* A game that has come right keeps its rows, with times 0. */
bool store_count_quarantined(struct store *s, int64_t *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(
		    s, "SELECT count(DISTINCT game_id) FROM quarantine WHERE times > 0", &q, err))
		return false;
	enum step step = sql_step(&q, err);
	if (step == STEP_ROW)
		*out = sql_i64(&q);
	sql_reset(&q);
	return step == STEP_ROW;
}

bool store_get_upstream(struct store *s, int64_t since_ms, int64_t now_ms,
	struct upstream_summary *out, struct err *err)
{
	*out = (struct upstream_summary){0};
	return sum_polls(s, since_ms, out, err) && measure_gaps(s, now_ms - HOUR_MS, out, err) &&
	       store_count_quarantined(s, &out->quarantined, err);
}

/* ---- leaders ---- */

/* The sums first; then, of those few, each one's line in the last of the games. */
static void write_leaders(const struct leader_question *ask, struct buf *out)
{
	struct str column = stat_table.columns[ask->column].name;
	buf_add_format(out,
		"SELECT s.player_id, games, total, newest, l.team_id, l.player_name, "
		"l.player_position, l.team_name FROM (SELECT player_id, count(*) AS games, "
		"CAST(sum(%.*s) AS BIGINT) AS total, max(observed_at) AS newest, max(game_id) AS "
		"last_game FROM game_stats WHERE game_id >= ? AND game_id < ?",
		STR_ARG(column));
	for (size_t i = 0; i < ask->team_count; i++)
		buf_add(out, i ? STR(", ?") : STR(" AND team_id IN (?"));
	if (ask->team_count)
		buf_add_char(out, ')');
	if (ask->position.n)
		buf_add(out, STR(" AND player_position = ?"));
	buf_add_format(out,
		" GROUP BY player_id HAVING sum(%.*s) IS NOT NULL ORDER BY 3 DESC, 2, 1 LIMIT ?) "
		"AS s JOIN game_stats l ON l.game_id = s.last_game AND l.player_id = s.player_id "
		"ORDER BY total DESC, games, s.player_id",
		STR_ARG(column));
	buf_add_char(out, '\0');
}

static struct leader read_leader(struct sql *q, struct arena *keep)
{
	struct leader l = {0};
	l.player_id = sql_i64(q);
	l.games = sql_i64(q);
	l.total = sql_i64(q);
	l.observed_at = sql_value(q, COLUMN_TIME).integer;
	l.team_id = sql_i64(q);
	l.player_name = str_copy(keep, sql_text(q));
	l.player_position = str_copy(keep, sql_text(q));
	l.team_name = str_copy(keep, sql_text(q));
	return l;
}

bool store_get_leaders(struct store *s, const struct leader_question *ask, struct arena *keep,
	struct leader *out, size_t *out_count, struct err *err)
{
	struct buf text;
	struct sql q;
	enum step step;
	buf_init(&text, 4096);
	write_leaders(ask, &text);
	bool ok = sql_prepare(s, text.p, &q, err);
	buf_clear(&text);
	if (!ok)
		return false;
	sql_bind_i64(&q, ask->first_game);
	sql_bind_i64(&q, ask->end_game);
	for (size_t i = 0; i < ask->team_count; i++)
		sql_bind_i64(&q, ask->teams[i]);
	if (ask->position.n)
		sql_bind_text(&q, ask->position);
	sql_bind_i64(&q, ask->limit);
	*out_count = 0;
	while ((step = sql_step(&q, err)) == STEP_ROW && *out_count < (size_t)ask->limit)
		out[(*out_count)++] = read_leader(&q, keep);
	sql_reset(&q);
	return step != STEP_FAILED;
}
