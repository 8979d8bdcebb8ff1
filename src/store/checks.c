#include "store/checks.h"

#include "base/time.h"
#include "store/raw.h"
#include "store/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FORGIVEN_TIMES = 3,          /* as often it must have come back */
	FORGIVEN_MS = 5 * 60 * 1000, /* over as long */
	FEW_LINES_NUMERATOR = 3,     /* of the stored lines, below which the body is torn */
	FEW_LINES_DENOMINATOR = 4,   /* events likewise, */
	SOME_EVENTS = 4,             /* but for as many as are taken back in a first minute */
};

#define BIT(member) ((uint64_t)1 << STAT_##member)

static bool has_ended(const struct game *g)
{
	enum game_phase phase = game_phase(g->game_state);
	return phase == PHASE_PROVISIONAL || phase == PHASE_OFFICIAL;
}

static const char *column_name(size_t i)
{
	return stat_table.columns[i].name.p;
}

/* ---- the checks: false and a reason when it fails ---- */

typedef bool check(const struct candidate *c, char *reason, size_t size);

static bool has_lines(const struct candidate *c, char *reason, size_t size)
{
	if ((c->snapshot->has_lines && c->count) || !c->old_count)
		return true;
	snprintf(reason, size, "the body has no player lines, %zu are stored", c->old_count);
	return false;
}

static bool has_both_teams(const struct candidate *c, char *reason, size_t size)
{
	int64_t teams[2] = {c->snapshot->game.away_team_id, c->snapshot->game.home_team_id};
	size_t counts[2] = {0};
	if (teams[0] == teams[1]) {
		snprintf(reason, size, "team %" PRId64 " plays against itself", teams[0]);
		return false;
	}
	for (size_t i = 0; i < c->count; i++)
		for (size_t side = 0; side < 2; side++)
			counts[side] += c->lines[i].team_id == teams[side];
	if (!c->count || (counts[0] && counts[1]))
		return true;
	snprintf(reason, size, "the body has no player lines of team %" PRId64,
		teams[counts[0] ? 1 : 0]);
	return false;
}

static bool has_stored_clubs(const struct candidate *c, char *reason, size_t size)
{
	const struct game *g = &c->snapshot->game;
	if (!c->old_count || (g->away_team_id == c->old->away_team_id &&
				     g->home_team_id == c->old->home_team_id))
		return true;
	snprintf(reason, size,
		"the body is of teams %" PRId64 " and %" PRId64 ", stored are %" PRId64
		" and %" PRId64,
		g->away_team_id, g->home_team_id, c->old->away_team_id, c->old->home_team_id);
	return false;
}

/* Which clubs play is the box score's to tell. */
static bool has_played(const struct candidate *c, char *reason, size_t size)
{
	return c->snapshot->has_lines || has_stored_clubs(c, reason, size);
}

static bool has_most_lines(const struct candidate *c, char *reason, size_t size)
{
	if (!c->count || c->count * FEW_LINES_DENOMINATOR >= c->old_count * FEW_LINES_NUMERATOR)
		return true;
	snprintf(reason, size, "the body has %zu player lines, %zu are stored", c->count,
		c->old_count);
	return false;
}

static bool has_every_player_once(const struct candidate *c, char *reason, size_t size)
{
	if (!c->snapshot->twice_player_id)
		return true;
	snprintf(reason, size, "player %" PRId64 " is listed twice", c->snapshot->twice_player_id);
	return false;
}

static bool points_add_up(const struct candidate *c, char *reason, size_t size)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct stat_line *l = &c->lines[i];
		if (!KNOWS(l, STAT, points) || !KNOWS(l, STAT, goals) || !KNOWS(l, STAT, assists) ||
			l->points == l->goals + l->assists)
			continue;
		snprintf(reason, size,
			"player %" PRId64 " has %" PRId64 " points of %" PRId64
			" goals and %" PRId64 " assists",
			l->player_id, l->points, l->goals, l->assists);
		return false;
	}
	return true;
}

