#include "decode/reader.h"

#include "base/time.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

enum { INT_LIMIT = 999999999 };
static const int64_t id_limit = 99999999999;

/* ---- opening ---- */

/* Where brackets are nested deeper than BODY_DEPTH; 0: nowhere. Cheap: nothing is checked. */
static size_t too_deep_at(struct str body)
{
	size_t depth = 0;
	bool in_text = false;
	for (size_t i = 0; i < body.n; i++) {
		char c = body.p[i];
		if (in_text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_text = false;
		} else if (c == '"') {
			in_text = true;
		} else if (c == '[' || c == '{') {
			if (++depth > BODY_DEPTH)
				return i;
		} else if ((c == ']' || c == '}') && depth) {
			depth--;
		}
	}
	return 0;
}

static bool is_sound(struct str body, struct err *err)
{
	struct str start = str_trim(body);
	if (body.n > BODY_BYTES)
		return err_set(err, ERR_DECODE, "a body of %zu bytes; at most %d are read", body.n,
			BODY_BYTES);
	if (!start.n)
		return err_set(err, ERR_DECODE, "an empty body");
	if (start.p[0] == '<')
		return err_set(err, ERR_DECODE, "a page of HTML or XML instead of JSON");
	size_t deep = too_deep_at(body);
	if (deep)
		return err_set(err, ERR_DECODE, "JSON nested deeper than %d, at byte %zu",
			BODY_DEPTH, deep);
	return true;
}

bool reader_open(struct reader *r, struct str body, struct arena *keep, struct err *err,
	struct place *out_root)
{
	yyjson_read_err fault;
	if (!is_sound(body, err))
		return false;
	/* Without YYJSON_READ_INSITU the body is only read, whatever the type says. */
	yyjson_doc *doc = yyjson_read_opts(
		(char *)(uintptr_t)body.p, body.n, YYJSON_READ_NOFLAG, NULL, &fault);
	if (!doc)
		return err_set(err, ERR_DECODE, "no whole JSON: %s at byte %zu of %zu", fault.msg,
			fault.pos, body.n);
	*r = (struct reader){.doc = doc, .keep = keep, .err = err};
	*out_root = (struct place){.reader = r, .value = yyjson_doc_get_root(doc)};
	return true;
}

bool reader_close(struct reader *r)
{
	yyjson_doc_free(r->doc);
	r->doc = NULL;
	return !r->failed;
}

bool reader_be_lenient(struct reader *r, bool is_lenient)
{
	bool was = r->is_lenient;
	r->is_lenient = is_lenient;
	return was;
}

void reader_warn(struct reader *r, const char *format, ...)
{
	if (r->warning)
		return;
	char text[160];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	str_end_whole(text);
	r->warning = str_z(r->keep, str_from(text));
}

/* ---- places ---- */

static void add_path(const struct place *p, struct buf *out)
{
	if (!p->parent)
		return;
	add_path(p->parent, out);
	if (!p->key.n) {
		buf_add_format(out, "[%zu]", p->index);
		return;
	}
	if (out->n)
		buf_add_char(out, '.');
	buf_add(out, str_first(p->key, 60)); /* a key may be of the body's making */
}

struct str place_path(const struct place *p, struct arena *keep)
{
	struct buf path;
	buf_init(&path, 400);
	add_path(p, &path);
	struct str copy = str_copy(keep, path.n ? buf_str(&path) : STR("the body"));
	buf_clear(&path);
	return copy;
}

bool place_fault(const struct place *p, const char *format, ...)
{
	struct reader *r = p->reader;
	if (r->failed)
		return false;
	char what[200];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	str_end_whole(what);
	struct str path = place_path(p, r->keep);
	if (r->is_lenient) {
		r->left_out++;
		reader_warn(r, "%.*s left out: %s", STR_ARG(path), what);
		return false;
	}
	r->failed = true;
	return err_set(r->err, ERR_DECODE, "%.*s: %s", STR_ARG(path), what);
}

static const char *kind_of(const struct place *p)
{
	switch (yyjson_get_type(p->value)) {
	case YYJSON_TYPE_STR:
		return "text";
	case YYJSON_TYPE_NUM:
		return "a number";
	case YYJSON_TYPE_BOOL:
		return "true or false";
	case YYJSON_TYPE_ARR:
		return "a list";
	case YYJSON_TYPE_OBJ:
		return "an object";
	case YYJSON_TYPE_NULL:
		return "null";
	default:
		return "nothing";
	}
}

