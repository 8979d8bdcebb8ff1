#include "store/pq.h"
#include "store/rows.h"

#include "base/time.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One transaction at most is open on a connection: a writer's, or that of the cursors which read in
 * chunks. Writes go out with whatever is next waited for, and rows put one by one are collected and
 * go out as arrays, a statement for each table.
 */
enum { CHUNK_ROWS = 500, COLLECT_ROWS = 100, COLLECTIONS = 16, MAX_KEYS = 4 };

/* Whoever writes more than one game holds this alone, all others share it. "rinkside" */
#define EVERYTHING INT64_C(0x72696e6b73696465)

/* What every transaction of a writer says, prepared as all else is; of one number or two. */
enum fixed { LOCK_EVERYTHING, LOCK_GAME, TAKE_REVISION, NOTIFY, FIXED };
static const struct {
	const char *name, *text;
	int count;
} fixed[FIXED] = {
	[LOCK_EVERYTHING] = {"lock", "SELECT pg_advisory_xact_lock($1)", 1},
	[LOCK_GAME] = {"lock_game",
		"SELECT pg_advisory_xact_lock_shared($1), pg_advisory_xact_lock($2)", 2},
	[TAKE_REVISION] = {"take_revision", NEXT_REVISION, 0},
	[NOTIFY] = {"notify", "SELECT pg_notify('rinkside', CAST(revision AS text)) FROM revisions",
		0},
};

/* An answer asked for ahead, by the values that it was asked with. */
struct ahead {
	struct ahead *next;
	struct str values;
	PGresult *result;
};

struct statement {
	char *text; /* owned */
	char name[24];
	unsigned number;   /* of the connection that knows it */
	struct buf values; /* texts, each with a NUL; absent ones are '\1' and a NUL */
	int count;
	PGresult *result; /* NULL: not asked yet */
	int row;
	struct ahead *ahead; /* of the transaction */
	bool wants_chunks;   /* may be many rows */
	bool is_long;        /* a cursor of the server's reads them, in chunks, */
	bool is_apart;       /* and in a transaction that is open for such cursors alone */
};

/* Rows put into one table and not sent yet: an array for each column. */
struct collection {
	const struct table *table;
	struct buf columns[64];
	int64_t keys[COLLECT_ROWS][MAX_KEYS];
	size_t count;
	char name[24];
	unsigned number;
};

struct database {
	struct pq pq;
	bool is_open;             /* a transaction: a writer's, or of who holds */
	bool is_holding;          /* which is the one that it is, */
	bool is_last;             /* and the next question is its last */
	unsigned long_open;       /* cursors that hold a transaction of their own */
	unsigned named;           /* statements so far, for their names */
	unsigned fixed_on[FIXED]; /* the number of the connection that knows it */
	int64_t *revision;        /* where the number goes that the transaction takes, or NULL */
	PGresult *taken;
	struct collection *collections[COLLECTIONS];
	size_t collection_count;
	bool is_of_schema;  /* which changes the tables */
	unsigned listening; /* the number of the connection that is told of commits */
	bool is_told;       /* it can be */
	unsigned asked_on;  /* and when it was last asked itself */
	int64_t asked_at;
};

static struct database *database_of(const struct store *s)
{
	return s->database;
}

static void name_next(struct database *d, char name[24])
{
	snprintf(name, 24, "s%u", ++d->named);
}

/* ---- opening ---- */

static bool open_server(struct store *s, struct str url, enum store_mode mode, struct err *err)
{
	struct database *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(err, ERR_INTERNAL, "out of memory");
	s->database = d;
	return pq_open(&d->pq, url, mode, err);
}

static void close_server(struct store *s)
{
	struct database *d = s->database;
	if (!d)
		return;
	for (size_t i = 0; i < d->collection_count; i++) {
		for (size_t c = 0; c < 64; c++)
			buf_clear(&d->collections[i]->columns[c]);
		free(d->collections[i]);
	}
	pq_close(&d->pq);
	free(d);
}

/* ---- rows collected ---- */

static const char *const array_names[COLUMN_TYPES] = {[COLUMN_INT] = "bigint[]",
	[COLUMN_REAL] = "double precision[]",
	[COLUMN_BOOL] = "boolean[]",
	[COLUMN_TEXT] = "text[]",
	[COLUMN_DATE] = "date[]",
	[COLUMN_TIME] = "timestamptz[]"};

