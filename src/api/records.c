#include "api/handlers.h"

#include "api/moment.h"
#include "api/rows.h"

#include <stdlib.h>

struct cursor *ask_game(struct context *c, int64_t game_id, int64_t as_of, struct err *err)
{
	const struct column *status = &game_table.columns[GAME_stats_status];
	struct condition one = {.column = &game_table.columns[GAME_game_id],
		.value = {.known = true, .type = COLUMN_INT, .integer = game_id}};
	struct selection q = {.table = &game_table,
		.conditions = &one,
		.condition_count = 1,
		.columns = &status,
		.column_count = 1,
		.limit = 1,
		.as_of = as_of};
	struct cursor *cursor = store_select(c->store, &q, err);
	if (cursor && cursor_ask(cursor, err))
		return cursor;
	cursor_close(cursor);
	return NULL;
}

bool take_game(struct cursor *game, bool *out_found, enum freshness *out_freshness, struct err *err)
{
	enum step step = cursor_next(game, err);
	*out_found = step == STEP_ROW;
	if (step == STEP_ROW)
		*out_freshness = freshness_of(cursor_value(game).text);
	cursor_close(game);
	return step != STEP_FAILED;
}

bool find_game(struct context *c, int64_t game_id, int64_t as_of, bool *out_found,
	enum freshness *out_freshness, struct err *err)
{
	struct cursor *game = ask_game(c, game_id, as_of, err);
	return game && take_game(game, out_found, out_freshness, err);
}

bool find_first(struct context *c, const struct selection *q, bool *out_found, int64_t *out,
	struct err *err)
{
	struct cursor *cursor = store_select(c->store, q, err);
	enum step step = cursor ? cursor_next(cursor, err) : STEP_FAILED;
	*out_found = step == STEP_ROW;
	*out = step == STEP_ROW ? cursor_value(cursor).integer : 0;
	cursor_close(cursor);
	return step != STEP_FAILED;
}

static void write_object(const struct table *t, const void *record, struct answer *out)
{
	struct json j = json_begin(&out->body);
	record_write_json(t, record, &j);
	buf_add_char(&out->body, '\n');
}

static void write_game(const struct call *call, const struct game *g, struct answer *out)
{
	out->game_id = call->id;
	out->shows_polls = true;
	out->freshness = freshness_of(g->stats_status);
	out->observed_at = g->observed_at;
	write_object(&game_table, g, out);
}

bool answer_game(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	struct game g;
	struct problem problem;
	struct condition one = {.column = &game_table.columns[GAME_game_id],
		.value = {.known = true, .type = COLUMN_INT, .integer = call->id}};
	struct selection q = {
		.table = &game_table, .conditions = &one, .condition_count = 1, .limit = 1};
	moment_hold(call, out);
	if (!moment_read(call, &q.as_of, &problem)) {
		answer_take_problem(out, &problem);
		return true;
	}
	struct cursor *cursor = store_select(c->store, &q, err);
	enum step step = cursor ? cursor_step(cursor, &g, err) : STEP_FAILED;
	if (step == STEP_ROW)
		write_game(call, &g, out);
	else if (step == STEP_DONE)
		answer_problem(out, 404, STR("game_id"), "game_id: no game %lld %s",
			(long long)call->id, q.as_of ? "was known then" : "is known");
	cursor_close(cursor);
	return step != STEP_FAILED;
}

bool answer_player(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	struct player p;
	struct condition one = {.column = &player_table.columns[PLAYER_player_id],
		.value = {.known = true, .type = COLUMN_INT, .integer = call->id}};
	struct selection q = {
		.table = &player_table, .conditions = &one, .condition_count = 1, .limit = 1};
	struct cursor *cursor = store_select(c->store, &q, err);
	enum step step = cursor ? cursor_step(cursor, &p, err) : STEP_FAILED;
	if (step == STEP_ROW) {
		out->observed_at = KNOWS(&p, PLAYER, fetched_at) ? p.fetched_at : 0;
		write_object(&player_table, &p, out);
	} else if (step == STEP_DONE) {
		answer_problem(out, 404, STR("player_id"), "player_id: no player %lld is known",
			(long long)call->id);
	}
	cursor_close(cursor);
	out->shows_polls = true;
	if (step == STEP_ROW)
		out->freshness = FRESH_OFFICIAL;
	return step != STEP_FAILED;
}
