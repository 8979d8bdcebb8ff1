#include "decode/legacy.h"

#include "base/time.h"
#include "decode/event.h"
#include "decode/game.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the game, in today's words ---- */

static const struct {
	struct str code;
	struct str state, schedule_state;
} states[] = {
	{STR_INIT("1"), STR_INIT("FUT"), STR_INIT("OK")},
	{STR_INIT("2"), STR_INIT("PRE"), STR_INIT("OK")},
	{STR_INIT("3"), STR_INIT("LIVE"), STR_INIT("OK")},
	{STR_INIT("4"), STR_INIT("CRIT"), STR_INIT("OK")},
	{STR_INIT("5"), STR_INIT("OVER"), STR_INIT("OK")},
	{STR_INIT("6"), STR_INIT("FINAL"), STR_INIT("OK")},
	{STR_INIT("7"), STR_INIT("OFF"), STR_INIT("OK")},
	{STR_INIT("8"), STR_INIT("FUT"), STR_INIT("TBD")},
	{STR_INIT("9"), STR_INIT("FUT"), STR_INIT("PPD")},
};

static void read_state(const struct place *p, const char *key, struct game *g)
{
	struct place status = place_get(p, key);
	struct str code, said;
	if (!place_text(&status, "statusCode", &code) &&
		!place_text(&status, "codedGameState", &code))
		return;
	for (size_t i = 0; i < COUNT(states); i++)
		if (str_equal(states[i].code, code)) {
			SET(g, GAME, game_state, states[i].state);
			SET(g, GAME, schedule_state, states[i].schedule_state);
			return;
		}
	SET(g, GAME, game_state, place_text(&status, "detailedState", &said) ? said : code);
}

static void read_type(const struct place *p, const char *key, struct game *g)
{
	static const struct {
		struct str code;
		int64_t type;
	} types[] = {
		{STR_INIT("PR"), 1}, {STR_INIT("R"), 2}, {STR_INIT("P"), 3}, {STR_INIT("A"), 4}};
	struct str code;
	if (!place_text(p, key, &code))
		return;
	for (size_t i = 0; i < COUNT(types); i++)
		if (str_equal(types[i].code, code))
			SET(g, GAME, game_type, types[i].type);
	if (!KNOWS(g, GAME, game_type))
		reader_warn(p->reader, "a game type never seen before: %.*s",
			STR_ARG(str_first(code, 20)));
}

/* "1st", "OT", "2OT", "SO". */
static struct str period_type(struct str ordinal, int64_t period)
{
	if (str_equal(ordinal, STR("SO")))
		return STR("SO");
	return str_ends(ordinal, STR("OT")) || period > 3 ? STR("OT") : STR("REG");
}

static const struct field line_score_fields[] = {
	{"teams.away.goals", READ_COUNT, GAME_away_score},
	{"teams.away.shotsOnGoal", READ_COUNT, GAME_away_shots},
	{"teams.home.goals", READ_COUNT, GAME_home_score},
	{"teams.home.shotsOnGoal", READ_COUNT, GAME_home_shots},
	{"currentPeriod", READ_COUNT, GAME_period},
	{"intermissionInfo.inIntermission", READ_BOOL, GAME_in_intermission},
};

/* Before a game all of it is zeros that say nothing. */
static void read_line_score(const struct place *p, struct game *g)
{
	struct str ordinal = {0}, left = {0};
	int64_t period = 0, seconds;
	place_int(p, "currentPeriod", &period);
	if (period < 1)
		return;
	PLACE_READ(p, line_score_fields, &game_table, g);
	place_text(p, "currentPeriodOrdinal", &ordinal);
	SET(g, GAME, period_type, period_type(ordinal, period));
	place_text(p, "currentPeriodTimeRemaining", &left);
	if (str_equal(left, STR("Final")))
		SET(g, GAME, last_period_type, g->period_type);
	else if (g->in_intermission &&
		 place_int(p, "intermissionInfo.intermissionTimeRemaining", &seconds))
		SET(g, GAME, clock_seconds, seconds);
	else if (str_equal(left, STR("END")))
		SET(g, GAME, clock_seconds, 0);
	else if (left.n && place_clock(p, "currentPeriodTimeRemaining", &seconds))
		SET(g, GAME, clock_seconds, seconds);
}

