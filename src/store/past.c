#include "store/past.h"

#include "base/time.h"
#include "store/rows.h"
#include "store/sql.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BIT(prefix, member) ((uint64_t)1 << prefix##_##member)

/* ---- one game, replayed ---- */

struct replay {
	struct arena *keep;
	struct game game; /* known 0: not there yet */
	struct stat_line lines[MAX_LINES];
	size_t count;
};

static bool lay_over(const struct table *t, void *record, struct str after, struct arena *keep)
{
	uint64_t which;
	return row_read_json(t, after, record, &which, keep);
}

static struct stat_line *find_line(struct replay *r, int64_t player_id)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->lines[i].player_id == player_id)
			return &r->lines[i];
	return NULL;
}

/* NULL: no room for one more. */
static struct stat_line *add_line(struct replay *r, const struct recorded *change)
{
	if (r->count == MAX_LINES)
		return NULL;
	struct stat_line *line = &r->lines[r->count++];
	*line = (struct stat_line){0};
	SET(line, STAT, game_id, change->game_id);
	SET(line, STAT, player_id, change->player_id);
	return line;
}

/* What changed or went without having come has come with a change that was left out. */
static bool apply_to_line(struct replay *r, const struct recorded *change)
{
	struct stat_line *line = find_line(r, change->player_id);
	bool is_insert = str_equal(change->kind, STR("insert"));
	if (!line && !is_insert)
		return true;
	if (str_equal(change->kind, STR("delete"))) {
		*line = r->lines[--r->count];
		return true;
	}
	if (!line && !(line = add_line(r, change)))
		return false;
	SET(line, STAT, revision, change->revision);
	SET(line, STAT, observed_at, change->observed_at);
	return lay_over(&stat_table, line, change->after, r->keep);
}

static bool apply(struct replay *r, const struct recorded *change, struct err *err)
{
	struct game *g = &r->game;
	if (!g->known && (change->player_id || !str_equal(change->kind, STR("insert"))))
		return true;
	SET(g, GAME, game_id, change->game_id);
	SET(g, GAME, revision, change->revision);
	if (!KNOWS(g, GAME, observed_at) || g->observed_at < change->observed_at)
		SET(g, GAME, observed_at, change->observed_at);
	if (change->player_id ? apply_to_line(r, change)
			      : lay_over(&game_table, g, change->after, r->keep))
		return true;
	return err_set(err, ERR_STORE,
		"database: revision %lld of game %lld: what changed cannot be read",
		(long long)change->revision, (long long)change->game_id);
}

/*
 * From empty, all that had been seen by then. What was seen sooner may be stored later: a box score
 * whose database was away for a while comes behind a score that did not have to wait.
 */
static bool replay(
	struct store *s, int64_t game_id, int64_t as_of, struct replay *r, struct err *err)
{
	struct sql q;
	enum step step;
	r->game = (struct game){0};
	r->count = 0;
	if (!sql_prepare(s,
		    "SELECT revision, 0 AS player_id, kind, after, observed_at FROM game_changes "
		    "WHERE game_id = ? AND observed_at <= ? UNION ALL SELECT revision, player_id, "
		    "kind, after, observed_at FROM stat_changes WHERE game_id = ? AND "
		    "observed_at <= ? ORDER BY 1, 2",
		    &q, err))
		return false;
	for (int i = 0; i < 2; i++) {
		sql_bind_i64(&q, game_id);
		sql_bind(&q, (struct value){.known = true, .type = COLUMN_TIME, .integer = as_of});
	}
	bool ok = true;
	while (ok && (step = sql_step(&q, err)) == STEP_ROW) {
		struct recorded change = {.game_id = game_id};
		change.revision = sql_i64(&q);
		change.player_id = sql_i64(&q);
		change.kind = sql_text(&q);
		change.after = sql_text(&q);
		change.observed_at = sql_value(&q, COLUMN_TIME).integer;
		ok = apply(r, &change, err);
	}
	sql_reset(&q);
	if (r->count)
		qsort(r->lines, r->count, sizeof(r->lines[0]), line_by_player);
	return ok && step != STEP_FAILED;
}

