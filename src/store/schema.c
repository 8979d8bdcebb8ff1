#include "store/schema.h"

#include "base/embed.h"
#include "base/time.h"

#include <stdio.h>

const struct table *const stored_tables[6] = {
	&stat_table, &game_table, &player_table, &team_table, &event_table, &poll_table};

static void add_column(
	struct buf *out, const struct store_backend *b, const struct table *t, size_t i)
{
	buf_add_format(out, "%.*s %s%s", STR_ARG(t->columns[i].name),
		b->type_names[t->columns[i].type], i < t->key_count ? " NOT NULL" : "");
}

static bool add_columns(struct buf *out, const struct store_backend *b, struct str table)
{
	for (size_t t = 0; t < sizeof(stored_tables) / sizeof(stored_tables[0]); t++) {
		const struct table *it = stored_tables[t];
		for (size_t i = 0; str_equal(it->name, table) && i < it->count; i++) {
			buf_add(out, i ? STR(",\n    ") : STR(""));
			add_column(out, b, it, i);
		}
		if (str_equal(it->name, table))
			return true;
	}
	return false;
}

/* What stands between two @ in a file, in the backend's words; false: nothing of ours. */
static bool add_word(struct buf *out, const struct store_backend *b, struct str word)
{
	static const struct str types[COLUMN_TYPES] = {[COLUMN_INT] = STR_INIT("int"),
		[COLUMN_REAL] = STR_INIT("real"),
		[COLUMN_BOOL] = STR_INIT("bool"),
		[COLUMN_TEXT] = STR_INIT("text"),
		[COLUMN_DATE] = STR_INIT("date"),
		[COLUMN_TIME] = STR_INIT("time")};
	static const struct str columns = STR_INIT("columns(");
	for (size_t i = 0; i < COLUMN_TYPES; i++)
		if (str_equal(word, types[i])) {
			buf_add(out, str_from(b->type_names[i]));
			return true;
		}
	if (str_equal(word, STR("absent_first"))) {
		buf_add(out, str_from(b->absent_first));
		return true;
	}
	if (str_equal(word, STR("bytes"))) {
		buf_add(out, str_from(b->bytes_name));
		return true;
	}
	if (str_equal(word, STR("end"))) {
		buf_add(out, str_from(b->table_end));
		return true;
	}
	return str_starts(word, columns) &&
	       add_columns(out, b, str_cut(str_skip(word, columns.n), ')').head);
}

/* The file with every @word@ written out. */
static void expand(struct buf *out, const struct store_backend *b, struct str sql)
{
	while (sql.n) {
		struct str_cut start = str_cut(sql, '@'), end = str_cut(start.tail, '@');
		buf_add(out, start.head);
		if (end.found && add_word(out, b, end.head)) {
			sql = end.tail;
			continue;
		}
		buf_add(out, start.found ? STR("@") : STR(""));
		sql = start.tail;
	}
	buf_add_char(out, '\0');
}

static int64_t newest_version(void)
{
	int64_t n = 0;
	while (schema_files[n].name.n)
		n++;
	return n;
}

/* How many columns the list has. */
static int64_t columns_listed(void)
{
	int64_t n = 0;
	for (size_t t = 0; t < sizeof(stored_tables) / sizeof(stored_tables[0]); t++)
		n += (int64_t)stored_tables[t]->count;
	return n;
}

/*
 * The files are applied in order, so their count is the version. The stamp holds it and the
 * number of columns listed then: one cheap question tells that nothing is due.
 */
enum { STAMP_COLUMNS = 10000 };

static int64_t newest_stamp(void)
{
	return newest_version() * STAMP_COLUMNS + columns_listed();
}

static bool refuse_newer(int64_t version, struct err *err)
{
	return err_set(err, ERR_STORE,
		"database: its schema is version %lld, this program knows %lld: use a newer "
		"rinkside",
		(long long)version, (long long)newest_version());
}

