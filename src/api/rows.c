#include "api/rows.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Names are ours: short, and without anything to escape. */
static void set_name(
	struct text_column *out, enum format format, const struct column *c, bool is_first)
{
	char *p = out->before;
	assert(c->name.n + 4 <= TEXT_BEFORE);
	if (format != FORMAT_CSV) {
		*p++ = is_first ? '{' : ',';
		*p++ = '"';
		memcpy(p, c->name.p, c->name.n);
		p += c->name.n;
		*p++ = '"';
		*p++ = ':';
	} else if (!is_first) {
		*p++ = ',';
	}
	out->n = (size_t)(p - out->before);
	out->column = c;
}

void row_writer_init(struct row_writer *w, enum format format, const struct column *const *columns,
	size_t count, struct arena *keep)
{
	struct text_column *names = ARENA_NEW(keep, struct text_column, count + 1);
	for (size_t i = 0; i < count; i++)
		set_name(&names[i], format, columns[i], !i);
	*w = (struct row_writer){.format = format,
		.text = {format == FORMAT_CSV ? TEXT_CSV : TEXT_JSON, names, count}};
	w->end = format == FORMAT_CSV      ? STR("\r\n")
		 : format == FORMAT_NDJSON ? STR("}\n")
					   : STR("}");
}

void row_writer_add_row(struct row_writer *w, struct cursor *c, struct buf *out)
{
	row_writer_begin_row(w, out);
	cursor_write(c, out);
	row_writer_end_row(w, out);
}

void row_writer_begin(struct row_writer *w, struct buf *out)
{
	if (w->format == FORMAT_JSON)
		buf_add_char(out, '[');
	for (size_t i = 0; w->format == FORMAT_CSV && i < w->text.count; i++)
		buf_add_format(
			out, "%s%.*s", i ? "," : "", STR_ARG(w->text.columns[i].column->name));
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
	const struct text_column *c = &w->text.columns[column];
	buf_add(out, (struct str){c->before, c->n});
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
