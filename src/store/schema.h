/* store/schema - the tables made, and brought up to the newest. Private to store. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/sql.h"

extern const struct table *const stored_tables[6];

/* Applies what the database lacks, and says which version it was. Safe when any number of processes do
 * it at once: one of them finds the older version. */
bool schema_migrate(struct store *s, int64_t *out_from, struct err *err);
int64_t schema_newest(void); /* of this program */
/* Whether a reader may use it: made, and of a version that this program knows. */
bool schema_check(struct store *s, struct err *err);

#endif
