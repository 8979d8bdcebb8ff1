#include "store/changes.h"
#include "store/checks.h"
#include "store/raw.h"
#include "store/rows.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A game at a time, and within it one statement at a time: memory is that of one game, however
 * large the database.
 */

#define BIT(prefix, member) ((uint64_t)1 << prefix##_##member)

struct verification {
	struct store *store;
	struct store_verified *out;
	struct arena keep; /* of the game under way */
	int64_t game_id;
	struct err *err;
};

/* What the changes of a game give: its lines in no order. */
struct replay {
	struct stat_line lines[MAX_LINES];
	size_t count;
	struct game game; /* known 0: not there */
	int64_t revision; /* the newest of any of its changes */
	struct status_since {
		int64_t revision;
		struct str status;
	} * statuses; /* the game's, in order */
	size_t status_count, status_room;
	int64_t at;     /* the revision under way, */
	bool had_lines; /* and whether there were any before it */
};

static bool wrong(struct verification *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool wrong(struct verification *v, const char *format, ...)
{
	char text[300];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	err_set(v->err, ERR_INTERNAL, "game %" PRId64 ": %s", v->game_id, text);
	return false;
}

/* ---- one change ---- */

struct change_row {
	int64_t revision, player_id; /* 0: of the game itself */
	struct str kind, before, after, phase;
	bool is_correction;
	int64_t observed_at;
};

/* What a change says was there is what the changes before it gave. */
static bool continues(struct verification *v, const struct change_row *c, const struct table *t,
	const void *record, const void *before, uint64_t which)
{
	uint64_t differ = row_difference(t, record, before, which);
	if (!differ)
		return true;
	return wrong(v,
		"revision %" PRId64 ", player %" PRId64 ": %s before it is not what came last",
		c->revision, c->player_id, t->columns[__builtin_ctzll(differ)].name.p);
}

static bool apply(struct verification *v, const struct change_row *c, const struct table *t,
	void *record, bool is_there)
{
	union {
		struct stat_line line;
		struct game game;
	} before = {0};
	uint64_t had, has;
	bool is_insert = str_equal(c->kind, STR("insert")),
	     is_delete = str_equal(c->kind, STR("delete"));
	if (is_insert == is_there)
		return wrong(v, "revision %" PRId64 ", player %" PRId64 ": %.*s of what is %s",
			c->revision, c->player_id, STR_ARG(c->kind),
			is_there ? "there" : "not there");
	if (!row_read_json(t, c->before, &before, &had, &v->keep))
		return wrong(v, "revision %" PRId64 ": before is no object", c->revision);
	if (is_delete)
		had |= change_content(t);
	if (!continues(v, c, t, record, &before, had))
		return false;
	if (!row_read_json(t, c->after, record, &has, &v->keep))
		return wrong(v, "revision %" PRId64 ": after is no object", c->revision);
	return !is_delete || !has ||
	       wrong(v, "revision %" PRId64 ": a delete with something after it", c->revision);
}

/* What the game's status was before a revision. */
static struct str status_before(const struct replay *r, int64_t revision)
{
	struct str status = STR("scheduled");
	for (size_t i = 0; i < r->status_count && r->statuses[i].revision < revision; i++)
		status = r->statuses[i].status;
	return status;
}

static void note_status(struct verification *v, struct replay *r, int64_t revision)
{
	if (r->status_count == r->status_room) {
		r->status_room = r->status_room * 2 + 64;
		struct status_since *more =
			ARENA_NEW(&v->keep, struct status_since, r->status_room);
		if (r->status_count)
			memcpy(more, r->statuses, r->status_count * sizeof(*more));
		r->statuses = more;
	}
	r->statuses[r->status_count++] = (struct status_since){revision, r->game.stats_status};
}

static bool is_of_phase(struct verification *v, const struct change_row *c, struct str phase)
{
	return str_equal(c->phase, phase) ||
	       wrong(v,
		       "revision %" PRId64 ", player %" PRId64
		       ": its phase is \"%.*s\", the game was %.*s",
		       c->revision, c->player_id, STR_ARG(str_first(c->phase, 40)), STR_ARG(phase));
}

/* The first lines correct nothing; a line that comes or goes after the official end does. */
static bool is_rightly_correction(
	struct verification *v, const struct replay *r, const struct change_row *c)
{
	bool is_update = str_equal(c->kind, STR("update"));
	bool is_past_end =
		str_equal(c->phase, STR("official")) || str_equal(c->phase, STR("settled"));
	bool can_be = r->had_lines && !str_equal(c->phase, STR("scheduled"));
	bool must_be = r->had_lines && is_past_end && !is_update;
	return (c->is_correction ? can_be : !must_be) ||
	       wrong(v, "revision %" PRId64 ", player %" PRId64 ": is %s correction", c->revision,
		       c->player_id, c->is_correction ? "marked as a" : "not marked as the");
}

static struct stat_line *find_line(struct replay *r, int64_t player_id)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->lines[i].player_id == player_id)
			return &r->lines[i];
	return NULL;
}

