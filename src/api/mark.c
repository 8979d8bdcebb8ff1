#include "api/mark.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { VERSION = 1, SUM_BYTES = 8 };

/* ---- base64url, without padding ---- */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str encode(struct str bytes, struct arena *keep)
{
	char *text = ARENA_NEW(keep, char, bytes.n * 4 / 3 + 4);
	size_t n = 0;
	uint32_t bits = 0;
	int have = 0;
	for (size_t i = 0; i < bytes.n; i++) {
		bits = bits << 8 | (unsigned char)bytes.p[i];
		for (have += 8; have >= 6; have -= 6)
			text[n++] = digits[bits >> (have - 6) & 63];
	}
	if (have)
		text[n++] = digits[bits << (6 - have) & 63];
	return (struct str){text, n};
}

static bool decode(struct str text, struct arena *keep, struct str *out)
{
	char *bytes = ARENA_NEW(keep, char, text.n + 1);
	size_t n = 0;
	uint32_t bits = 0;
	int have = 0;
	for (size_t i = 0; i < text.n; i++) {
		const char *digit = text.p[i] ? strchr(digits, text.p[i]) : NULL;
		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			bytes[n++] = (char)(bits >> have & 255);
		}
	}
	*out = (struct str){bytes, n};
	return have < 6 && !(bits & ((1u << have) - 1)); /* one spelling alone */
}

/* ---- values ---- */

static void add_bytes(struct buf *out, const void *p, size_t n)
{
	buf_add(out, (struct str){p, n});
}

/* A byte that says whether it is known, then eight for a number, or a length and a text. */
static void add_value(struct buf *out, const struct value *v)
{
	uint16_t n = (uint16_t)v->text.n;
	buf_add_char(out, (char)v->known);
	if (!v->known)
		return;
	switch (v->type) {
	case COLUMN_TEXT:
		add_bytes(out, &n, sizeof(n));
		buf_add(out, v->text);
		break;
	case COLUMN_REAL:
		add_bytes(out, &v->real, sizeof(v->real));
		break;
	case COLUMN_INT:
	case COLUMN_BOOL:
	case COLUMN_DATE:
	case COLUMN_TIME:
		add_bytes(out, &v->integer, sizeof(v->integer));
		break;
	}
}

static bool take(struct str *from, void *out, size_t n)
{
	if (from->n < n)
		return false;
	memcpy(out, from->p, n);
	*from = str_skip(*from, n);
	return true;
}

static bool take_value(struct str *from, enum column_type type, struct value *out)
{
	unsigned char known;
	uint16_t n;
	*out = (struct value){.type = type};
	if (!take(from, &known, 1) || known > 1)
		return false;
	out->known = known;
	if (!known)
		return true;
	switch (type) {
	case COLUMN_TEXT:
		if (!take(from, &n, sizeof(n)) || from->n < n)
			return false;
		out->text = (struct str){from->p, n};
		*from = str_skip(*from, n);
		return true;
	case COLUMN_REAL:
		return take(from, &out->real, sizeof(out->real));
	case COLUMN_INT:
	case COLUMN_BOOL:
	case COLUMN_DATE:
	case COLUMN_TIME:
		break;
	}
	return take(from, &out->integer, sizeof(out->integer));
}

struct str mark_write(uint64_t query, const struct value *values, size_t count, struct arena *keep)
{
	struct buf b;
	buf_init(&b, MARK_BYTES);
	buf_add_char(&b, VERSION);
	add_bytes(&b, &query, sizeof(query));
	for (size_t i = 0; i < count; i++)
		add_value(&b, &values[i]);
	uint64_t sum = XXH3_64bits(b.p, b.n);
	add_bytes(&b, &sum, SUM_BYTES);
	struct str text = b.failed ? STR("") : encode(buf_str(&b), keep);
	buf_clear(&b);
	return text;
}

bool mark_read(struct str text, uint64_t query, const enum column_type *types, size_t count,
	struct value *out, struct arena *keep)
{
	struct str bytes;
	uint64_t sum, from;
	unsigned char version;
	if (!decode(text, keep, &bytes) || bytes.n < SUM_BYTES)
		return false;
	memcpy(&sum, bytes.p + bytes.n - SUM_BYTES, SUM_BYTES);
	bytes.n -= SUM_BYTES;
	if (sum != XXH3_64bits(bytes.p, bytes.n) || !take(&bytes, &version, 1) ||
		version != VERSION || !take(&bytes, &from, sizeof(from)) || from != query)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!take_value(&bytes, types[i], &out[i]))
			return false;
	return bytes.n == 0;
}
