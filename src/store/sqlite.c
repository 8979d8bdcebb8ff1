#include "store/rows.h"

#include "base/time.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUSY_MS = 10000 };

/* What the system says of a file that cannot be opened, read or written; "" where it says nothing. */
static const char *system_reason(struct store *s)
{
	int code = s->database ? sqlite3_errcode(s->database) & 0xff : SQLITE_OK;
	int number = code == SQLITE_CANTOPEN || code == SQLITE_IOERR
			     ? sqlite3_system_errno(s->database)
			     : 0;
	return number ? strerror(number) : "";
}

static bool fail(struct store *s, struct err *err, const char *doing)
{
	if (s->database && (sqlite3_errcode(s->database) & 0xff) == SQLITE_INTERRUPT)
		return sql_fail_late(s, err);
	const char *why = system_reason(s);
	return err_set(err, ERR_STORE, "database: %s: %s%s%s", doing,
		s->database ? sqlite3_errmsg(s->database) : "out of memory", *why ? ": " : "", why);
}

static bool run(struct store *s, const char *text, struct err *err)
{
	if (sqlite3_exec(s->database, text, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	char start[41];
	snprintf(start, sizeof(start), "%s", text);
	return fail(s, err, start);
}

/*
 * A new database turns to WAL once, and for that wants to be alone: it does not wait for the
 * others, so we do. One that has turned already is asked for free.
 */
static bool use_wal(struct store *s)
{
	enum { STEP_MS = 5 };
	for (int waited = 0;; waited += STEP_MS) {
		int code = sqlite3_exec(s->database, "PRAGMA journal_mode = wal", NULL, NULL, NULL);
		if (code == SQLITE_OK)
			return true;
		if ((code & 0xff) != SQLITE_BUSY || waited >= BUSY_MS)
			return false;
		sqlite3_sleep(STEP_MS);
	}
}

/* Nobody asks how much memory SQLite has, and counting it is a lock for all threads. */
static void set_up(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* The plain letter for two bytes, '\0' for a mark; false: they are none of those. */
static bool find_folded(const char *two, char *out)
{
	static const char from[] = FOLD_FROM, to[] = FOLD_TO;
	for (size_t i = 0; from[2 * i]; i++)
		if (from[2 * i] == two[0] && from[2 * i + 1] == two[1]) {
			*out = i < sizeof(to) ? to[i] : '\0';
			return true;
		}
	return false;
}

/* fold(text): what PostgreSQL's lower and translate make of it. Never longer than the text. */
static void fold(sqlite3_context *context, int count, sqlite3_value **arguments)
{
	const char *p = (const char *)sqlite3_value_text(arguments[0]);
	char *out = p ? sqlite3_malloc64((sqlite3_uint64)strlen(p) + 1) : NULL;
	size_t n = 0;
	(void)count;
	if (!out)
		return; /* it stays NULL */
	for (; *p; p++) {
		out[n] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
		if (find_folded(p, &out[n])) {
			p++;
			n += out[n] != '\0';
		} else {
			n++;
		}
	}
	sqlite3_result_text64(context, out, n, sqlite3_free, SQLITE_UTF8);
}

/* ---- columns as text: millions of rows are written so ---- */

/* "…:03.000Z" is stored, so that texts sort as times do; "…:03Z" is shown. */
static void write_time(struct str time, enum text_form form, struct buf *out)
{
	static const struct str zeros = STR_INIT(".000Z");
	struct str shown = time;
	bool is_whole = str_ends(time, zeros);
	if (is_whole)
		shown.n -= zeros.n;
	buf_add(out, form == TEXT_JSON ? STR("\"") : STR(""));
	buf_add(out, shown);
	buf_add(out, is_whole ? STR("Z") : STR(""));
	buf_add(out, form == TEXT_JSON ? STR("\"") : STR(""));
}

static void write_text(
	sqlite3_value *v, enum column_type type, enum text_form form, struct buf *out)
{
	struct str text = {(const char *)sqlite3_value_text(v), (size_t)sqlite3_value_bytes(v)};
	if (type == COLUMN_TIME)
		write_time(text, form, out);
	else if (form == TEXT_JSON)
		json_write_text(out, text);
	else
		csv_write_text(text, out);
}

/* What is neither a count nor unknown, as nearly all of a line is. */
static void write_other(
	sqlite3_value *v, enum column_type type, enum text_form form, struct buf *out)
{
	if (type == COLUMN_BOOL)
		buf_add(out, sqlite3_value_int64(v) ? STR("true") : STR("false"));
	else if (sqlite3_value_type(v) == SQLITE_TEXT)
		write_text(v, type, form, out);
	else
		buf_add_real(out, sqlite3_value_double(v));
}

static char *write_unknown(char *room, enum text_form form)
{
	static const char word[] = {'n', 'u', 'l', 'l'};
	memcpy(room, word, sizeof(word));
	return form == TEXT_JSON ? room + sizeof(word) : room;
}

static inline void write_column(
	sqlite3_value *v, const struct text_column *c, enum text_form form, struct buf *out)
{
	int stored = sqlite3_value_type(v);
	char *room = buf_room(out, TEXT_BEFORE + I64_BYTES), *p;
	if (!room)
		return;
	memcpy(room, c->before, TEXT_BEFORE); /* a known length is quicker */
	p = room + c->n;
	if (stored == SQLITE_NULL)
		p = write_unknown(p, form);
	else if (stored == SQLITE_INTEGER && c->column->type == COLUMN_INT)
		p = i64_write(p, sqlite3_value_int64(v));
	else
		stored = 0;
	buf_grew(out, (size_t)(p - room));
	if (!stored)
		write_other(v, c->column->type, form, out);
}

/* row_text(how, column, ...): a function is given its values at once, where asking for a column is a call
 * of its own. What it gives stays until the next row. */
static void row_text(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct row_text *how = sqlite3_value_pointer(values[0], "row_text");
	struct buf *out = sqlite3_user_data(context);
	assert(how && (size_t)count == how->count + 1);
	buf_reset(out);
	for (size_t i = 0; i < how->count; i++)
		write_column(values[i + 1], &how->columns[i], how->form, out);
	if (out->failed)
		sqlite3_result_error_toobig(context);
	else
		sqlite3_result_text64(context, out->p, out->n, SQLITE_STATIC, SQLITE_UTF8);
}

static void free_row(void *buf)
{
	buf_clear(buf);
	free(buf);
}

static void add_row_text(sqlite3 *db)
{
	enum { MOST = 1 << 24 };
	struct buf *row = malloc(sizeof(*row));
	if (!row)
		abort();
	buf_init(row, MOST);
	sqlite3_create_function_v2(
		db, "row_text", -1, SQLITE_UTF8, row, row_text, NULL, NULL, free_row);
}

/* ---- opened and closed ---- */

static bool prepare_file(struct store *s, enum store_mode mode)
{
	/* A reader's pages: the inner ones of some millions of lines stay. Of a writer, pages of indexes are
	 * written again and again: a longer log copies them less often. */
	const char *settings = mode == STORE_WRITE ? "PRAGMA synchronous = normal; "
						     "PRAGMA wal_autocheckpoint = 4000"
						   : "PRAGMA cache_size = -6000";
	return (mode != STORE_WRITE || use_wal(s)) &&
	       sqlite3_exec(s->database, settings, NULL, NULL, NULL) == SQLITE_OK;
}

/* Of what fails here the file is at fault, whatever was being done to it. */
static bool open_file(struct store *s, struct str url, enum store_mode mode, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, set_up);
	int flags = SQLITE_OPEN_NOMUTEX |
		    (mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
					 : SQLITE_OPEN_READONLY);
	const char *path = str_z(&s->scratch, str_cut(url, ':').tail);
	sqlite3 *db;
	int code = sqlite3_open_v2(path, &db, flags, NULL);
	s->database = db; /* to be closed, and to tell why */
	if (code != SQLITE_OK)
		return fail(s, err, path);
	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_MS);
	static const int off[] = {SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML,
		SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION};
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		sqlite3_db_config(db, off[i], 0, NULL);
	sqlite3_create_function_v2(
		db, "fold", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, fold, NULL, NULL, NULL);
	add_row_text(db);
	return prepare_file(s, mode) || fail(s, err, path);
}

static void close_file(struct store *s)
{
	sqlite3_close(s->database);
}

/* ---- transactions: whoever writes has the whole file ---- */

static bool begin(struct store *s, int64_t game_id, struct err *err)
{
	(void)game_id;
	return run(s, "BEGIN IMMEDIATE", err);
}

static bool begin_schema(struct store *s, struct err *err)
{
	sqlite3_busy_timeout(s->database, SCHEMA_MS);
	bool ok = begin(s, 0, err);
	sqlite3_busy_timeout(s->database, BUSY_MS);
	return ok;
}

/* Kept statements: every answer to a reader begins and ends so. */
static bool hold(struct store *s, struct err *err)
{
	struct sql q;
	return sql_prepare(s, "BEGIN", &q, err) && sql_exec(&q, err);
}

static bool any_file(struct str url, struct err *err)
{
	(void)url;
	(void)err;
	return true;
}

static bool is_one(struct str url)
{
	(void)url;
	return false;
}

static size_t no_files(struct str url, struct arena *keep, struct str *out, size_t room)
{
	(void)url;
	(void)keep;
	(void)out;
	(void)room;
	return 0;
}

static bool take_revision(struct store *s, int64_t *revision, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, NEXT_REVISION, &q, err) || sql_step(&q, err) != STEP_ROW)
		return false;
	*revision = sql_i64(&q);
	sql_reset(&q);
	return true;
}