static bool apply_to_line(struct verification *v, struct replay *r, const struct change_row *c)
{
	struct stat_line *line = find_line(r, c->player_id);
	bool is_there = line;
	if (c->revision != r->at) {
		r->at = c->revision;
		r->had_lines = r->count > 0;
	}
	struct str phase = r->had_lines ? status_before(r, c->revision) : STR("scheduled");
	if (!is_of_phase(v, c, phase) || !is_rightly_correction(v, r, c))
		return false;
	if (!line && r->count == MAX_LINES)
		return wrong(v, "more than %d players", MAX_LINES);
	if (!line) {
		line = &r->lines[r->count++];
		*line = (struct stat_line){.player_id = c->player_id};
	}
	if (!apply(v, c, &stat_table, line, is_there))
		return false;
	SET(line, STAT, revision, c->revision);
	SET(line, STAT, observed_at, c->observed_at);
	if (str_equal(c->kind, STR("delete")))
		*line = r->lines[--r->count];
	return true;
}

static bool apply_to_game(struct verification *v, struct replay *r, const struct change_row *c)
{
	struct str phase = r->game.known ? r->game.stats_status : STR("scheduled");
	if (!is_of_phase(v, c, phase) || !apply(v, c, &game_table, &r->game, r->game.known != 0))
		return false;
	note_status(v, r, c->revision);
	return true;
}

/* ---- all of a game ---- */

static const char line_changes[] =
	"SELECT revision, kind, before, after, observed_at, player_id, phase, correction FROM stat_changes WHERE "
	"game_id = ? ORDER BY revision, player_id";
static const char game_changes[] =
	"SELECT revision, kind, before, after, observed_at, 0, phase, 0 FROM game_changes WHERE game_id = ? "
	"ORDER BY revision";

static bool replay(struct verification *v, struct replay *r, const char *query,
	bool (*apply_one)(struct verification *, struct replay *, const struct change_row *))
{
	struct sql q;
	enum step step;
	bool ok = true;
	if (!sql_prepare(v->store, query, &q, v->err))
		return false;
	sql_bind_i64(&q, v->game_id);
	while (ok && (step = sql_step(&q, v->err)) == STEP_ROW) {
		struct change_row c = {.revision = sql_i64(&q)};
		c.kind = sql_text(&q);
		c.before = sql_text(&q);
		c.after = sql_text(&q);
		c.observed_at = sql_value(&q, COLUMN_TIME).integer;
		c.player_id = sql_i64(&q);
		c.phase = sql_text(&q);
		c.is_correction = sql_i64(&q) != 0;
		if (c.revision > r->revision)
			r->revision = c.revision;
		v->out->changes++;
		ok = apply_one(v, r, &c);
	}
	sql_reset(&q);
	return ok && step == STEP_DONE;
}

static bool has_player(const struct stat_line *lines, size_t count, int64_t player_id)
{
	for (size_t i = 0; i < count; i++)
		if (lines[i].player_id == player_id)
			return true;
	return false;
}

