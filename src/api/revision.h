/*
 * api/revision - a commit as readers get it: one JSON object of all that it changed.
 *
 * Made of the history alone, so that the same revision reads the same for ever.
 */
#ifndef API_REVISION_H
#define API_REVISION_H

#include "base/json.h"
#include "store/store.h"

/* How many of the rows from the first on are of its revision. */
size_t revision_rows(const struct recorded *rows, size_t count);

/* {"revision":7,"observed_at":"…","games":[…],"lines":[…]}: rows of one revision. */
void revision_write_json(const struct recorded *rows, size_t count, struct json *j);

/* One line that changed, with its revision and time: for corrections. */
void recorded_write_json(const struct recorded *r, struct json *j);

#endif
