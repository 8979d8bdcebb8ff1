/*
 * legacy - the bodies of statsapi.web.nhl.com, gone since November 2023. Private to decode/.
 */
#ifndef DECODE_LEGACY_H
#define DECODE_LEGACY_H

#include "decode/decode.h"
#include "decode/reader.h"

bool legacy_is_live(const struct place *root);
void legacy_read_live(const struct place *root, int64_t wanted_game, struct snapshot *out);

/* `s` has room for every game in the body, at most max. */
void legacy_read_schedule(const struct place *root, struct schedule *s, size_t max);

#endif
