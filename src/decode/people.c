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

bool decode_roster(struct str body, struct arena *keep, struct player **out, size_t *out_count,
	struct err *err)
{
	static const char *const groups[] = {"forwards", "defensemen", "goalies"};
	struct reader r;
	struct place root;
	size_t count = 0, found = 0;
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "roster");
	struct player *players = ARENA_NEW(keep, struct player, MAX_LINES);
	struct seen *seen = ARENA_NEW(keep, struct seen, MAX_LINES);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct place group = place_get(&root, groups[i]);
		found += group.value != NULL;
		for (struct place e = place_first(&group); e.value && !r.failed; place_next(&e)) {
			struct str name;
			int64_t id;
			if (!place_need_id(&e, "id", &id) || !player_is_new(&e, seen, count, id))
				break;
			struct player *player = &players[count++];
			SET(player, PLAYER, player_id, id);
			if (place_full_name(&e, &name))
				SET(player, PLAYER, full_name, name);
			PLACE_READ(&e, roster_fields, &player_table, player);
		}
	}
	if (!found)
		place_fault(&root, "wanted forwards, defensemen or goalies, found none of them");
	if (!reader_close(&r))
		return err_wrap(err, "roster");
	*out = players;
	*out_count = count;
	return true;
}

static const struct field player_fields[] = {
	{"birthDate", READ_DAY, PLAYER_birth_date},
	{"position", READ_TEXT, PLAYER_position},
	{"shootsCatches", READ_TEXT, PLAYER_shoots_catches},
	{"sweaterNumber", READ_INT, PLAYER_sweater_number},
	{"currentTeamId", READ_ID, PLAYER_team_id},
};

bool decode_player(struct str body, int64_t wanted_player, struct arena *keep, struct player *out,
	struct err *err)
{
	struct reader r;
	struct place root;
	struct player player = {0};
	struct str name;
	int64_t id;
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "player");
	if (place_need_id(&root, "playerId", &id)) {
		SET(&player, PLAYER, player_id, id);
		if (wanted_player && id != wanted_player)
			place_fault(&root, "is of player %" PRId64 ", wanted was player %" PRId64,
				id, wanted_player);
	}
	if (place_full_name(&root, &name))
		SET(&player, PLAYER, full_name, name);
	PLACE_READ(&root, player_fields, &player_table, &player);
	if (!reader_close(&r))
		return err_wrap(err, "player");
	*out = player;
	return true;
}

static const struct field team_fields[] = {
	{"triCode", READ_TEXT, TEAM_abbrev},
	{"fullName", READ_TEXT, TEAM_full_name},
};

bool decode_teams(
	struct str body, struct arena *keep, struct team **out, size_t *out_count, struct err *err)
{
	struct reader r;
	struct place root;
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "teams");
	struct place data = place_get(&root, "data");
	size_t room = place_count(&data), count = 0;
	if (!place_is_list(&data))
		place_fault(&data, "wanted a list of clubs");
	else if (room > MAX_TEAMS)
		place_fault(&data, "more than %d clubs", MAX_TEAMS);
	struct team *teams = ARENA_NEW(keep, struct team, r.failed ? 0 : room);
	for (struct place e = place_first(&data); e.value && !r.failed; place_next(&e)) {
		int64_t id;
		if (!place_need_id(&e, "id", &id))
			break;
		SET(&teams[count], TEAM, team_id, id);
		PLACE_READ(&e, team_fields, &team_table, &teams[count]);
		count++;
	}
	if (!reader_close(&r))
		return err_wrap(err, "teams");
	*out = teams;
	*out_count = count;
	return true;
}
