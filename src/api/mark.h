/*
 * api/mark - where a page ended, as text for readers: ?cursor=.
 *
 * Opaque, base64url. Bound to the query that it came from by its hash, and checked, so that one
 * that was cut, changed or taken elsewhere is told from a good one.
 */
#ifndef API_MARK_H
#define API_MARK_H

#include "model/column.h"

enum { MARK_VALUES = 8, MARK_BYTES = 4096 };

struct str mark_write(uint64_t query, const struct value *values, size_t count, struct arena *keep);
/* types: of the values, as many as there must be. Texts into keep. */
bool mark_read(struct str text, uint64_t query, const enum column_type *types, size_t count,
	struct value *out, struct arena *keep);

#endif
