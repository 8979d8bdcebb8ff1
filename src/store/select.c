#include "base/time.h"
#include "store/past.h"
#include "store/rows.h"
#include "store/sql.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What is absent lies apart in a keyset, so that a page may come from two queries, one after the other. */
enum { MAX_PHASES = 2 };

/* The rows of games that have changed since the time asked for, merged into the others. */
struct past {
	struct arena keep;
	struct selection selection; /* of which the order alone outlives store_select */
	struct sorting sortings[SELECTION_SORTINGS];
	struct past_rows rows;
	size_t at;   /* of rows */
	char *ahead; /* the next record of the tables, its texts good until the next step */
	enum step ahead_step;
	bool is_ahead; /* both are so; otherwise that record has been given */
	const char *current;
};

struct cursor {
	struct {
		struct sql q;
		struct kept_statement statement;
	} phases[MAX_PHASES];
	size_t phase_count, phase;
	int64_t left; /* of the limit */
	const struct table *table;
	const struct column *columns[SELECTION_COLUMNS];
	size_t column_count, column; /* column: the next to be read of the row */
	const struct row_text *text; /* NULL: none is wanted */
	bool is_one_text;            /* the columns wanted as text are one in the rows */
	char time[32];
	struct past *past; /* NULL: the rows of now */
	bool is_asked;     /* the first step is taken already, and gave: */
	enum step first;
};

/* ---- the text of a query; its values are bound in the order in which they are written ---- */

enum { MAX_VALUES = 512, MAX_ORDER = SELECTION_SORTINGS + 4 };

struct query {
	struct buf text;
	struct value values[MAX_VALUES];
	size_t count;
	const char *mark; /* before each column, or NULL */
	const struct store_backend *backend;
	int64_t as_of;
};

static void add_value(struct query *q, struct value v)
{
	assert(q->count < MAX_VALUES);
	q->values[q->count++] = v;
	buf_add_char(&q->text, '?');
}

/* As cap_time has it, so that the order is that of what is shown. */
static void add_capped(struct query *q, const struct column *c)
{
	struct value as_of = {.known = true, .type = COLUMN_TIME, .integer = q->as_of};
	buf_add_format(&q->text, "CASE WHEN %.*s > ", STR_ARG(c->name));
	add_value(q, as_of);
	buf_add(&q->text, STR(" THEN "));
	add_value(q, as_of);
	buf_add_format(&q->text, " ELSE %.*s END", STR_ARG(c->name));
}

static void add_column(struct query *q, const struct column *c)
{
	if (q->as_of && c == &game_table.columns[GAME_observed_at]) {
		add_capped(q, c);
		return;
	}
	if (q->mark)
		buf_add(&q->text, str_from(q->mark));
	buf_add(&q->text, c->name);
}

static void add_folded(struct query *q, const struct column *column)
{
	buf_add(&q->text, str_from(q->backend->fold_begins));
	add_column(q, column);
	buf_add(&q->text, str_from(q->backend->fold_ends));
}

/* Without LIKE, in which some characters of the reader's would mean something. */
static void add_containing(struct query *q, const struct column *column, struct value v)
{
	buf_add(&q->text, STR("replace("));
	add_folded(q, column);
	buf_add(&q->text, STR(", "));
	buf_add(&q->text, str_from(q->backend->fold_begins));
	add_value(q, v);
	buf_add(&q->text, str_from(q->backend->fold_ends));
	buf_add(&q->text, STR(", '') <> "));
	add_folded(q, column);
}

/* Plain comparisons, which an index answers in every database; so what is absent is another text. */
static void add_comparison(
	struct query *q, const struct column *column, enum comparison comparison, struct value v)
{
	static const char *const signs[] = {[IS] = " = ",
		[IS_NOT] = " <> ",
		[AT_LEAST] = " >= ",
		[AT_MOST] = " <= ",
		[AFTER] = " > ",
		[BEFORE] = " < "};
	if (comparison == CONTAINS) {
		add_containing(q, column, v);
		return;
	}
	add_column(q, column);
	if ((comparison == IS || comparison == IS_NOT) && !v.known) {
		buf_add(&q->text, comparison == IS ? STR(" IS NULL") : STR(" IS NOT NULL"));
		return;
	}
	buf_add(&q->text, str_from(signs[comparison]));
	add_value(q, v);
	if (comparison == IS_NOT) {
		buf_add(&q->text, STR(" OR "));
		add_column(q, column);
		buf_add(&q->text, STR(" IS NULL"));
	}
}

