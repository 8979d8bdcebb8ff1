/*
 * column - what a column is, so that plain loops can write tables, SQL, JSON and CSV.
 *
 * The .def files beside this one are expanded into the members of a struct, the
 * enum that numbers them, and an array of struct column. Absent is not zero: a
 * column whose bit in `known` is clear is NULL, and its member is then zero.
 */
#ifndef MODEL_COLUMN_H
#define MODEL_COLUMN_H

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"

enum column_type {
	COLUMN_INT,  /* int64_t */
	COLUMN_REAL, /* double */
	COLUMN_BOOL, /* bool */
	COLUMN_TEXT, /* struct str, UTF-8 */
	COLUMN_DATE, /* int32_t, days since 1970-01-01; "2026-11-24" outside */
	COLUMN_TIME, /* int64_t, Unix milliseconds; "2026-11-24T01:02:03Z" outside */
};

/* The C type behind each, for the .def files. */
typedef int64_t column_int;
typedef double column_real;
typedef bool column_bool;
typedef struct str column_text;
typedef int32_t column_date;
typedef int64_t column_time;

struct column {
	struct str name;
	enum column_type type;
	bool hidden; /* bookkeeping, not shown to readers */
	bool queued; /* of the queue of games: see game_columns.def */
	size_t offset;
	const char *help;
};

/* A table's columns; a record of it is a struct whose `known` is at known_offset. */
struct table {
	struct str name;
	const struct column *columns;
	size_t count;     /* at most 64 */
	size_t key_count; /* the first columns are the primary key */
	size_t known_offset;
};

/* One field, out of its struct. For COLUMN_DATE, COLUMN_TIME and COLUMN_BOOL it is in `integer`. */
struct value {
	bool known;
	enum column_type type;
	int64_t integer;
	double real;
	struct str text;
};

const struct column *table_find(const struct table *t, struct str name); /* NULL: none */
uint64_t record_known(const struct table *t, const void *record);
struct value record_get(const struct table *t, const void *record, size_t column);
void record_set(const struct table *t, void *record, size_t column, struct value v);
bool value_equal(struct value a, struct value b); /* two that are not known are equal */

/* What goes into the database is what readers see: text, numbers, ISO dates. */
void value_write_json(struct value v, struct json *out);
void csv_write_text(struct str s, struct buf *out);
void value_write_csv(
	struct value v, struct buf *out); /* quoted as RFC 4180 needs; unknown is empty */

#endif
