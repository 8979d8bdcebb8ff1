/*
 * legacy - the bodies of statsapi.web.nhl.com, gone since November 2023. Private to decode/.
 */
#ifndef DECODE_LEGACY_H
#define DECODE_LEGACY_H

#include "decode/reader.h"
#include "model/model.h"

bool legacy_is_live(const struct place *root);
void legacy_read_live(const struct place *root, int64_t wanted_game, struct snapshot *out);

/* A game of the schedule; false without its ids. Its day is that of the list it is in. */
bool legacy_read_scheduled(const struct place *p, struct game *g);

#endif