static bool nothing_is_negative(const struct candidate *c, char *reason, size_t size)
{
	for (size_t i = 0; i < c->count; i++)
		for (size_t column = 0; column < stat_table.count; column++) {
			if (stat_table.columns[column].type != COLUMN_INT ||
				column == STAT_plus_minus)
				continue;
			struct value v = record_get(&stat_table, &c->lines[i], column);
			if (!v.known || v.integer >= 0)
				continue;
			snprintf(reason, size, "player %" PRId64 " has %s %" PRId64,
				c->lines[i].player_id, column_name(column), v.integer);
			return false;
		}
	return true;
}

static uint64_t known_anywhere(const struct stat_line *lines, size_t count)
{
	uint64_t known = 0;
	for (size_t i = 0; i < count; i++)
		known |= lines[i].known;
	return known;
}

static bool is_goaltender(const struct stat_line *line)
{
	return str_equal(line->player_position, STR("G"));
}

static bool has_goaltender(const struct candidate *c, char *reason, size_t size)
{
	if (!c->count || !has_ended(&c->snapshot->game))
		return true;
	for (size_t i = 0; i < c->count; i++)
		if (is_goaltender(&c->lines[i]))
			return true;
	snprintf(reason, size, "the game has ended, and the body has no goaltender");
	return false;
}

/* Without one of these a body is torn; without another it may have taken a new shape. */
static const uint64_t main_columns = BIT(player_position) | BIT(goals) | BIT(assists) |
				     BIT(points) | BIT(shots) | BIT(time_on_ice) | BIT(saves) |
				     BIT(shots_against);

/* What nobody has any more and somebody had, but for what comes with the end or is worked out here.
 */
static uint64_t lost_columns(const struct candidate *c)
{
	uint64_t lost =
		known_anywhere(c->old_lines, c->old_count) & ~known_anywhere(c->lines, c->count);
	lost &= ~(BIT(player_age) | BIT(revision) | BIT(observed_at));
	if (!has_ended(&c->snapshot->game))
		lost &= ~(BIT(starter) | BIT(decision));
	return c->count ? lost : 0;
}

static const struct stat_line *old_of(const struct candidate *c, const struct stat_line *line)
{
	return lines_find(c->old_lines, c->old_count, line->player_id);
}

/* They add up, so they are held together. */
static const uint64_t scoring = BIT(goals) | BIT(assists) | BIT(points);

/*
 * What a player had and has no more, but for what may go: a share without face-offs or shots, the
 * decision that another goaltender was given, what a skater has where one was listed as a
 * goaltender, what a goaltender's line has from the play-by-play.
 */
static uint64_t lost_by_line(
	const struct candidate *c, const struct stat_line *old, const struct stat_line *new)
{
	uint64_t lost = old->known & ~new->known;
	lost &= ~(BIT(player_age) | BIT(revision) | BIT(observed_at) | BIT(starter) |
		  BIT(decision) | BIT(faceoff_win_pct));
	if (KNOWS(new, STAT, player_position) && is_goaltender(new) != is_goaltender(old))
		return lost & (BIT(player_name) | BIT(player_number) | BIT(time_on_ice));
	if (is_goaltender(old))
		lost &= ~scoring;
	if (is_goaltender(old) && !has_ended(&c->snapshot->game))
		lost &= ~BIT(penalty_minutes);
	if (!new->shots_against)
		lost &= ~BIT(save_pct);
	return lost;
}

/* Main columns that a club's players had, and none of them has. */
static uint64_t lost_by_club(const struct candidate *c, int64_t team_id)
{
	uint64_t lost = 0, known = 0;
	for (size_t i = 0; i < c->count; i++) {
		const struct stat_line *new = &c->lines[i], *old = old_of(c, new);
		if (new->team_id != team_id)
			continue;
		known |= new->known;
		lost |= old ? lost_by_line(c, old, new) : 0;
	}
	return lost & ~known & main_columns;
}

