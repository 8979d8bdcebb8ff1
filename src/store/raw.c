#include "store/raw.h"

#include "base/time.h"
#include "store/rows.h"

#include <assert.h>
#include <inttypes.h>
#include <nettle/sha2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

enum {
	LEVEL = 1, /* a box score: 2.42 KB in 40 us, as level 3, and in less memory */
	ID_BITS = 20,
	PRUNE_ONE_IN = 256, /* commits, about */
	PRUNE_ROWS = 1024,  /* at a time, so that nobody waits for it */
	MAX_BODY = 64 << 20,
};

static struct store_keeping keeping;

void store_keep(const struct store_keeping *k)
{
	keeping = *k;
}

/* ---- noting ---- */

static void write_sha256(struct str body, char out[static 65])
{
	struct sha256_ctx context;
	uint8_t digest[SHA256_DIGEST_SIZE];
	sha256_init(&context);
	sha256_update(&context, body.n, (const uint8_t *)body.p);
	sha256_digest(&context, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void store_replay(struct store *s)
{
	s->is_replaying = true;
}

void store_note(struct store *s, const struct store_reply *r)
{
	bool keeps_poll = keeping.polls_ms && r->tries, keeps_body = keeping.raw_ms && r->body.n;
	if ((!keeps_poll && !keeps_body) || s->noted_count == STORE_NOTED)
		return;
	struct noted *n = &s->noted[s->noted_count++];
	*n = (struct noted){.reply = *r, .keeps_poll = keeps_poll, .keeps_body = keeps_body};
	if (keeps_body)
		write_sha256(r->body, n->sha256);
}

bool store_flush(struct store *s, struct err *err)
{
	struct commit c;
	return !s->noted_count || (commit_begin(&c, s, 0, err) && commit_end(&c, true, err));
}

struct str raw_noted_sha256(struct store *s)
{
	for (size_t i = s->noted_count; i > 0; i--)
		if (s->noted[i - 1].keeps_body)
			return str_from(s->noted[i - 1].sha256);
	return (struct str){0};
}

/* ---- writing ---- */

static struct value instant(int64_t ms)
{
	return (struct value){.known = true, .type = COLUMN_TIME, .integer = ms};
}

/* Numbers in the order of time; the low bits tell those of one millisecond apart. */
static int64_t id_of(int64_t ms, uint64_t low)
{
	return ms << ID_BITS | (int64_t)(low & ((1 << ID_BITS) - 1));
}

int64_t poll_id_at(int64_t ms)
{
	return id_of(ms, 0);
}

/*
 * Of all stores of the process, on any threads. Where it begins is chance: processes of different
 * containers have their numbers in common.
 */
static uint64_t next_low(void)
{
	static _Atomic uint64_t counter;
	uint64_t none = 0, chance;
	if (!counter && !getentropy(&chance, sizeof(chance)))
		atomic_compare_exchange_strong(&counter, &none, chance | 1);
	return counter++;
}

static bool write_poll(struct commit *c, const struct noted *n, struct err *err)
{
	const struct store_reply *r = &n->reply;
	struct poll p = {0};
	SET(&p, POLL, poll_id, id_of(r->arrival_ms, next_low()));
	SET(&p, POLL, polled_at, r->arrival_ms);
	SET(&p, POLL, endpoint, r->endpoint);
	if (r->game_id)
		SET(&p, POLL, game_id, r->game_id);
	if (r->status)
		SET(&p, POLL, status, r->status);
	SET(&p, POLL, bytes, r->wire_bytes);
	if (r->body.n)
		SET(&p, POLL, body_bytes, (int64_t)r->body.n);
	SET(&p, POLL, milliseconds, r->duration_ms);
	SET(&p, POLL, tries, r->tries);
	SET(&p, POLL, changed, c->revision != 0);
	if (r->body.n && r->observed_at)
		SET(&p, POLL, lag_milliseconds, time_now_ms() - r->observed_at);
	return row_put(c->store, &poll_table, &p, err);
}

/* Prepared with its value: the order of the newest sighting, if there was one. */
static bool ask_body(struct store *s, const struct noted *n, struct sql *out, struct err *err)
{
	if (!sql_prepare(s, "SELECT order_time, order_arrival FROM raw_bodies WHERE sha256 = ?",
		    out, err))
		return false;
	sql_bind_text(out, str_from(n->sha256));
	return true;
}

void raw_ask_noted(struct store *s)
{
	struct sql q;
	struct err late; /* told when it is wanted */
	for (size_t i = 0; i < s->noted_count; i++)
		if (s->noted[i].keeps_body && ask_body(s, &s->noted[i], &q, &late))
			sql_ask(&q);
}

/* Seen again: the newest sighting is what orders it. */
static bool touch_body(struct commit *c, const struct noted *n, bool *out_found, struct err *err)
{
	const struct store_reply *r = &n->reply;
	struct sql q;
	if (!ask_body(c->store, n, &q, err))
		return false;
	enum step step = sql_step(&q, err);
	*out_found = step == STEP_ROW;
	int64_t time = *out_found ? sql_i64(&q) : 0, arrival = *out_found ? sql_i64(&q) : 0;
	sql_reset(&q);
	if (!*out_found || r->order_time < time ||
		(r->order_time == time && r->arrival_ms <= arrival))
		return step != STEP_FAILED;
	if (!sql_prepare(c->store,
		    "UPDATE raw_bodies SET order_time = ?, order_arrival = ?, observed_at = ?, "
		    "last_seen = ? WHERE sha256 = ?",
		    &q, err))
		return false;
	sql_bind_i64(&q, r->order_time);
	sql_bind_i64(&q, r->arrival_ms);
	sql_bind(&q, instant(r->observed_at));
	sql_bind(&q, instant(r->arrival_ms));
	sql_bind_text(&q, str_from(n->sha256));
	return sql_exec(&q, err);
}

static bool insert_body(struct commit *c, const struct noted *n, struct str packed, struct err *err)
{
	const struct store_reply *r = &n->reply;
	struct sql q;
	char first[9] = ""; /* digits of the hash */
	memcpy(first, n->sha256, sizeof(first) - 1);
	if (!sql_prepare(c->store,
		    "INSERT INTO raw_bodies (body_id, sha256, endpoint, game_id, order_time, "
		    "order_arrival, observed_at, first_seen, last_seen, size, body) VALUES (?, ?, "
		    "?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		    &q, err))
		return false;
	sql_bind_i64(&q, id_of(r->arrival_ms, strtoull(first, NULL, 16)));
	sql_bind_text(&q, str_from(n->sha256));
	sql_bind_text(&q, r->endpoint);
	sql_bind_i64(&q, r->game_id);
	sql_bind_i64(&q, r->order_time);
	sql_bind_i64(&q, r->arrival_ms);
	sql_bind(&q, instant(r->observed_at));
	sql_bind(&q, instant(r->arrival_ms));
	sql_bind(&q, instant(r->arrival_ms));
	sql_bind_i64(&q, (int64_t)r->body.n);
	sql_bind_bytes(&q, packed);
	return sql_exec(&q, err);
}

static bool write_body(struct commit *c, const struct noted *n, struct err *err)
{
	bool is_found = false;
	struct arena scratch = *c->keep;
	if (!touch_body(c, n, &is_found, err))
		return false;
	if (is_found)
		return true;
	size_t wanted = ZSTD_compressBound(n->reply.body.n), room;
	char *packed = arena_open(&scratch, wanted, &room); /* most of it is never touched */
	assert(room == wanted);
	size_t size = ZSTD_compress(packed, room, n->reply.body.p, n->reply.body.n, LEVEL);
	if (ZSTD_isError(size))
		return err_set(err, ERR_INTERNAL, "zstd: %s", ZSTD_getErrorName(size));
	return insert_body(c, n, (struct str){packed, size}, err);
}

/* ---- pruning ---- */

/*
 * `rows` is the SELECT of those that may go, whose last value is how many at most. One that somebody is
 * at is passed over: it is being seen again, or another prunes it. Materialized as the queue's are.
 */
static bool delete_before(struct store *s, const char *table, const char *rows, int64_t before,
	bool is_body, struct err *err)
{
	char text[512];
	struct sql q;
	snprintf(text, sizeof(text),
		"WITH old (id) AS MATERIALIZED (%s%s) DELETE FROM %s IN (SELECT id FROM old)", rows,
		s->backend->skip_locked, table);
	if (!sql_prepare(s, text, &q, err))
		return false;
	sql_bind_i64(&q, id_of(before, 0));
	if (is_body)
		sql_bind(&q, instant(before));
	sql_bind_i64(&q, PRUNE_ROWS);
	return sql_exec(&q, err);
}

static bool prune_polls(struct store *s, int64_t before, struct err *err)
{
	return delete_before(s, "polls WHERE poll_id",
		"SELECT poll_id FROM polls WHERE poll_id < ? ORDER BY poll_id LIMIT ?", before,
		false, err);
}

static bool prune_bodies(struct store *s, int64_t before, struct err *err)
{
	return delete_before(s, "raw_bodies WHERE body_id",
		"SELECT body_id FROM raw_bodies WHERE body_id < ? AND last_seen < ? ORDER BY "
		"body_id LIMIT ?",
		before, true, err);
}

static bool prune(struct store *s, int64_t now, struct err *err)
{
	return (!keeping.polls_ms || prune_polls(s, now - keeping.polls_ms, err)) &&
	       (!keeping.raw_ms || prune_bodies(s, now - keeping.raw_ms, err));
}

/* Chance keeps no record of the last time, and costs those that it passes over nothing. */
static bool prune_is_due(const struct noted *n)
{
	return (uint64_t)(n->reply.arrival_ms + getpid()) % PRUNE_ONE_IN == 0;
}

bool raw_write_noted(struct commit *c, struct err *err)
{
	struct store *s = c->store;
	for (size_t i = 0; i < s->noted_count; i++) {
		const struct noted *n = &s->noted[i];
		if ((n->keeps_poll && !write_poll(c, n, err)) ||
			(n->keeps_body && !write_body(c, n, err)) ||
			(prune_is_due(n) && !prune(s, n->reply.arrival_ms, err)))
			return false;
	}
	return true;
}

bool store_prune(struct store *s, int64_t now_ms, struct err *err)
{
	struct commit c;
	return commit_begin(&c, s, 0, err) && commit_end(&c, prune(s, now_ms, err), err);
}

/* ---- reading ---- */

bool store_next_body_game(struct store *s, int64_t after, int64_t *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, "SELECT coalesce(min(game_id), -1) FROM raw_bodies WHERE game_id > ?",
		    &q, err))
		return false;
	sql_bind_i64(&q, after);
	if (sql_step(&q, err) != STEP_ROW)
		return false;
	*out = sql_i64(&q);
	sql_reset(&q);
	return true;
}

bool store_get_bodies(struct store *s, int64_t game_id, struct arena *keep, struct store_body **out,
	size_t *out_count, struct err *err)
{
	struct sql q;
	enum step step;
	size_t count = 0, room = 64;
	struct store_body *list = ARENA_NEW(keep, struct store_body, room);
	if (!sql_prepare(s,
		    "SELECT body_id, order_time, order_arrival, observed_at FROM raw_bodies WHERE "
		    "game_id = ? ORDER BY order_time, order_arrival",
		    &q, err))
		return false;
	sql_bind_i64(&q, game_id);
	while ((step = sql_step(&q, err)) == STEP_ROW) {
		if (count == room) {
			struct store_body *more = ARENA_NEW(keep, struct store_body, room *= 2);
			memcpy(more, list, count * sizeof(*list));
			list = more;
		}
		struct store_body *b = &list[count++];
		b->body_id = sql_i64(&q);
		b->order_time = sql_i64(&q);
		b->order_arrival = sql_i64(&q);
		b->observed_at = sql_value(&q, COLUMN_TIME).integer;
	}
	sql_reset(&q);
	*out = list;
	*out_count = count;
	return step == STEP_DONE;
}

static bool unpack(struct str packed, int64_t size, struct arena *keep, struct str *out)
{
	enum { PADDING = 8 }; /* for who parses it in place */
	if (size < 0 || size > MAX_BODY)
		return false;
	char *p = arena_alloc(keep, 1, (size_t)size + PADDING);
	*out = (struct str){p, (size_t)size};
	return ZSTD_decompress(p, (size_t)size, packed.p, packed.n) == (size_t)size;
}

bool store_read_body(
	struct store *s, int64_t body_id, struct arena *keep, struct str *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, "SELECT size, body FROM raw_bodies WHERE body_id = ?", &q, err))
		return false;
	sql_bind_i64(&q, body_id);
	enum step step = sql_step(&q, err);
	bool ok = step == STEP_ROW;
	if (ok) {
		int64_t size = sql_i64(&q);
		ok = unpack(sql_bytes(&q), size, keep, out) ||
		     err_set(err, ERR_STORE, "database: raw body %" PRId64 " does not unpack",
			     body_id);
	} else if (step == STEP_DONE) {
		err_set(err, ERR_NOT_FOUND, "raw body %" PRId64 " is gone", body_id);
	}
	sql_reset(&q);
	return ok;
}

