/* store/schema - the tables made, and brought up to the newest. Private to store. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "store/sql.h"

extern const struct table *const stored_tables[6];

/* Applies what the database lacks. Safe when any number of processes do it at once. */
bool schema_migrate(struct store *s, struct err *err);
/* The files that the database has had, and those that there are. */
bool schema_version(struct store *s, int64_t *out, struct err *err);
int64_t schema_newest(void);
/* Whether a reader may use it: made, and not newer than this program. */
bool schema_check(struct store *s, struct err *err);

#endif
