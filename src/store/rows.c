#include "store/rows.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

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

static void add_names(struct buf *out, const struct table *t, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_add(out, i ? STR(", ") : STR(""));
		buf_add(out, t->columns[i].name);
	}
}

void add_column_list(struct buf *out, const struct table *t)
{
	add_names(out, t, t->count);
}

static void add_reading(struct buf *out, const struct table *t)
{
	buf_add(out, STR("SELECT "));
	add_column_list(out, t);
	buf_add_format(out, " FROM %.*s WHERE %.*s = ? ORDER BY ", STR_ARG(t->name),
		STR_ARG(t->columns[0].name));
	add_names(out, t, t->key_count);
}

void add_replacing(struct buf *out, const struct table *t)
{
	buf_add(out, STR(" ON CONFLICT ("));
	add_names(out, t, t->key_count);
	buf_add(out, STR(") DO UPDATE SET "));
	bool is_first = true;
	for (size_t i = t->key_count; i < t->count; i++) {
		if (t->columns[i].queued)
			continue;
		buf_add(out, is_first ? STR("") : STR(", "));
		is_first = false;
		buf_add(out, t->columns[i].name);
		buf_add(out, STR(" = excluded."));
		buf_add(out, t->columns[i].name);
	}
}

static void add_upsert(struct buf *out, const struct table *t)
{
	buf_add_format(out, "INSERT INTO %.*s (", STR_ARG(t->name));
	add_column_list(out, t);
	buf_add(out, STR(") VALUES ("));
	for (size_t i = 0; i < t->count; i++)
		buf_add(out, i ? STR(", ?") : STR("?"));
	buf_add_char(out, ')');
	add_replacing(out, t);
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

bool rows_ask(struct store *s, const struct table *t, int64_t id, struct err *err)
{
	struct sql q;
	if (!prepare(s, t, add_reading, &q, err))
		return false;
	sql_bind_i64(&q, id);
	sql_ask(&q);
	return true;
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
	return s->backend->put(s, t, record, err);
}

bool row_upsert(struct store *s, const struct table *t, const void *record, struct err *err)
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

int line_by_player(const void *a, const void *b)
{
	int64_t x = ((const struct stat_line *)a)->player_id,
		y = ((const struct stat_line *)b)->player_id;
	return (x > y) - (x < y);
}

struct stat_line *lines_find(const struct stat_line *lines, size_t count, int64_t player_id)
{
	struct stat_line key = {.player_id = player_id};
	return count ? bsearch(&key, lines, count, sizeof(key), line_by_player) : NULL;
}

static int value_order(struct value a, struct value b)
{
	if (a.type == COLUMN_TEXT)
		return str_compare(a.text, b.text);
	if (a.type == COLUMN_REAL)
		return (a.real > b.real) - (a.real < b.real);
	return (a.integer > b.integer) - (a.integer < b.integer);
}

int row_order(const struct table *t, const void *a, const void *b, uint64_t among)
{
	uint64_t differ = row_difference(t, a, b, among & record_known(t, a) & record_known(t, b));
	if (!differ)
		return 0;
	size_t first = (size_t)__builtin_ctzll(differ);
	return value_order(record_get(t, a, first), record_get(t, b, first));
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

static struct value json_value(yyjson_val *json, enum column_type type, struct arena *keep)
{
	struct value v = {.type = type, .known = !yyjson_is_null(json)};
	struct str text = {yyjson_get_str(json), yyjson_get_len(json)};
	int32_t day = 0;
	switch (type) {
	case COLUMN_INT:
		v.integer = yyjson_get_sint(json);
		break;
	case COLUMN_BOOL:
		v.integer = yyjson_get_bool(json);
		break;
	case COLUMN_REAL:
		v.real = yyjson_get_num(json);
		break;
	case COLUMN_TEXT:
		v.text = v.known ? str_copy(keep, text) : (struct str){0};
		break;
	case COLUMN_DATE:
		v.known = v.known && day_parse(text, &day);
		v.integer = day;
		break;
	case COLUMN_TIME:
		v.known = v.known && time_parse(text, &v.integer);
		break;
	}
	return v;
}

bool row_read_json(const struct table *t, struct str json, void *record, uint64_t *out_which,
	struct arena *keep)
{
	yyjson_doc *doc = yyjson_read(json.p, json.n, 0);
	yyjson_obj_iter members;
	yyjson_val *key;
	*out_which = 0;
	bool ok = doc && yyjson_obj_iter_init(yyjson_doc_get_root(doc), &members);
	while (ok && (key = yyjson_obj_iter_next(&members))) {
		struct str name = {yyjson_get_str(key), yyjson_get_len(key)};
		const struct column *c = table_find(t, name);
		if (!c)
			continue;
		size_t i = (size_t)(c - t->columns);
		record_set(t, record, i, json_value(yyjson_obj_iter_get_val(key), c->type, keep));
		*out_which |= (uint64_t)1 << i;
	}
	yyjson_doc_free(doc);
	return ok;
}
