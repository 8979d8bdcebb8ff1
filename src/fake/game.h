/*
 * game - one game, simulated second by second: a pure function of the league's seed and the
 * game's id.
 *
 * What happened is a list of events, each with the seconds of wall time (since the puck
 * dropped, stoppages and intermissions included) between which the world sees it. A
 * correction is therefore no special case: the event as it was ends, and the event as it
 * is begins. Any moment of a game is a look at that list.
 */
#ifndef FAKE_GAME_H
#define FAKE_GAME_H

#include "fake/league.h"

enum {
	SIDES = 2,
	AWAY = 0,
	HOME = 1,
	DRESSED = 20,
	FIRST_DEFENDER = 12,
	FIRST_GOALTENDER = 18,
	SLOTS = SIDES * DRESSED
};
enum { NOBODY = -1, FOR_EVER = INT32_MAX };

enum happening {
	PERIOD_START,
	PERIOD_END,
	GAME_END,
	SHOOTOUT_COMPLETE,
	STOPPAGE,
	FACEOFF, /* player won it from other */
	HIT,     /* player hit other */
	GIVEAWAY,
	TAKEAWAY,
	SHOT, /* saved */
	MISSED,
	BLOCKED, /* player's shot by other */
	PENALTY, /* player's, drawn by other */
	GOAL,    /* player's, assists of other and third */
	SHOOTOUT_GOAL,
	SHOOTOUT_MISS,
};

enum strength { EVEN, POWER_PLAY, SHORT_HANDED }; /* of the event's own side */

struct event {
	int32_t wall, until;
	int16_t id, period, second; /* second: played in the period */
	int8_t side, player, other, third,
		goaltender; /* slots, or NOBODY; goaltender: who faced it */
	int8_t skaters[SIDES], has_goaltender[SIDES];
	uint8_t score[SIDES]; /* with this event */
	int8_t x, y;
	uint8_t what, strength, minutes; /* minutes: of a penalty */
	bool is_unshot;                  /* a goal that was no shot: an own goal */
	uint64_t on_ice;                 /* a bit a slot */
};

/* From `wall` on the clock stood at `second`, and ran or did not. */
struct mark {
	int32_t wall;
	int16_t period, second, length;
	bool is_running, is_intermission;
};

struct shift {
	int8_t slot;
	int16_t period, from, to;
};

struct match {
	const struct fixture *fixture;
	const struct person
		*slots[SLOTS]; /* away 0-19, home 20-39: forwards, defenders, goaltenders */
	int starters[SIDES];   /* slots */
	int deciders[SIDES];   /* goaltenders of record: slots */
	int winner;
	int last_period; /* 4: overtime, 5: shoot-out; of play-offs any number of overtimes */
	bool is_playoff;
	/* Until `wall` the bodies listed another person in the slot, who did not play. */
	struct {
		int slot; /* NOBODY: there is no such mistake */
		int32_t wall;
		const struct person *who;
	} mistake;
	/* From `wall` on someone's position is another. */
	struct {
		int slot;
		int32_t wall;
		char position;
	} recast;
	int32_t over_wall, final_wall, official_wall;
	struct event *events;
	struct mark *marks;
	struct shift *shifts;
	size_t event_count, mark_count, shift_count;
};

/* In the arena, which needs MATCH_BYTES of room. */
enum { MATCH_BYTES = 512 * 1024 };
struct match *match_play(struct arena *keep, const struct league *l, const struct fixture *f);

enum state { FUT, PRE, LIVE, CRIT, OVER, FINAL, OFF };
extern const char *const state_names[7];

struct moment {
	enum state state;
	int period, second, length; /* period 0: not begun */
	int remaining;              /* what the clock shows, in seconds */
	bool is_running, is_intermission;
};

struct line {
	int goals, assists, plus_minus, penalty_minutes, hits, power_play_goals, shots, blocked,
		shifts, giveaways, takeaways, faceoffs_won, faceoffs, seconds;
	int shots_against[3], goals_against[3]; /* goaltenders, by the shooter's strength */
	int own_goals;                          /* goals against that were no shots */
};

struct tally {
	struct moment moment;
	int score[SIDES], shots[SIDES];
	struct line lines[SLOTS];
	const struct person *who[SLOTS];
	char positions[SLOTS];
};

struct moment match_at(const struct match *m, int64_t wall);
void match_tally(const struct match *m, int64_t wall, struct tally *out);

bool match_has_shootout(const struct match *m);
/* "REG", "OT", "SO" */
const char *match_period_type(const struct match *m, int period);

/*
 * The moments after the horn, the horn itself first, from which on a line is another than before:
 * in order, each once. How many there are; at most `room` are filled in.
 */
size_t match_corrections(const struct match *m, int32_t *out, size_t room);

#endif
