/*
 * league - the clubs, made-up players, and who plays whom when, all from a seed.
 *
 * Clubs are the real ones; everyone who plays for them is invented. A league is either a
 * night around the moment it was made, or a season that is over.
 */
#ifndef FAKE_LEAGUE_H
#define FAKE_LEAGUE_H

#include "base/arena.h"
#include "base/str.h"

enum { CLUBS = 32, FORWARDS = 14, DEFENDERS = 7, GOALTENDERS = 2, ROSTER = 23 };

struct club {
	int id;
	const char *abbrev, *place, *name, *venue, *zone;
};
extern const struct club clubs[CLUBS];

struct person {
	int64_t id;
	const char *first, *last;
	int32_t birth_day;
	int number;
	char position; /* C L R D G */
};

struct fixture {
	int64_t id;
	int32_t day;      /* Eastern */
	int64_t start_ms; /* as the schedule says it: when the puck drops on the clock of the world
			   */
	int64_t puck_s;   /* in game time, seconds after the league began; negative: before */
	int away, home;   /* indices of clubs */
};

struct league {
	uint64_t seed;
	int64_t season;                      /* 20262027 */
	int64_t began_ms;                    /* Unix; game time runs from here */
	double speed;                        /* of game time */
	bool is_over;                        /* a past season: every game is long official */
	struct person people[CLUBS][ROSTER]; /* forwards, defenders, goaltenders */
	struct fixture *fixtures;            /* in order of the day */
	size_t count;
};

enum { NIGHT_GAMES_MAX = 16, SEASON_GAMES = 1312 };

struct league *league_night(
	struct arena *keep, uint64_t seed, int games, int64_t now_ms, double speed);
struct league *league_season(struct arena *keep, uint64_t seed, int first_year);

/* NULL: none of ours. */
const struct fixture *league_find(const struct league *l, int64_t id);
const struct person *league_person(const struct league *l, int64_t id, int *out_club);
int club_find(struct str abbrev); /* -1: none */

/* Seconds of the game's own time since its puck dropped. */
int64_t league_wall(const struct league *l, const struct fixture *f, int64_t now_ms);

#endif