static void add_condition(struct query *q, const struct condition *c)
{
	add_comparison(q, c->column, c->comparison, c->value);
	if (!c->either)
		return;
	buf_add(&q->text, STR(" OR "));
	add_comparison(q, c->either, c->comparison, c->value);
}

/* Whether an earlier condition has this one within its OR. */
static bool is_joined(const struct selection *s, size_t i)
{
	const struct condition *c = &s->conditions[i];
	for (size_t j = 0; c->comparison == IS && j < i; j++)
		if (s->conditions[j].column == c->column && s->conditions[j].comparison == IS)
			return true;
	return false;
}

static void add_alternatives(struct query *q, const struct selection *s, size_t i)
{
	const struct condition *c = &s->conditions[i];
	add_condition(q, c);
	for (size_t j = i + 1; c->comparison == IS && j < s->condition_count; j++)
		if (s->conditions[j].column == c->column && s->conditions[j].comparison == IS) {
			buf_add(&q->text, STR(" OR "));
			add_condition(q, &s->conditions[j]);
		}
}

/* All conditions of one kind, joined by AND; false when there are none. */
static bool add_conditions(
	struct query *q, const struct selection *s, bool of_game, const char *before)
{
	bool any = false;
	for (size_t i = 0; i < s->condition_count; i++) {
		if (s->conditions[i].of_game != of_game || is_joined(s, i))
			continue;
		buf_add(&q->text, any ? STR(" AND (") : str_from(before));
		add_alternatives(q, s, i);
		buf_add_char(&q->text, ')');
		any = true;
	}
	return any;
}

/* ---- order and keyset ---- */

struct order {
	struct sorting by[MAX_ORDER];
	size_t count;
};

static bool key_descends(const struct selection *s)
{
	return s->sorting_count && s->sortings[s->sorting_count - 1].descending;
}

static struct order order_of(const struct selection *s)
{
	struct order o = {.count = s->sorting_count};
	assert(s->sorting_count <= SELECTION_SORTINGS && s->table->key_count <= 4);
	for (size_t i = 0; i < s->sorting_count; i++)
		o.by[i] = s->sortings[i];
	for (size_t i = 0; i < s->table->key_count; i++)
		o.by[o.count++] = (struct sorting){
			.column = &s->table->columns[i], .descending = key_descends(s)};
	return o;
}

/* One column beyond its value. */
static void add_beyond(struct query *q, struct sorting by, struct value v)
{
	if (!v.known) {
		if (by.descending) {
			buf_add(&q->text, STR("1 = 0"));
		} else {
			add_column(q, by.column);
			buf_add(&q->text, STR(" IS NOT NULL"));
		}
		return;
	}
	add_comparison(q, by.column, by.descending ? BEFORE : AFTER, v);
	if (by.descending) {
		buf_add(&q->text, STR(" OR "));
		add_column(q, by.column);
		buf_add(&q->text, STR(" IS NULL"));
	}
}

/* Compared as a row from the order's column `first` on, which an index answers at any depth. */
static void add_row_beyond(struct query *q, const struct selection *s, size_t first)
{
	struct order o = order_of(s);
	for (size_t i = first; i < o.count; i++) {
		buf_add(&q->text, i == first ? STR("(") : STR(", "));
		add_column(q, o.by[i].column);
	}
	buf_add(&q->text, key_descends(s) ? STR(") < ") : STR(") > "));
	for (size_t i = first; i < o.count; i++) {
		buf_add(&q->text, i == first ? STR("(") : STR(", "));
		add_value(q, s->after[i]);
	}
	buf_add_char(&q->text, ')');
}

