#include "api/list.h"

#include "api/handlers.h"
#include "api/mark.h"
#include "api/moment.h"
#include "api/route.h"
#include "api/rows.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { MAX_CONDITIONS = 200, LARGE_ROWS = 1000, LIST_GAMES = 32 };

/* ---- the plan of a list ---- */

struct plan {
	const struct list *list;
	const struct call *call;
	struct condition conditions[MAX_CONDITIONS];
	size_t condition_count;
	struct sorting sortings[SELECTION_SORTINGS];
	size_t sorting_count;
	const struct column *columns[SELECTION_COLUMNS]; /* shown ones first, then those we need */
	size_t shown, column_count;
	size_t time;               /* where among the columns a row's time is */
	size_t place[MARK_VALUES]; /* and the values that make its place */
	bool has_time, has_games;  /* it has a time; its key begins with a game */
	bool is_whole;             /* no limit */
	int64_t limit, as_of;
	uint64_t hash; /* of what a cursor is bound to */
	struct value after[MARK_VALUES];
	bool has_after;
	struct problem problem;
};

static size_t place_count(const struct plan *p)
{
	return p->sorting_count + p->list->table->key_count;
}

static const struct column *find_shown(const struct table *t, struct str name)
{
	const struct column *c = table_find(t, name);
	return c && !c->hidden ? c : NULL;
}

/* ---- conditions ---- */

static bool add_condition(struct plan *p, const struct condition *c, struct str parameter)
{
	if (p->condition_count == MAX_CONDITIONS)
		return problem_set(
			&p->problem, 400, parameter, "%.*s: too many of them", STR_ARG(parameter));
	p->conditions[p->condition_count++] = *c;
	return true;
}

static bool add_filtered(struct plan *p, const struct filter *f, struct value v)
{
	const struct column *columns = f->table->columns;
	v.known = true;
	v.type = columns[f->column].type;
	return add_condition(p,
		&(struct condition){.column = &columns[f->column],
			.either = f->either ? &columns[f->either] : NULL,
			.of_game = f->table != p->list->table,
			.comparison = f->comparison,
			.value = v},
		f->parameter);
}

/* The clubs that have ever had these letters: their ids, without doubles. */
static bool find_clubs(struct store *s, const struct table *table, const struct column *letters,
	const struct column *id, struct str wanted, int64_t *ids, size_t *count, struct err *err)
{
	struct condition c = {
		.column = letters, .value = {.known = true, .type = COLUMN_TEXT, .text = wanted}};
	struct selection q = {.table = table,
		.conditions = &c,
		.condition_count = 1,
		.columns = &id,
		.column_count = 1,
		.limit = 100};
	struct cursor *cursor = store_select(s, &q, err);
	enum step step = cursor ? STEP_ROW : STEP_FAILED;
	while (cursor && (step = cursor_next(cursor, err)) == STEP_ROW) {
		int64_t found = cursor_value(cursor).integer;
		bool is_new = *count < CLUB_IDS;
		for (size_t i = 0; i < *count; i++)
			is_new &= ids[i] != found;
		if (is_new)
			ids[(*count)++] = found;
	}
	cursor_close(cursor);
	return step == STEP_DONE;
}

bool find_club(
	struct store *s, const struct argument *a, int64_t *ids, size_t *out_count, struct err *err)
{
	const struct column *team = team_table.columns, *game = game_table.columns;
	*out_count = 0;
	if (a->number) {
		ids[(*out_count)++] = a->number;
		return true;
	}
	return find_clubs(s, &team_table, &team[TEAM_abbrev], &team[TEAM_team_id], a->text, ids,
		       out_count, err) &&
	       (*out_count ||
		       (find_clubs(s, &game_table, &game[GAME_away_team_abbrev],
				&game[GAME_away_team_id], a->text, ids, out_count, err) &&
			       find_clubs(s, &game_table, &game[GAME_home_team_abbrev],
				       &game[GAME_home_team_id], a->text, ids, out_count, err)));
}

static bool add_club(struct plan *p, struct store *s, const struct filter *f,
	const struct argument *a, struct err *err)
{
	int64_t ids[CLUB_IDS];
	size_t count;
	if (!find_club(s, a, ids, &count, err))
		return false;
	if (!count) {
		problem_set(&p->problem, 400, f->parameter, "%.*s: no club is known as %.*s",
			STR_ARG(f->parameter), STR_ARG(a->text));
		return true;
	}
	for (size_t i = 0; i < count; i++)
		add_filtered(p, f, (struct value){.integer = ids[i]});
	return true;
}