/* ---- lines ---- */

static const struct field skater_fields[] = {
	{"goals", READ_INT, STAT_goals},
	{"assists", READ_INT, STAT_assists},
	{"plusMinus", READ_INT, STAT_plus_minus},
	{"penaltyMinutes", READ_INT, STAT_penalty_minutes},
	{"hits", READ_INT, STAT_hits},
	{"shots", READ_INT, STAT_shots},
	{"blocked", READ_INT, STAT_blocked_shots},
	{"giveaways", READ_INT, STAT_giveaways},
	{"takeaways", READ_INT, STAT_takeaways},
	{"powerPlayGoals", READ_INT, STAT_power_play_goals},
	{"faceOffPct", READ_PERCENT, STAT_faceoff_win_pct},
	{"timeOnIce", READ_CLOCK, STAT_time_on_ice},
};

/* Goals against are said nowhere, and are not always shots less saves. */
static const struct field goaltender_fields[] = {
	{"goals", READ_INT, STAT_goals},
	{"assists", READ_INT, STAT_assists},
	{"pim", READ_INT, STAT_penalty_minutes},
	{"timeOnIce", READ_CLOCK, STAT_time_on_ice},
	{"saves", READ_INT, STAT_saves},
	{"shots", READ_INT, STAT_shots_against},
	{"savePercentage", READ_PERCENT, STAT_save_pct},
	{"evenSaves", READ_INT, STAT_even_strength_saves},
	{"evenShotsAgainst", READ_INT, STAT_even_strength_shots_against},
	{"powerPlaySaves", READ_INT, STAT_power_play_saves},
	{"powerPlayShotsAgainst", READ_INT, STAT_power_play_shots_against},
	{"shortHandedSaves", READ_INT, STAT_short_handed_saves},
	{"shortHandedShotsAgainst", READ_INT, STAT_short_handed_shots_against},
	{"decision", READ_TEXT, STAT_decision},
};

/* Won by taken is exact; who took none has no share. */
static void read_faceoffs(const struct place *p, struct stat_line *line)
{
	int64_t won, taken;
	if (!place_int(p, "faceOffWins", &won) || !place_int(p, "faceoffTaken", &taken))
		return;
	if (taken > 0 && won >= 0 && won <= taken)
		SET(line, STAT, faceoff_win_pct, round((double)won / (double)taken * 1e6) / 1e6);
}

/* This feed called a loss after regulation L; today's API and we call it O, but in play-offs. */
static void correct_decision(const struct game *g, struct stat_line *line)
{
	enum { PLAYOFFS = 3 };
	if (str_equal(line->decision, STR("L")) && g->game_type != PLAYOFFS &&
		(str_equal(g->last_period_type, STR("OT")) ||
			str_equal(g->last_period_type, STR("SO"))))
		SET(line, STAT, decision, STR("O"));
}

static const struct player *find_player(const struct snapshot *s, int64_t id)
{
	for (size_t i = 0; i < s->player_count; i++)
		if (s->players[i].player_id == id)
			return &s->players[i];
	return NULL;
}

static void read_person(const struct place *p, const struct snapshot *s, struct stat_line *line)
{
	static const struct field fields[] = {
		{"person.fullName", READ_TEXT, STAT_player_name},
		{"jerseyNumber", READ_INT_TEXT, STAT_player_number},
		{"position.code", READ_TEXT, STAT_player_position},
	};
	const struct player *player = find_player(s, line->player_id);
	PLACE_READ(p, fields, &stat_table, line);
	if (!position_is_known(line->player_position) && player && KNOWS(player, PLAYER, position))
		SET(line, STAT, player_position, player->position); /* "N/A" */
	if (player && KNOWS(player, PLAYER, birth_date) && KNOWS(&s->game, GAME, game_date))
		SET(line, STAT, player_age, day_age(player->birth_date, s->game.game_date));
	if (!KNOWS(line, STAT, player_name) && player && KNOWS(player, PLAYER, full_name))
		SET(line, STAT, player_name, player->full_name);
	if (KNOWS(line, STAT, player_position) && !position_is_known(line->player_position))
		reader_warn(p->reader, "a position never seen before: %.*s",
			STR_ARG(str_first(line->player_position, 40)));
}

