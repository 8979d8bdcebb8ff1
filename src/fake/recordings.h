/*
 * recordings - real bodies from a directory, found by the path at which the API had them.
 *
 * The directory has a folder a kind (web/boxscore, web/roster, statsapi/live, …) and the
 * file's name says what it is of: 2023020032-OFF-02.json, CAR-20242025.json. A path may
 * have several bodies, of different moments: they are in order of the game's state and
 * then of their numbers. Names are read at the start, bodies when they are asked for.
 * Files with "modified" in their name were edited by hand, and are left out.
 *
 * A legacy feed is served where it was and, for a game without a box score, in its place.
 */
#ifndef FAKE_RECORDINGS_H
#define FAKE_RECORDINGS_H

#include "base/buf.h"
#include "base/err.h"

struct recordings;

/* ERR_USAGE when there is nothing. */
struct recordings *recordings_open(struct str directory, struct err *err);
void recordings_close(struct recordings *r);
size_t recordings_count(const struct recordings *r); /* paths */

/*
 * The file's name; NULL: not recorded. nth: 1 is the path's first body, and so on; past
 * the last one, and 0, the last.
 */
const char *recordings_find(const struct recordings *r, struct str path, int64_t nth);
/* The last of the path's bodies whose file is no younger than that; NULL: there is none yet. */
const char *recordings_at(const struct recordings *r, struct str path, int64_t at_ms);
int64_t recordings_first_ms(const struct recordings *r); /* when the oldest file was written */
bool recordings_read(const char *file, struct buf *out, struct err *err);

#endif