/* Ids begin with the season's first year, so it is a range of the key, at any depth. */
static void narrow_to_season(struct plan *p, const struct filter *f, int64_t season)
{
	enum { IDS_OF_A_SEASON = 1000000 };
	struct filter key = {.parameter = f->parameter, .table = p->list->table};
	int64_t first = season / 10000 * IDS_OF_A_SEASON;
	key.comparison = AT_LEAST;
	add_filtered(p, &key, (struct value){.integer = first});
	key.comparison = BEFORE;
	add_filtered(p, &key, (struct value){.integer = first + IDS_OF_A_SEASON});
}

static bool add_filter(struct plan *p, struct store *s, const struct filter *f, struct err *err)
{
	const struct argument *a = NULL;
	while ((a = call_next(p->call, f->parameter, a))) {
		if (a->parameter->type == PARAMETER_TEAM) {
			if (!add_club(p, s, f, a, err))
				return false;
			continue;
		}
		if (a->parameter->type == PARAMETER_SEASON && p->list->has_season_ids) {
			narrow_to_season(p, f, a->number);
			continue;
		}
		add_filtered(p, f, (struct value){.integer = a->number, .text = a->text});
	}
	return true;
}

/* ---- sort, fields, cursor ---- */

static bool add_sorting(struct plan *p, struct str name)
{
	bool descending = str_starts(name, STR("-"));
	const struct column *c = find_shown(p->list->table, str_skip(name, descending));
	if (!c)
		return problem_set(&p->problem, 400, STR("sort"),
			"sort: there is no column \"%.*s\"", STR_ARG(str_first(name, 60)));
	for (size_t i = 0; i < p->sorting_count; i++)
		if (p->sortings[i].column == c)
			return problem_set(&p->problem, 400, STR("sort"), "sort: %.*s twice",
				STR_ARG(c->name));
	if (p->sorting_count == SELECTION_SORTINGS)
		return problem_set(&p->problem, 400, STR("sort"), "sort: more than %d columns",
			SELECTION_SORTINGS);
	p->sortings[p->sorting_count++] = (struct sorting){c, descending};
	return true;
}

static bool read_sort(struct plan *p)
{
	const struct argument *a = call_get(p->call, STR("sort"));
	struct str rest = a ? a->text : (struct str){0};
	if (!a && p->list->order)
		p->sortings[p->sorting_count++] =
			(struct sorting){.column = &p->list->table->columns[p->list->order]};
	for (bool more = a; more;) {
		struct str_cut cut = str_cut(rest, ',');
		if (!add_sorting(p, cut.head))
			return false;
		rest = cut.tail;
		more = cut.found;
	}
	return true;
}

static bool show(struct plan *p, const struct column *c)
{
	for (size_t i = 0; i < p->column_count; i++)
		if (p->columns[i] == c)
			return false;
	p->columns[p->column_count++] = c;
	return true;
}

static bool read_fields(struct plan *p)
{
	const struct table *t = p->list->table;
	const struct argument *a = call_get(p->call, STR("fields"));
	struct str rest = a ? a->text : (struct str){0};
	for (size_t i = 0; !a && i < t->count; i++)
		if (!t->columns[i].hidden)
			show(p, &t->columns[i]);
	for (bool more = a; more;) {
		struct str_cut cut = str_cut(rest, ',');
		const struct column *c = find_shown(t, cut.head);
		if (!c)
			return problem_set(&p->problem, 400, STR("fields"),
				"fields: there is no column \"%.*s\"",
				STR_ARG(str_first(cut.head, 60)));
		if (!show(p, c))
			return problem_set(&p->problem, 400, STR("fields"), "fields: %.*s twice",
				STR_ARG(c->name));
		rest = cut.tail;
		more = cut.found;
	}
	p->shown = p->column_count;
	return true;
}

/* When the upstream showed a row: of people and clubs, when it was asked for them. */
static const struct column *find_time(const struct table *t)
{
	const struct column *time = table_find(t, STR("observed_at"));
	return time ? time : table_find(t, STR("fetched_at"));
}

/* Where it is among the columns: after those shown, which are read as text. */
static size_t need(struct plan *p, const struct column *c)
{
	size_t i = p->shown;
	while (i < p->column_count && p->columns[i] != c)
		i++;
	if (i == p->column_count)
		p->columns[p->column_count++] = c;
	return i;
}

