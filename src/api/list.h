/*
 * api/list - rows of one table, filtered, sorted, in pages or whole, in any format.
 *
 * Pages are found by keyset: the cursor holds the last row's place, a hash of the query that it
 * belongs to, and a checksum.
 */
#ifndef API_LIST_H
#define API_LIST_H

#include "api/answer.h"

/* What a parameter compares. */
struct filter {
	struct str parameter;
	const struct table *table; /* the list's own, or games: then for the game of the row */
	size_t column, either;     /* either: a second column, one of the two; 0: none */
	enum comparison comparison;
};

struct list {
	const struct table *table;
	const struct filter *filters;
	size_t filter_count;
	size_t order;        /* column, when nothing else is asked for; 0: by the key */
	bool has_season_ids; /* the key begins with the game's id, and that with the season */
	bool has_no_history; /* as_of and delay are for its conditions alone */
};

enum { LIST_LIMIT = 100, LIST_MOST = 1000 };

/* fixed: conditions beside those of the call. Answers with a page; or, as CSV or NDJSON without a
 * limit, with everything, unless it is_large. */
bool list_answer(struct context *c, const struct call *call, const struct list *list,
	const struct condition *fixed, size_t fixed_count, struct answer *out, struct err *err);

/* The whole of it in pieces; the store is the reader's for so long. */
struct list_reader;
struct list_reader *list_open(struct store *s, struct arena *keep, const struct call *call,
	const struct list *list, const struct condition *fixed, size_t fixed_count,
	struct answer *out, struct err *err);
/* Adds rows until the body has so many bytes, or the end is reached. */
enum step list_fill(struct list_reader *r, size_t bytes, struct buf *out, struct err *err);
void list_close(struct list_reader *r); /* NULL is fine */

#endif