/* Several sorted columns: beyond in the first, or the same there and beyond in the rest. */
static void add_after_many(struct query *q, const struct selection *s)
{
	size_t n = s->sorting_count;
	for (size_t i = 0; i < n; i++) {
		buf_add_char(&q->text, '(');
		add_beyond(q, s->sortings[i], s->after[i]);
		buf_add(&q->text, STR(" OR ("));
		add_comparison(q, s->sortings[i].column, IS, s->after[i]);
		buf_add(&q->text, STR(" AND "));
	}
	add_row_beyond(q, s, n);
	for (size_t i = 0; i < n; i++)
		buf_add(&q->text, STR("))"));
}

/* One sorted column: the rest of those like the last row's, absent or not; then, in a second
 * phase, the others if they come later. */
static void add_after_one(struct query *q, const struct selection *s, size_t phase)
{
	struct sorting by = s->sortings[0];
	bool is_absent = !s->after[0].known;
	if (phase == 0 && !is_absent) {
		add_row_beyond(q, s, 0);
		return;
	}
	add_column(q, by.column);
	buf_add(&q->text, is_absent == (phase == 0) ? STR(" IS NULL") : STR(" IS NOT NULL"));
	if (phase == 0) {
		buf_add(&q->text, STR(" AND "));
		add_row_beyond(q, s, 1);
	}
}

static size_t phases_of(const struct selection *s)
{
	if (!s->after || s->sorting_count != 1)
		return 1;
	return s->sortings[0].descending == s->after[0].known ? 2 : 1;
}

static void add_after(struct query *q, const struct selection *s, size_t phase)
{
	if (s->sorting_count == 0)
		add_row_beyond(q, s, 0);
	else if (s->sorting_count == 1)
		add_after_one(q, s, phase);
	else
		add_after_many(q, s);
}

/* What is never absent needs no word on where it goes, and its index none either. */
static bool is_key(const struct table *t, const struct column *c)
{
	return c < t->columns + t->key_count;
}

static void add_order(struct query *q, const struct selection *s, bool has_games)
{
	struct order o = order_of(s);
	buf_add(&q->text, STR(" ORDER BY "));
	for (size_t i = 0; i < o.count; i++) {
		if (i)
			buf_add(&q->text, STR(", "));
		if (has_games && o.by[i].column == s->table->columns)
			buf_add_char(&q->text, 'g');
		else
			add_column(q, o.by[i].column);
		if (o.by[i].descending)
			buf_add(&q->text, STR(" DESC"));
		if (!is_key(s->table, o.by[i].column))
			buf_add(&q->text,
				o.by[i].descending ? STR(" NULLS LAST") : STR(" NULLS FIRST"));
	}
}

/* ---- rows of games that are found first ---- */

/*
 * In the order of the key the games come first, each with its rows: what a page costs depends
 * neither on its depth nor on how many games the conditions let through. In any other order all
 * of them are needed anyway, and a list of their numbers is quicker.
 */
static bool begins_with_games(const struct selection *s)
{
	bool any = false;
	for (size_t i = 0; i < s->condition_count; i++)
		any |= s->conditions[i].of_game;
	return any && !s->sorting_count && !s->as_of;
}

/* One value alone is found by an index, which leaves the games in their order; a range by an index
 * of its own would not, and all its rows would have to be sorted first. */
static bool is_one_value(const struct selection *s, size_t i)
{
	const struct condition *c = &s->conditions[i];
	for (size_t j = 0; j < s->condition_count; j++)
		if (j != i && s->conditions[j].column == c->column)
			return false;
	return c->comparison == IS && !c->either;
}

/* What is asked of the row's own game id is asked of the game already. */
static bool is_of_key(const struct selection *s, size_t i)
{
	return s->conditions[i].column == &s->table->columns[0] && !s->conditions[i].either;
}