static void read_line(const struct place *p, bool is_home, struct seen *seen, struct snapshot *s)
{
	struct place skater = place_get(p, "stats.skaterStats"),
		     goaltender = place_get(p, "stats.goalieStats");
	const struct game *g = &s->game;
	int64_t id;
	if (!place_count(&skater) && !place_count(&goaltender)) /* scratched */
		return;
	if (!place_need_id(p, "person.id", &id) || !player_has_no_line(p, seen, s, id))
		return;
	struct stat_line *line = &s->lines[s->count];
	SET(line, STAT, game_id, g->game_id);
	SET(line, STAT, player_id, id);
	SET(line, STAT, team_id, is_home ? g->home_team_id : g->away_team_id);
	SET(line, STAT, opponent_team_id, is_home ? g->away_team_id : g->home_team_id);
	struct value away = record_get(&game_table, g, GAME_away_team_name),
		     home = record_get(&game_table, g, GAME_home_team_name);
	record_set(&stat_table, line, STAT_team_name, is_home ? home : away);
	record_set(&stat_table, line, STAT_opponent_team_name, is_home ? away : home);
	bool was = reader_be_lenient(p->reader, true);
	read_person(p, s, line);
	if (place_count(&goaltender)) {
		PLACE_READ(&goaltender, goaltender_fields, &stat_table, line);
		correct_decision(g, line);
	} else {
		PLACE_READ(&skater, skater_fields, &stat_table, line);
		read_faceoffs(&skater, line);
	}
	reader_be_lenient(p->reader, was);
	if (KNOWS(line, STAT, goals) && KNOWS(line, STAT, assists))
		SET(line, STAT, points, line->goals + line->assists);
	s->count++;
}

static void read_lines(const struct place *root, struct snapshot *s)
{
	struct reader *r = root->reader;
	struct place teams = place_get(root, "liveData.boxscore.teams");
	s->has_lines = teams.value;
	s->lines = ARENA_NEW(r->keep, struct stat_line, MAX_LINES);
	struct seen *seen = ARENA_NEW(r->keep, struct seen, MAX_LINES);
	for (size_t side = 0; side < 2; side++) {
		struct place players = place_get(&teams, side ? "home.players" : "away.players");
		for (struct place e = place_first(&players); e.value && !r->failed; place_next(&e))
			read_line(&e, side == 1, seen, s);
	}
}

/* Names are extra, as in today's play-by-play. */
static void read_players(const struct place *root, struct snapshot *s)
{
	static const struct field fields[] = {
		{"fullName", READ_TEXT, PLAYER_full_name},
		{"birthDate", READ_DAY, PLAYER_birth_date},
		{"primaryPosition.code", READ_TEXT, PLAYER_position},
		{"shootsCatches", READ_TEXT, PLAYER_shoots_catches},
		{"primaryNumber", READ_INT_TEXT, PLAYER_sweater_number},
		{"currentTeam.id", READ_ID, PLAYER_team_id},
	};
	struct reader *r = root->reader;
	struct place players = place_get(root, "gameData.players");
	struct seen *seen = ARENA_NEW(r->keep, struct seen, MAX_LINES);
	s->players = ARENA_NEW(r->keep, struct player, MAX_LINES);
	bool was = reader_be_lenient(r, true);
	for (struct place e = place_first(&players); e.value && !r->failed; place_next(&e)) {
		struct player *player = &s->players[s->player_count];
		int64_t id;
		if (!place_need_id(&e, "id", &id) || !player_is_new(&e, seen, s->player_count, id))
			continue;
		SET(player, PLAYER, player_id, id);
		PLACE_READ(&e, fields, &player_table, player);
		s->player_count++;
	}
	reader_be_lenient(r, was);
}

/* ---- events ---- */

