#include "api/tokens.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 1 << 20, MAX_TOKENS = 1000 };

struct tokens {
	struct buf file;
	struct str items[MAX_TOKENS];
	size_t count;
};

static bool read_file(struct str path, struct buf *out, struct err *err)
{
	char name[4096];
	if (path.n >= sizeof(name))
		return err_set(err, ERR_USAGE, "--token-file: its name is too long");
	snprintf(name, sizeof(name), "%.*s", STR_ARG(path));
	FILE *f = fopen(name, "re");
	if (!f)
		return err_set(err, ERR_USAGE, "--token-file %s: %s", name, strerror(errno));
	char *room = buf_room(out, FILE_BYTES);
	size_t n = fread(room, 1, FILE_BYTES, f);
	int why = ferror(f) ? errno : 0;
	fclose(f);
	if (why)
		return err_set(err, ERR_USAGE, "--token-file %s: %s", name, strerror(why));
	if (n == FILE_BYTES)
		return err_set(err, ERR_USAGE, "--token-file %s: larger than 1 MiB", name);
	buf_grew(out, n);
	return true;
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n >= 16;
}

static bool cut_lines(struct tokens *t, struct str path, struct err *err)
{
	struct str rest = buf_str(&t->file);
	for (int64_t line = 1; rest.n; line++) {
		struct str_cut cut = str_cut(rest, '\n');
		struct str token = str_trim(cut.head);
		rest = cut.tail;
		if (!token.n || token.p[0] == '#')
			continue;
		if (!is_token(token))
			return err_set(err, ERR_USAGE,
				"--token-file %.*s: line %lld: wants at least 16 visible ASCII "
				"characters",
				STR_ARG(path), (long long)line);
		if (t->count == MAX_TOKENS)
			return err_set(err, ERR_USAGE, "--token-file %.*s: more than %d tokens",
				STR_ARG(path), MAX_TOKENS);
		t->items[t->count++] = token;
	}
	return t->count ||
	       err_set(err, ERR_USAGE, "--token-file %.*s: holds no token", STR_ARG(path));
}

struct tokens *tokens_open(struct str path, struct err *err)
{
	struct tokens *t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	buf_init(&t->file, FILE_BYTES);
	if (read_file(path, &t->file, err) && cut_lines(t, path, err))
		return t;
	tokens_close(t);
	return NULL;
}

void tokens_close(struct tokens *t)
{
	if (!t)
		return;
	if (t->file.p)
		memset(t->file.p, 0, t->file.n);
	buf_clear(&t->file);
	free(t);
}

/* Every byte is looked at, whatever the first ones said. */
static bool is_same(struct str a, struct str b)
{
	unsigned char difference = a.n != b.n;
	for (size_t i = 0; i < a.n; i++)
		difference |= (unsigned char)(a.p[i] ^ b.p[b.n > i ? i : 0]);
	return difference == 0;
}

bool tokens_match(const struct tokens *t, struct str authorization)
{
	struct str_cut cut = str_cut(authorization, ' ');
	struct str token = str_trim(cut.tail);
	bool any = false;
	if (!str_equal_nocase(cut.head, STR("Bearer")))
		return false;
	for (size_t i = 0; i < t->count; i++)
		any |= is_same(token, t->items[i]);
	return any;
}