static void add_games(struct query *q, const struct store *store, const struct selection *s)
{
	bool any = false;
	buf_add(&q->text, STR(" FROM (SELECT game_id AS g FROM games WHERE "));
	for (size_t i = 0; i < s->condition_count; i++) {
		if ((!s->conditions[i].of_game && !is_of_key(s, i)) || is_joined(s, i))
			continue;
		buf_add(&q->text, any ? STR(" AND (") : STR("("));
		q->mark = is_of_key(s, i) || is_one_value(s, i) ? NULL : store->backend->unindexed;
		add_alternatives(q, s, i);
		q->mark = NULL;
		q->backend = store->backend;
		buf_add_char(&q->text, ')');
		any = true;
	}
	if (s->after) {
		buf_add(&q->text, STR(" AND game_id >= "));
		add_value(q, s->after[0]);
	}
	buf_add_format(&q->text, ") AS of_games CROSS JOIN %.*s", STR_ARG(s->table->name));
}

static void add_from(struct query *q, const struct store *store, const struct selection *s)
{
	if (begins_with_games(s))
		add_games(q, store, s);
	else
		buf_add_format(&q->text, " FROM %.*s", STR_ARG(s->table->name));
}

/* ---- the rest of a query ---- */

static bool add_list_of_games(struct query *q, const struct selection *s, bool any)
{
	size_t start = q->text.n;
	buf_add(&q->text, any ? STR(" AND ") : STR(" WHERE "));
	buf_add(&q->text, STR("game_id IN (SELECT game_id FROM games WHERE "));
	if (add_conditions(q, s, true, "("))
		buf_add_char(&q->text, ')');
	else
		q->text.n = start;
	return q->text.n > start;
}

static void add_where(struct query *q, const struct selection *s, bool has_games, size_t phase)
{
	bool any = add_conditions(q, s, false, " WHERE (");
	if (has_games)
		buf_add_format(&q->text, " %s game_id = g", any ? "AND" : "WHERE");
	any |= has_games || add_list_of_games(q, s, any);
	if (s->as_of) {
		buf_add(&q->text, any ? STR(" AND ") : STR(" WHERE "));
		past_add_unchanged(&q->text, s->table);
		for (int i = 0; i < 2; i++)
			q->values[q->count++] = (struct value){
				.known = true, .type = COLUMN_TIME, .integer = s->as_of};
		any = true;
	}
	if (s->after) {
		buf_add(&q->text, any ? STR(" AND ") : STR(" WHERE "));
		buf_add_char(&q->text, '(');
		add_after(q, s, phase);
		buf_add_char(&q->text, ')');
	}
}

/* ---- statements that are out with a cursor ---- */

static void bind_all(struct sql *sql, const struct query *q)
{
	for (size_t i = 0; i < q->count; i++)
		sql_bind(sql, q->values[i]);
}

/* Where rows are sorted first, of which a limit leaves a few, all of them would be written before that. */
static bool is_one_text(const struct store_backend *backend, const struct selection *s)
{
	return s->text && backend->text_begins && (!s->sorting_count || !s->limit);
}

static void add_columns(struct query *q, const struct selection *s)
{
	size_t in_text = is_one_text(q->backend, s) ? s->text->count : 0;
	buf_add(&q->text, str_from(in_text ? q->backend->text_begins : ""));
	for (size_t i = 0; i < s->column_count; i++) {
		if (i)
			buf_add(&q->text, STR(", "));
		add_column(q, s->columns[i]);
		if (i + 1 == in_text)
			buf_add_char(&q->text, ')');
	}
}

static void write_query(
	struct query *q, const struct store *store, const struct selection *s, size_t phase)
{
	bool has_games = begins_with_games(s);
	q->count = 0;
	q->mark = NULL;
	q->backend = store->backend;
	q->as_of = s->as_of;
	buf_init(&q->text, 1 << 16);
	buf_room(&q->text, 2048); /* as most need */
	buf_add(&q->text, STR("SELECT "));
	if (s->columns)
		add_columns(q, s);
	else
		add_column_list(&q->text, s->table);
	add_from(q, store, s);
	add_where(q, s, has_games, phase);
	add_order(q, s, has_games);
	if (s->limit) {
		buf_add(&q->text, STR(" LIMIT "));
		add_value(
			q, (struct value){.known = true, .type = COLUMN_INT, .integer = s->limit});
	}
	buf_add_char(&q->text, '\0');
}