uint64_t checks_held(
	const struct candidate *c, const struct stat_line *old, const struct stat_line *new)
{
	uint64_t lost = lost_by_line(c, old, new) | (lost_columns(c) & old->known);
	if (!lost)
		return 0;
	uint64_t torn = (lost_columns(c) & main_columns) | lost_by_club(c, new->team_id);
	lost &= ~torn;
	return lost & scoring ? lost | (scoring & old->known & ~torn) : lost;
}

static bool say_lost(uint64_t lost, const char *who, char *reason, size_t size)
{
	if (!lost)
		return true;
	snprintf(reason, size, "%s has %s any more", who,
		column_name((size_t)__builtin_ctzll(lost)));
	return false;
}

static bool has_main_columns(const struct candidate *c, char *reason, size_t size)
{
	const struct game *g = &c->snapshot->game;
	int64_t teams[2] = {g->away_team_id, g->home_team_id};
	char who[60];
	bool ok = say_lost(lost_columns(c) & main_columns, "no player", reason, size);
	for (size_t i = 0; ok && i < 2; i++) {
		snprintf(who, sizeof(who), "no player of team %" PRId64, teams[i]);
		ok = say_lost(lost_by_club(c, teams[i]), who, reason, size);
	}
	return ok;
}

static bool has_other_columns(const struct candidate *c, char *reason, size_t size)
{
	if (!say_lost(lost_columns(c) & ~main_columns, "no player", reason, size))
		return false;
	for (size_t i = 0; i < c->count; i++) {
		const struct stat_line *new = &c->lines[i], *old = old_of(c, new);
		uint64_t lost = old ? checks_held(c, old, new) & ~new->known : 0;
		if (!lost)
			continue;
		snprintf(reason, size, "player %" PRId64 " has no %s any more", new->player_id,
			column_name((size_t)__builtin_ctzll(lost)));
		return false;
	}
	return true;
}

#define GAME_BIT(member) ((uint64_t)1 << GAME_##member)

uint64_t checks_held_of_game(const struct game *old, const struct game *new)
{
	uint64_t state = GAME_BIT(game_state),
		 course = GAME_BIT(away_score) | GAME_BIT(home_score) | GAME_BIT(period) |
			  GAME_BIT(period_type) | GAME_BIT(away_shots) | GAME_BIT(home_shots);
	enum game_phase phase =
		game_phase(KNOWS(new, GAME, game_state) ? new->game_state : old->game_state);
	return old->known & ~new->known &(phase >= PHASE_LIVE ? state | course : state);
}

static bool has_game_columns(const struct candidate *c, char *reason, size_t size)
{
	uint64_t lost = checks_held_of_game(c->old, &c->snapshot->game);
	if (!lost)
		return true;
	snprintf(reason, size, "the game has no %s any more",
		game_table.columns[__builtin_ctzll(lost)].name.p);
	return false;
}

/* Goals that count for a player. */
static int64_t count_goals(const struct event *events, size_t count)
{
	int64_t goals = 0;
	for (size_t i = 0; i < count; i++)
		goals += str_equal(events[i].type, STR("goal")) &&
			 !str_equal(events[i].period_type, STR("SO"));
	return goals;
}

static bool has_shoot_out(const struct candidate *c)
{
	const struct snapshot *s = c->snapshot;
	for (size_t i = 0; i < s->event_count; i++)
		if (str_equal(s->events[i].period_type, STR("SO")))
			return true;
	return str_equal(s->game.period_type, STR("SO")) ||
	       str_equal(s->game.last_period_type, STR("SO"));
}