static bool apply_file(struct store *s, int64_t version, struct err *err)
{
	struct buf sql;
	buf_init(&sql, 1 << 20);
	expand(&sql, s->backend, schema_files[version].text);
	bool ok = sql_run(s, sql.p, err);
	buf_clear(&sql);
	if (!ok)
		return err_wrap(err, "schema %s", schema_files[version].name.p);
	char record[200];
	snprintf(record, sizeof(record), "INSERT INTO schema_versions VALUES (%lld, '%s', '%s')",
		(long long)version + 1, schema_files[version].name.p,
		time_format(time_now_ms()).text);
	return sql_run(s, record, err);
}

/* A column that the list has and the table lacks. */
static bool add_missing_columns(struct store *s, const struct table *t, struct err *err)
{
	for (size_t i = t->key_count; i < t->count; i++) {
		struct sql q;
		if (!sql_prepare(s, s->backend->find_column, &q, err))
			return false;
		sql_bind_text(&q, t->name);
		sql_bind_text(&q, t->columns[i].name);
		if (sql_step(&q, err) != STEP_ROW)
			return false;
		bool is_there = sql_i64(&q) > 0;
		sql_reset(&q);
		if (is_there)
			continue;
		struct buf sql;
		buf_init(&sql, 4096);
		buf_add_format(&sql, "ALTER TABLE %.*s ADD COLUMN ", STR_ARG(t->name));
		add_column(&sql, s->backend, t, i);
		buf_add_char(&sql, '\0');
		bool ok = sql_run(s, sql.p, err);
		buf_clear(&sql);
		if (!ok)
			return false;
	}
	return true;
}

static bool make_versions(struct store *s, struct err *err)
{
	struct buf sql;
	buf_init(&sql, 4096);
	expand(&sql, s->backend,
		STR("CREATE TABLE IF NOT EXISTS schema_versions (version @int@ PRIMARY KEY, "
		    "file @text@ NOT NULL, applied_at @time@ NOT NULL) @end@"));
	bool ok = sql_run(s, sql.p, err);
	buf_clear(&sql);
	return ok;
}

static int64_t version_of(int64_t stamp)
{
	return stamp / STAMP_COLUMNS;
}

/*
 * Nothing is due. A later program of the same version may have added columns, which an earlier one
 * neither reads nor writes: both go on beside each other while machine after machine is upgraded.
 */
static bool is_enough(int64_t stamp)
{
	return stamp >= newest_stamp();
}

/* Of the moment, and whether this program can do with it. */
static bool find_stamp(struct store *s, int64_t *out, struct err *err)
{
	return s->backend->get_stamp(s, out, err) &&
	       (version_of(*out) <= newest_version() || refuse_newer(version_of(*out), err));
}

static bool apply(struct store *s, int64_t stamp, struct err *err)
{
	if (!version_of(stamp) && !make_versions(s, err))
		return false;
	for (int64_t version = version_of(stamp); version < newest_version(); version++)
		if (!apply_file(s, version, err))
			return false;
	for (size_t t = 0; t < sizeof(stored_tables) / sizeof(stored_tables[0]); t++)
		if (!add_missing_columns(s, stored_tables[t], err))
			return false;
	return s->backend->set_stamp(s, newest_stamp(), err);
}

/* Alone, and asked again: somebody else may have been first. */
static bool apply_alone(struct store *s, int64_t *out_stamp, struct err *err)
{
	if (!sql_begin_schema(s, err))
		return false;
	if (find_stamp(s, out_stamp, err) && (is_enough(*out_stamp) || apply(s, *out_stamp, err)) &&
		sql_commit(s, err))
		return true;
	sql_rollback(s);
	return false;
}

bool schema_migrate(struct store *s, int64_t *out_from, struct err *err)
{
	int64_t stamp;
	if (!find_stamp(s, &stamp, err) || (!is_enough(stamp) && !apply_alone(s, &stamp, err)))
		return false;
	*out_from = version_of(stamp);
	return true;
}

int64_t schema_newest(void)
{
	return newest_version();
}

bool schema_check(struct store *s, struct err *err)
{
	int64_t stamp;
	if (!find_stamp(s, &stamp, err))
		return false;
	if (!is_enough(stamp))
		return err_set(err, ERR_STORE,
			"database: it has no tables yet, or older ones: nothing was "
			"ingested, or it waits for `rinkside migrate`");
	return true;
}
