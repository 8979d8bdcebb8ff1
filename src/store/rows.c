#include "store/rows.h"

#include <string.h>

void row_read(struct sql *q, const struct table *t, void *record, struct arena *keep)
{
	uint64_t none = 0;
	memcpy((char *)record + t->known_offset, &none, sizeof(none));
	for (size_t i = 0; i < t->count; i++) {
		struct value v = sql_value(q, t->columns[i].type);
		if (keep && v.known && v.type == COLUMN_TEXT)
			v.text = str_copy(keep, v.text);
		record_set(t, record, i, v);
	}
}

void add_column_list(struct buf *out, const struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		buf_add_format(out, "%s%.*s", i ? ", " : "", STR_ARG(t->columns[i].name));
}

static void add_reading(struct buf *out, const struct table *t)
{
	buf_add(out, STR("SELECT "));
	add_column_list(out, t);
	buf_add_format(out, " FROM %.*s WHERE %.*s = ? ORDER BY ", STR_ARG(t->name),
		STR_ARG(t->columns[0].name));
	for (size_t i = 0; i < t->key_count; i++)
		buf_add_format(out, "%s%.*s", i ? ", " : "", STR_ARG(t->columns[i].name));
}

static void add_upsert(struct buf *out, const struct table *t)
{
	buf_add_format(out, "INSERT INTO %.*s (", STR_ARG(t->name));
	add_column_list(out, t);
	buf_add(out, STR(") VALUES ("));
	for (size_t i = 0; i < t->count; i++)
		buf_add(out, i ? STR(", ?") : STR("?"));
	buf_add(out, STR(") ON CONFLICT ("));
	for (size_t i = 0; i < t->key_count; i++)
		buf_add_format(out, "%s%.*s", i ? ", " : "", STR_ARG(t->columns[i].name));
	buf_add(out, STR(") DO UPDATE SET "));
	for (size_t i = t->key_count; i < t->count; i++)
		buf_add_format(out, "%s%.*s = excluded.%.*s", i > t->key_count ? ", " : "",
			STR_ARG(t->columns[i].name), STR_ARG(t->columns[i].name));
}

/* The text is written for each use; the statement behind it is prepared once. */
static bool prepare(struct store *s, const struct table *t,
	void (*add)(struct buf *out, const struct table *t), struct sql *out, struct err *err)
{
	struct buf text;
	buf_init(&text, 1 << 14);
	add(&text, t);
	buf_add_char(&text, '\0');
	bool ok = sql_prepare(s, text.p, out, err);
	buf_clear(&text);
	return ok;
}

bool rows_read(struct store *s, const struct table *t, int64_t id, size_t size, struct arena *keep,
	void **out, size_t *out_count, struct err *err)
{
	struct sql q;
	enum step step;
	size_t count = 0, room = 48;
	char *rows = arena_alloc(keep, room, size);
	if (!prepare(s, t, add_reading, &q, err))
		return false;
	sql_bind_i64(&q, id);
	while ((step = sql_step(&q, err)) == STEP_ROW) {
		if (count == room) {
			char *more = arena_alloc(keep, room *= 2, size);
			memcpy(more, rows, count * size);
			rows = more;
		}
		row_read(&q, t, rows + count++ * size, keep);
	}
	sql_reset(&q);
	*out = rows;
	*out_count = count;
	return step == STEP_DONE;
}

bool row_put(struct store *s, const struct table *t, const void *record, struct err *err)
{
	struct sql q;
	if (!prepare(s, t, add_upsert, &q, err))
		return false;
	for (size_t i = 0; i < t->count; i++)
		sql_bind(&q, record_get(t, record, i));
	return sql_exec(&q, err);
}

static void add_deletion(struct buf *out, const struct table *t)
{
	buf_add_format(out, "DELETE FROM %.*s WHERE %.*s = ? AND %.*s = ?", STR_ARG(t->name),
		STR_ARG(t->columns[0].name), STR_ARG(t->columns[1].name));
}

bool row_delete(
	struct store *s, const struct table *t, int64_t first, int64_t second, struct err *err)
{
	struct sql q;
	if (!prepare(s, t, add_deletion, &q, err))
		return false;
	sql_bind_i64(&q, first);
	sql_bind_i64(&q, second);
	return sql_exec(&q, err);
}

uint64_t row_difference(const struct table *t, const void *a, const void *b, uint64_t among)
{
	uint64_t different = 0;
	for (size_t i = 0; i < t->count; i++)
		if (among >> i & 1 && !value_equal(record_get(t, a, i), record_get(t, b, i)))
			different |= (uint64_t)1 << i;
	return different;
}

void row_write_json(const struct table *t, const void *record, uint64_t which, struct buf *out)
{
	struct json j = json_begin(out);
	json_open(&j, '{');
	for (size_t i = 0; i < t->count; i++)
		if (which >> i & 1) {
			json_key(&j, t->columns[i].name);
			value_write_json(record_get(t, record, i), &j);
		}
	json_close(&j, '}');
}