static bool wanted(const struct place *p, const char *what)
{
	return place_fault(p, "wanted %s, found %s", what, kind_of(p));
}

bool place_is_object(const struct place *p)
{
	return yyjson_is_obj(p->value);
}

bool place_need_object(const struct place *p)
{
	return place_is_object(p) || wanted(p, "an object");
}

bool place_is_list(const struct place *p)
{
	return yyjson_is_arr(p->value);
}

struct place place_get(const struct place *p, const char *key)
{
	struct place at = {.reader = p->reader, .parent = p, .value = p->value};
	struct str whole = str_from(key), rest = whole;
	while (at.value && rest.n) {
		if (!yyjson_is_obj(at.value)) {
			wanted(at.key.n ? &at : p, "an object");
			at.value = NULL;
			break;
		}
		struct str_cut cut = str_cut(rest, '.');
		at.value = yyjson_obj_getn(at.value, cut.head.p, cut.head.n);
		at.key = str_bytes(whole, (size_t)(cut.head.p + cut.head.n - whole.p));
		rest = cut.tail;
		if (yyjson_is_null(at.value))
			at.value = NULL;
	}
	if (!at.value)
		at.key = whole;
	return at;
}

struct place place_first(const struct place *p)
{
	struct place first = {.reader = p->reader, .parent = p};
	if (!p->value)
		return first;
	if (!yyjson_is_ctn(p->value)) {
		wanted(p, "a list");
		return first;
	}
	first.left = unsafe_yyjson_get_len(p->value);
	if (!first.left)
		return first;
	first.left--;
	yyjson_val *v = unsafe_yyjson_get_first(p->value);
	if (yyjson_is_obj(p->value)) {
		first.key = (struct str){unsafe_yyjson_get_str(v), unsafe_yyjson_get_len(v)};
		v++;
	}
	first.value = v;
	return first;
}

void place_next(struct place *e)
{
	if (!e->left) {
		e->value = NULL;
		return;
	}
	e->left--;
	e->index++;
	yyjson_val *v = unsafe_yyjson_get_next(e->value);
	if (yyjson_is_obj(e->parent->value)) {
		e->key = (struct str){unsafe_yyjson_get_str(v), unsafe_yyjson_get_len(v)};
		v++;
	}
	e->value = v;
}

size_t place_count(const struct place *p)
{
	return yyjson_is_ctn(p->value) ? unsafe_yyjson_get_len(p->value) : 0;
}

size_t entries_begin(struct reader *r)
{
	r->is_lenient = true;
	return r->left_out;
}

void entries_end(const struct place *list, size_t left_out_before, size_t kept)
{
	struct reader *r = list->reader;
	r->is_lenient = false;
	if (!kept && r->left_out > left_out_before)
		place_fault(list, "nothing in it can be read; %s", r->warning);
}

/* ---- values ---- */

static struct str text_of(const struct place *p)
{
	return (struct str){yyjson_get_str(p->value), yyjson_get_len(p->value)};
}

static bool read_int(const struct place *p, int64_t min, int64_t max, int64_t *out)
{
	int64_t v;
	if (yyjson_is_uint(p->value) && yyjson_get_uint(p->value) <= INT64_MAX) {
		v = (int64_t)yyjson_get_uint(p->value);
	} else if (yyjson_is_sint(p->value)) {
		v = yyjson_get_sint(p->value);
	} else if (yyjson_is_num(p->value)) {
		double real = yyjson_get_num(p->value);
		if (!(fabs(real) <= (double)max))
			return place_fault(p, "a number out of range: %g", real);
		if (real != floor(real))
			return place_fault(p, "wanted a whole number, found %g", real);
		v = (int64_t)real;
	} else {
		return wanted(p, "a number");
	}
	if (v < min || v > max)
		return place_fault(p, "a number out of range: %" PRId64, v);
	*out = v;
	return true;
}

static bool read_round(const struct place *p, int64_t *out)
{
	if (!yyjson_is_num(p->value))
		return wanted(p, "a number");
	double real = yyjson_get_num(p->value);
	if (!(fabs(real) <= INT_LIMIT))
		return place_fault(p, "a number out of range: %g", real);
	*out = (int64_t)round(real);
	return true;
}