static bool compare_lines(
	struct verification *v, struct replay *r, const struct stat_line *lines, size_t count)
{
	uint64_t among = change_content(&stat_table) | BIT(STAT, revision) | BIT(STAT, observed_at);
	for (size_t i = 0; i < count; i++) {
		const struct stat_line *line = find_line(r, lines[i].player_id);
		if (!line)
			return wrong(v,
				"player %" PRId64 " is in game_stats, but not in stat_changes",
				lines[i].player_id);
		uint64_t differ = row_difference(&stat_table, line, &lines[i], among);
		if (differ)
			return wrong(v, "player %" PRId64 ": %s is not what stat_changes give",
				lines[i].player_id,
				stat_table.columns[__builtin_ctzll(differ)].name.p);
	}
	for (size_t i = 0; i < r->count; i++)
		if (!has_player(lines, count, r->lines[i].player_id))
			return wrong(v,
				"player %" PRId64
				" is not in game_stats, but stat_changes give a line",
				r->lines[i].player_id);
	return true;
}

static bool compare_game(struct verification *v, const struct replay *r, const struct game *game)
{
	uint64_t differ = row_difference(&game_table, &r->game, game, change_content(&game_table));
	if (differ)
		return wrong(v, "%s is not what game_changes give",
			game_table.columns[__builtin_ctzll(differ)].name.p);
	return game->revision == r->revision ||
	       wrong(v, "its revision is %" PRId64 ", its newest change's %" PRId64, game->revision,
		       r->revision);
}

/* ---- what holds of the lines by themselves ---- */

static bool line_is_of_game(struct verification *v, const struct stat_line *l, const struct game *g)
{
	bool is_away = l->team_id == g->away_team_id;
	if ((is_away || l->team_id == g->home_team_id) &&
		l->opponent_team_id == (is_away ? g->home_team_id : g->away_team_id))
		return true;
	return wrong(v,
		"player %" PRId64 " is of club %" PRId64 " against %" PRId64
		", which do not play this game",
		l->player_id, l->team_id, l->opponent_team_id);
}

static bool has_known_status(struct verification *v, const struct game *g, size_t lines)
{
	static const struct str words[] = {STR_INIT("scheduled"), STR_INIT("live"),
		STR_INIT("provisional"), STR_INIT("official"), STR_INIT("settled")};
	enum { OFFICIAL = 3 };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(words[i], g->stats_status))
			return i < OFFICIAL || (lines && game_has_official_lines(g)) ||
			       wrong(v, "is %.*s without %s", STR_ARG(g->stats_status),
				       lines ? "the lines of its end" : "a line");
	return wrong(v, "no such stats_status: \"%.*s\"", STR_ARG(str_first(g->stats_status, 40)));
}

static bool lines_hold(
	struct verification *v, const struct game *g, struct stat_line *lines, size_t count)
{
	struct snapshot stored = {.game = *g, .lines = lines, .count = count, .has_lines = true};
	static const struct game nothing;
	struct candidate c = {.store = v->store,
		.snapshot = &stored,
		.old = &nothing,
		.lines = lines,
		.count = count};
	char reason[200] = "";
	for (size_t i = 0; i < count; i++)
		if (!line_is_of_game(v, &lines[i], g))
			return false;
	if (!has_known_status(v, g, count))
		return false;
	if (checks_hold(&c, reason, sizeof(reason), v->err))
		return true;
	return v->err->kind == ERR_NONE && wrong(v, "%s", reason);
}

/* Its id begins with the season's first year. */
static bool game_holds(struct verification *v, const struct game *g)
{
	static const enum game_column counts[] = {GAME_away_score, GAME_home_score, GAME_away_shots,
		GAME_home_shots, GAME_period, GAME_clock_seconds, GAME_situation_seconds};
	int64_t year = g->game_id / 1000000;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct value value = record_get(&game_table, g, counts[i]);
		if (value.known && value.integer < 0)
			return wrong(v, "its %s is %" PRId64, game_table.columns[counts[i]].name.p,
				value.integer);
	}
	return !year || !KNOWS(g, GAME, season) || g->season == year * 10000 + year + 1 ||
	       wrong(v, "its season is %" PRId64, g->season);
}