/* Who waits sees the file change. */
static void announce(struct store *s)
{
	(void)s;
}

static bool commit(struct store *s, struct err *err)
{
	return run(s, "COMMIT", err);
}

/* Asking is no way here. */
static void ask_last(struct store *s)
{
	(void)s;
}

static int stop_late(void *store)
{
	return sql_is_late(store);
}

/* A step of the machine takes some 20 ns. */
static void limit(struct store *s)
{
	enum { STEPS = 5000 };
	sqlite3_progress_handler(s->database, STEPS, s->limit_ms ? stop_late : NULL, s);
}

/* A file says something at once. */
static void be_patient(struct store *s, int64_t ms)
{
	(void)s;
	(void)ms;
}

/* It is due whatever the time. */
static void rollback(struct store *s)
{
	struct sql q;
	struct err err;
	int64_t limit_ms = s->limit_ms;
	s->limit_ms = 0;
	if (sql_prepare(s, "ROLLBACK", &q, &err))
		sql_exec(&q, &err);
	s->limit_ms = limit_ms;
}

static bool get_stamp(struct store *s, int64_t *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, "PRAGMA user_version", &q, err) || sql_step(&q, err) != STEP_ROW)
		return false;
	*out = sql_i64(&q);
	sql_reset(&q);
	return true;
}