/* A goal that was taken back is one less in the score as well. */
static bool has_most_events(const struct candidate *c, char *reason, size_t size)
{
	const struct snapshot *s = c->snapshot;
	int64_t goals = count_goals(s->events, s->event_count);
	int64_t told = s->game.away_score + s->game.home_score - has_shoot_out(c);
	if (s->event_count + SOME_EVENTS < c->old_event_count &&
		s->event_count * FEW_LINES_DENOMINATOR < c->old_event_count * FEW_LINES_NUMERATOR) {
		snprintf(reason, size, EVENTS_WARNING " has %zu events, %zu are stored",
			s->event_count, c->old_event_count);
		return false;
	}
	if (goals >= told || goals >= count_goals(c->old_events, c->old_event_count))
		return true;
	snprintf(reason, size, EVENTS_WARNING " has %" PRId64 " goals, its score says %" PRId64,
		goals, told);
	return false;
}

/* What a failed check costs, until it has come back so often that it is forgiven. */
enum cost { COSTS_BODY, COSTS_COLUMN, COSTS_STATE, COSTS_EVENTS, NEVER_FORGIVEN };

/* Which snapshots a check is for. */
enum part { OF_LINES = 1, OF_EVENTS = 2 };

static const struct {
	struct str kind;
	check *run;
	enum cost cost;
	unsigned parts;
} checks[] = {
	{STR_INIT("no-lines"), has_lines, NEVER_FORGIVEN, OF_LINES},
	{STR_INIT("one-team"), has_both_teams, NEVER_FORGIVEN, OF_LINES},
	{STR_INIT("other-clubs"), has_stored_clubs, COSTS_BODY, OF_LINES},
	{STR_INIT("other-clubs-play"), has_played, NEVER_FORGIVEN, OF_EVENTS},
	{STR_INIT("few-lines"), has_most_lines, COSTS_BODY, OF_LINES},
	{STR_INIT("player-twice"), has_every_player_once, COSTS_BODY, OF_LINES},
	{STR_INIT("points"), points_add_up, COSTS_BODY, OF_LINES},
	{STR_INIT("negative"), nothing_is_negative, COSTS_BODY, OF_LINES},
	{STR_INIT("no-goaltender"), has_goaltender, COSTS_BODY, OF_LINES},
	{STR_INIT("lost-main-column"), has_main_columns, COSTS_BODY, OF_LINES},
	{STR_INIT("lost-column"), has_other_columns, COSTS_COLUMN, OF_LINES},
	{STR_INIT("lost-game-column"), has_game_columns, COSTS_STATE, OF_LINES},
	{STR_INIT("few-events"), has_most_events, COSTS_EVENTS, OF_EVENTS},
};

/* ---- counting ---- */

static struct value instant(int64_t ms)
{
	return (struct value){.known = true, .type = COLUMN_TIME, .integer = ms};
}

/* Once more of this kind; whether it has come often and long enough. */
static bool count(const struct candidate *c, struct str kind, const char *reason, bool *out_enough,
	struct err *err)
{
	struct sql q;
	if (!sql_prepare(c->store,
		    "INSERT INTO quarantine AS q (game_id, kind, reason, sha256, first_seen, last_seen, "
		    "times) VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT (game_id, kind) DO UPDATE SET "
		    "reason = excluded.reason, sha256 = excluded.sha256, "
		    "first_seen = CASE WHEN q.times > 0 AND q.first_seen < excluded.first_seen "
		    "THEN q.first_seen ELSE excluded.first_seen END, "
		    "last_seen = CASE WHEN q.times > 0 AND q.last_seen > excluded.last_seen "
		    "THEN q.last_seen ELSE excluded.last_seen END, times = q.times + 1 "
		    "RETURNING first_seen, last_seen, times",
		    &q, err))
		return false;
	sql_bind_i64(&q, c->snapshot->game.game_id);
	sql_bind_text(&q, kind);
	sql_bind_text(&q, str_from(reason));
	struct str body = raw_noted_sha256(c->store);
	sql_bind(&q, (struct value){.known = body.n != 0, .type = COLUMN_TEXT, .text = body});
	sql_bind(&q, instant(c->snapshot->observed_at));
	sql_bind(&q, instant(c->snapshot->observed_at));
	if (sql_step(&q, err) != STEP_ROW)
		return false;
	int64_t first = sql_value(&q, COLUMN_TIME).integer,
		last = sql_value(&q, COLUMN_TIME).integer;
	*out_enough = sql_i64(&q) >= FORGIVEN_TIMES && last - first >= FORGIVEN_MS;
	return sql_exec(&q, err);
}