/* Today's name of a type, and the part in it of those who play one. */
static const struct event_kind {
	struct str legacy, type;
	struct str player, other;
} kinds[] = {
	{STR_INIT("GOAL"), STR_INIT("goal"), STR_INIT("Scorer"), STR_INIT("")},
	{STR_INIT("PENALTY"), STR_INIT("penalty"), STR_INIT("PenaltyOn"), STR_INIT("DrewBy")},
	{STR_INIT("SHOT"), STR_INIT("shot-on-goal"), STR_INIT("Shooter"), STR_INIT("")},
	{STR_INIT("MISSED_SHOT"), STR_INIT("missed-shot"), STR_INIT("Shooter"), STR_INIT("")},
	{STR_INIT("BLOCKED_SHOT"), STR_INIT("blocked-shot"), STR_INIT("Shooter"),
		STR_INIT("Blocker")},
	{STR_INIT("HIT"), STR_INIT("hit"), STR_INIT("Hitter"), STR_INIT("Hittee")},
	{STR_INIT("FACEOFF"), STR_INIT("faceoff"), STR_INIT("Winner"), STR_INIT("Loser")},
	{STR_INIT("GIVEAWAY"), STR_INIT("giveaway"), STR_INIT("PlayerID"), STR_INIT("")},
	{STR_INIT("TAKEAWAY"), STR_INIT("takeaway"), STR_INIT("PlayerID"), STR_INIT("")},
};

static const struct field play_fields[] = {
	{"about.eventIdx", READ_INT, EVENT_sort_order},
	{"about.period", READ_INT, EVENT_period},
	{"about.periodTime", READ_CLOCK, EVENT_time_in_period},
	{"team.id", READ_ID, EVENT_team_id},
	{"result.secondaryType", READ_TEXT, EVENT_detail},
	{"result.penaltyMinutes", READ_INT, EVENT_penalty_minutes},
	{"coordinates.x", READ_ROUND, EVENT_x},
	{"coordinates.y", READ_ROUND, EVENT_y},
};

static void read_event_players(
	const struct place *p, const struct event_kind *kind, struct event *e)
{
	struct place players = place_get(p, "players");
	for (struct place at = place_first(&players); at.value && !p->reader->failed;
		place_next(&at)) {
		struct str part;
		int64_t id;
		if (!place_text(&at, "playerType", &part) || !place_id(&at, "player.id", &id))
			continue;
		if (str_equal(part, kind->player))
			SET(e, EVENT, player_id, id);
		else if (kind->other.n && str_equal(part, kind->other))
			SET(e, EVENT, other_player_id, id);
		else if (str_equal(part, STR("Goalie")))
			SET(e, EVENT, goalie_player_id, id);
		else if (str_equal(part, STR("Assist")) && !KNOWS(e, EVENT, assist1_player_id))
			SET(e, EVENT, assist1_player_id, id);
		else if (str_equal(part, STR("Assist")))
			SET(e, EVENT, assist2_player_id, id);
	}
}

static void read_play(const struct place *p, struct snapshot *s)
{
	const struct event_kind *kind = NULL;
	struct str type, ordinal = {0};
	int64_t id, score;
	if (!place_text(p, "result.eventTypeId", &type))
		return;
	for (size_t i = 0; i < COUNT(kinds) && !kind; i++)
		if (str_equal(kinds[i].legacy, type))
			kind = &kinds[i];
	struct event *e = kind ? event_next(p, s) : NULL;
	if (!e || !place_need_id(p, "about.eventId", &id))
		return;
	SET(e, EVENT, game_id, s->game.game_id);
	SET(e, EVENT, event_id, id);
	SET(e, EVENT, type, kind->type);
	PLACE_READ(p, play_fields, &event_table, e);
	place_text(p, "about.ordinalNum", &ordinal);
	if (e->period > 0)
		SET(e, EVENT, period_type, period_type(ordinal, e->period));
	if (str_equal(kind->type, STR("goal"))) {
		if (place_int(p, "about.goals.away", &score))
			SET(e, EVENT, away_score, score);
		if (place_int(p, "about.goals.home", &score))
			SET(e, EVENT, home_score, score);
	}
	/* A blocked shot was the blocker's club's then; today it is the shooter's. */
	if (str_equal(kind->type, STR("blocked-shot")) && KNOWS(e, EVENT, team_id))
		e->team_id = e->team_id == s->game.away_team_id ? s->game.home_team_id
								: s->game.away_team_id;
	read_event_players(p, kind, e);
	event_keep(p, s);
}