static void add_value(struct buf *out, struct value v)
{
	switch (v.type) {
	case COLUMN_INT:
	case COLUMN_BOOL: /* 1 and 0 are booleans too */
		buf_add_i64(out, v.integer);
		break;
	case COLUMN_REAL:
		buf_add_real(out, v.real);
		break;
	case COLUMN_TEXT:
		buf_add(out, v.text);
		break;
	case COLUMN_DATE:
		buf_add(out, str_from(day_format((int32_t)v.integer).text));
		break;
	case COLUMN_TIME:
		buf_add(out, str_from(time_format(v.integer).text));
		break;
	}
}

static void add_element(struct buf *out, struct value v)
{
	if (!v.known) {
		buf_add(out, STR("NULL"));
		return;
	}
	if (v.type != COLUMN_TEXT) {
		add_value(out, v);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < v.text.n && v.text.p[i]; i++) {
		if (v.text.p[i] == '"' || v.text.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, v.text.p[i]);
	}
	buf_add_char(out, '"');
}

/* A revision to come is the one that the transaction has taken when the row is written. */
static void add_element_of(struct buf *out, const struct column *c, size_t array)
{
	if (!str_equal(c->name, STR("revision"))) {
		buf_add_format(out, "($%zu::%s)[i]", array, array_names[c->type]);
		return;
	}
	buf_add_format(out,
		"CASE ($%zu::bigint[])[i] WHEN %" PRId64
		" THEN (SELECT revision FROM revisions) ELSE ($%zu::bigint[])[i] END",
		array, REVISION_TO_COME, array);
}

static void write_collected(struct buf *out, const struct table *t)
{
	buf_add_format(out, "INSERT INTO %.*s (", STR_ARG(t->name));
	add_column_list(out, t);
	buf_add(out, STR(") SELECT "));
	for (size_t i = 0; i < t->count; i++) {
		buf_add(out, i ? STR(", ") : STR(""));
		add_element_of(out, &t->columns[i], i + 1);
	}
	buf_add_format(out, " FROM generate_series(1, cardinality($1::%s)) AS i",
		array_names[t->columns[0].type]);
	add_replacing(out, t);
	buf_add_char(out, '\0');
}

static void send_collection(struct database *d, struct collection *c)
{
	const char *values[64];
	const struct table *t = c->table;
	if (!c->count)
		return;
	for (size_t i = 0; i < t->count; i++) {
		buf_add(&c->columns[i], (struct str){"}", 2});
		values[i] = c->columns[i].p;
	}
	if (c->number != d->pq.number) {
		struct buf text;
		buf_init(&text, 1 << 14);
		write_collected(&text, t);
		name_next(d, c->name);
		pq_prepare(&d->pq, c->name, text.p, &c->number);
		buf_clear(&text);
	}
	pq_execute(&d->pq, c->name, (int)t->count, values, NULL);
	for (size_t i = 0; i < t->count; i++)
		buf_reset(&c->columns[i]);
	c->count = 0;
}

static void send_collected(struct database *d)
{
	for (size_t i = 0; i < d->collection_count; i++)
		send_collection(d, d->collections[i]);
}

static void drop_collected(struct database *d)
{
	for (size_t i = 0; i < d->collection_count; i++) {
		for (size_t c = 0; c < d->collections[i]->table->count; c++)
			buf_reset(&d->collections[i]->columns[c]);
		d->collections[i]->count = 0;
	}
}

static struct collection *find_collection(struct database *d, const struct table *t)
{
	for (size_t i = 0; i < d->collection_count; i++)
		if (d->collections[i]->table == t)
			return d->collections[i];
	struct collection *c = d->collection_count < COLLECTIONS ? calloc(1, sizeof(*c)) : NULL;
	if (!c)
		return NULL;
	c->table = t;
	for (size_t i = 0; i < t->count; i++)
		buf_init(&c->columns[i], 64 << 20);
	return d->collections[d->collection_count++] = c;
}

/* One statement can't replace a row twice. */
static bool has_key(const struct collection *c, const int64_t keys[MAX_KEYS])
{
	for (size_t i = 0; i < c->count; i++)
		if (!memcmp(c->keys[i], keys, sizeof(c->keys[i])))
			return true;
	return false;
}

