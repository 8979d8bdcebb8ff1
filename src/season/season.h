/*
 * season - every game of a season that has been played, ingested once.
 *
 * What is stored in its official form already is not asked for again, so a run that was
 * broken off goes on where it was. Weeks and games are shared out among threads, each with
 * connections of its own.
 */
#ifndef SEASON_SEASON_H
#define SEASON_SEASON_H

#include "base/err.h"
#include "source/source.h"

struct season_settings {
	struct str db;
	struct source_settings source;
	int64_t jobs;        /* requests at a time, 1 to 64 */
	unsigned game_types; /* bit 1 << type */
	bool only_missing;   /* the lines of its end are enough, official or not */
	bool events;         /* the play-by-play too, a second request for each game */
};

enum { SEASON_MAX_GAMES = 4096 }; /* a season has some 1,500 */

struct season_report {
	size_t weeks_done, weeks;
	size_t played;  /* games of the wanted types that the schedule shows as played, until now */
	size_t known;   /* of these: stored already */
	size_t tried;   /* of the others */
	size_t missing; /* of these: failed */
	struct season_missing {
		int64_t game_id; /* 0: a week of the schedule, named in the reason */
		char reason[240];
	} list[SEASON_MAX_GAMES];
};

/*
 * `season` is both years: 20232024. on_progress is called some ten times a second on the
 * caller's thread; false from it ends the run early. False is returned when nothing could be
 * begun, or the run was ended; what could not be had of single games is in *out.
 */
bool season_run(const struct season_settings *s, int64_t season,
	bool (*on_progress)(const struct season_report *now, void *context), void *context,
	struct season_report *out, struct err *err);

#endif