static bool set_stamp(struct store *s, int64_t stamp, struct err *err)
{
	char text[60];
	snprintf(text, sizeof(text), "PRAGMA user_version = %lld", (long long)stamp);
	return run(s, text, err);
}

/* ---- statements ---- */

static bool compile(struct store *s, const char *text, void **out, struct err *err)
{
	sqlite3_stmt *statement;
	if (sqlite3_prepare_v3(s->database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement,
		    NULL) != SQLITE_OK)
		return fail(s, err, text);
	*out = statement;
	return true;
}

static void discard(struct store *s, void *statement)
{
	(void)s;
	sqlite3_finalize(statement);
}

static void bind_text(struct sql *q, struct str text)
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

static void bind(struct sql *q, struct value v)
{
	if (!v.known) {
		sqlite3_bind_null(q->statement, ++q->at);
		return;
	}
	switch (v.type) {
	case COLUMN_INT:
	case COLUMN_BOOL:
		sqlite3_bind_int64(q->statement, ++q->at, v.integer);
		break;
	case COLUMN_REAL:
		sqlite3_bind_double(q->statement, ++q->at, v.real);
		break;
	case COLUMN_TEXT:
		bind_text(q, v.text);
		break;
	case COLUMN_DATE:
		bind_text(q, str_from(day_format((int32_t)v.integer).text));
		break;
	case COLUMN_TIME:
		bind_text(q, str_from(time_sortable(v.integer).text));
		break;
	}
}

/*
 * An API may not write the log's index (base/doors): where that has to be made anew it waits a
 * moment for the writer who has just come and will. Both are said before anything was read.
 */
static int step_once_indexed(struct sql *q)
{
	enum { STEP_MS = 2, ENOUGH_MS = 200 };
	for (int waited = 0;; waited += STEP_MS) {
		int code = sqlite3_step(q->statement);
		bool is_early =
			code == SQLITE_READONLY_RECOVERY || code == SQLITE_READONLY_CANTINIT;
		if (!is_early || waited >= ENOUGH_MS)
			return code;
		sqlite3_reset(q->statement);
		sqlite3_sleep(STEP_MS);
	}
}

static enum step step(struct sql *q, struct err *err)
{
	int code = step_once_indexed(q);
	if (code == SQLITE_ROW)
		return STEP_ROW;
	if (code == SQLITE_DONE)
		return STEP_DONE;
	fail(q->store, err, "query");
	return STEP_FAILED;
}

/* Nothing is far away here, and nothing is read before it is wanted. */
static void do_nothing(struct sql *q)
{
	(void)q;
}

static bool exec(struct sql *q, struct err *err)
{
	enum step last;
	q->at = 0;
	while ((last = step(q, err)) == STEP_ROW)
		;
	sql_reset(q);
	return last == STEP_DONE;
}

static void reset(struct sql *q)
{
	sqlite3_reset(q->statement);
}

static struct str text_of(struct sql *q)
{
	const char *p = (const char *)sqlite3_column_text(q->statement, q->at);
	return (struct str){p, (size_t)sqlite3_column_bytes(q->statement, q->at++)};
}

