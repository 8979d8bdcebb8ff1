#include "store/sqlite.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

bool sql_fail(struct store *s, struct err *err, const char *doing)
{
	return err_set(err, ERR_STORE, "database: %s: %s", doing,
		s->db ? sqlite3_errmsg(s->db) : "out of memory");
}

bool sql_run(struct store *s, const char *text, struct err *err)
{
	if (sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	char start[41] = "";
	strncat(start, text, 40);
	return sql_fail(s, err, start);
}

/*
 * A new database turns to WAL once, and for that wants to be alone: it does not wait for the
 * others, so we do. One that has turned already is asked for free.
 */
static bool use_wal(struct store *s, struct err *err)
{
	enum { STEP_MS = 5 };
	for (int waited = 0;; waited += STEP_MS) {
		int code = sqlite3_exec(s->db, "PRAGMA journal_mode = wal", NULL, NULL, NULL);
		if (code == SQLITE_OK)
			return true;
		if ((code & 0xff) != SQLITE_BUSY || waited >= BUSY_MS)
			return sql_fail(s, err, "turning to WAL");
		sqlite3_sleep(STEP_MS);
	}
}

bool sql_open(struct store *s, const char *path, enum store_mode mode, struct err *err)
{
	int flags = SQLITE_OPEN_NOMUTEX |
		    (mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
					 : SQLITE_OPEN_READONLY);
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		return sql_fail(s, err, path);
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	static const int off[] = {SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML,
		SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION};
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		sqlite3_db_config(s->db, off[i], 0, NULL);
	return mode == STORE_READ ||
	       (use_wal(s, err) && sql_run(s, "PRAGMA synchronous = normal", err));
}

static size_t find_kept(struct store *s, const char *text)
{
	size_t i = 0;
	while (i < s->kept_count && strcmp(s->kept[i].text, text))
		i++;
	return i;
}

static void drop_kept(struct store *s, size_t i)
{
	s->kept_count--;
	memmove(&s->kept[i], &s->kept[i + 1], sizeof(s->kept[0]) * (s->kept_count - i));
}

static void free_kept(struct kept_statement *k)
{
	sqlite3_finalize(k->statement);
	free(k->text);
}

void sql_close(struct store *s)
{
	for (size_t i = 0; i < s->kept_count; i++)
		free_kept(&s->kept[i]);
	sqlite3_close(s->db);
}

/* Shapes of queries come from readers: the oldest gives way. */
static void keep(struct store *s, struct kept_statement k)
{
	if (s->kept_count == STORE_STATEMENTS) {
		free_kept(&s->kept[0]);
		drop_kept(s, 0);
	}
	s->kept[s->kept_count++] = k;
}

static bool compile(struct store *s, const char *text, struct kept_statement *out, struct err *err)
{
	*out = (struct kept_statement){.text = strdup(text)};
	if (out->text && sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT,
				 &out->statement, NULL) == SQLITE_OK)
		return true;
	sql_fail(s, err, text);
	free_kept(out);
	return false;
}

bool sql_prepare(struct store *s, const char *text, struct sql *out, struct err *err)
{
	size_t i = find_kept(s, text);
	if (i == s->kept_count) {
		struct kept_statement k;
		if (!compile(s, text, &k, err))
			return false;
		keep(s, k);
		i = s->kept_count - 1;
	}
	*out = (struct sql){.store = s, .statement = s->kept[i].statement};
	sqlite3_reset(out->statement);
	return true;
}

bool sql_take(struct store *s, const char *text, struct kept_statement *out, struct err *err)
{
	size_t i = find_kept(s, text);
	if (i == s->kept_count)
		return compile(s, text, out, err);
	*out = s->kept[i];
	drop_kept(s, i);
	return true;
}

void sql_give_back(struct store *s, struct kept_statement *k)
{
	sqlite3_reset(k->statement);
	sqlite3_clear_bindings(k->statement);
	keep(s, *k);
}

void sql_bind_i64(struct sql *q, int64_t value)
{
	sqlite3_bind_int64(q->statement, ++q->at, value);
}

void sql_bind_text(struct sql *q, struct str text)
{
	sqlite3_bind_text(
		q->statement, ++q->at, text.n ? text.p : "", (int)text.n, SQLITE_TRANSIENT);
}

/* Always with milliseconds, so that texts sort as times do. */
static struct time_text time_sortable(int64_t ms)
{
	struct time_text t = time_format(ms);
	size_t end = strlen(t.text) - 1;
	if (t.text[end - 4] != '.')
		memcpy(t.text + end, ".000Z", 6);
	return t;
}

void sql_bind(struct sql *q, struct value v)
{
	if (!v.known) {
		sqlite3_bind_null(q->statement, ++q->at);
		return;
	}
	switch (v.type) {
	case COLUMN_INT:
	case COLUMN_BOOL:
		sql_bind_i64(q, v.integer);
		break;
	case COLUMN_REAL:
		sqlite3_bind_double(q->statement, ++q->at, v.real);
		break;
	case COLUMN_TEXT:
		sql_bind_text(q, v.text);
		break;
	case COLUMN_DATE:
		sql_bind_text(q, str_from(day_format((int32_t)v.integer).text));
		break;
	case COLUMN_TIME:
		sql_bind_text(q, str_from(time_sortable(v.integer).text));
		break;
	}
}

enum step sql_step(struct sql *q, struct err *err)
{
	q->at = 0;
	int code = sqlite3_step(q->statement);
	if (code == SQLITE_ROW)
		return STEP_ROW;
	if (code == SQLITE_DONE)
		return STEP_DONE;
	sql_fail(q->store, err, "query");
	return STEP_FAILED;
}

void sql_reset(struct sql *q)
{
	sqlite3_reset(q->statement);
	q->at = 0;
}

bool sql_exec(struct sql *q, struct err *err)
{
	enum step step;
	while ((step = sql_step(q, err)) == STEP_ROW)
		;
	sql_reset(q);
	return step == STEP_DONE;
}

int64_t sql_i64(struct sql *q)
{
	return sqlite3_column_int64(q->statement, q->at++);
}

struct str sql_text(struct sql *q)
{
	const char *p = (const char *)sqlite3_column_text(q->statement, q->at);
	return (struct str){p, (size_t)sqlite3_column_bytes(q->statement, q->at++)};
}

struct value sql_value(struct sql *q, enum column_type type)
{
	struct value v = {.type = type};
	if (sqlite3_column_type(q->statement, q->at) == SQLITE_NULL) {
		q->at++;
		return v;
	}
	v.known = true;
	int32_t day;
	switch (type) {
	case COLUMN_INT:
	case COLUMN_BOOL:
		v.integer = sql_i64(q);
		break;
	case COLUMN_REAL:
		v.real = sqlite3_column_double(q->statement, q->at++);
		break;
	case COLUMN_TEXT:
		v.text = sql_text(q);
		break;
	case COLUMN_DATE:
		v.known = day_parse(sql_text(q), &day);
		v.integer = v.known ? day : 0;
		break;
	case COLUMN_TIME:
		v.known = time_parse(sql_text(q), &v.integer);
		break;
	}
	return v;
}