/* What the head tells of, and what the place is made of. */
static void add_needed(struct plan *p)
{
	const struct table *t = p->list->table;
	const struct column *time = find_time(t);
	p->has_time = time != NULL;
	p->has_games = str_equal(t->columns[0].name, STR("game_id"));
	if (time)
		p->time = need(p, time);
	size_t n = 0;
	for (size_t i = 0; i < p->sorting_count; i++)
		p->place[n++] = need(p, p->sortings[i].column);
	for (size_t i = 0; i < t->key_count; i++)
		p->place[n++] = need(p, &t->columns[i]);
}

/* A page of another size, of other fields or in another format is of the same query. */
static bool is_of_query(struct str name)
{
	static const struct str others[] = {STR_INIT("cursor"), STR_INIT("limit"),
		STR_INIT("fields"), STR_INIT("format"), STR_INIT("count")};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (str_equal(others[i], name))
			return false;
	return true;
}

static uint64_t hash_text(uint64_t hash, struct str s)
{
	hash = XXH3_64bits_withSeed(&s.n, sizeof(s.n), hash);
	return s.n ? XXH3_64bits_withSeed(s.p, s.n, hash) : hash;
}

static uint64_t hash_query(const struct call *call)
{
	uint64_t hash = hash_text((uint64_t)call->id, call->route->pattern), sum = 0;
	for (size_t i = 0; i < call->count; i++) {
		const struct argument *a = &call->arguments[i];
		if (is_of_query(a->parameter->name)) /* in any order */
			sum += hash_text(hash_text(hash, a->parameter->name), a->text);
	}
	return hash ^ sum;
}

static bool read_cursor(struct plan *p, struct arena *keep)
{
	const struct argument *a = call_get(p->call, STR("cursor"));
	enum column_type types[MARK_VALUES];
	size_t n = place_count(p);
	p->hash = hash_query(p->call);
	if (!a)
		return true;
	for (size_t i = 0; i < n; i++)
		types[i] = p->columns[p->place[i]]->type;
	p->has_after = mark_read(a->text, p->hash, types, n, p->after, keep);
	return p->has_after ||
	       problem_set(&p->problem, 400, STR("cursor"),
		       "cursor: not one that a page of this query gave, or not all of it");
}

/* p: all zero. True with p->problem set when the reader has asked for what cannot be. */
static bool make_plan(struct plan *p, struct store *s, struct arena *keep, const struct call *call,
	const struct list *list, const struct condition *fixed, size_t fixed_count, struct err *err)
{
	p->list = list;
	p->call = call;
	for (size_t i = 0; i < fixed_count; i++)
		p->conditions[i] = fixed[i];
	p->condition_count = fixed_count;
	p->limit = call_number(call, STR("limit"), LIST_LIMIT);
	p->is_whole = call->format != FORMAT_JSON && !call_get(call, STR("limit"));
	if (!moment_read(call, &p->as_of, &p->problem) || !read_sort(p) || !read_fields(p))
		return true;
	if (list->has_no_history)
		p->as_of = 0;
	add_needed(p);
	if (!read_cursor(p, keep))
		return true;
	for (size_t i = 0; i < list->filter_count; i++)
		if (!add_filter(p, s, &list->filters[i], err))
			return false;
	return true;
}

static struct selection select_for(const struct plan *p, const struct row_text *text, int64_t limit)
{
	return (struct selection){.table = p->list->table,
		.conditions = p->conditions,
		.condition_count = p->condition_count,
		.sortings = p->sortings,
		.sorting_count = p->sorting_count,
		.after = p->has_after ? p->after : NULL,
		.limit = limit,
		.columns = p->columns,
		.column_count = p->column_count,
		.text = text,
		.as_of = p->as_of};
}

/* ---- rows ---- */

/* What the rows written so far amount to. */
struct tally {
	int64_t rows, observed_at;
	bool has_games;            /* which ones is worth knowing */
	int64_t games[LIST_GAMES]; /* shown, one more than fit means many */
	size_t game_count;
	struct value last[MARK_VALUES]; /* the place of row `mark`, texts kept */
	int64_t mark;
	char time[32]; /* the last observed_at, as text */
	size_t time_bytes;
};

struct list_reader {
	struct plan plan;
	struct cursor *cursor;
	struct row_writer writer;
	struct tally tally;
	struct store *store;
	struct arena *keep;
	bool has_begun;
	bool is_export; /* nothing is noted of its rows: the head has gone before them */
};

