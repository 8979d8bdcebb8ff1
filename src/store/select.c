#include "store/rows.h"
#include "store/sql.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	struct sql q;
	struct kept_statement statement;
	const struct table *table;
};

static const char *const signs[] = {[IS] = "=",
	[IS_NOT] = "<>",
	[AT_LEAST] = ">=",
	[AT_MOST] = "<=",
	[AFTER] = ">",
	[BEFORE] = "<"};

/* ---- the text of a query; its values are bound in the order in which they are written ---- */

enum { MAX_VALUES = 512, MAX_ORDER = SELECTION_SORTINGS + 4 };

struct query {
	struct buf text;
	struct value values[MAX_VALUES];
	size_t count;
};

static void add_value(struct query *q, struct value v)
{
	assert(q->count < MAX_VALUES);
	q->values[q->count++] = v;
	buf_add_char(&q->text, '?');
}

static void add_column(struct query *q, const struct column *c)
{
	buf_add(&q->text, c->name);
}

/* Plain comparisons, which an index answers in every database; so what is absent is another text. */
static void add_condition(struct query *q, const struct condition *c)
{
	bool is_either = c->comparison == IS || c->comparison == IS_NOT;
	add_column(q, c->column);
	if (is_either && !c->value.known) {
		buf_add(&q->text, c->comparison == IS ? STR(" IS NULL") : STR(" IS NOT NULL"));
		return;
	}
	buf_add_format(&q->text, " %s ", signs[c->comparison]);
	add_value(q, c->value);
	if (c->comparison == IS_NOT) {
		buf_add(&q->text, STR(" OR "));
		add_column(q, c->column);
		buf_add(&q->text, STR(" IS NULL"));
	}
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

static struct order order_of(const struct selection *s)
{
	struct order o = {.count = s->sorting_count};
	assert(s->sorting_count <= SELECTION_SORTINGS && s->table->key_count <= 4);
	for (size_t i = 0; i < s->sorting_count; i++)
		o.by[i] = s->sortings[i];
	for (size_t i = 0; i < s->table->key_count; i++)
		o.by[o.count++] = (struct sorting){.column = &s->table->columns[i]};
	return o;
}

/* One column beyond its value. Absent values come first upwards and last downwards. */
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
	add_column(q, by.column);
	buf_add(&q->text, by.descending ? STR(" < ") : STR(" > "));
	add_value(q, v);
	if (by.descending) {
		buf_add(&q->text, STR(" OR "));
		add_column(q, by.column);
		buf_add(&q->text, STR(" IS NULL"));
	}
}

/* The key alone is compared as a row, which the primary key's index answers at any depth. */
static void add_key_beyond(struct query *q, const struct table *t, const struct value *after)
{
	buf_add_char(&q->text, '(');
	for (size_t i = 0; i < t->key_count; i++) {
		if (i)
			buf_add(&q->text, STR(", "));
		add_column(q, &t->columns[i]);
	}
	buf_add(&q->text, STR(") > ("));
	for (size_t i = 0; i < t->key_count; i++) {
		if (i)
			buf_add(&q->text, STR(", "));
		add_value(q, after[i]);
	}
	buf_add_char(&q->text, ')');
}

/* Sorted columns: beyond in the first, or the same there and beyond in the rest. */
static void add_after(struct query *q, const struct selection *s)
{
	size_t n = s->sorting_count;
	for (size_t i = 0; i < n; i++) {
		buf_add(&q->text, STR("("));
		add_beyond(q, s->sortings[i], s->after[i]);
		buf_add(&q->text, STR(" OR ("));
		add_condition(q, &(struct condition){.column = s->sortings[i].column,
					 .comparison = IS,
					 .value = s->after[i]});
		buf_add(&q->text, STR(" AND "));
	}
	add_key_beyond(q, s->table, s->after + n);
	for (size_t i = 0; i < n; i++)
		buf_add(&q->text, STR("))"));
}

/* What is never absent needs no word on where it goes, and its index none either. */
static bool is_key(const struct table *t, const struct column *c)
{
	return c < t->columns + t->key_count;
}

static void add_order(struct query *q, const struct selection *s)
{
	struct order o = order_of(s);
	buf_add(&q->text, STR(" ORDER BY "));
	for (size_t i = 0; i < o.count; i++) {
		if (i)
			buf_add(&q->text, STR(", "));
		add_column(q, o.by[i].column);
		if (o.by[i].descending)
			buf_add(&q->text, STR(" DESC"));
		if (!is_key(s->table, o.by[i].column))
			buf_add(&q->text, o.by[i].descending ? STR(" NULLS LAST")
							     : STR(" NULLS FIRST"));
	}
}

static void add_where(struct query *q, const struct selection *s)
{
	bool any = add_conditions(q, s, false, " WHERE (");
	size_t start = q->text.n;
	buf_add(&q->text, any ? STR(" AND ") : STR(" WHERE "));
	buf_add(&q->text, STR("game_id IN (SELECT game_id FROM games WHERE "));
	if (add_conditions(q, s, true, "("))
		buf_add_char(&q->text, ')');
	else
		q->text.n = start;
	any |= q->text.n > start;
	if (s->after) {
		buf_add(&q->text, any ? STR(" AND ") : STR(" WHERE "));
		add_after(q, s);
	}
}

/* ---- statements that are out with a cursor ---- */

static void bind_all(struct sql *sql, const struct query *q)
{
	for (size_t i = 0; i < q->count; i++)
		sql_bind(sql, q->values[i]);
}

static void write_query(struct query *q, const struct selection *s)
{
	q->count = 0;
	buf_init(&q->text, 1 << 16);
	buf_add(&q->text, STR("SELECT "));
	add_column_list(&q->text, s->table);
	buf_add_format(&q->text, " FROM %.*s", STR_ARG(s->table->name));
	add_where(q, s);
	add_order(q, s);
	if (s->limit) {
		buf_add(&q->text, STR(" LIMIT "));
		add_value(
			q, (struct value){.known = true, .type = COLUMN_INT, .integer = s->limit});
	}
	buf_add_char(&q->text, '\0');
}

struct cursor *store_select(struct store *s, const struct selection *selection, struct err *err)
{
	struct query q;
	struct cursor *c = calloc(1, sizeof(*c));
	if (!c) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	c->table = selection->table;
	write_query(&q, selection);
	bool ok = sql_take(s, q.text.p, &c->statement, err);
	if (ok) {
		c->q = (struct sql){.store = s, .statement = c->statement.statement};
		bind_all(&c->q, &q);
	}
	buf_clear(&q.text);
	if (ok)
		return c;
	free(c);
	return NULL;
}

enum step cursor_step(struct cursor *c, void *record, struct err *err)
{
	enum step step = sql_step(&c->q, err);
	if (step == STEP_ROW)
		row_read(&c->q, c->table, record, NULL);
	return step;
}

void cursor_close(struct cursor *c)
{
	if (!c)
		return;
	sql_give_back(c->q.store, &c->statement);
	free(c);
}

bool store_count(struct store *s, const struct selection *selection, int64_t *out, struct err *err)
{
	struct query q = {.count = 0};
	struct selection all = *selection;
	struct sql sql;
	all.after = NULL;
	buf_init(&q.text, 1 << 16);
	buf_add_format(&q.text, "SELECT count(*) FROM %.*s", STR_ARG(all.table->name));
	add_where(&q, &all);
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
