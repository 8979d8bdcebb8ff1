/*
 * plan - who is due, and when. Pure: no clock, no I/O, no memory of its own.
 *
 * Two policies. With `fixed` a game that is being played is due at every tick, and the
 * schedule is asked at every tick. With `adaptive`:
 *
 * - the week's schedule is asked hourly, and the score board of a day more and more often
 *   as its next start nears: every minute around starts and while something is being played;
 * - a game that is being played is due when the CDN's copy of its box score has run out; one
 *   that is between two periods sleeps until half a minute before the next;
 * - while several clocks stand, the day's score board is asked in the box scores' place: one
 *   that it shows as stored cannot have moved, and is asked in a slow sweep only;
 * - one in a state never seen before is live, and slow; one whose polls fail is asked after
 *   ever longer waits.
 *
 * Both: one that has ended is due at once, then a minute, two, four, … after its end until it
 * is official; an official one at once, until its final lines are in, then an hour, two,
 * four, … after that, and a week after for the last time; what is corrected meanwhile begins
 * that week anew. One that will not be played is never due.
 *
 * All of it is worked out from the time and from what the database holds, so a tick that
 * comes late, twice or not at all does no harm, and any process goes on where another
 * stopped. A clock that is set back makes nothing wait for longer than it would have anyway.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "model/model.h"

enum policy { POLICY_FIXED, POLICY_ADAPTIVE };
extern const struct str policy_names[2];

struct plan {
	enum policy policy;
	int64_t every_ms; /* fixed: between two ticks, and between two polls of a game */
	double speed;     /* of the upstream's time against ours; 0: 1 */
};

#define PLAN_NEVER INT64_MAX

/* All but PLAN_MARGIN_MS, which is the network's, are of the upstream's time. */
enum {
	PLAN_FIRST_PROVISIONAL_MS = 60 * 1000,
	PLAN_FIRST_OFFICIAL_MS = 60 * 60 * 1000,
	/* After the official end, or the last correction: a week, and a minute, since a body may be
	 * some seconds old and is to show a whole week of peace. */
	PLAN_LAST_MS = 7 * 24 * 60 * 60 * 1000 + 60 * 1000,
	/* So long ago a game may have been that is still asked: the week after its end, another after a
	 * correction in that one, another after one in the second, and the day of the game. */
	PLAN_DAYS_BACK = 3 * 7 + 1,
	PLAN_USUAL_LENGTH_MS = 150 * 60 * 1000, /* of a game, from its scheduled start */

	PLAN_MARGIN_MS = 250,             /* after a copy has run out */
	PLAN_COPY_MS = 15 * 1000,         /* how long a copy lasts when nobody says */
	PLAN_COPY_OVER_MS = 5 * 1000,     /* after a reply that had run out already */
	PLAN_COPY_MAX_MS = 60 * 1000,     /* whatever is said */
	PLAN_SWEEP_MS = 2 * 60 * 1000,    /* a game whose clock stands */
	PLAN_BOARD_COUNTS_MS = 45 * 1000, /* a score board older than that spares nothing */
	PLAN_UNKNOWN_MS = 60 * 1000,      /* a state never seen before */
	PLAN_PREGAME_MS = 5 * 60 * 1000,  /* before its start */
	PLAN_WARM_UP_MS = 30 * 1000,      /* past its start, and not begun */
	PLAN_LATE_MS = 10 * 60 * 1000,    /* the same, past this */
	PLAN_SETTLING_MS = 5 * 60 * 1000, /* past its end: the box score may not show it yet */
	PLAN_AWAKE_MS = 30 * 1000,        /* before the end of an intermission */
	PLAN_FAILED_FIRST_MS = 10 * 1000,
	PLAN_FAILED_MAX_MS = 2 * 60 * 1000,

	PLAN_WEEK_MS = 60 * 60 * 1000,        /* between two looks at the schedule */
	PLAN_BOARD_MS = 60 * 1000,            /* and at a score board, at its most frequent */
	PLAN_NEAR_MS = 4 * 60 * 60 * 1000,    /* before a start the score board is looked at */
	PLAN_NEARING = 4,                     /* … each time when a quarter of the wait is over */
	PLAN_NO_SHOW_MS = 4 * 60 * 60 * 1000, /* past its start, still to come: given up */
	PLAN_STANDING = 4,                    /* so many standing clocks are worth a score board */
	PLAN_LOOK_FAILED_MAX_MS = 5 * 60 * 1000,
	PLAN_MISSED_DAYS = 5, /* that far back the week begins at most: it still shows tomorrow */
};

/*
 * When the game is to be asked next, Unix ms; at or before now: it is due. `seen` is what
 * the schedule says now; `stored` is what the database holds of it, a record of zeros when
 * it holds nothing, NULL when the database is away. Adaptive, what is stored tells all, the
 * schedule's word within.
 */
int64_t plan_game(
	const struct plan *p, const struct game *seen, const struct game *stored, int64_t now_ms);

/* The same from what is stored alone; fixed, a game that is played is due every_ms after its last
 * poll. */
int64_t plan_due(const struct plan *p, const struct game *stored, int64_t now_ms);

/* The same for a game that was asked just now, of which this is stored: later than now. A poll that
 * failed after one that had failed waits twice as long as that one did. */
int64_t plan_after_poll(const struct plan *p, const struct game *stored, int64_t now_ms);

/* To be called on what was stored before, by whoever stores that a poll failed: last_poll_at, and
 * next_poll_at, which then holds how long the failure before this one has waited, if there was one. */
void plan_note_failure(struct game *g, int64_t polled_ms);

/* The last look at the schedule's week, or at a day's score board. */
struct look {
	int64_t at_ms;      /* 0: none */
	int64_t expires_ms; /* when the CDN's copy runs out; 0: not said */
	int failures;       /* running */
};

/* When the week is to be looked at next. */
int64_t plan_week(const struct plan *p, const struct look *last, int64_t now_ms);

/* From which day on: yesterday, whose games may still be on; after days without a look, the first with a
 * game that should have begun and has not been seen to end. */
int32_t plan_week_from(const struct game *games, size_t count, int64_t now_ms);

/* Such a game, of a day that the week does not go back to. */
bool plan_is_missed(const struct game *g, int64_t now_ms);

/* When the score board of the day is, seeing what is stored of games, that day's and others'. */
int64_t plan_board(const struct plan *p, const struct game *games, size_t count, int32_t day,
	const struct look *last, int64_t now_ms);

/*
 * Whether the score board that was just stored stands in for box scores: then its live games
 * are marked with its time (board_at), otherwise the mark is taken from them.
 */
bool plan_is_probe(const struct plan *p, const struct game *games, size_t count, int32_t day);
bool plan_is_live(const struct game *g); /* of those that are marked */

#endif
