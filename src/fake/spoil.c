#include "fake/spoil.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

typedef void change(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r);

static const char *const sides[] = {"awayTeam", "homeTeam"};
static const char *const groups[] = {"forwards", "defense", "goalies"};

/* The players' lines, in either shape; NULL: none. */
static yyjson_mut_val *find_stats(yyjson_mut_val *root)
{
	yyjson_mut_val *nested = yyjson_mut_obj_get(root, "boxscore");
	return yyjson_mut_obj_get(nested ? nested : root, "playerByGameStats");
}

/* One of the groups' lists, and one of its lines; NULL: there are none. */
static yyjson_mut_val *choose_group(yyjson_mut_val *root, struct random *r, int among)
{
	yyjson_mut_val *side = yyjson_mut_obj_get(find_stats(root), sides[random_below(r, 2)]);
	yyjson_mut_val *group = yyjson_mut_obj_get(side, groups[random_below(r, among)]);
	return yyjson_mut_arr_size(group) ? group : NULL;
}

static yyjson_mut_val *choose_line(yyjson_mut_val *root, struct random *r)
{
	yyjson_mut_val *group = choose_group(root, r, 2);
	return yyjson_mut_arr_get(group, (size_t)random_below(r, (int)yyjson_mut_arr_size(group)));
}

static void put(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, yyjson_mut_val *value)
{
	if (yyjson_mut_obj_get(object, key))
		yyjson_mut_obj_put(object, yyjson_mut_str(doc, key), value);
}

static void lose_lines(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	yyjson_mut_val *stats = find_stats(root);
	(void)doc;
	if (yyjson_mut_obj_get(root, "plays"))
		yyjson_mut_arr_clear(yyjson_mut_obj_get(root, "plays"));
	else if (random_chance(r, 0.5))
		yyjson_mut_obj_clear(stats);
	else
		yyjson_mut_obj_clear(yyjson_mut_obj_get(stats, sides[random_below(r, 2)]));
}

/* What the game itself says, in one of its own members or of a club's. */
static void lose_game_field(yyjson_mut_val *root, struct random *r)
{
	static const char *const names[] = {"score", "sog", "gameState", "periodDescriptor"};
	const char *name = names[random_below(r, 4)];
	yyjson_mut_obj_remove_key(root, name);
	yyjson_mut_obj_remove_key(yyjson_mut_obj_get(root, sides[random_below(r, 2)]), name);
}

static void lose_fields(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	static const char *const names[] = {
		"hits", "blockedShots", "plusMinus", "toi", "sog", "shots", "goals", "position"};
	const char *name = names[random_below(r, (int)(sizeof(names) / sizeof(names[0])))];
	(void)doc;
	if (random_chance(r, 0.3)) {
		lose_game_field(root, r);
		return;
	}
	for (int side = 0; side < 2; side++)
		for (int group = 0; group < 3; group++) {
			yyjson_mut_val *list = yyjson_mut_obj_get(
				yyjson_mut_obj_get(find_stats(root), sides[side]), groups[group]);
			yyjson_mut_val *line;
			size_t i, n;
			yyjson_mut_arr_foreach(list, i, n, line)
				yyjson_mut_obj_remove_key(line, name);
		}
}

static void add_fields(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	yyjson_mut_val *line = choose_line(root, r);
	yyjson_mut_val *more = yyjson_mut_obj_add_obj(doc, root, "novelty");
	yyjson_mut_obj_add_str(doc, more, "said", "what nobody has seen yet");
	yyjson_mut_obj_add_arr(doc, more, "list");
	if (line)
		yyjson_mut_obj_add_real(doc, line, "expectedGoals", 0.37);
}

static yyjson_mut_val *wrong_value(yyjson_mut_doc *doc, struct random *r)
{
	return random_chance(r, 0.5) ? yyjson_mut_str(doc, "two") : yyjson_mut_arr(doc);
}

