/*
 * plan - who is due, and when. Pure: no clock, no I/O, no memory of its own.
 *
 * A game that is being played is due at every tick. One that has ended is due at once,
 * then a minute, two, four, … after its end until it is official; an official one at
 * once, until its final lines are in, then an hour, two, four, … after that, and a week
 * after for the last time. One that is to come, or will not be played, is never due.
 *
 * All of it is worked out from the time and from what the database holds, so a tick that
 * comes late, twice or not at all does no harm. While the database is away the game's
 * start alone says when it will have ended.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "model/model.h"

struct plan {
	int64_t every_ms; /* between two ticks */
};

#define PLAN_NEVER INT64_MAX

enum {
	PLAN_FIRST_PROVISIONAL_MS = 60 * 1000,
	PLAN_FIRST_OFFICIAL_MS = 60 * 60 * 1000,
	PLAN_LAST_MS = 7 * 24 * 60 * 60 * 1000, /* after the official end */
	PLAN_USUAL_LENGTH_MS = 150 * 60 * 1000, /* of a game, from its scheduled start */
};

/*
 * When the game is to be asked next, Unix ms; at or before now: it is due. `seen` is what
 * the schedule says now; `stored` is what the database holds of it, a record of zeros when
 * it holds nothing, NULL when the database is away.
 */
int64_t plan_game(
	const struct plan *p, const struct game *seen, const struct game *stored, int64_t now_ms);

#endif
