#include "http/server.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool decode(struct str s, struct arena *keep, struct str *out)
{
	char *p = ARENA_NEW(keep, char, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (s.n - i < 3)
				return false;
			int high = hex(s.p[i + 1]), low = hex(s.p[i + 2]);
			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c)
			return false;
		p[n++] = c;
	}
	*out = (struct str){p, n};
	return str_is_utf8(*out);
}

bool http_query_parse(struct str query, struct arena *keep, struct http_parameter **out,
	size_t *out_count, struct str *out_bad)
{
	size_t room = 1, count = 0;
	for (size_t i = 0; i < query.n; i++)
		room += query.p[i] == '&';
	struct http_parameter *list = ARENA_NEW(keep, struct http_parameter, room);
	while (query.n) {
		struct str_cut pair = str_cut(query, '&'), cut = str_cut(pair.head, '=');
		query = pair.tail;
		if (!pair.head.n)
			continue;
		if (!decode(cut.head, keep, &list[count].name) ||
			!decode(cut.tail, keep, &list[count].value)) {
			*out_bad = pair.head;
			return false;
		}
		count++;
	}
	*out = list;
	*out_count = count;
	return true;
}
