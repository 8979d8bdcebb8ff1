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
enum { FIXED_CONDITIONS = 1 };
size_t fixed_of_call(const struct call *call, struct condition *out);

/* list.c: the ids of a club by number or letters; none: no club has ever had these. */
enum { CLUB_IDS = 16 };
bool find_club(struct store *s, const struct argument *a, int64_t *ids, size_t *out_count,
	struct err *err);

/* records.c: whether a game is known, and how fresh it is; the second takes the answer of the first, and closes
 * it. Between them may be other questions, with which it goes out. The third is both. */
struct cursor *ask_game(struct context *c, int64_t game_id, int64_t as_of, struct err *err);
bool take_game(
	struct cursor *game, bool *out_found, enum freshness *out_freshness, struct err *err);
bool find_game(struct context *c, int64_t game_id, int64_t as_of, bool *out_found,
	enum freshness *out_freshness, struct err *err);
route_handler answer_game, answer_player;

/* The first row of a selection of one column that is a number; no row: *out_found is false, *out 0. */
bool find_first(struct context *c, const struct selection *q, bool *out_found, int64_t *out,
	struct err *err);

/* changes.c */
route_handler answer_changes, answer_corrections;

/* stream.c */
route_stream stream_changes;
/* page.c, assets.c */
route_handler answer_page, answer_asset;

/* summaries.c */
extern const struct table leader_table, coverage_table, upstream_table, lag_table;
/* What can be summed over games. */
#define LEADER_LIST(X)                                                                             \
	X(goals)                                                                                   \
	X(assists)                                                                                 \
	X(points)                                                                                  \
	X(plus_minus)                                                                              \
	X(penalty_minutes)                                                                         \
	X(hits)                                                                                    \
	X(shots)                                                                                   \
	X(blocked_shots)                                                                           \
	X(giveaways)                                                                               \
	X(takeaways)                                                                               \
	X(power_play_goals)                                                                        \
	X(shifts)                                                                                  \
	X(time_on_ice)                                                                             \
	X(saves)                                                                                   \
	X(shots_against)                                                                           \
	X(goals_against)
#define ONE_LEADER_STAT(name) +1
enum { LEADER_STATS = 0 LEADER_LIST(ONE_LEADER_STAT) };
extern const struct str leader_stats[LEADER_STATS];
route_handler answer_leaders, answer_coverage, answer_upstream, answer_lag;

/* openapi.c */
route_handler answer_openapi;

/* operations.c */
route_handler answer_live, answer_ready, answer_metrics, answer_index;

#endif
