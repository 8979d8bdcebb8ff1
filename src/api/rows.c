#include "api/rows.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Names are ours: short, and without anything to escape. */
static void set_name(
	struct text_column *out, enum format format, const struct column *c, bool is_first)
{
	int n = format == FORMAT_CSV
			? snprintf(out->before, TEXT_BEFORE, "%s", is_first ? "" : ",")
			: snprintf(out->before, TEXT_BEFORE, "%c\"%.*s\":", is_first ? '{' : ',',
				  STR_ARG(c->name));
	assert(n >= 0 && n < TEXT_BEFORE);
	out->n = (size_t)n;
}

void row_writer_init(struct row_writer *w, enum format format, const struct column *const *columns,
	size_t count, struct arena *keep)
{
	*w = (struct row_writer){.format = format, .columns = columns, .count = count};
	w->names = ARENA_NEW(keep, struct text_column, count + 1);
	for (size_t i = 0; i < count; i++)
		set_name(&w->names[i], format, columns[i], !i);
	w->end = format == FORMAT_CSV      ? STR("\r\n")
		 : format == FORMAT_NDJSON ? STR("}\n")
					   : STR("}");
}

void row_writer_add_row(struct row_writer *w, struct cursor *c, struct buf *out)
{
	row_writer_begin_row(w, out);
	cursor_write(c, w->format == FORMAT_CSV ? TEXT_CSV : TEXT_JSON, w->names, w->count, out);
	row_writer_end_row(w, out);
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
	w->start = out->n;
}

void row_writer_add(struct row_writer *w, size_t column, const struct value *v, struct buf *out)
{
	buf_add(out, (struct str){w->names[column].before, w->names[column].n});
	if (w->format == FORMAT_CSV) {
		value_write_csv(*v, out);
		return;
	}
	struct json j = json_begin(out);
	value_write_json(*v, &j);
}

/* A line with nothing in it is none to who reads CSV: of one column what is not known has quotes. */
void row_writer_end_row(struct row_writer *w, struct buf *out)
{
	if (w->format == FORMAT_CSV && out->n == w->start)
		buf_add(out, STR("\"\""));
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
