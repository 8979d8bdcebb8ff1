#include "decode/game.h"

#include "base/time.h"

#include <inttypes.h>

enum { MOST_TYPES = 99 }; /* an id has two digits for it */

/* `period` is of 2023-24; periodDescriptor wins where both are. */
static const struct field game_fields[] = {
	{"season", READ_ID, GAME_season},
	{"gameType", READ_ID, GAME_game_type},
	{"gameDate", READ_DAY, GAME_game_date},
	{"startTimeUTC", READ_INSTANT, GAME_start_time},
	{"venue", READ_TEXT, GAME_venue},
	{"gameState", READ_TEXT, GAME_game_state},
	{"gameScheduleState", READ_TEXT, GAME_schedule_state},
	{"awayTeam.abbrev", READ_TEXT, GAME_away_team_abbrev},
	{"awayTeam.score", READ_COUNT, GAME_away_score},
	{"awayTeam.sog", READ_COUNT, GAME_away_shots},
	{"homeTeam.abbrev", READ_TEXT, GAME_home_team_abbrev},
	{"homeTeam.score", READ_COUNT, GAME_home_score},
	{"homeTeam.sog", READ_COUNT, GAME_home_shots},
	{"period", READ_COUNT, GAME_period},
	{"periodDescriptor.number", READ_COUNT, GAME_period},
	{"periodDescriptor.periodType", READ_TEXT, GAME_period_type},
	{"clock.timeRemaining", READ_CLOCK, GAME_clock_seconds},
	{"clock.secondsRemaining", READ_COUNT, GAME_clock_seconds},
	{"clock.running", READ_BOOL, GAME_clock_running},
	{"clock.inIntermission", READ_BOOL, GAME_in_intermission},
	/* Only while one club has more players than the other (a live box score of November 2023). */
	{"situation.situationCode", READ_TEXT, GAME_situation},
	{"situation.secondsRemaining", READ_COUNT, GAME_situation_seconds},
	{"gameOutcome.lastPeriodType", READ_TEXT, GAME_last_period_type},
};

struct str game_full_name(struct str place, struct str name, struct arena *keep)
{
	bool holds_place = str_starts(name, place) &&
			   (name.n == place.n || name.p[place.n] == ' '); /* Utah Hockey Club */
	if (!place.n || holds_place)
		return name;
	return name.n ? str_format(keep, "%.*s %.*s", STR_ARG(place), STR_ARG(name)) : place;
}

bool game_read_ids(const struct place *p, const struct game_ids *at, struct game *g)
{
	int64_t game_id, away, home;
	if (!place_need_id(p, at->game, &game_id) || !place_need_id(p, at->away, &away) ||
		!place_need_id(p, at->home, &home))
		return false;
	SET(g, GAME, game_id, game_id);
	SET(g, GAME, away_team_id, away);
	SET(g, GAME, home_team_id, home);
	return true;
}

/* A place alone says little of New York: without a name there is none. */
static void read_team_name(
	const struct place *p, const char *key, struct game *g, enum game_column column)
{
	struct place team = place_get(p, key);
	struct str place = {0}, name = {0};
	bool has_name = place_text(&team, "commonName", &name) || place_text(&team, "name", &name);
	place_text(&team, "placeName", &place);
	struct value v = {.known = true, .type = COLUMN_TEXT};
	v.text = game_full_name(place, name, p->reader->keep);
	if (has_name && v.text.n)
		record_set(&game_table, g, column, v);
}

bool game_read(const struct place *p, struct game *g)
{
	static const struct game_ids ids = {"id", "awayTeam.id", "homeTeam.id"};
	if (!game_read_ids(p, &ids, g))
		return false;
	bool was = reader_be_lenient(p->reader, true);
	PLACE_READ(p, game_fields, &game_table, g);
	read_team_name(p, "awayTeam", g, GAME_away_team_name);
	read_team_name(p, "homeTeam", g, GAME_home_team_name);
	game_complete(p, g);
	reader_be_lenient(p->reader, was);
	return true;
}

