#include "api/rows.h"

#include <string.h>

static struct str name_in_json(const struct column *c, bool is_first, struct arena *keep)
{
	return str_format(keep, "%s\"%.*s\":", is_first ? "{" : ",", STR_ARG(c->name));
}

void row_writer_init(struct row_writer *w, enum format format, const struct column *const *columns,
	size_t count, struct arena *keep)
{
	bool is_csv = format == FORMAT_CSV;
	*w = (struct row_writer){.format = format, .columns = columns, .count = count};
	w->names = ARENA_NEW(keep, struct str, count + 1);
	for (size_t i = 0; i < count; i++)
		w->names[i] =
			is_csv ? (i ? STR(",") : STR("")) : name_in_json(columns[i], !i, keep);
	w->end = is_csv ? STR("\r\n") : format == FORMAT_NDJSON ? STR("}\n") : STR("}");
}

void row_writer_begin(struct row_writer *w, struct buf *out)
{
	if (w->format == FORMAT_JSON)
		buf_add_char(out, '[');
	for (size_t i = 0; w->format == FORMAT_CSV && i < w->count; i++)
		buf_add_format(out, "%s%.*s", i ? "," : "", STR_ARG(w->columns[i]->name));
	if (w->format == FORMAT_CSV)
		buf_add(out, STR("\r\n"));
}

void row_writer_begin_row(struct row_writer *w, struct buf *out)
{
	if (w->format == FORMAT_JSON && w->rows)
		buf_add(out, STR(",\n"));
	w->rows++;
}

void row_writer_add(struct row_writer *w, size_t column, const struct value *v, struct buf *out)
{
	buf_add(out, w->names[column]);
	if (w->format == FORMAT_CSV) {
		value_write_csv(*v, out);
		return;
	}
	struct json j = json_begin(out);
	value_write_json(*v, &j);
}

void row_writer_end_row(struct row_writer *w, struct buf *out)
{
	buf_add(out, w->end);
}

void row_writer_end(struct row_writer *w, struct buf *out)
{
	if (w->format == FORMAT_JSON)
		buf_add(out, STR("]\n"));
}

void record_write_json(const struct table *t, const void *record, struct json *j)
{
	json_open(j, '{');
	for (size_t i = 0; i < t->count; i++) {
		if (t->columns[i].hidden)
			continue;
		json_key(j, t->columns[i].name);
		value_write_json(record_get(t, record, i), j);
	}
	json_close(j, '}');
}
