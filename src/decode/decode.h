/*
 * decode - bytes to model.
 *
 * No I/O and no clock: the same bytes give the same rows. Every shape that the two
 * APIs have had is understood (today's flat one, the nested one of 2023-24, the
 * legacy feed). A failure is ERR_DECODE and a sentence that names the place:
 * "playerByGameStats.awayTeam.forwards[7].goals: wanted a number, found text".
 *
 * Texts in results are trimmed, their white space collapsed, and live in *keep.
 * The body is not changed and may go away.
 */
#ifndef DECODE_DECODE_H
#define DECODE_DECODE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/model.h"

enum body_kind {
	BODY_UNKNOWN,
	BODY_BOX_SCORE,
	BODY_PLAY_BY_PLAY,
	BODY_SCHEDULE, /* a week; also a club's week or season */
	BODY_SCORE,    /* a day */
	BODY_ROSTER,
	BODY_PLAYER,
	BODY_TEAMS,
	BODY_LEGACY_LIVE,     /* statsapi feed/live */
	BODY_LEGACY_SCHEDULE, /* statsapi schedule */
	BODY_OTHER, /* known, and nothing in it for us: landing, right-rail, scoreboard, season list */
};
extern const struct str body_kind_names[11];

/* By its shape. BODY_UNKNOWN for JSON that is none of them; ERR_DECODE for what is no JSON. */
bool decode_kind(struct str body, enum body_kind *out, struct err *err);

/*
 * Box score of today's API in any of its shapes, or a legacy live feed, by its own shape.
 * wanted_game 0: any game; otherwise another game's body is refused. `order`
 * and `observed_at` of the result are left for the caller, except that the legacy feed's
 * metaData.timeStamp is put into order.time and observed_at.
 */
bool decode_box_score(struct str body, int64_t wanted_game, struct arena *keep,
	struct snapshot *out, struct err *err);

/* Fills events, players (full names of the roster spots) and the game's state. No lines. */
bool decode_play_by_play(struct str body, int64_t wanted_game, struct arena *keep,
	struct snapshot *out, struct err *err);

/* What a schedule, score or legacy schedule says: its games in the body's order, any phase. */
struct schedule {
	struct game *games;
	size_t count;
	int32_t first_day, next_day; /* the week shown and the next; 0: not said */
	int32_t preseason_start, season_start, season_end, playoff_end; /* 0: not said */
	const char *warning; /* the first thing that was left out; NULL: nothing */
};
bool decode_schedule(struct str body, struct arena *keep, struct schedule *out, struct err *err);

struct people {
	struct player *players;
	size_t count;
	const char *warning; /* the first thing that was left out; NULL: nothing */
};
bool decode_roster(struct str body, struct arena *keep, struct people *out, struct err *err);
/* One. wanted_player 0: any; otherwise another's body is refused. */
bool decode_player(struct str body, int64_t wanted_player, struct arena *keep, struct people *out,
	struct err *err);

/* The league's list has no season: it is left unknown. */
struct clubs {
	struct team *teams;
	size_t count;
	const char *warning; /* the first thing that was left out; NULL: nothing */
};
bool decode_teams(struct str body, struct arena *keep, struct clubs *out, struct err *err);

#endif