/* An entry of a list of days, games or plays; false: the body has none. */
static bool change_entry(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	static const char *const lists[] = {"gameWeek", "games", "plays"};
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		yyjson_mut_val *list = yyjson_mut_obj_get(root, lists[i]);
		size_t count = yyjson_mut_arr_size(list);
		if (!count)
			continue;
		yyjson_mut_arr_replace(
			list, (size_t)random_below(r, (int)count), wrong_value(doc, r));
		return true;
	}
	return false;
}

static void change_types(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	static const char *const names[] = {"goals", "assists", "hits", "toi", "playerId"};
	yyjson_mut_val *line = choose_line(root, r);
	const char *name = names[random_below(r, 5)];
	put(doc, line, name, wrong_value(doc, r));
	if (!find_stats(root) && !(random_chance(r, 0.7) && change_entry(doc, root, r)))
		put(doc, root, "id", yyjson_mut_str(doc, "none"));
}

static void change_sums(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	yyjson_mut_val *line = choose_line(root, r);
	put(doc, line, "points",
		yyjson_mut_sint(doc, 1 + yyjson_mut_get_sint(yyjson_mut_obj_get(line, "points"))));
}

static void list_twice(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	yyjson_mut_val *group = choose_group(root, r, 3);
	if (group)
		yyjson_mut_arr_append(
			group, yyjson_mut_val_mut_copy(doc, yyjson_mut_arr_get_first(group)));
}

/* Wherever a state stands: of the game itself, or of each game of a day or a week. */
static void set_states(
	yyjson_mut_doc *doc, yyjson_mut_val *value, const char *(*state)(const char *was))
{
	const char *was = yyjson_mut_get_str(yyjson_mut_obj_get(value, "gameState"));
	yyjson_mut_val *key, *one;
	size_t i, n;
	if (was && state(was))
		put(doc, value, "gameState", yyjson_mut_str(doc, state(was)));
	if (yyjson_mut_is_obj(value))
		yyjson_mut_obj_foreach(
			value, i, n, key, one) if (!strcmp(yyjson_mut_get_str(key), "gameWeek") ||
						   !strcmp(yyjson_mut_get_str(key), "games"))
			set_states(doc, one, state);
	if (yyjson_mut_is_arr(value))
		yyjson_mut_arr_foreach(value, i, n, one) set_states(doc, one, state);
}

static const char *go_back(const char *was)
{
	return !strcmp(was, "OFF") || !strcmp(was, "FINAL") || !strcmp(was, "OVER") ? "LIVE" : NULL;
}

static const char *make_up(const char *was)
{
	return strcmp(was, "FUT") != 0 ? "THAWING" : NULL;
}

static void flap(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	(void)r;
	set_states(doc, root, go_back);
}

static void unknown_state(yyjson_mut_doc *doc, yyjson_mut_val *root, struct random *r)
{
	(void)r;
	set_states(doc, root, make_up);
}

static change *const changes[FAULT_COUNT] = {
	[FAULT_LOST_LINES] = lose_lines,
	[FAULT_LOST_FIELDS] = lose_fields,
	[FAULT_NEW_FIELDS] = add_fields,
	[FAULT_WRONG_TYPES] = change_types,
	[FAULT_WRONG_SUMS] = change_sums,
	[FAULT_TWICE] = list_twice,
	[FAULT_FLAPPING] = flap,
	[FAULT_UNKNOWN_STATE] = unknown_state,
};

bool spoil_can(enum fault fault)
{
	return changes[fault] != NULL;
}

void spoil(enum fault fault, struct str body, struct random *r, struct buf *out)
{
	yyjson_doc *read = yyjson_read(body.p, body.n, 0);
	yyjson_mut_doc *doc = read ? yyjson_doc_mut_copy(read, NULL) : NULL;
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
	size_t n = 0;
	char *text = NULL;
	if (yyjson_mut_is_obj(root)) {
		changes[fault](doc, root, r);
		text = yyjson_mut_write(doc, 0, &n);
	}
	buf_add(out, text ? (struct str){text, n} : body);
	free(text);
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(read);
}