static bool read_int_text(const struct place *p, int64_t *out)
{
	if (!yyjson_is_str(p->value))
		return read_int(p, -INT_LIMIT, INT_LIMIT, out);
	return str_to_i64(str_trim(text_of(p)), out) && *out >= -INT_LIMIT && *out <= INT_LIMIT;
}

/* "0.915", nothing else: no signs, no exponents. */
static bool text_to_real(struct str s, double *out)
{
	struct str_cut cut = str_cut(s, '.');
	int64_t whole, fraction = 0;
	if (s.n > 16 || str_starts(cut.head, STR("-")) || !str_to_i64(cut.head, &whole) ||
		(cut.found && (str_starts(cut.tail, STR("-")) || !str_to_i64(cut.tail, &fraction))))
		return false;
	*out = (double)whole;
	double scale = 1;
	for (size_t i = 0; i < cut.tail.n; i++)
		scale *= 10;
	*out += (double)fraction / scale;
	return true;
}

/* A scale never seen before must not become a wrong number: it is left out, and said. */
static bool read_share(const struct place *p, double whole, double *out)
{
	double v;
	if (yyjson_is_str(p->value)) {
		if (!text_to_real(str_trim(text_of(p)), &v))
			return wanted(p, "a number");
	} else if (yyjson_is_num(p->value)) {
		v = yyjson_get_num(p->value);
	} else {
		return wanted(p, "a number");
	}
	if (!(v >= 0 && v <= whole)) {
		reader_warn(p->reader, "a share outside of its scale was left out");
		return false;
	}
	*out = whole == 1 ? v : round(v / whole * 1e6) / 1e6;
	return true;
}

static bool read_clock(const struct place *p, int64_t *out)
{
	if (!yyjson_is_str(p->value))
		return wanted(p, "text like \"20:00\"");
	struct str s = str_trim(text_of(p));
	struct str_cut cut = str_cut(s, ':');
	int64_t minutes, seconds;
	if (!cut.found || cut.tail.n != 2 || cut.head.n > 3 || !str_to_i64(cut.head, &minutes) ||
		!str_to_i64(cut.tail, &seconds) || minutes < 0 || seconds < 0 || seconds > 59)
		return place_fault(p, "wanted a time like \"20:00\", found \"%.*s\"",
			STR_ARG(str_first(s, 20)));
	*out = minutes * 60 + seconds;
	return true;
}

static bool read_pair(const struct place *p, int64_t *out_first, int64_t *out_second)
{
	if (!yyjson_is_str(p->value))
		return wanted(p, "text like \"21/24\"");
	struct str s = str_trim(text_of(p));
	struct str_cut cut = str_cut(s, '/');
	if (!cut.found || s.n > 20 || !str_to_i64(str_trim(cut.head), out_first) ||
		!str_to_i64(str_trim(cut.tail), out_second))
		return place_fault(p, "wanted two numbers like \"21/24\", found \"%.*s\"",
			STR_ARG(str_first(s, 20)));
	return true;
}