/* Text is how the cursor gives days and times; as values they go into a place. */
static struct value typed(struct value v, enum column_type type, struct arena *keep)
{
	int32_t day;
	if (v.known && type == COLUMN_DATE)
		v.integer = day_parse(v.text, &day) ? day : 0;
	else if (v.known && type == COLUMN_TIME)
		time_parse(v.text, &v.integer);
	else if (v.known && type == COLUMN_TEXT)
		v.text = str_copy(keep, v.text);
	v.type = type;
	return v;
}

/* Rows of one game have mostly been seen at one time: it is read once. */
static void note_time(struct tally *t, struct str text)
{
	int64_t ms;
	if (!text.n || text.n > sizeof(t->time) ||
		str_equal(text, (struct str){t->time, t->time_bytes}))
		return;
	memcpy(t->time, text.p, text.n);
	t->time_bytes = text.n;
	if (time_parse(text, &ms) && ms > t->observed_at)
		t->observed_at = ms;
}

static void note_game(struct tally *t, int64_t game_id)
{
	if (t->game_count && t->games[(t->game_count - 1) % LIST_GAMES] == game_id)
		return;
	t->games[t->game_count++ % LIST_GAMES] = game_id;
}

/* Of the place as much as somebody will look at. */
static void note_row(struct list_reader *r)
{
	const struct plan *p = &r->plan;
	struct tally *t = &r->tally;
	bool is_last = t->rows + 1 == t->mark;
	if (p->has_time) {
		struct value v = cursor_value_at(r->cursor, p->time);
		note_time(t, v.known ? v.text : STR(""));
	}
	if (t->has_games)
		note_game(t, cursor_value_at(r->cursor, p->place[0]).integer);
	for (size_t i = 0; is_last && i < place_count(p); i++) {
		size_t at = p->place[i];
		t->last[i] = typed(cursor_value_at(r->cursor, at), p->columns[at]->type, r->keep);
	}
}

static void write_row(struct list_reader *r, struct buf *out)
{
	row_writer_add_row(&r->writer, r->cursor, out);
	if (!r->is_export)
		note_row(r);
	r->tally.rows++;
}

enum step list_fill(struct list_reader *r, size_t bytes, struct buf *out, struct err *err)
{
	enum step step = STEP_ROW;
	if (!r->has_begun)
		row_writer_begin(&r->writer, out);
	r->has_begun = true;
	while (out->n < bytes && (step = cursor_next(r->cursor, err)) == STEP_ROW)
		write_row(r, out);
	if (step == STEP_DONE)
		row_writer_end(&r->writer, out);
	return step;
}

/* NULL with answer->problem set, or err. */
static struct list_reader *open_reader(struct store *s, struct arena *keep, const struct call *call,
	const struct list *list, const struct condition *fixed, size_t fixed_count,
	struct problem *problem, struct err *err)
{
	struct list_reader *r = ARENA_NEW(keep, struct list_reader, 1);
	r->store = s;
	r->keep = keep;
	if (!make_plan(&r->plan, s, keep, call, list, fixed, fixed_count, err))
		return NULL;
	*problem = r->plan.problem;
	if (problem->status)
		return NULL;
	row_writer_init(&r->writer, call->format, r->plan.columns, r->plan.shown, keep);
	return r;
}

static bool add_total(struct list_reader *r, struct answer *out, struct err *err)
{
	struct selection q = select_for(&r->plan, NULL, 0);
	int64_t total;
	if (!call_get(r->plan.call, STR("count")))
		return true;
	if (!store_count(r->store, &q, &total, err))
		return false;
	answer_add_line(out, STR("X-Total-Count"), str_format(r->keep, "%lld", (long long)total));
	return true;
}

struct list_reader *list_open(struct store *s, struct arena *keep, const struct call *call,
	const struct list *list, const struct condition *fixed, size_t fixed_count,
	struct answer *out, struct err *err)
{
	struct problem problem = {0};
	struct list_reader *r = open_reader(s, keep, call, list, fixed, fixed_count, &problem, err);
	struct selection q;
	if (problem.status)
		answer_take_problem(out, &problem);
	if (!r)
		return NULL;
	if (!add_total(r, out, err))
		return NULL;
	r->is_export = true;
	r->plan.column_count = r->plan.shown;
	q = select_for(&r->plan, &r->writer.text, 0);
	r->cursor = store_select(s, &q, err);
	return r->cursor ? r : NULL;
}

void list_close(struct list_reader *r)
{
	if (r)
		cursor_close(r->cursor);
}

/* ---- a page ---- */