static void read_plays(const struct place *root, struct snapshot *s)
{
	struct place plays = place_get(root, "liveData.plays.allPlays");
	event_read_all(&plays, read_play, s);
}

/* ---- bodies ---- */

bool legacy_is_live(const struct place *root)
{
	return place_is_object(root) && place_get(root, "gamePk").value &&
	       place_get(root, "liveData").value;
}

/* "20230309_025759", UTC. */
static void read_time_stamp(const struct place *root, struct snapshot *s)
{
	struct str stamp;
	int64_t day, clock, ms;
	if (!place_text(root, "metaData.timeStamp", &stamp))
		return;
	struct str_cut cut = str_cut(stamp, '_');
	char text[48];
	if (cut.head.n != 8 || cut.tail.n != 6 || !str_to_i64(cut.head, &day) ||
		!str_to_i64(cut.tail, &clock) || day < 0 || clock < 0)
		return;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)(day / 10000),
		(int)(day / 100 % 100), (int)(day % 100), (int)(clock / 10000),
		(int)(clock / 100 % 100), (int)(clock % 100));
	if (!time_parse(str_from(text), &ms))
		return;
	s->order.time = ms / 1000;
	s->observed_at = ms;
}

static const struct field live_fields[] = {
	{"game.season", READ_INT_TEXT, GAME_season},
	{"datetime.dateTime", READ_INSTANT, GAME_start_time},
	{"venue.name", READ_TEXT, GAME_venue},
	{"teams.away.name", READ_TEXT, GAME_away_team_name},
	{"teams.away.triCode", READ_TEXT, GAME_away_team_abbrev},
	{"teams.home.name", READ_TEXT, GAME_home_team_name},
	{"teams.home.triCode", READ_TEXT, GAME_home_team_abbrev},
};

void legacy_read_live(const struct place *root, int64_t wanted_game, struct snapshot *s)
{
	static const struct game_ids ids = {
		"gamePk", "gameData.teams.away.id", "gameData.teams.home.id"};
	struct game *g = &s->game;
	struct place data = place_get(root, "gameData"),
		     line_score = place_get(root, "liveData.linescore");
	if (!game_read_ids(root, &ids, g) || !game_is_wanted(root, g->game_id, wanted_game))
		return;
	bool was = reader_be_lenient(root->reader, true);
	PLACE_READ(&data, live_fields, &game_table, g);
	read_type(&data, "game.type", g);
	read_state(&data, "status", g);
	game_complete(&data, g);
	read_line_score(&line_score, g);
	read_time_stamp(root, s);
	reader_be_lenient(root->reader, was);
	read_players(root, s);
	read_lines(root, s);
	read_plays(root, s);
	game_warn(root->reader, g);
}

static const struct field schedule_fields[] = {
	{"season", READ_INT_TEXT, GAME_season},
	{"gameDate", READ_INSTANT, GAME_start_time},
	{"venue.name", READ_TEXT, GAME_venue},
	{"teams.away.team.name", READ_TEXT, GAME_away_team_name},
	{"teams.away.team.abbreviation", READ_TEXT, GAME_away_team_abbrev},
	{"teams.home.team.name", READ_TEXT, GAME_home_team_name},
	{"teams.home.team.abbreviation", READ_TEXT, GAME_home_team_abbrev},
};
static const struct field score_fields[] = {
	{"teams.away.score", READ_COUNT, GAME_away_score},
	{"teams.home.score", READ_COUNT, GAME_home_score},
};

bool legacy_read_scheduled(const struct place *p, struct game *g)
{
	static const struct game_ids ids = {"gamePk", "teams.away.team.id", "teams.home.team.id"};
	struct place line_score = place_get(p, "linescore");
	if (!game_read_ids(p, &ids, g))
		return false;
	PLACE_READ(p, schedule_fields, &game_table, g);
	read_type(p, "gameType", g);
	read_state(p, "status", g);
	game_complete(p, g);
	enum game_phase phase = game_phase(g->game_state);
	if (phase == PHASE_FUTURE || phase == PHASE_PREGAME)
		return true; /* its score is zeros that say nothing */
	PLACE_READ(p, score_fields, &game_table, g);
	read_line_score(&line_score, g);
	return true;
}