static bool open_phase(
	struct cursor *c, struct store *s, const struct selection *selection, struct err *err)
{
	struct query q;
	size_t i = c->phase_count;
	write_query(&q, s, selection, i);
	bool ok = sql_take(s, q.text.p, &c->phases[i].statement, err);
	if (ok) {
		c->phase_count++;
		c->phases[i].q =
			(struct sql){.store = s, .statement = c->phases[i].statement.statement};
		if (c->is_one_text)
			s->backend->bind_text(&c->phases[i].q, c->text);
		bind_all(&c->phases[i].q, &q);
		if (!selection->limit)
			sql_read_chunks(&c->phases[i].q);
	}
	buf_clear(&q.text);
	return ok;
}

static void set_columns(struct cursor *c, const struct selection *s)
{
	c->column_count = s->columns ? s->column_count : s->table->count;
	assert(c->column_count <= SELECTION_COLUMNS);
	for (size_t i = 0; i < c->column_count; i++)
		c->columns[i] = s->columns ? s->columns[i] : &s->table->columns[i];
}

static struct cursor *open_cursor(
	struct store *s, const struct selection *selection, struct err *err)
{
	struct cursor *c = calloc(1, sizeof(*c));
	if (!c) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	c->table = selection->table;
	c->text = selection->text;
	c->is_one_text = is_one_text(s->backend, selection);
	set_columns(c, selection);
	c->left = selection->limit ? selection->limit : INT64_MAX;
	while (c->phase_count < phases_of(selection))
		if (!open_phase(c, s, selection, err)) {
			cursor_close(c);
			return NULL;
		}
	return c;
}

static enum step step_tables(struct cursor *c, struct err *err)
{
	enum step step = STEP_DONE;
	while (c->phase < c->phase_count &&
		(step = sql_step(&c->phases[c->phase].q, err)) == STEP_DONE)
		c->phase++;
	return step;
}

/* ---- the rows of a time gone by ---- */

enum { PAST_ARENA = 1 << 30 }; /* addresses; PAST_GAMES of the largest games fit */

static bool add_past(struct store *s, const struct selection *q, struct cursor *c, struct err *err)
{
	struct past *p = c->past = calloc(1, sizeof(*p));
	if (!p)
		abort(); /* a few bytes: the machine is beyond help */
	p->keep = arena_reserve(PAST_ARENA);
	p->selection = *q;
	for (size_t i = 0; i < q->sorting_count; i++)
		p->sortings[i] = q->sortings[i];
	p->selection.sortings = p->sortings;
	if (!past_select(s, q, &p->keep, &p->rows, err))
		return false;
	p->ahead = arena_alloc(&p->keep, 1, p->rows.record_size);
	return true;
}

/* An order for which the bookkeeping, which past_forget takes from every row, does not count. */
struct past_order {
	struct sorting by[SELECTION_SORTINGS];
	struct value after[MAX_ORDER];
};

static bool is_forgotten(const struct column *c)
{
	return c == &game_table.columns[GAME_last_poll_at] ||
	       c == &game_table.columns[GAME_next_poll_at] ||
	       c == &game_table.columns[GAME_last_error];
}

/* The tables still know what is absent of all rows then, and would order by it. Where it comes last,
 * the key takes its place, which goes in the direction of the last column. */
static void leave_out_forgotten(struct selection *q, struct past_order *room)
{
	size_t n = q->sorting_count, kept = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_out = is_forgotten(q->sortings[i].column);
		if (is_out && i + 1 < n)
			continue;
		room->by[kept] = q->sortings[i];
		if (is_out)
			room->by[kept].column = q->table->columns;
		if (q->after)
			room->after[kept] = q->after[is_out ? n : i];
		kept++;
	}
	for (size_t i = 0; q->after && i < q->table->key_count; i++)
		room->after[kept + i] = q->after[n + i];
	q->sortings = room->by;
	q->sorting_count = kept;
	q->after = q->after ? room->after : NULL;
}