static struct value value(struct sql *q, enum column_type type)
{
	if (type == COLUMN_TEXT) { /* which is told of what is absent, too */
		struct str text = text_of(q);
		return (struct value){.type = type, .known = text.p, .text = text};
	}
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
		v.integer = sqlite3_column_int64(q->statement, q->at++);
		break;
	case COLUMN_REAL:
		v.real = sqlite3_column_double(q->statement, q->at++);
		break;
	case COLUMN_TEXT:
		break;
	case COLUMN_DATE:
		v.known = day_parse(text_of(q), &day);
		v.integer = v.known ? day : 0;
		break;
	case COLUMN_TIME:
		v.known = time_parse(text_of(q), &v.integer);
		break;
	}
	return v;
}

static void bind_bytes(struct sql *q, struct str b)
{
	sqlite3_bind_blob(q->statement, ++q->at, b.n ? b.p : "", (int)b.n, SQLITE_TRANSIENT);
}

static struct str bytes(struct sql *q)
{
	const char *p = sqlite3_column_blob(q->statement, q->at);
	return (struct str){p, (size_t)sqlite3_column_bytes(q->statement, q->at++)};
}

/* ---- the rows of a selection that wants text ---- */

static void bind_row_text(struct sql *q, const struct row_text *text)
{
	sqlite3_bind_pointer(q->statement, ++q->at, (void *)(uintptr_t)text, "row_text", NULL);
}

static void write_columns(struct sql *q, const struct row_text *text, struct buf *out)
{
	for (size_t i = 0; i < text->count; i++)
		write_column(sqlite3_column_value(q->statement, (int)i), &text->columns[i],
			text->form, out);
}

/* ---- what others commit ---- */

static bool check_file(struct store *s, struct err *err)
{
	int moved = 0;
	sqlite3_file_control(s->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return !moved || err_set(err, ERR_STORE, "database: its file has gone");
}

/* A number that changes with every commit of anybody else's. */
static bool get_data_version(struct store *s, int64_t *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, "PRAGMA data_version", &q, err) || sql_step(&q, err) != STEP_ROW)
		return false;
	*out = sql_i64(&q);
	sql_reset(&q);
	return true;
}

/* Each look comes after a pause, whatever the last one found: where SQLite has an index of its own, since it
 * may not write the one that lies there and nobody else holds it, it takes every look for a change. */
static bool wait_commit(
	struct store *s, int64_t *version, int64_t wait_ms, bool *out_found, struct err *err)
{
	enum { POLL_MS = 20 };
	int64_t now, waited = 0;
	do {
		if (wait_ms)
			sqlite3_sleep(POLL_MS);
		waited += POLL_MS;
		if (!check_file(s, err) || !get_data_version(s, &now, err))
			return false;
		*out_found = now != *version;
		*version = now;
	} while (!*out_found && waited < wait_ms);
	return true;
}

const struct store_backend sqlite_backend = {
	.type_names = {[COLUMN_INT] = "INTEGER",
		[COLUMN_REAL] = "REAL",
		[COLUMN_BOOL] = "INTEGER",
		[COLUMN_TEXT] = "TEXT",
		[COLUMN_DATE] = "TEXT",
		[COLUMN_TIME] = "TEXT"},
	.bytes_name = "BLOB",
	.table_end = "STRICT, WITHOUT ROWID",
	.find_column = "SELECT count(*) FROM pragma_table_info(?) WHERE name = ?",
	.list_form = "IN (SELECT value FROM json_each(?))",
	.list_ends = "[]",
	.fold_begins = "fold(",
	.fold_ends = ")",
	.skip_locked = "",
	.is_url = any_file,
	.open = open_file,
	.close = close_file,
	.has_several = is_one,
	.files = no_files,
	.run = run,
	.begin = begin,
	.begin_schema = begin_schema,
	.hold = hold,
	.ask_last = ask_last,
	.limit = limit,
	.be_patient = be_patient,
	.take_revision = take_revision,
	.announce = announce,
	.commit = commit,
	.rollback = rollback,
	.get_stamp = get_stamp,
	.set_stamp = set_stamp,
	.compile = compile,
	.discard = discard,
	.bind = bind,
	.ask = do_nothing,
	.read_chunks = do_nothing,
	.step = step,
	.exec = exec,
	.reset = reset,
	.value = value,
	.put = row_upsert,
	.absent_first = "",
	.unindexed = "+",
	.bind_bytes = bind_bytes,
	.bytes = bytes,
	.text_begins = "row_text(?, ",
	.bind_text = bind_row_text,
	.write = write_columns,
	.has_text_times = true,
	.wait = wait_commit,
};
