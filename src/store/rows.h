/*
 * store/rows - records read and written by their column lists. Private to store.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "store/sql.h"

/* The record at the statement's row; columns in the table's order. Texts copied into keep, or views
 * until the next step when keep is NULL. */
void row_read(struct sql *q, const struct table *t, void *record, struct arena *keep);

/* "a, b, c" */
void add_column_list(struct buf *out, const struct table *t);

/* All records whose first key column is `id`, in key order. size: of one record. */
bool rows_read(struct store *s, const struct table *t, int64_t id, size_t size, struct arena *keep,
	void **out, size_t *out_count, struct err *err);

/* " ON CONFLICT (key) DO UPDATE SET …": what an INSERT of whole rows ends with. What is the queue's
 * stays: it may have been written since the row was read. */
void add_replacing(struct buf *out, const struct table *t);

/* rows_read of this is to come: see sql_ask. */
bool rows_ask(struct store *s, const struct table *t, int64_t id, struct err *err);

/* Insert or replace all but what is the queue's, by primary key; row_upsert in a statement of its own. */
bool row_put(struct store *s, const struct table *t, const void *record, struct err *err);
bool row_upsert(struct store *s, const struct table *t, const void *record, struct err *err);
/* By the first two key columns. */
bool row_delete(
	struct store *s, const struct table *t, int64_t first, int64_t second, struct err *err);

/* Bits of the columns, out of `among`, in which two records differ. */
uint64_t row_difference(const struct table *t, const void *a, const void *b, uint64_t among);
/* Which comes later where nothing else tells: by the first of those columns that both know and in which
 * they differ; 0: there is none. */
int row_order(const struct table *t, const void *a, const void *b, uint64_t among);
/* For qsort: in the order of the players. */
int line_by_player(const void *a, const void *b);
/* In lines of that order; NULL: there is none. As bsearch's, the line may be written where the lines may. */
struct stat_line *lines_find(const struct stat_line *lines, size_t count, int64_t player_id);
/* {"goals":1,"points":2}: the columns of `which`; those unknown are null. */
void row_write_json(const struct table *t, const void *record, uint64_t which, struct buf *out);
/* Such an object laid over a record, and the bits of what it named; texts copied into keep. What
 * the list does not have (any more) is passed over. False: it is no such object. */
bool row_read_json(const struct table *t, struct str json, void *record, uint64_t *out_which,
	struct arena *keep);

#endif
