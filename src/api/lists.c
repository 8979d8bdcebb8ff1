#include "api/handlers.h"

#include "api/moment.h"

/* A column of the list's table, and one of the row's game. */
#define LINE(parameter_, name)                                                                     \
	{                                                                                          \
		.parameter = STR_INIT(parameter_), .table = &stat_table, .column = STAT_##name     \
	}
#define GAME(parameter_, name, how)                                                                \
	{                                                                                          \
		.parameter = STR_INIT(parameter_), .table = &game_table, .column = GAME_##name,    \
		.comparison = how                                                                  \
	}

static const struct filter line_filters[] = {
	LINE("game_id", game_id),
	LINE("team", team_id),
	LINE("opponent", opponent_team_id),
	LINE("player", player_id),
	LINE("position", player_position),
	GAME("season", season, IS),
	GAME("game_type", game_type, IS),
	GAME("date", game_date, IS),
	GAME("from", game_date, AT_LEAST),
	GAME("to", game_date, AT_MOST),
	GAME("status", stats_status, IS),
};

static const struct filter game_filters[] = {
	GAME("game_id", game_id, IS),
	GAME("season", season, IS),
	GAME("game_type", game_type, IS),
	GAME("date", game_date, IS),
	GAME("from", game_date, AT_LEAST),
	GAME("to", game_date, AT_MOST),
	GAME("status", stats_status, IS),
	{.parameter = STR_INIT("team"),
		.table = &game_table,
		.column = GAME_away_team_id,
		.either = GAME_home_team_id},
};

static const struct filter team_filters[] = {
	{.parameter = STR_INIT("season"), .table = &team_table, .column = TEAM_season},
	{.parameter = STR_INIT("team"), .table = &team_table, .column = TEAM_team_id},
};

static const struct filter event_filters[] = {
	{.parameter = STR_INIT("type"), .table = &event_table, .column = EVENT_type},
	{.parameter = STR_INIT("period"), .table = &event_table, .column = EVENT_period},
	{.parameter = STR_INIT("team"), .table = &event_table, .column = EVENT_team_id},
	{.parameter = STR_INIT("player"), .table = &event_table, .column = EVENT_player_id},
};

static const struct filter player_filters[] = {
	{.parameter = STR_INIT("name"),
		.table = &player_table,
		.column = PLAYER_full_name,
		.comparison = CONTAINS},
	{.parameter = STR_INIT("team"), .table = &player_table, .column = PLAYER_team_id},
};

#define FILTERS(list) .filters = list, .filter_count = sizeof(list) / sizeof((list)[0])

static const struct list lines = {
	.table = &stat_table, FILTERS(line_filters), .has_season_ids = true};
static const struct list games = {
	.table = &game_table, FILTERS(game_filters), .has_season_ids = true};
static const struct list teams = {
	.table = &team_table, FILTERS(team_filters), .has_no_history = true};
static const struct list players = {.table = &player_table,
	FILTERS(player_filters),
	.order = PLAYER_full_name,
	.has_no_history = true};
static const struct list events = {.table = &event_table,
	FILTERS(event_filters),
	.order = EVENT_sort_order,
	.has_no_history = true};

static const struct {
	route_handler *handler;
	const struct list *list;
	int id_column; /* what the path's id is compared with; -1: it has none */
} lists[] = {
	{answer_game_stats, &lines, -1},
	{answer_lines_of_game, &lines, STAT_game_id},
	{answer_lines_of_player, &lines, STAT_player_id},
	{answer_games, &games, -1},
	{answer_events_of_game, &events, EVENT_game_id},
	{answer_players, &players, -1},
	{answer_teams, &teams, -1},
};
enum { LISTS = sizeof(lists) / sizeof(lists[0]) };

static size_t index_of(const struct route *r)
{
	size_t i = 0;
	while (i < LISTS && lists[i].handler != r->handler)
		i++;
	return i;
}

const struct list *list_of_route(const struct route *r)
{
	size_t i = index_of(r);
	return i < LISTS ? lists[i].list : NULL;
}

size_t fixed_of_call(const struct call *call, struct condition *out)
{
	size_t i = index_of(call->route);
	if (i == LISTS || lists[i].id_column < 0)
		return 0;
	*out = (struct condition){.column = &lists[i].list->table->columns[lists[i].id_column],
		.value = {.known = true, .type = COLUMN_INT, .integer = call->id}};
	return 1;
}

static bool answer_list(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	struct condition fixed[FIXED_CONDITIONS];
	size_t count = fixed_of_call(call, fixed);
	moment_hold(call, out);
	return list_answer(c, call, list_of_route(call->route), fixed, count, out, err);
}

static struct condition is(const struct column *column, enum comparison comparison, int64_t value)
{
	return (struct condition){.column = column,
		.comparison = comparison,
		.value = {.known = true, .type = column->type, .integer = value}};
}

bool answer_game_stats(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	return answer_list(c, call, out, err);
}

bool answer_games(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	out->shows_polls = true;
	return answer_list(c, call, out, err);
}