static bool put(struct store *s, const struct table *t, const void *record, struct err *err)
{
	struct database *d = database_of(s);
	struct collection *c = find_collection(d, t);
	int64_t keys[MAX_KEYS] = {0};
	if (!c)
		return err_set(err, ERR_INTERNAL, "out of memory");
	for (size_t i = 0; i < t->key_count; i++)
		keys[i] = record_get(t, record, i).integer;
	if (c->count == COLLECT_ROWS || has_key(c, keys))
		send_collected(d);
	memcpy(c->keys[c->count], keys, sizeof(keys));
	for (size_t i = 0; i < t->count; i++) {
		buf_add_char(&c->columns[i], c->count ? ',' : '{');
		add_element(&c->columns[i], record_get(t, record, i));
	}
	c->count++;
	if (d->is_open)
		return true;
	send_collected(d);
	return pq_exchange(&d->pq, err);
}

/* ---- transactions ---- */

static void send_fixed(
	struct database *d, enum fixed which, int64_t first, int64_t second, PGresult **out)
{
	char numbers[2][24];
	const char *const values[] = {numbers[0], numbers[1]};
	snprintf(numbers[0], sizeof(numbers[0]), "%" PRId64, first);
	snprintf(numbers[1], sizeof(numbers[1]), "%" PRId64, second);
	if (d->fixed_on[which] != d->pq.number)
		pq_prepare(&d->pq, fixed[which].name, fixed[which].text, &d->fixed_on[which]);
	pq_execute(&d->pq, fixed[which].name, fixed[which].count, values, out);
}

/* Done whatever becomes of what is queued before it. */
static void send_alone(struct database *d, const char *text)
{
	struct err ignored;
	pq_exchange(&d->pq, &ignored);
	pq_query(&d->pq, text, 0, NULL, NULL);
	pq_exchange(&d->pq, &ignored);
}

static bool open_transaction(struct database *d, struct err *err)
{
	if (d->long_open)
		return err_set(err, ERR_INTERNAL, "database: a cursor of this store is still open");
	return d->is_open = pq_ready(&d->pq, err);
}

/* Who waited for another's lock has to see what the other has done. */
static const char begin_writing[] = "BEGIN ISOLATION LEVEL READ COMMITTED";

static bool begin(struct store *s, int64_t game_id, struct err *err)
{
	struct database *d = database_of(s);
	if (!open_transaction(d, err))
		return false;
	pq_part(&d->pq);
	pq_query(&d->pq, begin_writing, 0, NULL, NULL);
	if (game_id)
		send_fixed(d, LOCK_GAME, EVERYTHING, game_id, NULL);
	else
		send_fixed(d, LOCK_EVERYTHING, EVERYTHING, 0, NULL);
	return true;
}

/* Neither the server's limit nor ours is for this: other programs may be at the tables for long. */
static bool begin_schema(struct store *s, struct err *err)
{
	enum { MARGIN_MS = 20000 };
	struct database *d = database_of(s);
	char text[60];
	if (!open_transaction(d, err))
		return false;
	d->is_of_schema = true;
	pq_be_patient(&d->pq, SCHEMA_MS + MARGIN_MS);
	snprintf(text, sizeof(text), "SET LOCAL statement_timeout = %d", SCHEMA_MS);
	pq_query(&d->pq, begin_writing, 0, NULL, NULL);
	pq_query(&d->pq, text, 0, NULL, NULL);
	send_fixed(d, LOCK_EVERYTHING, EVERYTHING, 0, NULL);
	return true;
}

/* The transaction, of whichever kind, is over. */
static void end_transaction(struct database *d)
{
	d->is_open = d->is_holding = false;
	if (d->is_of_schema)
		pq_be_patient(&d->pq, 0);
	d->is_of_schema = false;
}

static void forget_ahead(struct store *s, struct statement *st)
{
	for (struct ahead *a; (a = st->ahead);) {
		st->ahead = a->next;
		pq_forget(&database_of(s)->pq, &a->result, NULL);
		PQclear(a->result);
		free(a);
	}
}

static void forget_all_ahead(struct store *s)
{
	for (size_t i = 0; i < s->kept_count; i++)
		forget_ahead(s, s->kept[i].statement);
}

/* Asked with what is sent last, so that no other writer waits for a way there and back. */
static bool take_revision(struct store *s, int64_t *revision, struct err *err)
{
	struct database *d = database_of(s);
	(void)err;
	d->revision = revision;
	*revision = REVISION_TO_COME;
	send_fixed(d, TAKE_REVISION, 0, 0, &d->taken);
	return true;
}

