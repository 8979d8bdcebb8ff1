#include "model/column.h"

#include "base/time.h"

#include <string.h>

const struct column *table_find(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->count; i++)
		if (str_equal(t->columns[i].name, name))
			return &t->columns[i];
	return NULL;
}

static uint64_t *known_of(const struct table *t, void *record)
{
	return (uint64_t *)(void *)((char *)record + t->known_offset);
}

uint64_t record_known(const struct table *t, const void *record)
{
	uint64_t known;
	memcpy(&known, (const char *)record + t->known_offset, sizeof(known));
	return known;
}

struct value record_get(const struct table *t, const void *record, size_t column)
{
	const struct column *c = &t->columns[column];
	const void *p = (const char *)record + c->offset;
	struct value v = {.type = c->type, .known = record_known(t, record) >> column & 1};
	if (!v.known)
		return v;
	switch (c->type) {
	case COLUMN_INT:
	case COLUMN_TIME:
		v.integer = *(const int64_t *)p;
		break;
	case COLUMN_DATE:
		v.integer = *(const int32_t *)p;
		break;
	case COLUMN_BOOL:
		v.integer = *(const bool *)p;
		break;
	case COLUMN_REAL:
		v.real = *(const double *)p;
		break;
	case COLUMN_TEXT:
		v.text = *(const struct str *)p;
		break;
	}
	return v;
}

void record_set(const struct table *t, void *record, size_t column, struct value v)
{
	const struct column *c = &t->columns[column];
	void *p = (char *)record + c->offset;
	uint64_t bit = (uint64_t)1 << column;
	if (v.known)
		*known_of(t, record) |= bit;
	else
		*known_of(t, record) &= ~bit;
	switch (c->type) {
	case COLUMN_INT:
	case COLUMN_TIME:
		*(int64_t *)p = v.known ? v.integer : 0;
		break;
	case COLUMN_DATE:
		*(int32_t *)p = v.known ? (int32_t)v.integer : 0;
		break;
	case COLUMN_BOOL:
		*(bool *)p = v.known && v.integer;
		break;
	case COLUMN_REAL:
		*(double *)p = v.known ? v.real : 0;
		break;
	case COLUMN_TEXT:
		*(struct str *)p = v.known ? v.text : (struct str){0};
		break;
	}
}

bool value_equal(struct value a, struct value b)
{
	if (a.known != b.known || a.type != b.type)
		return false;
	if (!a.known)
		return true;
	switch (a.type) {
	case COLUMN_INT:
	case COLUMN_TIME:
	case COLUMN_DATE:
	case COLUMN_BOOL:
		return a.integer == b.integer;
	case COLUMN_REAL:
		return a.real == b.real;
	case COLUMN_TEXT:
		return str_equal(a.text, b.text);
	}
	return false;
}

void value_write_json(struct value v, struct json *out)
{
	if (!v.known) {
		json_null(out);
		return;
	}
	switch (v.type) {
	case COLUMN_INT:
		json_i64(out, v.integer);
		break;
	case COLUMN_REAL:
		json_real(out, v.real);
		break;
	case COLUMN_BOOL:
		json_bool(out, v.integer);
		break;
	case COLUMN_TEXT:
		json_text(out, v.text);
		break;
	case COLUMN_DATE:
		json_text(out, str_from(day_format((int32_t)v.integer).text));
		break;
	case COLUMN_TIME:
		json_text(out, str_from(time_format(v.integer).text));
		break;
	}
}

void csv_write_text(struct str s, struct buf *out)
{
	bool plain = true;
	for (size_t i = 0; i < s.n && plain; i++)
		plain = s.p[i] != '"' && s.p[i] != ',' && s.p[i] != '\n' && s.p[i] != '\r';
	if (plain) {
		buf_add(out, s);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, s.p[i]);
	}
	buf_add_char(out, '"');
}

void value_write_csv(struct value v, struct buf *out)
{
	if (!v.known)
		return;
	switch (v.type) {
	case COLUMN_INT:
		buf_add_i64(out, v.integer);
		break;
	case COLUMN_REAL:
		buf_add_real(out, v.real);
		break;
	case COLUMN_BOOL:
		buf_add(out, v.integer ? STR("true") : STR("false"));
		break;
	case COLUMN_TEXT:
		csv_write_text(v.text, out);
		break;
	case COLUMN_DATE:
		buf_add(out, str_from(day_format((int32_t)v.integer).text));
		break;
	case COLUMN_TIME:
		buf_add(out, str_from(time_format(v.integer).text));
		break;
	}
}