/* Records are merged whole, whatever is to be read of them. */
static struct cursor *select_past(
	struct store *s, const struct selection *selection, struct err *err)
{
	struct past_order order;
	struct selection whole = *selection;
	whole.columns = NULL;
	whole.text = NULL;
	leave_out_forgotten(&whole, &order);
	if (!store_hold(s, err))
		return NULL;
	struct cursor *c = open_cursor(s, &whole, err);
	if (!c) {
		store_release(s);
		return NULL;
	}
	c->text = selection->text;
	set_columns(c, selection);
	if (add_past(s, &whole, c, err))
		return c;
	cursor_close(c);
	return NULL;
}

struct cursor *store_select(struct store *s, const struct selection *selection, struct err *err)
{
	return selection->as_of ? select_past(s, selection, err) : open_cursor(s, selection, err);
}

/* A poll that changes nothing moves a game's observed_at on and leaves no trace of where it was. What
 * has not changed since was still so at the time asked for, whose reader is told of nothing later. */
static void cap_time(const struct table *t, void *record, int64_t as_of)
{
	struct game *g = record;
	if (t == &game_table && KNOWS(g, GAME, observed_at) && g->observed_at > as_of)
		g->observed_at = as_of;
}

static void step_ahead(struct cursor *c, struct err *err)
{
	struct past *p = c->past;
	p->ahead_step = step_tables(c, err);
	p->is_ahead = p->ahead_step != STEP_FAILED;
	if (p->ahead_step != STEP_ROW)
		return;
	row_read(&c->phases[c->phase].q, c->table, p->ahead, NULL);
	past_forget(c->table, p->ahead);
	cap_time(c->table, p->ahead, p->selection.as_of);
}

static enum step step_past(struct cursor *c, struct err *err)
{
	struct past *p = c->past;
	if (!p->is_ahead)
		step_ahead(c, err);
	if (!p->is_ahead)
		return STEP_FAILED;
	const char *replayed =
		p->at < p->rows.count ? p->rows.rows + p->at * p->rows.record_size : NULL;
	if (!replayed && p->ahead_step == STEP_DONE)
		return STEP_DONE;
	bool is_replayed = replayed && (p->ahead_step == STEP_DONE ||
					       past_compare(&p->selection, replayed, p->ahead) < 0);
	p->current = is_replayed ? replayed : p->ahead;
	p->at += is_replayed;
	p->is_ahead = is_replayed;
	return STEP_ROW;
}

/* What is near is asked by being read; rows of the past are put together in any case. */
bool cursor_ask(struct cursor *c, struct err *err)
{
	if (!c->past && c->phases[0].q.store->backend->is_far) {
		for (size_t i = 0; i < c->phase_count; i++)
			sql_ask(&c->phases[i].q);
		return true;
	}
	c->first = cursor_next(c, err);
	c->is_asked = true;
	return c->first != STEP_FAILED;
}

enum step cursor_next(struct cursor *c, struct err *err)
{
	if (c->is_asked) {
		c->is_asked = false;
		return c->first;
	}
	enum step step = !c->left ? STEP_DONE : c->past ? step_past(c, err) : step_tables(c, err);
	c->left -= step == STEP_ROW;
	c->column = 0;
	return step;
}

/* "…:03.000Z" is stored, so that texts sort as times do; "…:03Z" is shown. */
static struct str without_zeros(struct cursor *c, struct str time)
{
	static const struct str zeros = STR_INIT(".000Z");
	if (!str_ends(time, zeros) || time.n >= sizeof(c->time))
		return time;
	size_t n = time.n - zeros.n;
	memcpy(c->time, time.p, n);
	c->time[n] = 'Z';
	return (struct str){c->time, n + 1};
}

static struct str time_shown(struct cursor *c, const struct value *v)
{
	struct time_text t =
		v->type == COLUMN_DATE ? day_format((int32_t)v->integer) : time_format(v->integer);
	memcpy(c->time, t.text, sizeof(c->time));
	return str_from(c->time);
}

/* The statement that the row is of; NULL: it is one of the past. */
static struct sql *asked_now(struct cursor *c)
{
	return c->past ? NULL : &c->phases[c->phase].q;
}