static void forget_revision(struct database *d)
{
	pq_forget(&d->pq, &d->taken, NULL);
	PQclear(d->taken);
	d->taken = NULL;
	d->revision = NULL;
}

static void tell_revision(struct database *d)
{
	if (d->revision && PQntuples(d->taken))
		*d->revision = strtoll(PQgetvalue(d->taken, 0, 0), NULL, 10);
	forget_revision(d);
}

static bool commit(struct store *s, struct err *err)
{
	struct database *d = database_of(s);
	PGresult *result = NULL;
	send_collected(d);
	pq_query(&d->pq, "COMMIT", 0, NULL, &result);
	bool ok = pq_exchange(&d->pq, err);
	if (ok && strcmp(PQcmdStatus(result), "COMMIT") != 0) /* a failure that nobody looked at */
		ok = err_set(err, ERR_STORE, "database: the transaction was rolled back");
	PQclear(result);
	if (ok)
		tell_revision(d);
	forget_all_ahead(s);
	if (ok)
		end_transaction(d);
	return ok;
}

static void rollback(struct store *s)
{
	struct database *d = database_of(s);
	drop_collected(d);
	if (d->is_holding) { /* who has read does not wait for its end */
		pq_query(&d->pq, "ROLLBACK", 0, NULL, NULL);
		pq_post(&d->pq);
	} else if (d->is_open) {
		send_alone(d, "ROLLBACK");
	}
	forget_revision(d);
	forget_all_ahead(s);
	end_transaction(d);
}

