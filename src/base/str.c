#include "base/str.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct str str_from(const char *z)
{
	return z ? (struct str){z, strlen(z)} : (struct str){0};
}

bool str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_equal_nocase(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

int str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_equal((struct str){s.p, prefix.n}, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_equal(str_skip(s, s.n - suffix.n), suffix);
}

struct str str_skip(struct str s, size_t n)
{
	if (n >= s.n)
		return (struct str){s.p ? s.p + s.n : NULL, 0};
	return (struct str){s.p + n, s.n - n};
}

/* How many bytes the character has that begins with c; 0: none does. */
static size_t character_length(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* n, or where the character begins of which only a part is before n. */
static size_t before_half(const char *p, size_t n)
{
	for (size_t back = 1; back < 4 && back <= n; back++) {
		unsigned char c = (unsigned char)p[n - back];
		if (c < 0x80 || c > 0xbf)
			return character_length(c) > back ? n - back : n;
	}
	return n;
}

struct str str_bytes(struct str s, size_t n)
{
	return n < s.n ? (struct str){s.p, n} : s;
}

struct str str_first(struct str s, size_t n)
{
	return n < s.n ? (struct str){s.p, before_half(s.p, n)} : s;
}

void str_end_whole(char *z)
{
	z[before_half(z, strlen(z))] = 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n && is_space(s.p[0]))
		s = str_skip(s, 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str_cut str_cut(struct str s, char at)
{
	const char *found = s.n ? memchr(s.p, at, s.n) : NULL;
	if (!found)
		return (struct str_cut){.head = s};
	size_t n = (size_t)(found - s.p);
	return (struct str_cut){.head = {s.p, n}, .tail = {found + 1, s.n - n - 1}, .found = true};
}

bool str_to_i64(struct str s, int64_t *out)
{
	bool negative = s.n && s.p[0] == '-';
	if (negative)
		s = str_skip(s, 1);
	if (!s.n)
		return false;
	int64_t value = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		int digit = s.p[i] - '0';
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(
				value, digit, &value)) /* downwards: INT64_MIN fits */
			return false;
	}
	if (!negative && value == INT64_MIN)
		return false;
	*out = negative ? value : -value;
	return true;
}

struct str str_copy(struct arena *keep, struct str s)
{
	char *p = arena_alloc(keep, s.n, 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

char *str_z(struct arena *keep, struct str s)
{
	char *p = arena_alloc(keep, s.n + 1, 1);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct str str_format(struct arena *keep, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(n >= 0);
	char *p = arena_alloc(keep, (size_t)n + 1, 1);
	vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return (struct str){p, (size_t)n};
}

struct str str_collapse(char *out, struct str s)
{
	size_t n = 0;
	s = str_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		if (!is_space(s.p[i]))
			out[n++] = s.p[i];
		else if (out[n - 1] != ' ') /* s was trimmed: n > 0 */
			out[n++] = ' ';
	}
	return (struct str){out, n};
}

/* The well-formed sequences of Unicode 15, table 3-7. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length = character_length(p[0]);
	if (length < 2)
		return length;
	if (p[0] == 0xe0)
		low = 0xa0;
	if (p[0] == 0xed)
		high = 0x9f;
	if (p[0] == 0xf0)
		low = 0x90;
	if (p[0] == 0xf4)
		high = 0x8f;
	if (n < length || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return length;
}

bool str_is_utf8(struct str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t length = utf8_length((const unsigned char *)s.p + i, s.n - i);
		if (!length)
			return false;
		i += length;
	}
	return true;
}
