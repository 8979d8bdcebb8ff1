#include "api/route.h"

#include "api/handlers.h"

static const struct str positions[] = {
	STR_INIT("C"), STR_INIT("L"), STR_INIT("R"), STR_INIT("D"), STR_INIT("G")};
static const struct str statuses[] = {STR_INIT("scheduled"), STR_INIT("live"),
	STR_INIT("provisional"), STR_INIT("official"), STR_INIT("settled")};
static const struct str counts[] = {STR_INIT("exact")};

#define ID_MAX        9999999999
#define DELAY_MAX_MS  ((int64_t)7 * 86400000)
#define CHOICES(list) .choices = list, .choice_count = sizeof(list) / sizeof((list)[0])
#define PARAMETER(variable, name_, type_, ...)                                                     \
	static const struct parameter variable = {                                                 \
		.name = STR_INIT(name_), .type = PARAMETER_##type_, __VA_ARGS__}

PARAMETER(game_id, "game_id", NUMBER, .min = 1, .max = ID_MAX, .may_repeat = true,
	.help = "the NHL's ten digits of a game");
PARAMETER(season, "season", SEASON, .help = "both years of a season, such as 20232024");
PARAMETER(game_type, "game_type", NUMBER, .min = 1, .max = 99, .may_repeat = true,
	.help = "1 preseason, 2 regular season, 3 play-offs");
PARAMETER(date, "date", DATE, .may_repeat = true, .help = "the Eastern day of the game");
PARAMETER(from, "from", DATE, .help = "the first Eastern day");
PARAMETER(to, "to", DATE, .help = "the last Eastern day");
PARAMETER(team, "team", TEAM, .may_repeat = true, .help = "a club's number, or its three letters");
PARAMETER(opponent, "opponent", TEAM, .may_repeat = true,
	.help = "the other club's number, or its three letters");
PARAMETER(player, "player", NUMBER, .min = 1, .max = ID_MAX, .may_repeat = true,
	.help = "the NHL's number of a player");
PARAMETER(position, "position", CHOICE, CHOICES(positions), .may_repeat = true,
	.help = "the player's position");
PARAMETER(status, "status", CHOICE, CHOICES(statuses), .may_repeat = true,
	.help = "how final the game's numbers are");
PARAMETER(event_type, "type", TEXT, .min = 1, .max = 40, .may_repeat = true,
	.help = "kind of event, such as goal or penalty");
PARAMETER(period, "period", NUMBER, .min = 1, .max = 20, .may_repeat = true, .help = "a period");
PARAMETER(sort, "sort", TEXT, .min = 1, .max = 200,
	.help = "columns, separated by commas; - before one turns it round: -goals,player_id");
PARAMETER(fields, "fields", TEXT, .min = 1, .max = 2000,
	.help = "columns to show, separated by commas");
PARAMETER(limit, "limit", NUMBER, .min = 1, .max = LIST_MOST,
	.help = "rows of a page; 100 if not given, and no limit to CSV and NDJSON");
PARAMETER(cursor, "cursor", TEXT, .min = 1, .max = 6000,
	.help = "where the page before ended, from its Link");
PARAMETER(count, "count", CHOICE, CHOICES(counts),
	.help = "exact: the head tells how many there are in all");

PARAMETER(after, "after", NUMBER, .max = REVISION_MAX, .help = "changes beyond this revision");
PARAMETER(since, "since", NUMBER, .max = REVISION_MAX, .help = "corrections beyond this revision");
PARAMETER(page_limit, "limit", NUMBER, .min = 1, .max = LIST_MOST,
	.help = "revisions of a page, which ends at a multiple of it; 100 if not given");
PARAMETER(correction_limit, "limit", NUMBER, .min = 1, .max = LIST_MOST,
	.help = "corrections of a page, whole revisions; 100 if not given");
PARAMETER(game, "game", NUMBER, .min = 1, .max = ID_MAX, .may_repeat = true,
	.help = "commits that changed something of this game");
PARAMETER(of_team, "team", TEAM, .may_repeat = true,
	.help = "commits that changed something of a game of this club; one that is not known of yet "
		"is waited for");
PARAMETER(of_player, "player", NUMBER, .min = 1, .max = ID_MAX, .may_repeat = true,
	.help = "commits that changed a line of this player");
PARAMETER(as_of, "as_of", TIME,
	.help = "as it was when the upstream showed nothing newer than this time");
PARAMETER(delay, "delay", DURATION, .max = DELAY_MAX_MS,
	.help = "as it was so long ago, such as 45s: no spoilers");

PARAMETER(clock_as_of, "as_of", TIME,
	.help = "as far as the game's clock stood when the upstream showed nothing newer than this time");
PARAMETER(clock_delay, "delay", DURATION, .max = DELAY_MAX_MS,
	.help = "as far as the game's clock stood so long ago, such as 45s: no spoilers");
PARAMETER(no_as_of, "as_of", TIME,
	.help = "taken here as by every read; people and clubs have no history");
PARAMETER(no_delay, "delay", DURATION, .max = DELAY_MAX_MS, .help = "the same");

PARAMETER(summed, "stat", CHOICE, .choices = leader_stats, .choice_count = LEADER_STATS,
	.is_required = true, .help = "the statistic that is summed");
PARAMETER(one_season, "season", SEASON,
	.help = "both years of a season, such as 20232024; the newest if not given");
PARAMETER(one_type, "game_type", NUMBER, .min = 1, .max = 99,
	.help = "1 preseason, 2 regular season (if not given), 3 play-offs");
PARAMETER(one_team, "team", TEAM,
	.help = "lines for this club alone: its number, or its three letters");
PARAMETER(one_position, "position", CHOICE, CHOICES(positions),
	.help = "lines in this position alone");
PARAMETER(best, "limit", NUMBER, .min = 1, .max = LIST_MOST,
	.help = "players; 100 if not given, and no limit to CSV and NDJSON");

#define MOMENT_PARAMETERS &as_of, &delay
PARAMETER(name, "name", TEXT, .min = 1, .max = 100, .help = "a part of the player's name");
PARAMETER(page_date, "date", DATE, .help = "the games of an Eastern day");
PARAMETER(page_game, "game", NUMBER, .min = 1, .max = ID_MAX, .help = "one game");
PARAMETER(page_player, "player", NUMBER, .min = 1, .max = ID_MAX, .help = "one player");
PARAMETER(page_leaders, "leaders", TEXT, .max = 40, .help = "who has most of a column");
PARAMETER(page_search, "search", TEXT, .max = 100, .help = "players by a part of their name");
PARAMETER(page_health, "health", TEXT, .max = 10,
	.help = "how old the rows are, and what the upstream does");

#define LIST_PARAMETERS &sort, &fields, &limit, &cursor, &count, NULL
static const struct parameter *const of_lines[] = {&game_id, &season, &game_type, &date, &from, &to,
	&team, &opponent, &player, &position, &status, MOMENT_PARAMETERS, LIST_PARAMETERS};
static const struct parameter *const of_game_lines[] = {
	&team, &opponent, &player, &position, MOMENT_PARAMETERS, LIST_PARAMETERS};
static const struct parameter *const of_player_lines[] = {&game_id, &season, &game_type, &date,
	&from, &to, &team, &opponent, &position, &status, MOMENT_PARAMETERS, LIST_PARAMETERS};
static const struct parameter *const of_games[] = {&game_id, &season, &game_type, &date, &from, &to,
	&team, &status, MOMENT_PARAMETERS, LIST_PARAMETERS};
static const struct parameter *const of_game[] = {MOMENT_PARAMETERS, NULL};
static const struct parameter *const of_events[] = {
	&event_type, &period, &team, &player, &clock_as_of, &clock_delay, LIST_PARAMETERS};
static const struct parameter *const of_changes[] = {&after, &page_limit, MOMENT_PARAMETERS, NULL};
static const struct parameter *const of_corrections[] = {
	&since, &page_game, &correction_limit, MOMENT_PARAMETERS, NULL};
static const struct parameter *const of_stream[] = {
	&after, &game, &of_team, &of_player, &delay, NULL};
static const struct parameter *const of_teams[] = {
	&season, &team, &no_as_of, &no_delay, LIST_PARAMETERS};

static const struct parameter *const of_players[] = {
	&name, &team, &no_as_of, &no_delay, LIST_PARAMETERS};
static const struct parameter *const of_one_player[] = {&no_as_of, &no_delay, NULL};
static const struct parameter *const of_page[] = {&page_date, &page_game, &page_player,
	&page_leaders, &season, &page_search, &page_health, &delay, NULL};
static const struct parameter *const of_leaders[] = {
	&summed, &one_season, &one_type, &one_team, &one_position, &best, NULL};
static const struct parameter *const of_coverage[] = {&season, NULL};

enum { DATA = AS(JSON) | AS(CSV) | AS(NDJSON) };

const struct route routes[] = {
	{.pattern = STR_INIT("/"),
		.can_do_without = true,
		.formats = AS(HTML),
		.parameters = of_page,
		.handler = answer_page,
		.summary = "the page, for people"},
	{.pattern = STR_INIT("/assets/{file...}"),
		.kind = ROUTE_LOCAL,
		.is_open = true,
		.is_hidden = true,
		.formats = AS(FILE),
		.handler = answer_asset,
		.summary = "the page's files"},
	{.pattern = STR_INIT("/routes"),
		.kind = ROUTE_LOCAL,
		.formats = AS(HTML),
		.handler = answer_index,
		.summary = "what is served here"},
	{.pattern = STR_INIT("/game-stats/{game_id}"),
		.formats = DATA,
		.parameters = of_game_lines,
		.handler = answer_lines_of_game,
		.rows = &stat_table,
		.is_list = true,
		.summary = "one game's stat lines"},
	{.pattern = STR_INIT("/game-stats"),
		.is_search = true,
		.formats = DATA,
		.parameters = of_lines,
		.handler = answer_game_stats,
		.rows = &stat_table,
		.is_list = true,
		.summary = "stat lines: a player in a game each"},
	{.pattern = STR_INIT("/games"),
		.is_search = true,
		.formats = DATA,
		.parameters = of_games,
		.handler = answer_games,
		.rows = &game_table,
		.is_list = true,
		.summary = "games: when, who, state, score"},
	{.pattern = STR_INIT("/games/{game_id}"),
		.formats = AS(JSON),
		.parameters = of_game,
		.handler = answer_game,
		.rows = &game_table,
		.summary = "one game"},
	{.pattern = STR_INIT("/games/{game_id}/events"),
		.formats = DATA,
		.parameters = of_events,
		.handler = answer_events_of_game,
		.rows = &event_table,
		.is_list = true,
		.summary = "its play-by-play: goals, penalties, shots and more, in order"},
	{.pattern = STR_INIT("/players"),
		.is_search = true,
		.formats = DATA,
		.parameters = of_players,
		.handler = answer_players,
		.rows = &player_table,
		.is_list = true,
		.summary = "players, by a part of their name"},
	{.pattern = STR_INIT("/players/{player_id}"),
		.formats = AS(JSON),
		.parameters = of_one_player,
		.handler = answer_player,
		.rows = &player_table,
		.summary = "one player"},
	{.pattern = STR_INIT("/players/{player_id}/game-stats"),
		.formats = DATA,
		.parameters = of_player_lines,
		.handler = answer_lines_of_player,
		.rows = &stat_table,
		.is_list = true,
		.summary = "one player's stat lines"},
	{.pattern = STR_INIT("/teams"),
		.formats = DATA,
		.parameters = of_teams,
		.handler = answer_teams,
		.rows = &team_table,
		.is_list = true,
		.summary = "clubs, by season"},
	{.pattern = STR_INIT("/leaders"),
		.is_search = true,
		.formats = DATA,
		.parameters = of_leaders,
		.handler = answer_leaders,
		.rows = &leader_table,
		.is_list = true,
		.summary = "a statistic summed over a season, the largest first"},
	{.pattern = STR_INIT("/coverage"),
		.is_search = true,
		.formats = DATA,
		.parameters = of_coverage,
		.handler = answer_coverage,
		.rows = &coverage_table,
		.is_list = true,
		.summary = "games expected, stored and official, by season and type"},
	{.pattern = STR_INIT("/changes"),
		.is_search = true,
		.formats = AS(JSON) | AS(NDJSON),
		.parameters = of_changes,
		.handler = answer_changes,
		.shape = "revision",
		.is_list = true,
		.summary = "commits in order, with all that each changed; full pages never change"},
	{.pattern = STR_INIT("/corrections"),
		.is_search = true,
		.formats = AS(JSON) | AS(NDJSON),
		.parameters = of_corrections,
		.handler = answer_corrections,
		.shape = "correction",
		.is_list = true,
		.summary = "stat lines that changed after the horn, before and after"},
	{.pattern = STR_INIT("/stream"),
		.kind = ROUTE_STREAM,
		.formats = AS(EVENTS),
		.parameters = of_stream,
		.stream = stream_changes,
		.summary = "the same commits as they happen: Server-Sent Events"},
	{.pattern = STR_INIT("/health/live"),
		.kind = ROUTE_LOCAL,
		.is_open = true,
		.formats = AS(JSON),
		.handler = answer_live,
		.shape = "live",
		.summary = "the process is there"},
	{.pattern = STR_INIT("/health/ready"),
		.is_open = true, /* who asks for health has no token to show */
		.formats = AS(JSON),
		.handler = answer_ready,
		.shape = "ready",
		.summary = "the database is there too"},
	{.pattern = STR_INIT("/health/upstream"),
		.formats = AS(JSON),
		.handler = answer_upstream,
		.rows = &upstream_table,
		.summary = "what was asked of the upstream today, and what came of it"},
	{.pattern = STR_INIT("/health/lag"),
		.formats = DATA,
		.handler = answer_lag,
		.rows = &lag_table,
		.is_list = true,
		.summary = "how late a game's changes were in the last hour, a game each"},
	{.pattern = STR_INIT("/metrics"),
		.can_do_without = true,
		.formats = AS(METRICS),
		.handler = answer_metrics,
		.summary = "what an operator watches, for Prometheus"},
	{.pattern = STR_INIT("/openapi.json"),
		.kind = ROUTE_LOCAL,
		.formats = AS(JSON),
		.handler = answer_openapi,
		.shape = "openapi",
		.summary = "all of this, as OpenAPI 3.1"},
};
const size_t route_count = sizeof(routes) / sizeof(routes[0]);

bool route_answer(const struct route *r, struct context *c, const struct call *call,
	struct answer *out, struct err *err)
{
	bool is_held = c->store && store_hold(c->store, err);
	if (c->store && !is_held) {
		if (!r->can_do_without)
			return false;
		out->lacks = err->kind;
		c->store = NULL;
	}
	bool ok = r->handler(c, call, out, err);
	if (is_held)
		store_release(c->store);
	return ok;
}
