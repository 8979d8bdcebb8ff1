/*
 * truth - what must stand in game_stats: one JSON object a line for each player of a game, in
 * the columns' names, null where a column is absent.
 *
 * Written here from the events themselves, and not from the bodies: what reads the bodies
 * is tested against it.
 */
#ifndef FAKE_TRUTH_H
#define FAKE_TRUTH_H

#include "base/buf.h"
#include "base/err.h"
#include "fake/game.h"

/* At that second of the game's own time; nothing before its first face-off. */
void truth_game(struct buf *out, const struct match *m, int64_t wall);

/*
 * What the game's end came to and what was corrected after it, in order, a line each:
 *
 *   {"at":"2025-10-08T02:31:07Z","row":{"game_id":2025020001,"player_id":8470101,…}}
 *   {"at":"2025-10-08T02:31:07Z","gone":{"game_id":2025020001,"player_id":8470101}}
 *
 * `at` is the moment from which on the row stands: the horn, for each of the game's lines, then
 * the correction's, for each line that is another by it.
 */
void truth_history(struct buf *out, const struct league *l, const struct match *m);

/* All games' histories, into a file; "-" is standard output. ERR_USAGE when it can't be written. */
bool truth_write(const struct league *l, struct str file, struct err *err);

#endif