#define FORGET "UPDATE quarantine SET times = 0 WHERE game_id = ? AND times > 0"

/* What is wrong with the events is not over when a box score is good, nor the other way round. */
static bool forget(const struct candidate *c, unsigned parts, struct err *err)
{
	static const char *const texts[] = {
		[OF_LINES] = FORGET " AND kind NOT IN ('few-events', 'other-clubs-play')",
		[OF_EVENTS] = FORGET " AND kind IN ('few-events', 'other-clubs-play')",
		[OF_LINES | OF_EVENTS] = FORGET,
	};
	struct sql q;
	if (!sql_prepare(c->store, texts[parts], &q, err))
		return false;
	sql_bind_i64(&q, c->snapshot->game.game_id);
	return sql_exec(&q, err);
}

/* Whether this kind keeps coming, and is let in for that. */
static bool is_forgiven(const struct candidate *c, struct str kind, bool *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(c->store, "SELECT times FROM quarantine WHERE game_id = ? AND kind = ?",
		    &q, err))
		return false;
	sql_bind_i64(&q, c->snapshot->game.game_id);
	sql_bind_text(&q, kind);
	enum step step = sql_step(&q, err);
	*out = step == STEP_ROW && sql_i64(&q) >= FORGIVEN_TIMES;
	sql_reset(&q);
	return step != STEP_FAILED;
}

bool checks_run(const struct candidate *c, struct verdict *out, struct err *err)
{
	bool is_clean = true, has_events = c->snapshot->has_events;
	/* The play-by-play has no place for lines. */
	bool is_box_score = c->snapshot->has_lines || !has_events;
	unsigned parts = (is_box_score ? OF_LINES : 0) | (has_events ? OF_EVENTS : 0);
	*out = (struct verdict){.is_good = true};
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		char reason[sizeof(out->reason)] = "";
		bool enough;
		if (!(checks[i].parts & parts) || checks[i].run(c, reason, sizeof(reason)))
			continue;
		is_clean = false;
		if (c->store->is_replaying ? !is_forgiven(c, checks[i].kind, &enough, err)
					   : !count(c, checks[i].kind, reason, &enough, err))
			return false;
		if (enough && checks[i].cost != NEVER_FORGIVEN) {
			snprintf(out->warning, sizeof(out->warning),
				"accepted, it keeps coming: %s", reason);
		} else if (checks[i].cost == COSTS_COLUMN || checks[i].cost == COSTS_STATE) {
			out->holds_columns |= checks[i].cost == COSTS_COLUMN;
			out->holds_state |= checks[i].cost == COSTS_STATE;
			snprintf(out->warning, sizeof(out->warning), "shown as it was: %s", reason);
		} else if (checks[i].cost == COSTS_EVENTS && is_box_score) {
			out->holds_events = true;
			snprintf(out->warning, sizeof(out->warning), "%s", reason);
		} else if (out->is_good) {
			out->is_good = false;
			memcpy(out->reason, reason, sizeof(reason));
		}
	}
	return !is_clean || c->store->is_replaying || forget(c, parts, err);
}

bool checks_hold(const struct candidate *c, char *reason, size_t size, struct err *err)
{
	bool forgiven;
	err->kind = ERR_NONE;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i].parts & OF_LINES && !checks[i].run(c, reason, size) &&
			(!is_forgiven(c, checks[i].kind, &forgiven, err) || !forgiven))
			return false;
	return true;
}