void past_forget(const struct table *t, void *record)
{
	static const uint64_t bookkeeping =
		BIT(GAME, last_poll_at) | BIT(GAME, next_poll_at) | BIT(GAME, last_error);
	for (size_t i = 0; t == &game_table && i < t->count; i++)
		if (t->columns[i].hidden || bookkeeping >> i & 1)
			record_set(t, record, i, (struct value){.type = t->columns[i].type});
}

/* ---- the conditions and the order of a selection, on records ---- */

static int compare_values(struct value a, struct value b)
{
	if (!a.known || !b.known)
		return a.known - b.known;
	if (a.type == COLUMN_REAL)
		return (a.real > b.real) - (a.real < b.real);
	if (a.type == COLUMN_TEXT)
		return str_compare(a.text, b.text);
	return (a.integer > b.integer) - (a.integer < b.integer);
}

/* As SQL has it: an absent value is neither more nor less than anything. */
static bool holds(const struct condition *c, struct value v)
{
	bool are_known = v.known && c->value.known;
	int order = compare_values(v, c->value);
	switch (c->comparison) {
	case IS:
		return order == 0;
	case IS_NOT:
		return order != 0;
	case AT_LEAST:
		return are_known && order >= 0;
	case AT_MOST:
		return are_known && order <= 0;
	case AFTER:
		return are_known && order > 0;
	case BEFORE:
		return are_known && order < 0;
	case CONTAINS: /* of players alone, whose past is not kept */
		break;
	}
	return false;
}

static bool is_alternative(const struct condition *a, const struct condition *b)
{
	return a->column == b->column && a->of_game == b->of_game && a->comparison == IS &&
	       b->comparison == IS;
}

static bool holds_of(const struct condition *c, const struct table *t, const void *record)
{
	return holds(c, record_get(t, record, (size_t)(c->column - t->columns))) ||
	       (c->either && holds(c, record_get(t, record, (size_t)(c->either - t->columns))));
}

static bool meets(const struct selection *q, const struct table *t, const void *record, size_t i)
{
	const struct condition *c = &q->conditions[i];
	bool found = holds_of(c, t, record);
	for (size_t j = 0; !found && j < q->condition_count; j++)
		if (is_alternative(c, &q->conditions[j]))
			found = holds_of(&q->conditions[j], t, record);
	return found;
}

static bool meets_all(
	const struct selection *q, bool of_game, const struct table *t, const void *record)
{
	for (size_t i = 0; i < q->condition_count; i++)
		if (q->conditions[i].of_game == of_game && !meets(q, t, record, i))
			return false;
	return true;
}

/* Column i of the order: the sortings, then the key. */
static struct sorting sorting_of(const struct selection *q, size_t i)
{
	if (i < q->sorting_count)
		return q->sortings[i];
	return (struct sorting){.column = &q->table->columns[i - q->sorting_count],
		.descending = q->sorting_count && q->sortings[q->sorting_count - 1].descending};
}

static int compare_with(
	const struct selection *q, const void *record, const void *other, const struct value *after)
{
	const struct table *t = q->table;
	for (size_t i = 0; i < q->sorting_count + t->key_count; i++) {
		struct sorting by = sorting_of(q, i);
		size_t column = (size_t)(by.column - t->columns);
		/* One of the two is given. */
		int order = compare_values(record_get(t, record, column),
			/* cppcheck-suppress nullPointer */
			other ? record_get(t, other, column) : after[i]);
		if (order)
			return by.descending ? -order : order;
	}
	return 0;
}

int past_compare(const struct selection *q, const void *a, const void *b)
{
	return compare_with(q, a, b, NULL);
}

static _Thread_local const struct selection *sorted; /* qsort_r is not the same everywhere */

static int compare_for_sort(const void *a, const void *b)
{
	return past_compare(sorted, a, b);
}

/* ---- which games, and all together ---- */

static bool is_game_id(const struct selection *q, size_t i)
{
	return str_equal(q->conditions[i].column->name, STR("game_id")) &&
	       q->conditions[i].value.known && q->conditions[i].comparison == IS;
}

/* Those that the selection names by id are enough; the rest is looked at afterwards. */
static size_t add_ids(struct buf *text, const struct selection *q)
{
	size_t n = 0;
	for (size_t i = 0; i < q->condition_count; i++)
		if (is_game_id(q, i))
			buf_add(text, n++ ? STR(", ?") : STR(" AND g.game_id IN (?"));
	if (n)
		buf_add_char(text, ')');
	return n;
}