struct value cursor_value(struct cursor *c)
{
	return cursor_value_at(c, c->column++);
}

struct value cursor_value_at(struct cursor *c, size_t at)
{
	size_t in_text = c->is_one_text ? c->text->count : 0;
	assert(at >= in_text && at < c->column_count);
	struct sql *q = asked_now(c);
	const struct column *column = c->columns[at];
	enum column_type type = column->type;
	bool is_time = type == COLUMN_DATE || type == COLUMN_TIME;
	bool as_text = is_time && q && q->store->backend->has_text_times;
	if (q)
		q->at = (int)(in_text ? at - in_text + 1 : at);
	struct value v =
		q ? sql_value(q, as_text ? COLUMN_TEXT : type)
		  : record_get(c->table, c->past->current, (size_t)(column - c->table->columns));
	if (!is_time || !v.known)
		return v;
	struct str text = as_text ? without_zeros(c, v.text) : time_shown(c, &v);
	return (struct value){.type = COLUMN_TEXT, .known = true, .text = text};
}

static void write_value(struct value v, enum text_form form, struct buf *out)
{
	struct json j = json_begin(out);
	if (form == TEXT_JSON)
		value_write_json(v, &j);
	else
		value_write_csv(v, out);
}

void cursor_write(struct cursor *c, struct buf *out)
{
	struct sql *q = asked_now(c);
	if (q && c->is_one_text) {
		q->at = 0;
		buf_add(out, sql_bytes(q));
		return;
	}
	if (q) {
		q->store->backend->write(q, c->text, out);
		return;
	}
	for (size_t i = 0; i < c->text->count; i++) {
		buf_add(out, (struct str){c->text->columns[i].before, c->text->columns[i].n});
		write_value(cursor_value_at(c, i), c->text->form, out);
	}
}

enum step cursor_step(struct cursor *c, void *record, struct err *err)
{
	enum step step = cursor_next(c, err);
	if (step == STEP_ROW && c->past)
		memcpy(record, c->past->current, c->past->rows.record_size);
	else if (step == STEP_ROW)
		row_read(&c->phases[c->phase].q, c->table, record, NULL);
	return step;
}

void cursor_close(struct cursor *c)
{
	if (!c)
		return;
	struct store *s = c->phase_count ? c->phases[0].q.store : NULL;
	for (size_t i = 0; i < c->phase_count; i++)
		sql_give_back(s, &c->phases[i].statement);
	if (c->past) {
		arena_release(&c->past->keep);
		free(c->past);
		store_release(s);
	}
	free(c);
}

/* ---- counting ---- */

static bool count_now(struct store *s, const struct selection *all, int64_t *out, struct err *err)
{
	struct query q = {.backend = s->backend, .as_of = all->as_of};
	struct sql sql;
	buf_init(&q.text, 1 << 16);
	buf_add_format(&q.text, "SELECT count(*) FROM %.*s", STR_ARG(all->table->name));
	add_where(&q, all, false, 0);
	buf_add_char(&q.text, '\0');
	bool ok = sql_prepare(s, q.text.p, &sql, err);
	buf_clear(&q.text);
	if (!ok)
		return false;
	bind_all(&sql, &q);
	enum step step = sql_step(&sql, err);
	if (step == STEP_ROW)
		*out = sql_i64(&sql);
	sql_reset(&sql);
	return step == STEP_ROW;
}

static bool count_past(struct store *s, const struct selection *all, int64_t *out, struct err *err)
{
	struct past_rows rows;
	if (!store_hold(s, err))
		return false;
	struct arena keep = arena_reserve(PAST_ARENA);
	bool ok = past_select(s, all, &keep, &rows, err) && count_now(s, all, out, err);
	if (ok)
		*out += (int64_t)rows.count;
	arena_release(&keep);
	store_release(s);
	return ok;
}

bool store_count(struct store *s, const struct selection *selection, int64_t *out, struct err *err)
{
	struct selection all = *selection;
	all.after = NULL;
	return all.as_of ? count_past(s, &all, out, err) : count_now(s, &all, out, err);
}
