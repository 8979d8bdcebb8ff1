#include "decode/decode.h"

#include "decode/event.h"
#include "decode/game.h"

static const struct field play_fields[] = {
	{"sortOrder", READ_INT, EVENT_sort_order},
	{"period", READ_INT, EVENT_period}, /* of 2023-24 */
	{"periodDescriptor.number", READ_INT, EVENT_period},
	{"periodDescriptor.periodType", READ_TEXT, EVENT_period_type},
	{"timeInPeriod", READ_CLOCK, EVENT_time_in_period},
	{"situationCode", READ_TEXT, EVENT_situation},
	{"details.eventOwnerTeamId", READ_ID, EVENT_team_id},
	{"details.assist1PlayerId", READ_ID, EVENT_assist1_player_id},
	{"details.assist2PlayerId", READ_ID, EVENT_assist2_player_id},
	{"details.goalieInNetId", READ_ID, EVENT_goalie_player_id},
	{"details.awayScore", READ_INT, EVENT_away_score},
	{"details.homeScore", READ_INT, EVENT_home_score},
	{"details.duration", READ_INT, EVENT_penalty_minutes},
	{"details.xCoord", READ_ROUND, EVENT_x},
	{"details.yCoord", READ_ROUND, EVENT_y},
};

/* Who and what is named differently in each type. A type that is not here is no event of ours. */
static const struct event_kind {
	struct str type;
	const char *player, *other, *other_instead, *detail;
} kinds[] = {
	{STR_INIT("goal"), "details.scoringPlayerId", NULL, NULL, "details.shotType"},
	{STR_INIT("penalty"), "details.committedByPlayerId", "details.drawnByPlayerId",
		"details.servedByPlayerId", "details.descKey"},
	{STR_INIT("shot-on-goal"), "details.shootingPlayerId", NULL, NULL, "details.shotType"},
	{STR_INIT("missed-shot"), "details.shootingPlayerId", NULL, NULL, "details.reason"},
	{STR_INIT("blocked-shot"), "details.shootingPlayerId", "details.blockingPlayerId", NULL,
		"details.reason"},
	{STR_INIT("failed-shot-attempt"), "details.shootingPlayerId", NULL, NULL,
		"details.shotType"},
	{STR_INIT("hit"), "details.hittingPlayerId", "details.hitteePlayerId", NULL, NULL},
	{STR_INIT("faceoff"), "details.winningPlayerId", "details.losingPlayerId", NULL, NULL},
	{STR_INIT("giveaway"), "details.playerId", NULL, NULL, NULL},
	{STR_INIT("takeaway"), "details.playerId", NULL, NULL, NULL},
};

static const struct event_kind *kind_of(struct str type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(kinds[i].type, type))
			return &kinds[i];
	return NULL;
}

static void read_play(const struct place *p, struct snapshot *s)
{
	struct str type, detail;
	int64_t id;
	if (!place_text(p, "typeDescKey", &type))
		return;
	const struct event_kind *kind = kind_of(type);
	struct event *e = kind ? event_next(p, s) : NULL;
	if (!e || !place_need_id(p, "eventId", &id))
		return;
	SET(e, EVENT, game_id, s->game.game_id);
	SET(e, EVENT, event_id, id);
	SET(e, EVENT, type, kind->type);
	PLACE_READ(p, play_fields, &event_table, e);
	if (place_id(p, kind->player, &id))
		SET(e, EVENT, player_id, id);
	if ((kind->other && place_id(p, kind->other, &id)) ||
		(kind->other_instead && place_id(p, kind->other_instead, &id)))
		SET(e, EVENT, other_player_id, id);
	if (kind->detail && place_text(p, kind->detail, &detail))
		SET(e, EVENT, detail, detail);
	event_keep(p, s);
}

static const struct field spot_fields[] = {
	{"positionCode", READ_TEXT, PLAYER_position},
	{"sweaterNumber", READ_INT, PLAYER_sweater_number},
	{"teamId", READ_ID, PLAYER_team_id},
};

/* Names are extra: whatever the spots have become, the plays are taken. */
static void read_spots(const struct place *spots, struct snapshot *s)
{
	struct reader *r = spots->reader;
	struct seen *seen = ARENA_NEW(r->keep, struct seen, MAX_LINES);
	s->players = ARENA_NEW(r->keep, struct player, MAX_LINES);
	bool was = reader_be_lenient(r, true);
	for (struct place e = place_first(spots); e.value && !r->failed; place_next(&e))
		s->player_count += player_read(&e, "playerId", spot_fields, COUNT(spot_fields),
			seen, s->player_count, &s->players[s->player_count]);
	reader_be_lenient(r, was);
}

bool decode_play_by_play(struct str body, int64_t wanted_game, struct arena *keep,
	struct snapshot *out, struct err *err)
{
	struct reader r;
	struct place root;
	struct snapshot s = {0};
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "play-by-play");
	game_read(&root, &s.game);
	struct place plays = place_get(&root, "plays"), spots = place_get(&root, "rosterSpots");
	if (game_is_wanted(&root, s.game.game_id, wanted_game)) {
		event_read_all(&plays, read_play, &s);
		read_spots(&spots, &s);
		game_warn(&r, &s.game);
	}
	s.warning = r.warning;
	if (!reader_close(&r))
		return err_wrap(err, "play-by-play");
	*out = s;
	return true;
}
