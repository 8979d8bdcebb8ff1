/*
 * ingest/reparse - the kept bodies decoded again.
 *
 * Each goes through the door that it came in by, under the order that it had. The newest one of a
 * game has the stored lines' own order, so it replaces them where the decoder gives something else
 * by now; older ones are older still, and those that were not understood or set aside have another
 * chance. What is as it was is not written.
 */
#ifndef INGEST_REPARSE_H
#define INGEST_REPARSE_H

#include "ingest/ingest.h"

struct reparse_report {
	int64_t bodies, games;
	int64_t changed; /* bodies that changed a game; names are not compared */
	int64_t refused; /* not understood, or worse than what is stored */
};

/*
 * All kept bodies of a game, or with 0 those of no game: rosters, players, clubs, schedules. on_put
 * hears of each that changed a game. False with the first failure of the database, or when the
 * body that the stored lines come from is not understood any more (ERR_DECODE; all others are done).
 */
bool reparse_game(struct store *store, int64_t game_id,
	void (*on_put)(int64_t game_id, const struct put_result *put),
	struct reparse_report *report, struct err *err);

#endif