/* ---- verifying ---- */

bool raw_is_whole(struct str packed, int64_t size, struct str sha256, struct arena scratch)
{
	char found[65];
	struct str body;
	if (!unpack(packed, size, &scratch, &body))
		return false;
	write_sha256(body, found);
	return str_equal(sha256, str_from(found));
}

/* The body after that one; 0: there is none. */
static bool verify_next(struct store *s, int64_t *at, struct arena keep, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s,
		    "SELECT body_id, sha256, size, body FROM raw_bodies WHERE body_id > ? ORDER BY "
		    "body_id LIMIT 1",
		    &q, err))
		return false;
	sql_bind_i64(&q, *at);
	enum step step = sql_step(&q, err);
	bool ok = step != STEP_FAILED;
	*at = 0;
	if (step == STEP_ROW) {
		*at = sql_i64(&q);
		struct str sha256 = sql_text(&q);
		int64_t size = sql_i64(&q);
		if (!raw_is_whole(sql_bytes(&q), size, sha256, keep))
			ok = err_set(err, ERR_INTERNAL,
				"raw body %" PRId64 " is not what its SHA-256 says", *at);
	}
	sql_reset(&q);
	return ok;
}

bool raw_verify(struct store *s, int64_t *out_count, struct err *err)
{
	int64_t at = 0;
	struct arena keep = arena_reserve(MAX_BODY + (1 << 20));
	bool ok = true;
	*out_count = -1;
	do {
		++*out_count;
		ok = verify_next(s, &at, keep, err);
	} while (ok && at);
	arena_release(&keep);
	return ok;
}
