/*
 * truth - what must stand in game_stats when all is over: one JSON object a line for each
 * player of each game, in the columns' names, null where a column is absent.
 *
 * Written here from the events themselves, and not from the bodies: what reads the bodies
 * is tested against it.
 */
#ifndef FAKE_TRUTH_H
#define FAKE_TRUTH_H

#include "base/buf.h"
#include "fake/game.h"

void truth_game(struct buf *out, const struct match *m);

#endif