static bool hold(struct store *s, struct err *err)
{
	struct database *d = database_of(s);
	if (!open_transaction(d, err))
		return false;
	pq_part(&d->pq); /* what is queued would be of the transaction, and begin it */
	pq_query(&d->pq, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", 0, NULL, NULL);
	d->is_last = false;
	return d->is_holding = true;
}

static void ask_last(struct store *s)
{
	database_of(s)->is_last = true;
}

/* The connection's, for a statement; what is left for all of them is looked at before each. */
static void limit(struct store *s)
{
	if (s->limit_ms)
		pq_limit(&database_of(s)->pq, s->limit_ms);
}

static void be_patient(struct store *s, int64_t ms)
{
	pq_be_patient(&database_of(s)->pq, ms);
}

static void announce(struct store *s)
{
	struct database *d = database_of(s);
	struct err ignored; /* what goes with it tells */
	if (d->is_open || pq_ready(&d->pq, &ignored))
		send_fixed(d, NOTIFY, 0, 0, NULL);
}

static bool run(struct store *s, const char *text, struct err *err)
{
	struct database *d = database_of(s);
	if (!d->is_open && !pq_ready(&d->pq, err))
		return false;
	send_collected(d);
	return pq_run(&d->pq, text, err);
}

/* ---- the stamp: a table of one row ---- */

static bool ask_one(struct database *d, const char *text, int64_t *out, struct err *err)
{
	PGresult *result = NULL;
	pq_query(&d->pq, text, 0, NULL, &result);
	bool ok = pq_exchange(&d->pq, err);
	*out = ok && PQntuples(result) ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
	PQclear(result);
	return ok;
}

/* Wherever the search path finds it, which need not be where a new one would be made. */
static bool find_stamp_table(struct database *d, int64_t *out, struct err *err)
{
	return ask_one(d, "SELECT count(to_regclass('schema_stamp'))", out, err);
}

/* Without one nothing is found and nothing can be made, whatever is there. */
static bool has_schema(struct database *d, struct err *err)
{
	int64_t count;
	return ask_one(d, "SELECT count(current_schema())", &count, err) &&
	       (count ||
		       err_set(err, ERR_STORE,
			       "database: its role may use no schema of its search_path: GRANT USAGE ON "
			       "SCHEMA, or another search_path"));
}

/* Outside a transaction its absence may fail, and costs no question of its own. */
static bool get_stamp(struct store *s, int64_t *out, struct err *err)
{
	struct database *d = database_of(s);
	int64_t is_there = 1;
	if (!d->is_open && !pq_ready(&d->pq, err))
		return false;
	*out = 0;
	if (d->is_open && !find_stamp_table(d, &is_there, err))
		return false;
	if (is_there && ask_one(d, "SELECT stamp FROM schema_stamp", out, err))
		return true;
	bool is_missing = !is_there || !strcmp(d->pq.state, "42P01"); /* no such table */
	return is_missing && has_schema(d, err);
}

static bool set_stamp(struct store *s, int64_t stamp, struct err *err)
{
	int64_t is_there;
	char text[200];
	if (!find_stamp_table(database_of(s), &is_there, err))
		return false;
	snprintf(text, sizeof(text),
		"%sDELETE FROM schema_stamp; INSERT INTO schema_stamp VALUES (%lld)",
		is_there ? "" : "CREATE TABLE schema_stamp (stamp bigint NOT NULL); ",
		(long long)stamp);
	return run(s, text, err);
}

/* ---- statements ---- */

/* ? and ?N as PostgreSQL wants them, $N. */
static void number_parameters(struct buf *out, const char *text, int *out_count)
{
	bool is_quoted = false;
	*out_count = 0;
	for (; *text; text++) {
		is_quoted ^= *text == '\'';
		if (*text != '?' || is_quoted) {
			buf_add_char(out, *text);
			continue;
		}
		int number = 0;
		while (text[1] >= '0' && text[1] <= '9')
			number = number * 10 + (*++text - '0');
		if (!number)
			number = *out_count + 1;
		if (number > *out_count)
			*out_count = number;
		buf_add_format(out, "$%d", number);
	}
	buf_add_char(out, '\0');
}

static bool compile(struct store *s, const char *text, void **out, struct err *err)
{
	struct statement *st = calloc(1, sizeof(*st));
	struct buf numbered;
	(void)s;
	if (!st)
		return err_set(err, ERR_INTERNAL, "out of memory");
	buf_init(&numbered, 1 << 20);
	number_parameters(&numbered, text, &st->count);
	st->text = numbered.p;
	st->row = -1;
	buf_init(&st->values, 64 << 20);
	*out = st;
	return true;
}

static void clear_result(struct store *s, struct statement *st)
{
	pq_forget(&database_of(s)->pq, &st->result, NULL);
	PQclear(st->result);
	st->result = NULL;
	st->row = -1;
}

static void end_long(struct store *s, struct statement *st)
{
	struct database *d = database_of(s);
	char text[40];
	if (!st->is_long)
		return;
	st->is_long = false;
	snprintf(text, sizeof(text), "CLOSE %s", st->name);
	bool is_last = st->is_apart && !--d->long_open;
	if (d->pq.connection)
		send_alone(d, is_last ? "COMMIT" : text); /* which closes it too */
}

static void reset(struct sql *q)
{
	struct statement *st = q->statement;
	end_long(q->store, st);
	clear_result(q->store, st);
	st->wants_chunks = false;
}

static void discard(struct store *s, void *statement)
{
	struct statement *st = statement;
	struct database *d = database_of(s);
	char text[40];
	end_long(s, st);
	clear_result(s, st);
	forget_ahead(s, st);
	pq_forget(&d->pq, NULL, &st->number);
	if (st->number && st->number == d->pq.number) {
		snprintf(text, sizeof(text), "DEALLOCATE %s", st->name);
		pq_query(&d->pq, text, 0, NULL, NULL); /* goes out with what is next */
	}
	buf_clear(&st->values);
	free(st->text);
	free(st);
}

static void bind(struct sql *q, struct value v)
{
	struct statement *st = q->statement;
	if (q->at++ == 0)
		buf_reset(&st->values);
	if (v.known)
		add_value(&st->values, v);
	else
		buf_add_char(&st->values, '\1');
	buf_add_char(&st->values, '\0');
}

/* As text: \x and two digits each. */
static void bind_bytes(struct sql *q, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	struct statement *st = q->statement;
	if (q->at++ == 0)
		buf_reset(&st->values);
	buf_add(&st->values, STR("\\x"));
	char *out = buf_room(&st->values, 2 * bytes.n);
	for (size_t i = 0; out && i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];
		out[2 * i] = digits[c >> 4];
		out[2 * i + 1] = digits[c & 15];
	}
	buf_grew(&st->values, out ? 2 * bytes.n : 0);
	buf_add_char(&st->values, '\0');
}

static const char **values_of(struct store *s, const struct statement *st)
{
	const char **values = ARENA_NEW(&s->scratch, const char *, st->count + 1);
	const char *at = st->values.p;
	for (int i = 0; i < st->count; i++) {
		values[i] = at[0] == '\1' && !at[1] ? NULL : at;
		at += strlen(at) + 1;
	}
	return values;
}

