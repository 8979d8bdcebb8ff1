#include "store/schema.h"

#include "base/embed.h"
#include "base/time.h"

#include <stdio.h>

const struct table *const stored_tables[5] = {
	&stat_table, &game_table, &player_table, &team_table, &event_table};

static struct str type_name(enum column_type type)
{
	switch (type) {
	case COLUMN_INT:
	case COLUMN_BOOL:
		return STR("INTEGER");
	case COLUMN_REAL:
		return STR("REAL");
	case COLUMN_TEXT:
	case COLUMN_DATE:
	case COLUMN_TIME:
		break;
	}
	return STR("TEXT");
}

static void add_column(struct buf *out, const struct table *t, size_t i)
{
	buf_add_format(out, "%.*s %.*s%s", STR_ARG(t->columns[i].name),
		STR_ARG(type_name(t->columns[i].type)), i < t->key_count ? " NOT NULL" : "");
}

static void add_columns(struct buf *out, struct str table)
{
	for (size_t t = 0; t < sizeof(stored_tables) / sizeof(stored_tables[0]); t++)
		for (size_t i = 0;
			str_equal(stored_tables[t]->name, table) && i < stored_tables[t]->count;
			i++) {
			if (i)
				buf_add(out, STR(",\n    "));
			add_column(out, stored_tables[t], i);
		}
}

/* The file with every @columns(TABLE)@ written out. */
static void expand(struct buf *out, struct str sql)
{
	static const struct str mark = STR_INIT("@columns(");
	while (sql.n) {
		if (!str_starts(sql, mark)) {
			buf_add_char(out, sql.p[0]);
			sql = str_skip(sql, 1);
			continue;
		}
		struct str_cut name = str_cut(str_skip(sql, mark.n), ')');
		if (name.tail.n && name.tail.p[0] == '@') {
			add_columns(out, name.head);
			sql = str_skip(name.tail, 1);
		} else { /* the comment that explains it */
			buf_add(out, mark);
			sql = str_skip(sql, mark.n);
		}
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
 * The files are applied in order, so their count is the version. user_version holds it and the
 * number of columns listed then: one cheap question tells that nothing is due.
 */
enum { STAMP_COLUMNS = 10000 };

static int64_t newest_stamp(void)
{
	return newest_version() * STAMP_COLUMNS + columns_listed();
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
	expand(&sql, schema_files[version].text);
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
		if (!sql_prepare(
			    s, "SELECT count(*) FROM pragma_table_info(?) WHERE name = ?", &q, err))
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
		add_column(&sql, t, i);
		buf_add_char(&sql, '\0');
		bool ok = sql_run(s, sql.p, err);
		buf_clear(&sql);
		if (!ok)
			return false;
	}
	return true;
}

static bool apply(struct store *s, struct err *err)
{
	int64_t stamp;
	if (!get_stamp(s, &stamp, err)) /* again: somebody else may have been first */
		return false;
	if (!sql_run(s,
		    "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, file "
		    "TEXT "
		    "NOT NULL, applied_at TEXT NOT NULL) STRICT",
		    err))
		return false;
	for (int64_t version = stamp / STAMP_COLUMNS; version < newest_version(); version++)
		if (!apply_file(s, version, err))
			return false;
	for (size_t t = 0; t < sizeof(stored_tables) / sizeof(stored_tables[0]); t++)
		if (!add_missing_columns(s, stored_tables[t], err))
			return false;
	char mark[60];
	snprintf(mark, sizeof(mark), "PRAGMA user_version = %lld", (long long)newest_stamp());
	return sql_run(s, mark, err);
}

bool schema_migrate(struct store *s, struct err *err)
{
	int64_t stamp;
	if (!get_stamp(s, &stamp, err))
		return false;
	if (stamp / STAMP_COLUMNS > newest_version())
		return refuse_newer(stamp / STAMP_COLUMNS, err);
	if (stamp == newest_stamp())
		return true;
	if (!sql_run(s, "BEGIN IMMEDIATE", err))
		return false;
	if (apply(s, err) && sql_run(s, "COMMIT", err))
		return true;
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

bool schema_check(struct store *s, struct err *err)
{
	int64_t stamp;
	if (!get_stamp(s, &stamp, err))
		return false;
	if (stamp / STAMP_COLUMNS > newest_version())
		return refuse_newer(stamp / STAMP_COLUMNS, err);
	if (stamp != newest_stamp())
		return err_set(err, ERR_STORE,
			"database: it has no tables yet, or older ones: nothing was "
			"ingested, or it waits for `rinkside migrate`");
	return true;
}