/* Control characters go, white space of any kind becomes one space, UTF-8 stays. */
static struct str clean(struct str s, struct arena *keep)
{
	char *p = arena_alloc(keep, s.n, 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned char next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
		bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
		if (c == 0xc2 && (next == 0xa0 || (next >= 0x80 && next < 0xa0))) {
			is_space = next == 0xa0 || next == 0x85;
			i++;
			if (!is_space)
				continue;
		} else if (!is_space && (c < ' ' || c == 0x7f)) {
			continue;
		}
		if (!is_space)
			p[n++] = (char)c;
		else if (n && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	while (n && p[n - 1] == ' ')
		n--;
	return (struct str){p, n};
}

static bool read_text(const struct place *p, struct str *out)
{
	struct place inner = *p;
	if (yyjson_is_obj(p->value)) {
		inner = place_get(p, "default");
		if (!inner.value)
			return false;
	}
	if (!yyjson_is_str(inner.value))
		return wanted(&inner, "text");
	*out = clean(text_of(&inner), p->reader->keep);
	return out->n > 0;
}

static bool read_day(const struct place *p, int32_t *out)
{
	if (!yyjson_is_str(p->value))
		return wanted(p, "a day");
	struct str s = str_trim(text_of(p));
	return day_parse(s, out) ||
	       place_fault(p, "wanted a day like \"2026-11-24\", found \"%.*s\"",
		       STR_ARG(str_first(s, 20)));
}

static bool read_instant(const struct place *p, int64_t *out)
{
	if (!yyjson_is_str(p->value))
		return wanted(p, "a time");
	struct str s = str_trim(text_of(p));
	return time_parse(s, out) ||
	       place_fault(p, "wanted a time like \"2026-11-24T00:00:00Z\", found \"%.*s\"",
		       STR_ARG(str_first(s, 30)));
}

static bool read_bool(const struct place *p, int64_t *out)
{
	*out = yyjson_get_bool(p->value);
	return yyjson_is_bool(p->value) || wanted(p, "true or false");
}

static bool read_value(const struct place *p, enum reading as, struct value *v, int64_t *second)
{
	int32_t day;
	switch (as) {
	case READ_INT:
		return read_int(p, -INT_LIMIT, INT_LIMIT, &v->integer);
	case READ_COUNT:
		return read_int(p, 0, INT_LIMIT, &v->integer);
	case READ_ROUND:
		return read_round(p, &v->integer);
	case READ_ID:
		return read_int(p, 1, id_limit, &v->integer);
	case READ_INT_TEXT:
		return read_int_text(p, &v->integer);
	case READ_SHARE:
		return read_share(p, 1, &v->real);
	case READ_PERCENT:
		return read_share(p, 100, &v->real);
	case READ_CLOCK:
		return read_clock(p, &v->integer);
	case READ_PAIR:
		return read_pair(p, &v->integer, second);
	case READ_BOOL:
		return read_bool(p, &v->integer);
	case READ_TEXT:
		return read_text(p, &v->text);
	case READ_DAY:
		if (!read_day(p, &day))
			return false;
		v->integer = day;
		return true;
	case READ_INSTANT:
		return read_instant(p, &v->integer);
	}
	return false;
}

void place_read(const struct place *p, const struct field *fields, size_t count,
	const struct table *t, void *record)
{
	for (size_t i = 0; i < count && !p->reader->failed; i++) {
		const struct field *f = &fields[i];
		struct place at = place_get(p, f->key);
		struct value v = {.known = true, .type = t->columns[f->column].type};
		int64_t second;
		if (!at.value || !read_value(&at, f->as, &v, &second))
			continue;
		record_set(t, record, f->column, v);
		if (f->as == READ_PAIR) {
			v.integer = second;
			record_set(t, record, f->column + 1, v);
		}
	}
}

void place_read_leniently(const struct place *p, const struct field *fields, size_t count,
	const struct table *t, void *record)
{
	bool was = reader_be_lenient(p->reader, true);
	place_read(p, fields, count, t, record);
	reader_be_lenient(p->reader, was);
}

bool place_int(const struct place *p, const char *key, int64_t *out)
{
	struct place at = place_get(p, key);
	return at.value && read_int(&at, -INT_LIMIT, INT_LIMIT, out);
}

bool place_id(const struct place *p, const char *key, int64_t *out)
{
	struct place at = place_get(p, key);
	return at.value && read_int(&at, 1, id_limit, out);
}

bool place_text(const struct place *p, const char *key, struct str *out)
{
	struct place at = place_get(p, key);
	return at.value && read_text(&at, out);
}

bool place_clock(const struct place *p, const char *key, int64_t *out_s)
{
	struct place at = place_get(p, key);
	return at.value && read_clock(&at, out_s);
}

bool place_day(const struct place *p, const char *key, int32_t *out)
{
	struct place at = place_get(p, key);
	return at.value && read_day(&at, out);
}

bool place_need_id(const struct place *p, const char *key, int64_t *out)
{
	struct place at = place_get(p, key);
	if (!at.value)
		return wanted(&at, "a number");
	return read_int(&at, 1, id_limit, out);
}

bool place_as_int(const struct place *p, int64_t *out)
{
	if (!yyjson_is_int(p->value) || yyjson_get_sint(p->value) > INT_LIMIT ||
		yyjson_get_sint(p->value) < -INT_LIMIT)
		return false;
	*out = yyjson_get_sint(p->value);
	return true;
}

bool place_full_name(const struct place *p, struct str *out)
{
	struct str first = {0}, last = {0};
	bool has_first = place_text(p, "firstName", &first);
	bool has_last = place_text(p, "lastName", &last);
	if (has_first && has_last)
		*out = str_format(p->reader->keep, "%.*s %.*s", STR_ARG(first), STR_ARG(last));
	else
		*out = has_first ? first : last;
	return has_first || has_last;
}
