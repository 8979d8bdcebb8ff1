#include "base/json.h"

#include <stdio.h>
#include <string.h>

struct json json_begin(struct buf *out)
{
	return (struct json){.out = out};
}

static void separate(struct json *j)
{
	if (j->comma)
		buf_add_char(j->out, ',');
	j->comma = true;
}

void json_open(struct json *j, char bracket)
{
	separate(j);
	buf_add_char(j->out, bracket);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	buf_add_char(j->out, bracket);
	j->comma = true;
}

/* The text up to the first character that can't stand as it is. */
static size_t plain_length(struct str s)
{
	size_t n = 0;
	while (n < s.n && (unsigned char)s.p[n] >= ' ' && s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

static void add_escaped(struct buf *out, unsigned char c)
{
	static const char names[] = {['\b'] = 'b',
		['\f'] = 'f',
		['\n'] = 'n',
		['\r'] = 'r',
		['\t'] = 't',
		['"'] = '"',
		['\\'] = '\\'};
	if (c < sizeof(names) && names[c]) {
		buf_add_char(out, '\\');
		buf_add_char(out, names[c]);
	} else {
		buf_add_format(out, "\\u%04x", c);
	}
}

static void add_quoted(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	while (s.n) {
		size_t n = plain_length(s);
		buf_add(out, str_bytes(s, n));
		if (n < s.n)
			add_escaped(out, (unsigned char)s.p[n++]);
		s = str_skip(s, n);
	}
	buf_add_char(out, '"');
}

/* Rare enough to be slow: one character at a time, what is no character replaced. */
static void add_repaired(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	while (s.n) {
		struct str one = {s.p, 1};
		while (one.n < 4 && one.n < s.n && !str_is_utf8(one))
			one.n++;
		if (!str_is_utf8(one)) {
			buf_add(out, STR("\xef\xbf\xbd"));
			one.n = 1;
		} else if (one.n == 1 && plain_length(s) == 0) {
			add_escaped(out, (unsigned char)s.p[0]);
		} else {
			buf_add(out, one);
		}
		s = str_skip(s, one.n);
	}
	buf_add_char(out, '"');
}

static unsigned char is_odd(unsigned char c)
{
	return (unsigned char)((c < ' ') | (c == '"') | (c == '\\') | (c >= 0x80));
}

static unsigned char any_odd(const char *p, size_t n)
{
	unsigned char odd = 0;
	for (size_t i = 0; i < n; i++)
		odd |= is_odd((unsigned char)p[i]);
	return odd;
}

/* Nearly every text is ASCII without a quote, and is copied as it is. */
static bool is_plain(struct str s)
{
	enum { AT_ONCE = 8 }; /* a length that is known is looked at in one go */
	if (s.n < AT_ONCE)
		return !any_odd(s.p, s.n);
	unsigned char odd = any_odd(s.p + s.n - AT_ONCE, AT_ONCE);
	for (; s.n >= AT_ONCE; s = str_skip(s, AT_ONCE))
		odd |= any_odd(s.p, AT_ONCE);
	return !odd;
}

static void add_plain(struct buf *out, struct str s)
{
	char *room = buf_room(out, s.n + 2);
	if (!room)
		return;
	room[0] = '"';
	if (s.n)
		memcpy(room + 1, s.p, s.n);
	room[s.n + 1] = '"';
	buf_grew(out, s.n + 2);
}

void json_write_text(struct buf *out, struct str s)
{
	if (is_plain(s))
		add_plain(out, s);
	else if (str_is_utf8(s))
		add_quoted(out, s);
	else
		add_repaired(out, s);
}

void json_key(struct json *j, struct str key)
{
	separate(j);
	json_write_text(j->out, key);
	buf_add_char(j->out, ':');
	j->comma = false;
}

void json_text(struct json *j, struct str text)
{
	separate(j);
	json_write_text(j->out, text);
}

void json_i64(struct json *j, int64_t value)
{
	separate(j);
	buf_add_i64(j->out, value);
}

void json_real(struct json *j, double value)
{
	separate(j);
	buf_add_real(j->out, value);
}

void json_bool(struct json *j, bool value)
{
	json_raw(j, value ? STR("true") : STR("false"));
}

void json_null(struct json *j)
{
	json_raw(j, STR("null"));
}

void json_raw(struct json *j, struct str json)
{
	separate(j);
	buf_add(j->out, json);
}