/* Everything written so far goes before it. */
static void send(struct store *s, struct statement *st, PGresult **out)
{
	struct database *d = database_of(s);
	struct arena before = s->scratch;
	send_collected(d);
	if (st->number != d->pq.number) {
		name_next(d, st->name);
		pq_prepare(&d->pq, st->name, st->text, &st->number);
	}
	pq_execute(&d->pq, st->name, st->count, values_of(s, st), out);
	s->scratch = before;
}

/* ---- answers ---- */

static void ask(struct sql *q)
{
	struct statement *st = q->statement;
	struct str values = buf_str(&st->values);
	struct ahead *a = malloc(sizeof(*a) + values.n);
	if (!a)
		return;
	*a = (struct ahead){.next = st->ahead, .values = {(char *)(a + 1), values.n}};
	if (values.n)
		memcpy(a + 1, values.p, values.n);
	st->ahead = a;
	send(q->store, st, &a->result);
}

/* After a failure the transaction is still there to be ended. */
static bool exchange_last(struct database *d, struct err *err)
{
	bool ends = d->is_holding && d->is_last;
	if (ends)
		pq_query(&d->pq, "ROLLBACK", 0, NULL, NULL);
	bool ok = pq_exchange(&d->pq, err);
	if (ok && ends)
		d->is_open = d->is_holding = false;
	return ok;
}

/* The answer asked for ahead, once. */
static bool take_ahead(struct sql *q, struct err *err)
{
	struct statement *st = q->statement;
	for (struct ahead **at = &st->ahead; *at; at = &(*at)->next) {
		struct ahead *a = *at;
		if (!str_equal(a->values, buf_str(&st->values)))
			continue;
		bool ok = a->result || pq_exchange(&database_of(q->store)->pq, err);
		st->result = a->result;
		*at = a->next;
		free(a);
		return ok;
	}
	send(q->store, st, &st->result);
	return exchange_last(database_of(q->store), err);
}

static void fetch_chunk(struct store *s, struct statement *st)
{
	char text[60];
	snprintf(text, sizeof(text), "FETCH %d FROM %s", CHUNK_ROWS, st->name);
	clear_result(s, st);
	pq_query(&database_of(s)->pq, text, 0, NULL, &st->result);
}

/* Read in chunks, all of them as of now: within a transaction, the writer's or one of its own. */
static bool start_long(struct sql *q, struct err *err)
{
	struct statement *st = q->statement;
	struct database *d = database_of(q->store);
	struct buf text;
	struct arena before = q->store->scratch;
	send_collected(d);
	st->is_long = true;
	st->is_apart = !d->is_open;
	if (st->is_apart && !d->long_open++)
		pq_query(&d->pq, "BEGIN", 0, NULL, NULL);
	st->number = 0;
	name_next(d, st->name);
	buf_init(&text, 1 << 20);
	buf_add_format(&text, "DECLARE %s NO SCROLL CURSOR FOR %s", st->name, st->text);
	buf_add_char(&text, '\0');
	pq_query(&d->pq, text.p, st->count, values_of(q->store, st), NULL);
	buf_clear(&text);
	q->store->scratch = before;
	fetch_chunk(q->store, st);
	return pq_exchange(&d->pq, err);
}

static bool start(struct sql *q, struct err *err)
{
	struct statement *st = q->statement;
	struct database *d = database_of(q->store);
	if (sql_is_late(q->store))
		return sql_fail_late(q->store, err);
	if (!d->is_open && !d->long_open && !pq_ready(&d->pq, err))
		return false;
	bool ok = st->wants_chunks ? start_long(q, err) : take_ahead(q, err);
	if (!ok)
		clear_result(q->store, st);
	return ok;
}

static enum step step(struct sql *q, struct err *err)
{
	struct statement *st = q->statement;
	if (!st->result && !start(q, err))
		return STEP_FAILED;
	if (++st->row < PQntuples(st->result))
		return STEP_ROW;
	if (!st->is_long || PQntuples(st->result) < CHUNK_ROWS)
		return STEP_DONE;
	fetch_chunk(q->store, st);
	if (!pq_exchange(&database_of(q->store)->pq, err))
		return STEP_FAILED;
	st->row = 0;
	return PQntuples(st->result) ? STEP_ROW : STEP_DONE;
}

