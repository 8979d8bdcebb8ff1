#include "model/model.h"

#include <stddef.h>

enum { SHOWN = 0, HIDE = 1, QUEUE = 2 };

#define ROW(record, kind, name_, type_, help_)                                                     \
	{.name = STR_INIT(#name_),                                                                 \
		.type = COLUMN_##type_,                                                            \
		.hidden = (kind)&HIDE,                                                             \
		.queued = (kind)&QUEUE,                                                            \
		.offset = offsetof(struct record, name_),                                          \
		.help = help_},
#define TABLE(record, name_, columns_, keys)                                                       \
	{                                                                                          \
		.name = STR_INIT(name_), .columns = columns_,                                      \
		.count = sizeof(columns_) / sizeof((columns_)[0]), .key_count = keys,              \
		.known_offset = offsetof(struct record, known)                                     \
	}

static const struct column stat_columns[] = {
#define COLUMN(name, type, help) ROW(stat_line, SHOWN, name, type, help)
#include "model/stat_columns.def"
#undef COLUMN
};

static const struct column game_columns[] = {
#define COLUMN(name, type, help)        ROW(game, SHOWN, name, type, help)
#define HIDDEN(name, type, help)        ROW(game, HIDE, name, type, help)
#define QUEUED(name, type, help)        ROW(game, QUEUE, name, type, help)
#define HIDDEN_QUEUED(name, type, help) ROW(game, HIDE | QUEUE, name, type, help)
#include "model/game_columns.def"
#undef COLUMN
#undef HIDDEN
};

static const struct column player_columns[] = {
#define COLUMN(name, type, help) ROW(player, SHOWN, name, type, help)
#include "model/player_columns.def"
#undef COLUMN
};

static const struct column team_columns[] = {
#define COLUMN(name, type, help) ROW(team, SHOWN, name, type, help)
#include "model/team_columns.def"
#undef COLUMN
};

static const struct column event_columns[] = {
#define COLUMN(name, type, help) ROW(event, SHOWN, name, type, help)
#include "model/event_columns.def"
#undef COLUMN
};

static const struct column poll_columns[] = {
#define COLUMN(name, type, help) ROW(poll, SHOWN, name, type, help)
#define HIDDEN(name, type, help) ROW(poll, HIDE, name, type, help)
#include "model/poll_columns.def"
#undef COLUMN
#undef HIDDEN
};

const struct table stat_table = TABLE(stat_line, "game_stats", stat_columns, 2);
const struct table game_table = TABLE(game, "games", game_columns, 1);
const struct table player_table = TABLE(player, "players", player_columns, 1);
const struct table team_table = TABLE(team, "teams", team_columns, 2);
const struct table event_table = TABLE(event, "game_events", event_columns, 2);
const struct table poll_table = TABLE(poll, "polls", poll_columns, 1);

const struct table *table_named(struct str name)
{
	static const struct table *const tables[] = {
		&stat_table, &game_table, &player_table, &team_table, &event_table, &poll_table};
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (str_equal(tables[i]->name, name))
			return tables[i];
	return NULL;
}

_Static_assert(STAT_COLUMNS <= 64 && GAME_COLUMNS <= 64, "a bit of `known` for each column");

enum game_phase game_phase(struct str state)
{
	static const struct {
		struct str name;
		enum game_phase phase;
	} states[] = {
		{STR_INIT("FUT"), PHASE_FUTURE},
		{STR_INIT("PRE"), PHASE_PREGAME},
		{STR_INIT("LIVE"), PHASE_LIVE},
		{STR_INIT("CRIT"), PHASE_LIVE},
		{STR_INIT("OVER"), PHASE_PROVISIONAL},
		{STR_INIT("FINAL"), PHASE_PROVISIONAL},
		{STR_INIT("OFF"), PHASE_OFFICIAL},
	};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (str_equal(states[i].name, state))
			return states[i].phase;
	return PHASE_UNKNOWN;
}

bool game_has_official_lines(const struct game *g)
{
	/* A row of before the second was kept has the first alone. */
	return KNOWS(g, GAME, lines_official) ? g->lines_official : g->lines_ended;
}

bool game_is_off(struct str schedule_state)
{
	return str_equal(schedule_state, STR("PPD")) || str_equal(schedule_state, STR("CNCL"));
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int order_compare(struct order_key a, struct order_key b)
{
	int order = compare(a.time, b.time);
	if (!order)
		order = compare(a.period, b.period);
	if (!order)
		order = compare(a.elapsed, b.elapsed);
	return order ? order : compare(a.arrival_ms, b.arrival_ms);
}

int64_t game_elapsed(const struct game *g)
{
	enum { PERIOD = 1200, OVERTIME = 300, PLAYOFFS = 3 };
	bool overtime = str_equal(g->period_type, STR("OT"));
	int64_t length = overtime && g->game_type != PLAYOFFS ? OVERTIME : PERIOD;
	enum game_phase phase = game_phase(g->game_state);
	if (str_equal(g->period_type, STR("SO")))
		return 0;
	if (g->in_intermission || phase == PHASE_PROVISIONAL || phase == PHASE_OFFICIAL)
		return length;
	if (!KNOWS(g, GAME, clock_seconds))
		return 0;
	return g->clock_seconds > length ? 0 : length - g->clock_seconds;
}