static void add_existence(struct buf *text, const char *sign)
{
	buf_add_format(text,
		" AND (EXISTS (SELECT 1 FROM game_changes c WHERE c.game_id = g.game_id "
		"AND c.observed_at %s ?) OR EXISTS (SELECT 1 FROM stat_changes c "
		"WHERE c.game_id = g.game_id AND c.observed_at %s ?))",
		sign, sign);
}

static void bind_time(struct sql *q, int64_t ms)
{
	sql_bind(q, (struct value){.known = true, .type = COLUMN_TIME, .integer = ms});
}

/* Games that were there then and have changed since. */
static bool prepare_games(
	struct store *s, const struct selection *q, struct sql *out, struct err *err)
{
	struct buf text;
	buf_init(&text, 1 << 16);
	buf_add(&text, STR("SELECT g.game_id FROM games g WHERE 0 = 0"));
	add_ids(&text, q);
	add_existence(&text, ">");
	add_existence(&text, "<=");
	buf_add(&text, STR(" ORDER BY g.game_id"));
	buf_add_char(&text, '\0');
	bool ok = sql_prepare(s, text.p, out, err);
	buf_clear(&text);
	for (size_t i = 0; ok && i < q->condition_count; i++)
		if (is_game_id(q, i))
			sql_bind(out, q->conditions[i].value);
	for (int i = 0; ok && i < 4; i++)
		bind_time(out, q->as_of);
	return ok;
}

static bool find_games(struct store *s, const struct selection *q, int64_t *ids, size_t *out_count,
	struct err *err)
{
	struct sql sql;
	enum step step;
	size_t n = 0;
	if (!prepare_games(s, q, &sql, err))
		return false;
	while ((step = sql_step(&sql, err)) == STEP_ROW && n < PAST_GAMES)
		ids[n++] = sql_i64(&sql);
	sql_reset(&sql);
	*out_count = n;
	if (step == STEP_ROW)
		return err_set(err, ERR_USAGE,
			"as_of: more than %d games were under way then: name the game", PAST_GAMES);
	return step == STEP_DONE;
}

static void add_records(const struct selection *q, const char *records, size_t count,
	struct past_rows *out, size_t *room, struct arena *keep)
{
	for (size_t i = 0; i < count; i++) {
		const char *record = records + i * out->record_size;
		if (!meets_all(q, false, q->table, record) ||
			(q->after && compare_with(q, record, NULL, q->after) <= 0))
			continue;
		if (out->count == *room) {
			char *more = arena_alloc(keep, *room = *room * 2 + 64, out->record_size);
			if (out->count)
				memcpy(more, out->rows, out->count * out->record_size);
			out->rows = more;
		}
		memcpy(out->rows + out->count++ * out->record_size, record, out->record_size);
	}
}

bool past_select(struct store *s, const struct selection *q, struct arena *keep,
	struct past_rows *out, struct err *err)
{
	bool is_lines = q->table == &stat_table;
	size_t count, room = 0;
	int64_t *ids = ARENA_NEW(keep, int64_t, PAST_GAMES);
	struct replay *r = ARENA_NEW(keep, struct replay, 1);
	assert(is_lines || q->table == &game_table);
	*out = (struct past_rows){
		.record_size = is_lines ? sizeof(struct stat_line) : sizeof(struct game)};
	r->keep = keep;
	if (!find_games(s, q, ids, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!replay(s, ids[i], q->as_of, r, err))
			return false;
		if (!r->game.known || !meets_all(q, true, &game_table, &r->game))
			continue;
		if (is_lines)
			add_records(q, (const char *)r->lines, r->count, out, &room, keep);
		else
			add_records(q, (const char *)&r->game, 1, out, &room, keep);
	}
	sorted = q;
	if (out->count)
		qsort(out->rows, out->count, out->record_size, compare_for_sort);
	return true;
}

void past_add_unchanged(struct buf *out, const struct table *t)
{
	static const char *const histories[] = {"game_changes", "stat_changes"};
	for (size_t i = 0; i < 2; i++)
		buf_add_format(out,
			"%sNOT EXISTS (SELECT 1 FROM %s c WHERE c.game_id = %.*s.game_id "
			"AND c.observed_at > ?)",
			i ? " AND " : "", histories[i], STR_ARG(t->name));
}
