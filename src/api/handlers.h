/*
 * api/handlers - what each row of the table of routes calls.
 */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/list.h"
#include "api/route.h"

/* lists.c */
route_handler answer_game_stats, answer_lines_of_game, answer_games, answer_events_of_game,
	answer_lines_of_player, answer_players, answer_teams;
/* The list behind a route, for an export; NULL: it has none. */
const struct list *list_of_route(const struct route *r);
/* The rows that the path's id alone allows: at most FIXED_CONDITIONS. */
enum { FIXED_CONDITIONS = 2 };
size_t fixed_of_call(const struct call *call, struct condition *out);

/* records.c */
bool find_game(struct context *c, int64_t game_id, int64_t as_of, bool *out_found,
	enum freshness *out_freshness, struct err *err);
route_handler answer_game, answer_player;

/* changes.c */
route_handler answer_changes, answer_corrections;

/* stream.c */
route_stream stream_changes;
/* page.c, assets.c */
route_handler answer_page, answer_asset;

/* operations.c */
route_handler answer_live, answer_ready, answer_index;

#endif
