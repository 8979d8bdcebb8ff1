#include "store/changes.h"
#include "store/raw.h"
#include "store/rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>

enum { BATCH = 2000, MAX_RECORD = 2048, MAX_KEYS = 4 };

/* ---- what is copied ---- */

struct quarantined {
	uint64_t known;
	int64_t game_id, first_seen, last_seen, times;
	struct str kind, reason, sha256;
};
#define QUARANTINED(member, its_type)                                                              \
	{                                                                                          \
		.name = STR_INIT(#member), .type = COLUMN_##its_type,                              \
		.offset = offsetof(struct quarantined, member)                                     \
	}
static const struct column quarantine_columns[] = {QUARANTINED(game_id, INT),
	QUARANTINED(kind, TEXT), QUARANTINED(reason, TEXT), QUARANTINED(first_seen, TIME),
	QUARANTINED(last_seen, TIME), QUARANTINED(times, INT), QUARANTINED(sha256, TEXT)};
static const struct table quarantine_table = {STR_INIT("quarantine"), quarantine_columns,
	sizeof(quarantine_columns) / sizeof(quarantine_columns[0]), 2,
	offsetof(struct quarantined, known)};

/* Of raw_bodies all but the body, which is read when it is wanted. */
struct raw_row {
	uint64_t known;
	int64_t body_id, game_id, order_time, order_arrival, observed_at, first_seen, last_seen,
		size;
	struct str sha256, endpoint;
};
#define RAW(member, its_type)                                                                      \
	{                                                                                          \
		.name = STR_INIT(#member), .type = COLUMN_##its_type,                              \
		.offset = offsetof(struct raw_row, member)                                         \
	}
static const struct column raw_columns[] = {RAW(body_id, INT), RAW(sha256, TEXT),
	RAW(endpoint, TEXT), RAW(game_id, INT), RAW(order_time, INT), RAW(order_arrival, INT),
	RAW(observed_at, TIME), RAW(first_seen, TIME), RAW(last_seen, TIME), RAW(size, INT)};
static const struct table raw_table = {STR_INIT("raw_bodies"), raw_columns,
	sizeof(raw_columns) / sizeof(raw_columns[0]), 1, offsetof(struct raw_row, known)};

static const struct {
	const struct table *table;
	bool only_grows; /* rows are never changed: what is beyond the last one is missing */
} copied[] = {
	{&stat_change_table, true},
	{&game_change_table, true},
	{&player_table, false},
	{&team_table, false},
	{&event_table, false},
	{&stat_table, false},
	{&game_table, false},
	{&quarantine_table, false},
	{&poll_table, false},
	{&raw_table, false},
};

/* ---- rows of one side, one after the other ---- */

struct side {
	struct cursor *cursor;
	enum step step;
	_Alignas(max_align_t) char record[MAX_RECORD]; /* while step is STEP_ROW */
};

static bool side_next(struct side *s, struct err *err)
{
	s->step = cursor_step(s->cursor, s->record, err);
	return s->step != STEP_FAILED;
}

static bool side_open(struct side *s, struct store *store, const struct table *t,
	const struct value *after, struct err *err)
{
	struct selection q = {.table = t, .after = after};
	s->cursor = store_select(store, &q, err);
	return s->cursor && side_next(s, err);
}

static int compare_key(const struct table *t, const void *a, const void *b)
{
	for (size_t i = 0; i < t->key_count; i++) {
		struct value x = record_get(t, a, i), y = record_get(t, b, i);
		int order = x.type == COLUMN_TEXT
				    ? str_compare(x.text, y.text)
				    : (x.integer > y.integer) - (x.integer < y.integer);
		if (order)
			return order;
	}
	return 0;
}

/* ---- copying ---- */

struct copy {
	struct store *from, *to; /* both held: as they were at the beginning */
	struct store *writer;    /* of the second database */
	int64_t newest;          /* the second one's revision until set_revision */
	bool is_writing;
	int64_t unended; /* rows written or passed over in the transaction */
	struct store_copied done;
};

static bool end_batch(struct copy *c, bool ok, struct err *err)
{
	bool was_writing = c->is_writing;
	c->is_writing = false;
	c->unended = 0;
	if (!was_writing)
		return ok;
	if (ok && sql_commit(c->writer, err))
		return true;
	sql_rollback(c->writer);
	return false;
}

/* What is compared is held: what others have committed since is in no comparison. */
static bool check_unmoved(struct copy *c, struct err *err)
{
	int64_t now;
	if (!store_get_revision(c->writer, &now, err))
		return false;
	return now == c->newest ||
	       err_set(err, ERR_USAGE,
		       "copy: the second database was written to meanwhile: that is kept, and the "
		       "copy ends unfinished; begin anew, into an empty one that nobody writes to");
}

static bool end_if_full(struct copy *c, struct err *err)
{
	return c->unended < BATCH || end_batch(c, true, err);
}

static bool begin_row(struct copy *c, struct err *err)
{
	if (!end_if_full(c, err))
		return false;
	c->unended++;
	if (c->is_writing)
		return true;
	c->is_writing = sql_begin(c->writer, 0, err);
	return c->is_writing && check_unmoved(c, err);
}

/* Each may have come by it on its own; the second one's, of a larger number, has not been met yet. */
static bool delete_same_body(struct copy *c, const struct raw_row *r, struct err *err)
{
	struct sql q;
	if (!sql_prepare(
		    c->writer, "DELETE FROM raw_bodies WHERE sha256 = ? AND body_id <> ?", &q, err))
		return false;
	sql_bind_text(&q, r->sha256);
	sql_bind_i64(&q, r->body_id);
	return sql_exec(&q, err);
}

static bool put_body(struct copy *c, const void *record, struct str body, struct err *err)
{
	struct sql q;
	struct buf text;
	buf_init(&text, 4096);
	buf_add(&text, STR("INSERT INTO raw_bodies ("));
	add_column_list(&text, &raw_table);
	buf_add(&text, STR(", body) VALUES (?"));
	for (size_t i = 0; i < raw_table.count; i++)
		buf_add(&text, STR(", ?"));
	buf_add_char(&text, ')');
	add_replacing(&text, &raw_table);
	buf_add_char(&text, '\0');
	bool ok = sql_prepare(c->writer, text.p, &q, err);
	buf_clear(&text);
	for (size_t i = 0; ok && i < raw_table.count; i++)
		sql_bind(&q, record_get(&raw_table, record, i));
	if (ok)
		sql_bind_bytes(&q, body);
	return ok && sql_exec(&q, err);
}

/* Bodies are not compared: a broken one that got there would stay. */
static bool check_body(struct copy *c, const struct raw_row *r, struct str body, struct err *err)
{
	return raw_is_whole(body, r->size, r->sha256, c->from->scratch) ||
	       err_set(err, ERR_INTERNAL,
		       "copy: raw body %" PRId64
		       " of the first database is not what its SHA-256 says, and is not copied",
		       r->body_id);
}

static bool write_body(struct copy *c, const void *record, struct err *err)
{
	struct sql q;
	if (!sql_prepare(c->from, "SELECT body FROM raw_bodies WHERE body_id = ?", &q, err))
		return false;
	sql_bind(&q, record_get(&raw_table, record, 0));
	enum step step = sql_step(&q, err);
	bool ok = step != STEP_FAILED;
	if (step == STEP_ROW) {
		struct str body = sql_bytes(&q);
		ok = check_body(c, record, body, err) && delete_same_body(c, record, err) &&
		     put_body(c, record, body, err);
	}
	sql_reset(&q);
	return ok;
}

/* What a row that is there already is replaced without. */
static bool write_queue(struct copy *c, const struct game *g, struct err *err)
{
	struct buf text;
	struct sql q;
	bool is_first = true;
	buf_init(&text, 4096);
	buf_add(&text, STR("UPDATE games SET "));
	for (size_t i = 0; i < game_table.count; i++) {
		if (!game_table.columns[i].queued)
			continue;
		buf_add_format(&text, "%s%.*s = ?", is_first ? "" : ", ",
			STR_ARG(game_table.columns[i].name));
		is_first = false;
	}
	buf_add(&text, STR(" WHERE game_id = ?"));
	buf_add_char(&text, '\0');
	bool ok = sql_prepare(c->writer, text.p, &q, err);
	buf_clear(&text);
	for (size_t i = 0; ok && i < game_table.count; i++)
		if (game_table.columns[i].queued)
			sql_bind(&q, record_get(&game_table, g, i));
	if (ok)
		sql_bind_i64(&q, g->game_id);
	return ok && sql_exec(&q, err);
}

static bool write_row(struct copy *c, const struct table *t, const void *record, struct err *err)
{
	c->done.written++;
	if (!begin_row(c, err))
		return false;
	if (t == &raw_table)
		return write_body(c, record, err);
	return row_put(c->writer, t, record, err) &&
	       (t != &game_table || write_queue(c, record, err));
}

static bool delete_row(struct copy *c, const struct table *t, const void *record, struct err *err)
{
	struct buf text;
	struct sql q;
	c->done.deleted++;
	if (!begin_row(c, err))
		return false;
	buf_init(&text, 4096);
	buf_add_format(&text, "DELETE FROM %.*s", STR_ARG(t->name));
	for (size_t i = 0; i < t->key_count; i++)
		buf_add_format(
			&text, "%s %.*s = ?", i ? " AND" : " WHERE", STR_ARG(t->columns[i].name));
	buf_add_char(&text, '\0');
	bool ok = sql_prepare(c->writer, text.p, &q, err);
	buf_clear(&text);
	for (size_t i = 0; ok && i < t->key_count; i++)
		sql_bind(&q, record_get(t, record, i));
	return ok && sql_exec(&q, err);
}

/* All others wait for the transaction, whose end may be many such rows away. */
static bool pass_over(struct copy *c, struct err *err)
{
	c->unended += c->is_writing;
	return end_if_full(c, err);
}

/* Both sides by key, side by side. */
static bool merge(
	struct copy *c, const struct table *t, struct side *from, struct side *to, struct err *err)
{
	while (from->step == STEP_ROW || to->step == STEP_ROW) {
		int order = from->step != STEP_ROW ? 1
			    : to->step != STEP_ROW ? -1
						   : compare_key(t, from->record, to->record);
		bool differs = order || row_difference(t, from->record, to->record, ~(uint64_t)0);
		if (!(!differs          ? pass_over(c, err)
			    : order > 0 ? delete_row(c, t, to->record, err)
					: write_row(c, t, from->record, err)))
			return false;
		if ((order <= 0 && !side_next(from, err)) || (order >= 0 && !side_next(to, err)))
			return false;
	}
	return true;
}

static bool make_same(struct copy *c, const struct table *t, struct err *err)
{
	struct side from = {0}, to = {0};
	bool ok = side_open(&from, c->from, t, NULL, err) && side_open(&to, c->to, t, NULL, err) &&
		  merge(c, t, &from, &to, err);
	cursor_close(from.cursor);
	cursor_close(to.cursor);
	return end_batch(c, ok, err);
}

/* The last row that the second database has; known 0: none. */
static bool read_last(struct store *s, const struct table *t, struct side *out, struct err *err)
{
	struct sorting down = {.column = &t->columns[0], .descending = true};
	struct selection q = {.table = t, .sortings = &down, .sorting_count = 1, .limit = 1};
	out->cursor = store_select(s, &q, err);
	return out->cursor && side_next(out, err);
}

/* Whether the first database has that very row. */
static bool has_row(
	struct store *s, const struct table *t, const void *record, bool *out, struct err *err)
{
	struct condition key[MAX_KEYS];
	struct side found = {0};
	for (size_t i = 0; i < t->key_count; i++)
		key[i] = (struct condition){.column = &t->columns[i],
			.comparison = IS,
			.value = record_get(t, record, i)};
	struct selection q = {
		.table = t, .conditions = key, .condition_count = t->key_count, .limit = 1};
	found.cursor = store_select(s, &q, err);
	bool ok = found.cursor && side_next(&found, err);
	*out = ok && found.step == STEP_ROW &&
	       !row_difference(t, found.record, record, ~(uint64_t)0);
	cursor_close(found.cursor);
	return ok;
}

static bool refuse(struct err *err)
{
	return err_set(err, ERR_USAGE,
		"copy: the second database holds changes that the first does not have, and is left "
		"as it is: is the order FROM TO?");
}

/* What the second database has at its own newest revision. */
static bool read_newest(struct copy *c, const struct table *t, struct side *out, struct err *err)
{
	struct condition newest = {.column = &t->columns[0],
		.comparison = IS,
		.value = {.known = true, .type = COLUMN_INT, .integer = c->newest}};
	struct selection q = {.table = t, .conditions = &newest, .condition_count = 1};
	out->cursor = store_select(c->to, &q, err);
	return out->cursor && side_next(out, err);
}

static bool check_rows(struct copy *c, const struct table *t, struct side *to, struct err *err)
{
	bool ok = true, is_there;
	while (ok && to->step == STEP_ROW)
		ok = has_row(c->from, t, to->record, &is_there, err) && (is_there || refuse(err)) &&
		     side_next(to, err);
	return ok;
}

/*
 * All that grows is looked at before anything is written. Its last row may be of a copy that broke
 * off, with a commit of the second database's own since: that has the newest revision.
 */
static bool check_history(struct copy *c, const struct table *t, struct err *err)
{
	struct side last = {0}, newest = {0};
	bool ok = read_last(c->to, t, &last, err) && check_rows(c, t, &last, err) &&
		  read_newest(c, t, &newest, err) && check_rows(c, t, &newest, err);
	cursor_close(last.cursor);
	cursor_close(newest.cursor);
	return ok;
}

static bool add_rest(
	struct copy *c, const struct table *t, const struct value *after, struct err *err)
{
	struct side from = {0};
	bool ok = side_open(&from, c->from, t, after, err);
	while (ok && from.step == STEP_ROW)
		ok = write_row(c, t, from.record, err) && side_next(&from, err);
	cursor_close(from.cursor);
	return end_batch(c, ok, err);
}

static bool add_beyond(struct copy *c, const struct table *t, struct err *err)
{
	struct value key[MAX_KEYS];
	struct side last = {0};
	bool ok = read_last(c->to, t, &last, err);
	bool is_empty = ok && last.step == STEP_DONE;
	for (size_t i = 0; ok && i < t->key_count; i++)
		key[i] = record_get(t, last.record, i);
	cursor_close(last.cursor);
	return ok && add_rest(c, t, is_empty ? NULL : key, err);
}

static bool set_revision(struct copy *c, int64_t revision, struct err *err)
{
	struct sql q;
	if (!begin_row(c, err) ||
		!sql_prepare(c->writer, "UPDATE revisions SET revision = ?", &q, err))
		return end_batch(c, false, err);
	sql_bind_i64(&q, revision);
	bool ok = sql_exec(&q, err);
	sql_announce(c->writer);
	return end_batch(c, ok, err);
}

static bool copy_tables(
	struct copy *c, void (*tell)(struct str table, int64_t written), struct err *err)
{
	if (!store_get_revision(c->from, &c->done.revision, err) ||
		!store_get_revision(c->to, &c->newest, err))
		return false;
	if (c->newest > c->done.revision)
		return refuse(err);
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		if (copied[i].only_grows && !check_history(c, copied[i].table, err))
			return false;
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		int64_t before = c->done.written;
		if (!(copied[i].only_grows ? add_beyond : make_same)(c, copied[i].table, err))
			return false;
		tell(copied[i].table->name, c->done.written - before);
	}
	return set_revision(c, c->done.revision, err);
}

bool store_copy(struct str from, struct str to, void (*tell)(struct str table, int64_t written),
	struct store_copied *out, struct err *err)
{
	struct copy c = {0};
	static_assert(sizeof(struct game) <= MAX_RECORD && sizeof(struct stat_line) <= MAX_RECORD,
		"a record of any table fits");
	c.from = store_open(from, STORE_READ, err);
	c.writer = c.from ? store_open(to, STORE_WRITE, err) : NULL;
	c.to = c.writer ? store_open(to, STORE_READ, err) : NULL;
	bool is_held = c.to && store_hold(c.from, err);
	bool ok = is_held && store_hold(c.to, err);
	if (ok) {
		ok = copy_tables(&c, tell, err);
		store_release(c.to);
	}
	if (is_held)
		store_release(c.from);
	store_close(c.to);
	store_close(c.writer);
	store_close(c.from);
	if (ok)
		*out = c.done;
	return ok;
}