void game_complete(const struct place *p, struct game *g)
{
	int64_t year = g->game_id / 1000000, season = year * 10000 + year + 1,
		type = g->game_id / 10000 % 100;
	if (year && KNOWS(g, GAME, season) && g->season != season)
		place_fault(p, "season %" PRId64 " of game %" PRId64, g->season, g->game_id);
	if (year)
		SET(g, GAME, season, season);
	if (KNOWS(g, GAME, game_type) && g->game_type > MOST_TYPES) {
		place_fault(p, "game type %" PRId64, g->game_type);
		g->known &= ~((uint64_t)1 << GAME_game_type);
	}
	if (!KNOWS(g, GAME, game_type) && type)
		SET(g, GAME, game_type, type);
	if (!KNOWS(g, GAME, game_date) && KNOWS(g, GAME, start_time))
		SET(g, GAME, game_date, eastern_day(g->start_time));
}

static bool is_one_of(struct str s, const struct str *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(s, list[i]))
			return true;
	return false;
}

void game_warn(struct reader *r, const struct game *g)
{
	static const struct str schedule_states[] = {STR_INIT("OK"), STR_INIT("PPD"),
		STR_INIT("CNCL"), STR_INIT("TBD"), STR_INIT("SUSP")};
	static const struct str period_types[] = {STR_INIT("REG"), STR_INIT("OT"), STR_INIT("SO")};
	enum {
		LAST_GAME_TYPE = 21
	}; /* special ones, such as the 4 Nations' 19, seen or reported */
	if (KNOWS(g, GAME, game_state) && game_phase(g->game_state) == PHASE_UNKNOWN)
		reader_warn(r, "a game state never seen before: %.*s",
			STR_ARG(str_first(g->game_state, 40)));
	if (KNOWS(g, GAME, schedule_state) &&
		!is_one_of(g->schedule_state, schedule_states, COUNT(schedule_states)))
		reader_warn(r, "a schedule state never seen before: %.*s",
			STR_ARG(str_first(g->schedule_state, 40)));
	if (KNOWS(g, GAME, period_type) &&
		!is_one_of(g->period_type, period_types, COUNT(period_types)))
		reader_warn(r, "a period type never seen before: %.*s",
			STR_ARG(str_first(g->period_type, 40)));
	if (g->game_type > LAST_GAME_TYPE)
		reader_warn(r, "a game type never seen before: %" PRId64, g->game_type);
}

bool game_is_wanted(const struct place *p, int64_t game_id, int64_t wanted)
{
	return !wanted || p->reader->failed || game_id == wanted ||
	       place_fault(p, "is of game %" PRId64 ", wanted was game %" PRId64, game_id, wanted);
}

bool position_is_known(struct str position)
{
	static const struct str positions[] = {
		STR_INIT("C"), STR_INIT("L"), STR_INIT("R"), STR_INIT("D"), STR_INIT("G")};
	return is_one_of(position, positions, COUNT(positions));
}

/* NULL: not among them. */
static const struct seen *player_seen(const struct seen *seen, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (seen[i].id == id)
			return &seen[i];
	return NULL;
}

bool player_is_new(const struct place *p, struct seen *seen, size_t count, int64_t id)
{
	const struct seen *first = player_seen(seen, count, id);
	if (first)
		return place_fault(
			p, "player %" PRId64 " was already at %.*s", id, STR_ARG(first->path));
	if (count >= MAX_LINES)
		return place_fault(p, "more than %d players", MAX_LINES);
	seen[count] = (struct seen){id, place_path(p, p->reader->keep)};
	return true;
}

bool player_read(const struct place *p, const char *id_key, const struct field *fields,
	size_t field_count, struct seen *seen, size_t count, struct player *out)
{
	struct str name;
	int64_t id;
	if (!place_need_id(p, id_key, &id) || !player_is_new(p, seen, count, id))
		return false;
	SET(out, PLAYER, player_id, id);
	if (place_full_name(p, &name))
		SET(out, PLAYER, full_name, name);
	place_read(p, fields, field_count, &player_table, out);
	return true;
}

bool player_has_no_line(const struct place *p, struct seen *seen, struct snapshot *s, int64_t id)
{
	if (player_seen(seen, s->count, id))
		s->twice_player_id = id;
	return s->twice_player_id != id && player_is_new(p, seen, s->count, id);
}
