#include "store/store.h"

#include "store/rows.h"
#include "store/schema.h"

#include <stdlib.h>
#include <string.h>

enum { SCRATCH = 256 << 20 }; /* of one call; addresses, not memory */

/* Where there is none, what stands there may be anything, a password too. */
static struct str scheme_of(struct str url)
{
	struct str_cut cut = str_cut(url, ':');
	bool is_word = cut.found && cut.head.n <= 20;
	for (size_t i = 0; i < cut.head.n; i++)
		is_word &= (cut.head.p[i] | ' ') >= 'a' && (cut.head.p[i] | ' ') <= 'z';
	return is_word ? str_bytes(url, cut.head.n + 1) : STR("");
}

/* A file's name and nothing more: no part of it can be a password. */
static bool is_bare_name(struct str url)
{
	static const char others[] = "@=: ";
	for (size_t i = 0; i < url.n; i++)
		if (strchr(others, url.p[i]))
			return false;
	return url.n > 0 && url.n <= 200;
}

bool store_is_url(struct str url, const char *name, struct err *err)
{
	const struct store_backend *backend = sql_backend(url);
	struct str scheme = scheme_of(url);
	if (backend)
		return backend->is_url(url, err) || err_wrap(err, "%s", name);
	if (is_bare_name(url))
		return err_set(err, ERR_USAGE,
			"%s: wants sqlite:FILE or postgresql://USER@HOST/DATABASE; is it "
			"sqlite:%.*s?",
			name, STR_ARG(url));
	return err_set(err, ERR_USAGE,
		"%s: wants sqlite:FILE or postgresql://USER@HOST/DATABASE%s%.*s", name,
		scheme.n ? ", got " : "", STR_ARG(scheme));
}

/* Connected, whatever the tables are like. */
static struct store *connect_store(struct str url, enum store_mode mode, struct err *err)
{
	if (!store_is_url(url, "--db", err))
		return NULL;
	struct store *s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	s->backend = sql_backend(url);
	s->scratch = arena_reserve(SCRATCH);
	if (sql_open(s, url, mode, err))
		return s;
	store_close(s);
	return NULL;
}

struct store *store_open(struct str url, enum store_mode mode, struct err *err)
{
	struct store *s = connect_store(url, mode, err);
	int64_t from;
	if (!s || (mode == STORE_WRITE ? schema_migrate(s, &from, err) : schema_check(s, err)))
		return s;
	store_close(s);
	return NULL;
}

bool store_migrate(struct str url, int64_t *out_from, int64_t *out_to, struct err *err)
{
	struct store *s = connect_store(url, STORE_WRITE, err);
	bool ok = s && schema_migrate(s, out_from, err);
	if (ok)
		*out_to = schema_newest();
	store_close(s);
	return ok;
}

bool store_open_or_wait(struct str url, bool may_wait, struct store **out, struct err *err)
{
	const struct store_backend *backend = sql_backend(url);
	*out = store_open(url, STORE_WRITE, err);
	return *out || (may_wait && backend && backend->is_far && err->kind == ERR_STORE);
}

bool store_has_several(struct str url)
{
	const struct store_backend *backend = sql_backend(url);
	return backend && backend->has_several(url);
}

size_t store_files(struct str url, struct arena *keep, struct str *out, size_t room)
{
	const struct store_backend *backend = sql_backend(url);
	return backend ? backend->files(url, keep, out, room) : 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	sql_close(s);
	arena_release(&s->scratch);
	free(s);
}

bool store_is_well(struct store *s, struct err *err)
{
	int64_t revision;
	return schema_check(s, err) && store_get_revision(s, &revision, err);
}

bool store_get_revision(struct store *s, int64_t *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, "SELECT revision FROM revisions", &q, err))
		return false;
	enum step step = sql_step(&q, err);
	if (step == STEP_ROW)
		*out = sql_i64(&q);
	sql_reset(&q);
	return step == STEP_ROW ||
	       (step == STEP_DONE && err_set(err, ERR_STORE, "database: no revision"));
}

bool store_get_game(struct store *s, int64_t game_id, struct arena *keep, struct game *out,
	bool *out_found, struct err *err)
{
	void *rows;
	size_t count;
	if (!rows_read(s, &game_table, game_id, sizeof(struct game), keep, &rows, &count, err))
		return false;
	*out_found = count > 0;
	if (count)
		*out = *(struct game *)rows;
	return true;
}

bool store_get_games(struct store *s, int32_t first, int32_t last, struct arena *keep,
	struct game **out, size_t *out_count, struct err *err)
{
	struct condition conditions[] = {
		{.column = &game_table.columns[GAME_game_date],
			.comparison = AT_LEAST,
			.value = {.known = true, .type = COLUMN_DATE, .integer = first}},
		{.column = &game_table.columns[GAME_game_date],
			.comparison = AT_MOST,
			.value = {.known = true, .type = COLUMN_DATE, .integer = last}},
	};
	struct selection q = {.table = &game_table, .conditions = conditions, .condition_count = 2};
	struct cursor *cursor = store_select(s, &q, err);
	if (!cursor)
		return false;
	size_t count = 0, room = 0;
	struct game *games = NULL, g;
	enum step step;
	while ((step = cursor_step(cursor, &g, err)) == STEP_ROW) {
		if (count == room) {
			struct game *more = ARENA_NEW(keep, struct game, room = room * 2 + 64);
			for (size_t i = 0; i < count; i++)
				more[i] = games[i];
			games = more;
		}
		for (size_t i = 0; i < game_table.count; i++) { /* texts end with the step */
			struct value v = record_get(&game_table, &g, i);
			if (v.known && v.type == COLUMN_TEXT) {
				v.text = str_copy(keep, v.text);
				record_set(&game_table, &g, i, v);
			}
		}
		games[count++] = g;
	}
	cursor_close(cursor);
	*out = games;
	*out_count = count;
	return step == STEP_DONE;
}

bool store_hold(struct store *s, struct err *err)
{
	if (!s->holds && !s->backend->hold(s, err))
		return false;
	s->holds++;
	return true;
}

void store_ask_last(struct store *s)
{
	s->backend->ask_last(s);
}

void store_release(struct store *s)
{
	if (--s->holds == 0)
		sql_rollback(s); /* nothing was written */
}