static bool verify_game(struct verification *v)
{
	void *games, *lines;
	size_t game_count, line_count;
	arena_reset(&v->keep);
	struct replay *r = ARENA_NEW(&v->keep, struct replay, 1);
	if (!rows_read(v->store, &game_table, v->game_id, sizeof(struct game), &v->keep, &games,
		    &game_count, v->err) ||
		!rows_read(v->store, &stat_table, v->game_id, sizeof(struct stat_line), &v->keep,
			&lines, &line_count, v->err))
		return false;
	if (!game_count)
		return wrong(v, "has lines or changes, but is not in games");
	v->out->games++;
	v->out->lines += (int64_t)line_count;
	return replay(v, r, game_changes, apply_to_game) &&
	       replay(v, r, line_changes, apply_to_line) &&
	       compare_lines(v, r, lines, line_count) && compare_game(v, r, games) &&
	       game_holds(v, games) && lines_hold(v, games, lines, line_count);
}

/* The next game that any of the tables knows; 0: there is none. */
static bool find_next_game(struct verification *v, int64_t after, int64_t *out)
{
	struct sql q;
	if (!sql_prepare(v->store,
		    "SELECT coalesce(min(game_id), 0) FROM ("
		    "SELECT min(game_id) AS game_id FROM games WHERE game_id > ? UNION ALL "
		    "SELECT min(game_id) FROM game_stats WHERE game_id > ? UNION ALL "
		    "SELECT min(game_id) FROM stat_changes WHERE game_id > ? UNION ALL "
		    "SELECT min(game_id) FROM game_changes WHERE game_id > ?) AS next",
		    &q, v->err))
		return false;
	for (int i = 0; i < 4; i++)
		sql_bind_i64(&q, after);
	if (sql_step(&q, v->err) != STEP_ROW)
		return false;
	*out = sql_i64(&q);
	sql_reset(&q);
	return true;
}

static bool verify_games(struct verification *v)
{
	do {
		if (!find_next_game(v, v->game_id, &v->game_id))
			return false;
		if (v->game_id && !verify_game(v))
			return false;
	} while (v->game_id);
	return true;
}

/* ---- revisions: every one from 1 to the newest, each recorded ---- */

static bool verify_page(struct verification *v, int64_t *at, bool *out_any)
{
	struct sql q;
	enum step step;
	bool ok = true;
	*out_any = false;
	if (!sql_prepare(v->store,
		    "SELECT revision FROM stat_changes WHERE revision > ? UNION "
		    "SELECT revision FROM game_changes WHERE revision > ? ORDER BY revision LIMIT 4096",
		    &q, v->err))
		return false;
	sql_bind_i64(&q, *at);
	sql_bind_i64(&q, *at);
	while (ok && (step = sql_step(&q, v->err)) == STEP_ROW) {
		int64_t revision = sql_i64(&q);
		*out_any = true;
		ok = revision == *at + 1 ||
		     err_set(v->err, ERR_INTERNAL,
			     "revision %" PRId64 " was given out and changed nothing", *at + 1);
		*at = revision;
	}
	sql_reset(&q);
	return ok && step == STEP_DONE;
}

static bool verify_revisions(struct verification *v)
{
	int64_t at = 0;
	bool any;
	do {
		if (!verify_page(v, &at, &any))
			return false;
	} while (any);
	if (!store_get_revision(v->store, &v->out->revision, v->err))
		return false;
	return v->out->revision == at ||
	       err_set(v->err, ERR_INTERNAL,
		       "revisions says %" PRId64 ", the newest change is of %" PRId64,
		       v->out->revision, at);
}

bool store_verify(struct store *s, struct store_verified *out, struct err *err)
{
	struct verification v = {
		.store = s, .out = out, .keep = arena_reserve((size_t)256 << 20), .err = err};
	*out = (struct store_verified){0};
	bool ok = store_hold(s, err);
	if (ok) {
		ok = verify_revisions(&v) && verify_games(&v) && raw_verify(s, &out->bodies, err);
		store_release(s);
	}
	arena_release(&v.keep);
	return ok;
}
