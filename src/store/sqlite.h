/*
 * store/sqlite - statements with values of our column types. Private to store.
 *
 * A statement is prepared once for its text and kept; sql_prepare hands it out reset.
 * Binding and reading go left to right.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "base/err.h"
#include "model/column.h"
#include "store/store.h"

#include <sqlite3.h>

enum { STORE_STATEMENTS = 128 };

struct kept_statement {
	char *text; /* owned */
	sqlite3_stmt *statement;
};

struct store {
	sqlite3 *db;
	struct kept_statement kept[STORE_STATEMENTS]; /* the oldest first */
	size_t kept_count;
	struct arena scratch; /* of the call under way */
};

struct sql {
	struct store *store;
	sqlite3_stmt *statement;
	int at; /* next parameter, or next column */
};

bool sql_open(struct store *s, const char *path, enum store_mode mode, struct err *err);
void sql_close(struct store *s);
bool sql_fail(struct store *s, struct err *err, const char *doing); /* false; what SQLite says */

bool sql_run(
	struct store *s, const char *text, struct err *err); /* without parameters, any number */
bool sql_prepare(struct store *s, const char *text, struct sql *out, struct err *err);
void sql_bind(struct sql *q, struct value v);
void sql_bind_i64(struct sql *q, int64_t value);
void sql_bind_text(struct sql *q, struct str text);

/* For a cursor, which may be open beside others of the same text: out of the kept ones, and back.
 */
bool sql_take(struct store *s, const char *text, struct kept_statement *out, struct err *err);
void sql_give_back(struct store *s, struct kept_statement *statement);

enum step sql_step(struct sql *q, struct err *err);
bool sql_exec(struct sql *q, struct err *err); /* steps to the end and resets */
void sql_reset(struct sql *q);
int64_t sql_i64(struct sql *q);
struct value sql_value(struct sql *q, enum column_type type); /* texts live until the next step */
struct str sql_text(struct sql *q);                           /* the same */

#endif