static void add_path(struct buf *out, const struct call *call)
{
	struct str_cut cut = str_cut(call->route->pattern, '{');
	buf_add(out, cut.head);
	if (!cut.found)
		return;
	buf_add_i64(out, call->id);
	buf_add(out, str_cut(cut.tail, '}').tail);
}

static void add_next(struct list_reader *r, struct answer *out)
{
	const struct plan *p = &r->plan;
	struct buf link;
	buf_init(&link, 16 << 10);
	buf_add_char(&link, '<');
	add_path(&link, p->call);
	for (size_t i = 0, n = 0; i < p->call->count; i++) {
		const struct argument *a = &p->call->arguments[i];
		if (str_equal(a->parameter->name, STR("cursor")))
			continue;
		buf_add_char(&link, n++ ? '&' : '?');
		buf_add(&link, a->parameter->name);
		buf_add_char(&link, '=');
		call_write_text(a->text, &link);
	}
	buf_add_char(&link, memchr(link.p, '?', link.n) ? '&' : '?');
	buf_add(&link, STR("cursor="));
	buf_add(&link, mark_write(p->hash, r->tally.last, place_count(p), r->keep));
	buf_add(&link, STR(">; rel=\"next\""));
	answer_add_line(out, STR("Link"), str_copy(r->keep, buf_str(&link)));
	buf_clear(&link);
}

/* Rows up to a limit, and whether there are more. */
enum { GAME_BYTES = 32 << 10 }; /* of a game's lines: room that need not grow */

static bool read_rows(
	struct list_reader *r, int64_t limit, struct answer *out, bool *out_more, struct err *err)
{
	struct selection q = select_for(&r->plan, &r->writer.text, limit + 1);
	enum step step = STEP_ROW;
	r->tally.mark = limit;
	r->tally.has_games = r->plan.has_games && !r->plan.sorting_count && !out->game_id;
	r->cursor = store_select(r->store, &q, err);
	if (!r->cursor)
		return false;
	/* Of one game's rows nothing more is asked, unless how many there are. */
	if (out->game_id && !r->plan.as_of && !call_get(r->plan.call, STR("count")))
		store_ask_last(r->store);
	buf_room(&out->body, GAME_BYTES);
	row_writer_begin(&r->writer, &out->body);
	while ((step = cursor_next(r->cursor, err)) == STEP_ROW && r->tally.rows < limit)
		write_row(r, &out->body);
	row_writer_end(&r->writer, &out->body);
	list_close(r);
	*out_more = step == STEP_ROW;
	return step != STEP_FAILED;
}

/*
 * A page in the order of the key that more follow changes with its games, or when an old game comes
 * late: it holds as long as the one of them that holds shortest, and a minute at most. Any other may
 * have a new row at any moment. What belongs to one game holds as that does, which is known.
 */
static bool find_freshness(struct list_reader *r, struct answer *out, struct err *err)
{
	const struct tally *t = &r->tally;
	struct context c = {.store = r->store, .keep = r->keep};
	enum freshness least = FRESH_PROVISIONAL, one;
	bool found;
	if (!t->game_count || t->game_count > LIST_GAMES)
		return true;
	for (size_t i = 0; i < t->game_count; i++) {
		if (!find_game(&c, t->games[i], r->plan.as_of, &found, &one, err))
			return false;
		if (!found)
			one = FRESH_LIVE;
		least = one < least ? one : least;
	}
	out->freshness = least;
	return true;
}

static bool answer_rows(struct list_reader *r, struct answer *out, struct err *err)
{
	const struct plan *p = &r->plan;
	bool more;
	if (!read_rows(r, p->is_whole ? LARGE_ROWS : p->limit, out, &more, err) ||
		!add_total(r, out, err)) {
		out->is_large = p->is_whole && err->kind == ERR_LIMIT; /* in its time, streamed */
		return out->is_large;
	}
	out->observed_at = r->tally.observed_at;
	if (more && p->is_whole) {
		buf_reset(&out->body);
		out->is_large = true;
	} else if (more) {
		add_next(r, out);
		return find_freshness(r, out, err);
	}
	return true;
}

bool list_answer(struct context *c, const struct call *call, const struct list *list,
	const struct condition *fixed, size_t fixed_count, struct answer *out, struct err *err)
{
	struct problem problem = {0};
	struct list_reader *r =
		open_reader(c->store, c->keep, call, list, fixed, fixed_count, &problem, err);
	if (problem.status) {
		answer_take_problem(out, &problem);
		return true;
	}
	return r && answer_rows(r, out, err);
}
