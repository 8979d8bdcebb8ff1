#include "decode/decode.h"

#include "decode/reader.h"

const struct str body_kind_names[11] = {
	[BODY_UNKNOWN] = STR_INIT("unknown"),
	[BODY_BOX_SCORE] = STR_INIT("box score"),
	[BODY_PLAY_BY_PLAY] = STR_INIT("play-by-play"),
	[BODY_SCHEDULE] = STR_INIT("schedule"),
	[BODY_SCORE] = STR_INIT("score"),
	[BODY_ROSTER] = STR_INIT("roster"),
	[BODY_PLAYER] = STR_INIT("player"),
	[BODY_TEAMS] = STR_INIT("teams"),
	[BODY_LEGACY_LIVE] = STR_INIT("legacy live feed"),
	[BODY_LEGACY_SCHEDULE] = STR_INIT("legacy schedule"),
	[BODY_OTHER] = STR_INIT("other"),
};

/*
 * The first row whose keys are all in the body tells. A game to come has a box score without
 * lines, which is what is left of a body with two clubs once landing and play-by-play are told
 * apart by what only they have.
 */
static const struct {
	const char *keys[3];
	enum body_kind kind;
} shapes[] = {
	{{"gamePk", "liveData"}, BODY_LEGACY_LIVE},
	{{"dates", "totalGames"}, BODY_LEGACY_SCHEDULE},
	{{"plays", "awayTeam"}, BODY_PLAY_BY_PLAY},
	{{"rosterSpots", "awayTeam"}, BODY_PLAY_BY_PLAY},
	{{"playerByGameStats"}, BODY_BOX_SCORE},
	{{"boxscore"}, BODY_BOX_SCORE},
	{{"gameWeek", "games"}, BODY_SCORE},
	{{"gameWeek"}, BODY_SCHEDULE},
	{{"games", "clubTimezone"}, BODY_SCHEDULE},
	{{"games", "nextStartDate"}, BODY_SCHEDULE},
	{{"games", "currentSeason"}, BODY_SCHEDULE},
	{{"games", "currentDate"}, BODY_SCORE},
	{{"gamesByDate"}, BODY_OTHER}, /* scoreboard */
	{{"playerId", "birthDate"}, BODY_PLAYER},
	{{"playerId", "firstName", "lastName"}, BODY_PLAYER},
	{{"forwards", "defensemen"}, BODY_ROSTER},
	{{"forwards", "goalies"}, BODY_ROSTER},
	{{"data", "total"}, BODY_TEAMS},
	{{"awayTeam", "homeTeam", "venueTimezone"}, BODY_OTHER}, /* landing */
	{{"awayTeam", "homeTeam", "matchup"}, BODY_OTHER},
	{{"awayTeam", "homeTeam", "summary"}, BODY_OTHER},
	{{"id", "awayTeam", "homeTeam"}, BODY_BOX_SCORE},
	{{"gameInfo"}, BODY_OTHER}, /* right-rail */
	{{"seasonSeries"}, BODY_OTHER},
	{{"teamGameStats"}, BODY_OTHER},
};

static bool has_keys(const struct place *root, const char *const keys[3])
{
	for (size_t i = 0; i < 3 && keys[i]; i++)
		if (!place_get(root, keys[i]).value)
			return false;
	return true;
}

static enum body_kind kind_of_list(const struct place *root)
{
	struct place first = place_first(root);
	int64_t season;
	return place_as_int(&first, &season) && season > 19000000 ? BODY_OTHER : BODY_UNKNOWN;
}

static enum body_kind kind_of(const struct place *root)
{
	if (place_is_list(root))
		return kind_of_list(root);
	if (place_is_object(root))
		for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
			if (has_keys(root, shapes[i].keys))
				return shapes[i].kind;
	return BODY_UNKNOWN;
}

bool decode_kind(struct str body, enum body_kind *out, struct err *err)
{
	struct reader r;
	struct place root;
	struct arena none = {0}; /* nothing is kept of a body that is only looked at */
	if (!reader_open(&r, body, &none, err, &root))
		return false;
	*out = kind_of(&root);
	reader_close(&r);
	return true;
}