static bool exec(struct sql *q, struct err *err)
{
	struct statement *st = q->statement;
	struct database *d = database_of(q->store);
	if (st->result) { /* it was stepped through, and is done */
		reset(q);
		return true;
	}
	if (!d->is_open && !pq_ready(&d->pq, err))
		return false;
	send(q->store, st, NULL);
	return d->is_open || pq_exchange(&d->pq, err);
}

static void read_chunks(struct sql *q)
{
	struct statement *st = q->statement;
	st->wants_chunks = true;
}

/* ---- values ---- */

static int64_t to_i64(const char *p)
{
	if (*p == 't' || *p == 'f')
		return *p == 't';
	bool is_negative = *p == '-';
	int64_t n = 0;
	for (p += is_negative; *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (*p - '0');
	return is_negative ? -n : n;
}

/* "2026-11-24 01:02:03.004+00", as the session's settings have it. */
static bool parse_time(struct str s, int64_t *out)
{
	char text[40];
	if (s.n < 22 || s.n >= sizeof(text) - 1 || !str_ends(s, STR("+00")))
		return false;
	memcpy(text, s.p, s.n);
	text[10] = 'T';
	text[s.n - 3] = 'Z';
	return time_parse((struct str){text, s.n - 2}, out);
}

static struct value value(struct sql *q, enum column_type type)
{
	const struct statement *st = q->statement;
	struct value v = {.type = type};
	int column = q->at++;
	if (PQgetisnull(st->result, st->row, column))
		return v;
	struct str text = {PQgetvalue(st->result, st->row, column),
		(size_t)PQgetlength(st->result, st->row, column)};
	int32_t day = 0;
	v.known = true;
	switch (type) {
	case COLUMN_INT:
	case COLUMN_BOOL:
		v.integer = to_i64(text.p);
		break;
	case COLUMN_REAL:
		v.real = strtod(text.p, NULL);
		break;
	case COLUMN_TEXT:
		v.text = text;
		break;
	case COLUMN_DATE:
		v.known = day_parse(text, &day);
		v.integer = day;
		break;
	case COLUMN_TIME:
		v.known = parse_time(text, &v.integer);
		break;
	}
	return v;
}

static void write_quoted(struct str text, enum text_form form, struct buf *out)
{
	buf_add(out, form == TEXT_JSON ? STR("\"") : STR(""));
	buf_add(out, text);
	buf_add(out, form == TEXT_JSON ? STR("\"") : STR(""));
}

static void write_time(struct str text, enum text_form form, struct buf *out)
{
	int64_t ms;
	if (parse_time(text, &ms))
		write_quoted(str_from(time_format(ms).text), form, out);
	else
		buf_add(out, form == TEXT_JSON ? STR("null") : STR(""));
}

/* Whole numbers and days are shown as the server writes them. */
static void write_value(
	struct str text, enum column_type type, enum text_form form, struct buf *out)
{
	switch (type) {
	case COLUMN_INT:
		buf_add(out, text);
		break;
	case COLUMN_BOOL:
		buf_add(out, *text.p == 't' ? STR("true") : STR("false"));
		break;
	case COLUMN_REAL:
		buf_add_real(out, strtod(text.p, NULL));
		break;
	case COLUMN_TEXT:
		if (form == TEXT_JSON)
			json_write_text(out, text);
		else
			csv_write_text(text, out);
		break;
	case COLUMN_DATE:
		write_quoted(text, form, out);
		break;
	case COLUMN_TIME:
		write_time(text, form, out);
		break;
	}
}

static void write_columns(struct sql *q, const struct row_text *text, struct buf *out)
{
	const struct statement *st = q->statement;
	const PGresult *r = st->result;
	for (size_t i = 0; i < text->count; i++) {
		const struct text_column *c = &text->columns[i];
		buf_add(out, (struct str){c->before, c->n});
		if (PQgetisnull(r, st->row, (int)i))
			buf_add(out, text->form == TEXT_JSON ? STR("null") : STR(""));
		else
			write_value((struct str){PQgetvalue(r, st->row, (int)i),
					    (size_t)PQgetlength(r, st->row, (int)i)},
				c->column->type, text->form, out);
	}
}

/* ---- what others commit ---- */

/* A pooler or a standby has no channel: then it is asked, as often as it takes to be as quick. */
static void listen(struct database *d)
{
	struct err ignored;
	if (d->listening == d->pq.number)
		return;
	pq_query(&d->pq, "LISTEN rinkside", 0, NULL, NULL);
	d->is_told = pq_exchange(&d->pq, &ignored);
	d->listening = d->pq.number;
}

/* Whether anybody has said something, or the connection has. */
static bool is_called(struct database *d, int64_t wait_ms)
{
	bool is_any = false;
	struct pollfd fd = {.fd = PQsocket(d->pq.connection), .events = POLLIN};
	if (wait_ms > 0)
		poll(&fd, 1, (int)wait_ms);
	if (!PQconsumeInput(d->pq.connection))
		return true; /* what is asked next tells what it is */
	for (PGnotify *n; (n = PQnotifies(d->pq.connection)); PQfreemem(n))
		is_any = true;
	return is_any;
}

/* Whether the time has come to ask, whoever called or did not. */
static bool is_due(struct database *d, int64_t now)
{
	enum { ASK_TOLD_MS = 1000, ASK_MS = 20 };
	return d->asked_on != d->pq.number ||
	       now - d->asked_at >= (d->is_told ? ASK_TOLD_MS : ASK_MS);
}

static bool look(
	struct database *d, bool was_called, int64_t *version, bool *out_found, struct err *err)
{
	int64_t revision;
	if (!ask_one(d, "SELECT revision FROM revisions", &revision, err))
		return false;
	/* A new connection may be one to another server, where the same number is another's. */
	*out_found = was_called || revision != *version || d->asked_on != d->pq.number;
	d->asked_at = time_monotonic_ms();
	d->asked_on = d->pq.number;
	*version = revision;
	return true;
}

/* Who waits is not patient: that the server hangs is news too. */
static bool wait_commit(
	struct store *s, int64_t *version, int64_t wait_ms, bool *out_found, struct err *err)
{
	enum { HANGS_MS = 3000, LOOK_MS = 20 };
	struct database *d = database_of(s);
	int64_t now = time_monotonic_ms(), end = now + wait_ms;
	pq_be_patient(&d->pq, HANGS_MS);
	*out_found = false;
	for (bool was_called = false;; now = time_monotonic_ms()) {
		if (!pq_ready(&d->pq, err))
			return false;
		listen(d);
		was_called |= is_called(d, 0);
		if ((was_called || !wait_ms || is_due(d, now)) &&
			!look(d, was_called, version, out_found, err))
			return false;
		int64_t left = end - now;
		if (*out_found || left <= 0)
			return true;
		was_called = is_called(d, left < LOOK_MS || d->is_told ? left : LOOK_MS);
	}
}

static unsigned from_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & 15;
}