bool answer_players(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	out->shows_polls = true;
	return answer_list(c, call, out, err);
}

bool answer_teams(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	out->shows_polls = true;
	return answer_list(c, call, out, err);
}

/* The number of the first event after that of the period; 0: there is none. */
static bool find_next_event(struct context *c, int64_t game_id, int64_t period, int64_t elapsed,
	int64_t *out, struct err *err)
{
	const struct column *number = &event_table.columns[EVENT_sort_order];
	struct condition conditions[] = {
		is(&event_table.columns[EVENT_game_id], IS, game_id),
		is(&event_table.columns[EVENT_period], IS, period),
		is(&event_table.columns[EVENT_time_in_period], AFTER, elapsed),
	};
	struct sorting in_order = {.column = number};
	struct selection q = {.table = &event_table,
		.conditions = conditions,
		.condition_count = sizeof(conditions) / sizeof(conditions[0]),
		.sortings = &in_order,
		.sorting_count = 1,
		.columns = &number,
		.column_count = 1,
		.limit = 1};
	bool is_found;
	return find_first(c, &q, &is_found, out, err);
}

enum { CLOCK_CONDITIONS = 2 };

/* The play-by-play has no history of its own: it is shown as far as the game's clock stood then. */
static bool add_clock(struct context *c, int64_t game_id, int64_t as_of, struct condition *out,
	size_t *count, struct err *err)
{
	struct game g = {0};
	struct condition one = is(&game_table.columns[GAME_game_id], IS, game_id);
	struct selection q = {.table = &game_table,
		.conditions = &one,
		.condition_count = 1,
		.limit = 1,
		.as_of = as_of};
	struct cursor *cursor = store_select(c->store, &q, err);
	enum step step = cursor ? cursor_step(cursor, &g, err) : STEP_FAILED;
	int64_t period = step == STEP_ROW && KNOWS(&g, GAME, period) ? g.period : 0, next = 0;
	int64_t elapsed = period ? game_elapsed(&g) : 0;
	cursor_close(cursor);
	if (step == STEP_FAILED || !find_next_event(c, game_id, period, elapsed, &next, err))
		return false;
	out[(*count)++] = is(&event_table.columns[EVENT_period], AT_MOST, period);
	if (next)
		out[(*count)++] = is(&event_table.columns[EVENT_sort_order], BEFORE, next);
	return true;
}

/* What belongs to a game: an unknown one is a 404, and its state says how long it holds. */
static bool answer_of_game(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	enum freshness freshness;
	struct problem problem;
	struct condition conditions[FIXED_CONDITIONS + CLOCK_CONDITIONS];
	size_t count = fixed_of_call(call, conditions);
	int64_t as_of;
	bool found;
	if (!moment_read(call, &as_of, &problem)) {
		answer_take_problem(out, &problem);
		return true;
	}
	if (as_of && list_of_route(call->route) == &events &&
		!add_clock(c, call->id, as_of, conditions, &count, err))
		return false;
	struct cursor *game = ask_game(c, call->id, as_of, err); /* which goes out with the list */
	if (!game)
		return false;
	struct err late;
	out->game_id = call->id;
	moment_hold(call, out);
	bool ok = list_answer(c, call, list_of_route(call->route), conditions, count, out, err);
	if (!take_game(game, &found, &freshness, ok ? err : &late) || !ok)
		return false;
	if (!found)
		return answer_problem(out, 404, STR("game_id"), "game_id: no game %lld %s",
			(long long)call->id, as_of ? "was known then" : "is known");
	if (!out->problem.status)
		out->freshness = freshness;
	return true;
}

bool answer_lines_of_game(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	return answer_of_game(c, call, out, err);
}

bool answer_events_of_game(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	out->shows_polls = true; /* events come without a revision */
	return answer_of_game(c, call, out, err);
}

/* In the table of players, or in any line: the one may come before the other. */
static bool find_player(struct context *c, int64_t player_id, bool *out_found, struct err *err)
{
	static const struct {
		const struct table *table;
		size_t column;
	} places[] = {{&player_table, PLAYER_player_id}, {&stat_table, STAT_player_id}};
	int64_t ignored;
	*out_found = false;
	for (size_t i = 0; !*out_found && i < sizeof(places) / sizeof(places[0]); i++) {
		const struct column *id = &places[i].table->columns[places[i].column];
		struct condition one = is(id, IS, player_id);
		struct selection q = {.table = places[i].table,
			.conditions = &one,
			.condition_count = 1,
			.columns = &id,
			.column_count = 1,
			.limit = 1};
		if (!find_first(c, &q, out_found, &ignored, err))
			return false;
	}
	return true;
}

bool answer_lines_of_player(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	bool found;
	if (!find_player(c, call->id, &found, err))
		return false;
	if (!found)
		return answer_problem(out, 404, STR("player_id"),
			"player_id: no player %lld is known", (long long)call->id);
	return answer_list(c, call, out, err);
}
