/*
 * store/past - rows as they were at a time. Private to store.
 *
 * Games that have not changed since are read from the tables. Those that have, and were there
 * before, are replayed from their changes, filtered and sorted here, and the cursor merges the two.
 */
#ifndef STORE_PAST_H
#define STORE_PAST_H

#include "store/store.h"

/* The records that the selection has of games that have changed since, in its order. */
struct past_rows {
	char *rows; /* of the selection's table */
	size_t count, record_size;
};
bool past_select(struct store *s, const struct selection *q, struct arena *keep,
	struct past_rows *out, struct err *err);

/* " AND game_id is of no game that has changed since": two times are to be bound. */
void past_add_unchanged(struct buf *out, const struct table *t);

/* In the selection's order; <0, 0, >0. */
int past_compare(const struct selection *q, const void *a, const void *b);

/* What has no history is absent. */
void past_forget(const struct table *t, void *record);

#endif
