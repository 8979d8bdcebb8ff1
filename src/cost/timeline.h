/*
 * cost/timeline - what the upstream shows of one game, at any moment. Private to cost.
 *
 * Made from a made-up game or from a ledger of polls; seconds of the game's own time since
 * its puck dropped, intermissions and stoppages included, as in fake.
 */
#ifndef COST_TIMELINE_H
#define COST_TIMELINE_H

#include "fake/league.h"

enum { VISITORS, HOSTS, BOTH };

/* Bytes of a body: undone, and on the wire. */
struct size {
	int64_t plain, gzip;
};

/* From `wall` on, until the next one. */
struct frame {
	int32_t wall, intermission_end;
	int16_t period, second, length;
	bool is_running, is_intermission;
	uint16_t score[BOTH];
	uint8_t shots[BOTH];
};

struct timeline {
	int64_t game_id, start_ms;
	int32_t day; /* Eastern */
	int away, home;
	double speed;
	int64_t put_off_ms; /* 0: played; else when it is shown as postponed */
	int32_t over, final, official;
	struct frame *frames;
	size_t frame_count;
	int32_t *changes; /* of a statistic, in order */
	size_t change_count;
	/* Of a ledger: the box score of each change, and the play-by-play of each goal of the hosts'.
	 * NULL: nobody told. */
	struct size *sizes, *event_sizes;
};

enum look_of { LOOKS_FUTURE, LOOKS_PREGAME, LOOKS_LIVE, LOOKS_ENDED, LOOKS_OFFICIAL };

/* What a body of that moment shows. */
struct view {
	enum look_of look;
	bool is_off;
	int period, elapsed, clock_seconds;
	bool is_running, is_intermission;
	int score[BOTH], shots[BOTH];
	size_t changes;                /* of statistics, until then */
	double progress;               /* 0 to 1: how much of the body is there */
	struct size box_score, events; /* zeros: nobody told */
};

/* The match is played in scratch; the timeline's arrays are in *keep. */
struct timeline timeline_of_match(struct arena *keep, struct arena scratch, const struct league *l,
	const struct fixture *f, double speed);

struct season;
void season_sort(struct season *s); /* its games, by start */

struct view timeline_at(const struct timeline *t, int64_t at_ms);
int64_t timeline_ms(const struct timeline *t, int32_t wall); /* the moment, Unix ms */

#endif
