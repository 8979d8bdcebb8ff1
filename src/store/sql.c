#include "store/sql.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	struct str scheme;
	const struct store_backend *backend;
} backends[] = {
	{STR_INIT("sqlite:"), &sqlite_backend},
	{STR_INIT("postgresql://"), &postgres_backend},
	{STR_INIT("postgres://"), &postgres_backend},
};

const struct store_backend *sql_backend(struct str url)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++)
		if (str_starts(url, backends[i].scheme) && url.n > backends[i].scheme.n)
			return backends[i].backend;
	return NULL;
}

/* ---- the kept statements ---- */

static size_t find_kept(const struct store *s, const char *text)
{
	size_t i = 0;
	while (i < s->kept_count && strcmp(s->kept[i].text, text))
		i++;
	return i;
}

static void drop_kept(struct store *s, size_t i)
{
	s->kept_count--;
	memmove(&s->kept[i], &s->kept[i + 1], sizeof(s->kept[0]) * (s->kept_count - i));
}

static void free_kept(struct store *s, struct kept_statement *k)
{
	if (k->statement)
		s->backend->discard(s, k->statement);
	free(k->text);
}

/* Shapes of queries come from readers: the oldest gives way. */
static void keep(struct store *s, struct kept_statement k)
{
	if (s->kept_count == STORE_STATEMENTS) {
		free_kept(s, &s->kept[0]);
		drop_kept(s, 0);
	}
	s->kept[s->kept_count++] = k;
}

static bool compile(struct store *s, const char *text, struct kept_statement *out, struct err *err)
{
	*out = (struct kept_statement){.text = strdup(text)};
	if (out->text ? s->backend->compile(s, text, &out->statement, err)
		      : err_set(err, ERR_INTERNAL, "out of memory"))
		return true;
	free_kept(s, out);
	return false;
}

bool sql_prepare(struct store *s, const char *text, struct sql *out, struct err *err)
{
	size_t i = find_kept(s, text);
	if (i == s->kept_count) {
		struct kept_statement k;
		if (!compile(s, text, &k, err))
			return false;
		keep(s, k);
		i = s->kept_count - 1;
	}
	*out = (struct sql){.store = s, .statement = s->kept[i].statement};
	s->backend->reset(out);
	return true;
}

bool sql_take(struct store *s, const char *text, struct kept_statement *out, struct err *err)
{
	size_t i = find_kept(s, text);
	if (i == s->kept_count)
		return compile(s, text, out, err);
	*out = s->kept[i];
	drop_kept(s, i);
	return true;
}

void sql_give_back(struct store *s, struct kept_statement *k)
{
	struct sql q = {.store = s, .statement = k->statement};
	s->backend->reset(&q);
	keep(s, *k);
}

/* ---- the backend's, by its struct ---- */

bool sql_open(struct store *s, struct str url, enum store_mode mode, struct err *err)
{
	return s->backend->open(s, url, mode, err);
}

void sql_close(struct store *s)
{
	for (size_t i = 0; i < s->kept_count; i++)
		free_kept(s, &s->kept[i]);
	s->backend->close(s);
}

bool sql_begin(struct store *s, int64_t game_id, struct err *err)
{
	return s->backend->begin(s, game_id, err);
}

bool sql_begin_schema(struct store *s, struct err *err)
{
	return s->backend->begin_schema(s, err);
}

bool sql_take_revision(struct store *s, int64_t *revision, struct err *err)
{
	return s->backend->take_revision(s, revision, err);
}

void sql_announce(struct store *s)
{
	s->backend->announce(s);
}

bool sql_commit(struct store *s, struct err *err)
{
	return s->backend->commit(s, err);
}

void sql_rollback(struct store *s)
{
	s->backend->rollback(s);
}

bool sql_run(struct store *s, const char *text, struct err *err)
{
	return s->backend->run(s, text, err);
}

void sql_bind(struct sql *q, struct value v)
{
	q->store->backend->bind(q, v);
}

void sql_ask(struct sql *q)
{
	q->store->backend->ask(q);
}

void sql_read_chunks(struct sql *q)
{
	q->store->backend->read_chunks(q);
}

enum step sql_step(struct sql *q, struct err *err)
{
	q->at = 0;
	return q->store->backend->step(q, err);
}

void sql_reset(struct sql *q)
{
	q->store->backend->reset(q);
	q->at = 0;
}

struct value sql_value(struct sql *q, enum column_type type)
{
	return q->store->backend->value(q, type);
}

void sql_bind_bytes(struct sql *q, struct str bytes)
{
	q->store->backend->bind_bytes(q, bytes);
}

struct str sql_bytes(struct sql *q)
{
	return q->store->backend->bytes(q);
}

/* ---- a limit ---- */

bool sql_is_late(const struct store *s)
{
	return s->limit_ms && time_monotonic_ms() >= s->deadline;
}

bool sql_fail_late(const struct store *s, struct err *err)
{
	return err_set(err, ERR_LIMIT, "database: no answer within the %s that it was given",
		time_format_duration(s->limit_ms).text);
}

void store_limit(struct store *s, int64_t ms)
{
	s->limit_ms = ms;
	s->deadline = time_monotonic_ms() + ms;
	s->backend->limit(s);
}

void store_be_patient(struct store *s, int64_t ms)
{
	s->backend->be_patient(s, ms);
}

/* ---- in short ---- */

void sql_bind_i64(struct sql *q, int64_t value)
{
	sql_bind(q, (struct value){.known = true, .type = COLUMN_INT, .integer = value});
}

void sql_bind_text(struct sql *q, struct str text)
{
	sql_bind(q, (struct value){.known = true, .type = COLUMN_TEXT, .text = text});
}

bool sql_exec(struct sql *q, struct err *err)
{
	return q->store->backend->exec(q, err);
}

void sql_bind_list(struct sql *q, const int64_t *numbers, size_t count)
{
	const char *ends = q->store->backend->list_ends;
	struct buf text;
	buf_init(&text, 16 << 20);
	buf_add_char(&text, ends[0]);
	for (size_t i = 0; i < count; i++) {
		buf_add(&text, i ? STR(",") : STR(""));
		buf_add_i64(&text, numbers[i]);
	}
	buf_add_char(&text, ends[1]);
	sql_bind_text(q, buf_str(&text));
	buf_clear(&text);
}

int64_t sql_i64(struct sql *q)
{
	return sql_value(q, COLUMN_INT).integer;
}

struct str sql_text(struct sql *q)
{
	return sql_value(q, COLUMN_TEXT).text;
}
