/* Rosters, players, and the league's list of clubs. */
#include "decode/decode.h"

#include "decode/game.h"

#include <inttypes.h>

enum { MAX_TEAMS = 2000 };

static const struct field roster_fields[] = {
	{"positionCode", READ_TEXT, PLAYER_position},
	{"sweaterNumber", READ_INT, PLAYER_sweater_number},
	{"shootsCatches", READ_TEXT, PLAYER_shoots_catches},
	{"birthDate", READ_DAY, PLAYER_birth_date},
};

static const char *const roster_groups[] = {"forwards", "defensemen", "goalies"};

bool decode_roster(struct str body, struct arena *keep, struct people *out, struct err *err)
{
	struct reader r;
	struct place root;
	size_t found = 0;
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "roster");
	struct people all = {.players = ARENA_NEW(keep, struct player, MAX_LINES)};
	struct seen *seen = ARENA_NEW(keep, struct seen, MAX_LINES);
	size_t before = entries_begin(&r);
	for (size_t i = 0; i < COUNT(roster_groups); i++) {
		struct place group = place_get(&root, roster_groups[i]);
		found += group.value != NULL;
		for (struct place e = place_first(&group); e.value && !r.failed; place_next(&e))
			all.count += player_read(&e, "id", roster_fields, COUNT(roster_fields),
				seen, all.count, &all.players[all.count]);
	}
	entries_end(&root, before, all.count);
	if (!found)
		place_fault(&root, "wanted forwards, defensemen or goalies, found none of them");
	all.warning = r.warning;
	if (!reader_close(&r))
		return err_wrap(err, "roster");
	*out = all;
	return true;
}

static const struct field player_fields[] = {
	{"birthDate", READ_DAY, PLAYER_birth_date},
	{"position", READ_TEXT, PLAYER_position},
	{"shootsCatches", READ_TEXT, PLAYER_shoots_catches},
	{"sweaterNumber", READ_INT, PLAYER_sweater_number},
	{"currentTeamId", READ_ID, PLAYER_team_id},
};

bool decode_player(struct str body, int64_t wanted_player, struct arena *keep, struct people *out,
	struct err *err)
{
	struct reader r;
	struct place root;
	struct str name;
	int64_t id;
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "player");
	struct people one = {.players = ARENA_NEW(keep, struct player, 1), .count = 1};
	struct player *player = one.players;
	if (place_need_id(&root, "playerId", &id)) {
		SET(player, PLAYER, player_id, id);
		if (wanted_player && id != wanted_player)
			place_fault(&root, "is of player %" PRId64 ", wanted was player %" PRId64,
				id, wanted_player);
	}
	bool was_lenient = reader_be_lenient(&r, true);
	if (place_full_name(&root, &name))
		SET(player, PLAYER, full_name, name);
	PLACE_READ(&root, player_fields, &player_table, player);
	reader_be_lenient(&r, was_lenient);
	one.warning = r.warning;
	if (!reader_close(&r))
		return err_wrap(err, "player");
	*out = one;
	return true;
}

static const struct field team_fields[] = {
	{"triCode", READ_TEXT, TEAM_abbrev},
	{"fullName", READ_TEXT, TEAM_full_name},
};

bool decode_teams(struct str body, struct arena *keep, struct clubs *out, struct err *err)
{
	struct reader r;
	struct place root;
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "teams");
	struct place data = place_get(&root, "data");
	size_t room = place_count(&data);
	struct clubs all = {0};
	if (!place_is_list(&data))
		place_fault(&data, "wanted a list of clubs");
	else if (room > MAX_TEAMS)
		place_fault(&data, "more than %d clubs", MAX_TEAMS);
	all.teams = ARENA_NEW(keep, struct team, r.failed ? 0 : room);
	size_t before = entries_begin(&r);
	for (struct place e = place_first(&data); e.value && !r.failed; place_next(&e)) {
		struct team *team = &all.teams[all.count];
		int64_t id;
		if (!place_need_id(&e, "id", &id))
			continue;
		SET(team, TEAM, team_id, id);
		PLACE_READ(&e, team_fields, &team_table, team);
		all.count++;
	}
	entries_end(&data, before, all.count);
	all.warning = r.warning;
	if (!reader_close(&r))
		return err_wrap(err, "teams");
	*out = all;
	return true;
}
