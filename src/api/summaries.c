#include "api/handlers.h"

#include "api/rows.h"
#include "base/time.h"

#include <stddef.h>

/* ---- what is shown: records of our own, described as the stored ones are ---- */

struct shown_leader {
	uint64_t known;
	int64_t rank, player_id;
	struct str player_name, player_position;
	int64_t team_id;
	struct str team_name;
	int64_t games, value;
};

struct shown_coverage {
	uint64_t known;
	int64_t season, game_type, expected, stored, official;
};

struct shown_upstream {
	uint64_t known;
	int64_t requests, requests_fixed, bytes, bytes_fixed, changed, failed, quarantined;
	double gap_mean_s, gap_worst_s, lag_median_s, lag_worst_s;
};

struct shown_lag {
	uint64_t known;
	int64_t game_id, changes;
	double lag_median_s, lag_worst_s;
};

#define SHOWN(record, name_, type_, help_)                                                         \
	{                                                                                          \
		.name = STR_INIT(#name_), .type = COLUMN_##type_,                                  \
		.offset = offsetof(struct record, name_), .help = help_                            \
	}

static const struct column leader_columns[] = {
	SHOWN(shown_leader, rank, INT, "1 is the best; equal values share a rank"),
	SHOWN(shown_leader, player_id, INT, "The NHL's player number"),
	SHOWN(shown_leader, player_name, TEXT, "As in the player's last game of these"),
	SHOWN(shown_leader, player_position, TEXT, "The same"),
	SHOWN(shown_leader, team_id, INT, "The club of that game"),
	SHOWN(shown_leader, team_name, TEXT, "Its name"),
	SHOWN(shown_leader, games, INT, "Games with a line"),
	SHOWN(shown_leader, value, INT, "The sum of the statistic asked for"),
};

static const struct column coverage_columns[] = {
	SHOWN(shown_coverage, season, INT, "Both years of the season; 20232024"),
	SHOWN(shown_coverage, game_type, INT, "1 preseason, 2 regular season, 3 play-offs"),
	SHOWN(shown_coverage, expected, INT, "Games known of, those put off or cancelled left out"),
	SHOWN(shown_coverage, stored, INT, "Games with stat lines"),
	SHOWN(shown_coverage, official, INT, "Games that the NHL has made official"),
};

static const struct column upstream_columns[] = {
	SHOWN(shown_upstream, requests, INT, "Requests to the upstream since the Eastern midnight"),
	SHOWN(shown_upstream, requests_fixed, INT,
		"What asking every 10 s would have taken: the schedule 18 hours a day, and each game that is on"),
	SHOWN(shown_upstream, bytes, INT, "Bytes of these requests, as they came"),
	SHOWN(shown_upstream, bytes_fixed, INT,
		"What asking every 10 s would have fetched, not compressed, at today's sizes"),
	SHOWN(shown_upstream, changed, INT, "Requests that brought something new"),
	SHOWN(shown_upstream, failed, INT, "Requests that came to nothing"),
	SHOWN(shown_upstream, quarantined, INT,
		"Games of which a body is kept aside, and that have not come right since"),
	SHOWN(shown_upstream, gap_mean_s, REAL,
		"Seconds between two polls of a game in the last hour, on average"),
	SHOWN(shown_upstream, gap_worst_s, REAL, "The same, at most"),
	SHOWN(shown_upstream, lag_median_s, REAL,
		"Seconds from when the upstream showed what changed a game to its row, in the last hour; half were quicker"),
	SHOWN(shown_upstream, lag_worst_s, REAL, "The same, at most"),
};
/* Bits of those that are unknown where nothing was asked, or nothing changed. */
enum { BYTES_FIXED = 1 << 3, GAPS = 1 << 7 | 1 << 8, LAGS = 1 << 9 | 1 << 10 };

static const struct column lag_columns[] = {
	SHOWN(shown_lag, game_id, INT, "The game"),
	SHOWN(shown_lag, changes, INT, "How often it changed in the last hour"),
	SHOWN(shown_lag, lag_median_s, REAL,
		"Seconds from when the upstream showed a change to its row; half were quicker"),
	SHOWN(shown_lag, lag_worst_s, REAL, "The same, at most"),
};

enum {
	LAG_COLUMNS = sizeof(lag_columns) / sizeof(lag_columns[0]),
	UPSTREAM_COLUMNS = sizeof(upstream_columns) / sizeof(upstream_columns[0]),
	LEADER_COLUMNS = sizeof(leader_columns) / sizeof(leader_columns[0]),
	COVERAGE_COLUMNS = sizeof(coverage_columns) / sizeof(coverage_columns[0]),
};

const struct table leader_table = {.name = STR_INIT("leaders"),
	.columns = leader_columns,
	.count = LEADER_COLUMNS,
	.known_offset = offsetof(struct shown_leader, known)};
const struct table coverage_table = {.name = STR_INIT("coverage"),
	.columns = coverage_columns,
	.count = COVERAGE_COLUMNS,
	.known_offset = offsetof(struct shown_coverage, known)};

const struct table upstream_table = {.name = STR_INIT("upstream"),
	.columns = upstream_columns,
	.count = UPSTREAM_COLUMNS,
	.known_offset = offsetof(struct shown_upstream, known)};

const struct table lag_table = {.name = STR_INIT("lag"),
	.columns = lag_columns,
	.count = LAG_COLUMNS,
	.known_offset = offsetof(struct shown_lag, known)};

static void write_records(const struct table *t, const void *records, size_t size, size_t count,
	struct context *c, struct answer *out)
{
	struct row_writer w;
	const struct column **columns = ARENA_NEW(c->keep, const struct column *, t->count);
	for (size_t i = 0; i < t->count; i++)
		columns[i] = &t->columns[i];
	row_writer_init(&w, out->format, columns, t->count, c->keep);
	row_writer_begin(&w, &out->body);
	for (size_t n = 0; n < count; n++) {
		row_writer_begin_row(&w, &out->body);
		for (size_t i = 0; i < t->count; i++) {
			struct value v = record_get(t, (const char *)records + n * size, i);
			row_writer_add(&w, i, &v, &out->body);
		}
		row_writer_end_row(&w, &out->body);
	}
	row_writer_end(&w, &out->body);
}

/* What the head tells of: the newest of all that is shown. */
static void note_newest(int64_t observed_at, struct answer *out)
{
	if (observed_at > out->observed_at)
		out->observed_at = observed_at;
}

/* ---- coverage ---- */

bool answer_coverage(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	struct coverage *rows;
	size_t count;
	if (!store_get_coverage(
		    c->store, call_number(call, STR("season"), 0), c->keep, &rows, &count, err))
		return false;
	struct shown_coverage *shown = ARENA_NEW(c->keep, struct shown_coverage, count + 1);
	for (size_t i = 0; i < count; i++) {
		shown[i] = (struct shown_coverage){.known = ~(uint64_t)0,
			.season = rows[i].season,
			.game_type = rows[i].game_type,
			.expected = rows[i].expected,
			.stored = rows[i].stored,
			.official = rows[i].official};
		note_newest(rows[i].observed_at, out);
	}
	out->shows_polls = true; /* a schedule brings games without a line */
	write_records(&coverage_table, shown, sizeof(*shown), count, c, out);
	return true;
}

/* ---- the upstream ---- */

/* How long the day's games have been on until now, in seconds. */
static bool sum_played(struct context *c, int64_t now, int64_t *out, struct err *err)
{
	struct game *games;
	size_t count;
	int32_t today = eastern_day(now);
	if (!store_get_games(c->store, today, today, c->keep, &games, &count, err))
		return false;
	*out = 0;
	for (size_t i = 0; i < count; i++) {
		const struct game *g = &games[i];
		int64_t end = KNOWS(g, GAME, ended_at) && g->ended_at < now ? g->ended_at : now;
		bool has_begun = KNOWS(g, GAME, start_time) && g->start_time < end &&
				 KNOWS(g, GAME, period) && !game_is_off(g->schedule_state);
		*out += has_begun ? (end - g->start_time) / 1000 : 0;
	}
	return true;
}

/* A size that no body has told, a gap between no polls: absent, which is never 0. */
static uint64_t upstream_known(const struct upstream_summary *u, bool has_lags, bool has_played)
{
	uint64_t known = ~(uint64_t)0;
	if (!u->schedule_bytes || (has_played && !u->box_score_bytes))
		known &= ~(uint64_t)BYTES_FIXED;
	if (!u->gaps)
		known &= ~(uint64_t)GAPS;
	if (!has_lags)
		known &= ~(uint64_t)LAGS;
	return known;
}

bool answer_upstream(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	enum { FIXED_S = 10, FIXED_HOURS = 18, HOURS = 24, HOLD_MS = 5000 };
	int64_t now = time_now_ms(), played;
	int64_t midnight = day_start_ms(eastern_day(now)) - eastern_offset_minutes(now) * 60000LL;
	struct upstream_summary u;
	struct upstream_lag lag;
	(void)call;
	if (!store_get_upstream(c->store, midnight, now, &u, err) ||
		!store_get_lag(c->store, now, &lag, err) || !sum_played(c, now, &played, err))
		return false;
	int64_t looks = (now - midnight) / 1000 * FIXED_HOURS / HOURS / FIXED_S;
	struct shown_upstream shown = {.requests = u.requests,
		.requests_fixed = looks + played / FIXED_S,
		.bytes = u.bytes,
		.bytes_fixed = looks * u.schedule_bytes + played / FIXED_S * u.box_score_bytes,
		.changed = u.changed,
		.failed = u.failed,
		.quarantined = u.quarantined,
		.gap_mean_s = (double)u.gap_mean_ms / 1000,
		.gap_worst_s = (double)u.gap_worst_ms / 1000,
		.lag_median_s = (double)lag.median_ms / 1000,
		.lag_worst_s = (double)lag.worst_ms / 1000};
	shown.known = upstream_known(&u, lag.changes > 0, played > 0);
	struct json j = json_begin(&out->body);
	record_write_json(&upstream_table, &shown, &j);
	buf_add_char(&out->body, '\n');
	out->hold_ms = HOLD_MS;
	out->shows_polls = true;
	return true;
}

bool answer_lag(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	enum { HOLD_MS = 5000 };
	struct upstream_lag lags[LAG_GAMES];
	struct shown_lag shown[LAG_GAMES];
	size_t count;
	(void)call;
	if (!store_get_lags(c->store, time_now_ms(), lags, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		shown[i] = (struct shown_lag){.known = ~(uint64_t)0,
			.game_id = lags[i].game_id,
			.changes = lags[i].changes,
			.lag_median_s = (double)lags[i].median_ms / 1000,
			.lag_worst_s = (double)lags[i].worst_ms / 1000};
	write_records(&lag_table, shown, sizeof(*shown), count, c, out);
	out->hold_ms = HOLD_MS;
	out->shows_polls = true;
	return true;
}

/* ---- leaders ---- */

#define SUMMED_COLUMN(name) STAT_##name,
#define SUMMED_NAME(name)   STR_INIT(#name),
static const size_t summed[] = {LEADER_LIST(SUMMED_COLUMN)};
const struct str leader_stats[LEADER_STATS] = {LEADER_LIST(SUMMED_NAME)};

static void show_leaders(
	struct context *c, const struct leader *leaders, size_t count, struct answer *out)
{
	struct shown_leader *shown = ARENA_NEW(c->keep, struct shown_leader, count + 1);
	for (size_t i = 0; i < count; i++) {
		bool is_equal = i && leaders[i].total == leaders[i - 1].total;
		shown[i] = (struct shown_leader){.known = ~(uint64_t)0,
			.rank = is_equal ? shown[i - 1].rank : (int64_t)i + 1,
			.player_id = leaders[i].player_id,
			.player_name = leaders[i].player_name,
			.player_position = leaders[i].player_position,
			.team_id = leaders[i].team_id,
			.team_name = leaders[i].team_name,
			.games = leaders[i].games,
			.value = leaders[i].total};
		note_newest(leaders[i].observed_at, out);
	}
	write_records(&leader_table, shown, sizeof(*shown), count, c, out);
}

enum { OF_A_SEASON = 1000000, OF_A_TYPE = 10000, REGULAR = 2 };

/* The newest game with lines of those before `end`; 0: there is none. */
static bool find_newest_game(struct context *c, int64_t end, int64_t *out, struct err *err)
{
	const struct column *id = &stat_table.columns[STAT_game_id];
	struct condition before = {.column = id,
		.comparison = BEFORE,
		.value = {.known = true, .type = id->type, .integer = end}};
	struct sorting newest = {.column = id, .descending = true};
	struct selection q = {.table = &stat_table,
		.conditions = &before,
		.condition_count = 1,
		.sortings = &newest,
		.sorting_count = 1,
		.columns = &id,
		.column_count = 1,
		.limit = 1};
	bool is_found;
	return find_first(c, &q, &is_found, out, err);
}

/* The first year of the newest season with lines of such games: in September there are preseason games alone. 0:
 * there is none. */
static bool find_newest_year(struct context *c, int64_t type, int64_t *out, struct err *err)
{
	for (int64_t game, end = INT64_MAX;;) {
		if (!find_newest_game(c, end, &game, err))
			return false;
		*out = game / OF_A_SEASON;
		int64_t first = *out * OF_A_SEASON + type * OF_A_TYPE, after = first + OF_A_TYPE;
		if (!game || (game >= first && game < after))
			return true;
		end = game < first ? *out * OF_A_SEASON : after;
	}
}

enum { PLAYERS_OF_A_SEASON = 10000 }; /* at most; there are a thousand */

bool answer_leaders(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	int64_t teams[CLUB_IDS], year = call_number(call, STR("season"), 0) / 10000,
				 type = call_number(call, STR("game_type"), REGULAR);
	const struct argument *team = call_get(call, STR("team")),
			      *position = call_get(call, STR("position"));
	if (!year && !find_newest_year(c, type, &year, err))
		return false;
	struct leader_question ask = {.column = summed[call_number(call, STR("stat"), 0)],
		.first_game = year * OF_A_SEASON + type * OF_A_TYPE,
		.teams = teams,
		.limit = call_number(call, STR("limit"),
			call->format == FORMAT_JSON ? LIST_LIMIT : PLAYERS_OF_A_SEASON)};
	ask.end_game = ask.first_game + OF_A_TYPE;
	if (position)
		ask.position = position->text;
	if (team && !find_club(c->store, team, teams, &ask.team_count, err))
		return false;
	if (team && !ask.team_count)
		return answer_problem(out, 400, STR("team"), "team: no club is known as %.*s",
			STR_ARG(team->text));
	size_t count;
	struct leader *leaders = ARENA_NEW(c->keep, struct leader, ask.limit);
	if (!store_get_leaders(c->store, &ask, c->keep, leaders, &count, err))
		return false;
	show_leaders(c, leaders, count, out);
	return true;
}
