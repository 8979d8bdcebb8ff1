/*
 * league - the clubs, made-up players, and who plays whom when, all from a seed.
 *
 * Clubs are the real ones; everyone who plays for them is invented. A league is a night
 * around the moment it was made, or a season: one that is over, or one that is being played,
 * in which a moment is an instant of the calendar.
 */
#ifndef FAKE_LEAGUE_H
#define FAKE_LEAGUE_H

#include "base/arena.h"
#include "base/str.h"

enum { CLUBS = 32, FORWARDS = 14, DEFENDERS = 7, GOALTENDERS = 2, ROSTER = 23 };
/* Who may be called up: two forwards, a defender, a goaltender. */
enum { RESERVES = 4, EVERYBODY = ROSTER + RESERVES };

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
	/* A game that was put off: what the schedule said before, when that was called off, and
	 * when the day above was named. put_off_ms 0: played as planned. */
	int32_t planned_day;
	int64_t planned_ms, put_off_ms, named_ms;
	int64_t known_ms; /* of play-offs: on no schedule before */
};

/* From that day on another person has the place: a trade, a call-up, or its end. */
struct move {
	int32_t day;
	int club, place;
	const struct person *who;
};

struct league {
	uint64_t seed;
	int64_t season;                      /* 20262027 */
	int64_t began_ms;                    /* Unix; game time runs from here */
	double speed;                        /* of game time */
	bool is_over;                        /* a past season: every game is long official */
	bool is_season;                      /* past or present, not a night */
	struct person people[CLUBS][ROSTER]; /* at first; forwards, defenders, goaltenders */
	struct person reserves[CLUBS][RESERVES];
	struct fixture *fixtures; /* by number; of a season its 1,312, then its play-offs */
	size_t count;
	struct move *moves; /* in order of the day */
	size_t move_count;
};

enum { NIGHT_GAMES_MAX = 16, SEASON_GAMES = 1312, PLAYOFF_GAMES_MAX = 15 * 7 };

struct league *league_night(
	struct arena *keep, uint64_t seed, int games, int64_t now_ms, double speed);
/* 1,312 games that are over. */
struct league *league_season(struct arena *keep, uint64_t seed, int first_year);
/* Best of seven among the sixteen clubs with the most points. Plays the season for it: 0.3 s. */
void league_add_playoffs(struct league *l);
/* The season is on: a moment of it is that instant of its own calendar. */
void league_begin(struct league *l);

/* NULL: none of ours. */
const struct fixture *league_find(const struct league *l, int64_t id);

/* Who has the place on the day. */
const struct person *league_player(const struct league *l, int club, int place, int32_t day);
/* All of ours; the club that he began the season with. NULL: none of ours. */
const struct person *league_person(const struct league *l, int64_t id, int *out_club);
/* The club that he is with on the day; -1: none, he has gone back to the minors. */
int league_club_of(const struct league *l, const struct person *p, int32_t day);
/* Who is with the club on the day, or of a season that is over: was, at any time. */
enum { ROSTER_MAX = 128 };
int league_roster(
	const struct league *l, int club, int32_t day, const struct person *out[static ROSTER_MAX]);
int club_find(struct str abbrev); /* -1: none */

/* Seconds of the game's own time since its puck dropped, and back. */
int64_t league_wall(const struct league *l, const struct fixture *f, int64_t now_ms);
int64_t league_instant(const struct league *l, const struct fixture *f, int64_t wall);

/* What the schedule says of a game at a moment. */
struct listing {
	bool is_known;
	int32_t day;
	int64_t start_ms;
	const char *schedule_state; /* OK, PPD */
};
struct listing league_listing(const struct league *l, const struct fixture *f, int64_t now_ms);

#endif