/* Undone where they are: the row is read once. */
static struct str bytes(struct sql *q)
{
	const struct statement *st = q->statement;
	int column = q->at++;
	char *text = PQgetvalue(st->result, st->row, column);
	size_t n = (size_t)PQgetlength(st->result, st->row, column);
	n = n < 2 ? 0 : (n - 2) / 2;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(from_digit(text[2 + 2 * i]) << 4 | from_digit(text[3 + 2 * i]));
	return (struct str){text, n};
}

const struct store_backend postgres_backend = {
	.bytes_name = "bytea",
	.table_end = "",
	.is_far = true,
	.absent_first = "NULLS FIRST",
	.find_column = "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(?) "
		       "AND attname = ? AND NOT attisdropped",
	.list_form = "= ANY (CAST(? AS bigint[]))",
	.list_ends = "{}",
	.fold_begins = "translate(lower(",
	.fold_ends = "), '" FOLD_FROM "', '" FOLD_TO "')",
	.skip_locked = " FOR UPDATE SKIP LOCKED",
	.type_names = {[COLUMN_INT] = "bigint",
		[COLUMN_REAL] = "double precision",
		[COLUMN_BOOL] = "boolean",
		[COLUMN_TEXT] = "text COLLATE \"C\"", /* by bytes, as everywhere else */
		[COLUMN_DATE] = "date",
		[COLUMN_TIME] = "timestamptz"},
	.is_url = pq_is_url,
	.open = open_server,
	.close = close_server,
	.has_several = pq_has_several,
	.files = pq_files,
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
	.ask = ask,
	.write = write_columns,
	.read_chunks = read_chunks,
	.step = step,
	.exec = exec,
	.reset = reset,
	.value = value,
	.bind_bytes = bind_bytes,
	.bytes = bytes,
	.put = put,
	.wait = wait_commit,
};
