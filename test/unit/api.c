/* api: requests checked against the table of routes, marks, answers kept. */
#include "cmocka_all.h"

#include "api/mark.h"
#include "api/route.h"
#include "api/shelf.h"
#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena keep;
static uint64_t seed;

static uint64_t below(uint64_t *state, uint64_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % n;
}

/* ---- calls ---- */

static void test_paths(void **state)
{
	static const struct {
		const char *path, *pattern; /* NULL: none, by the status */
		int64_t id;
		int status;
	} rows[] = {
		{"/games", "/games", 0, 0},
		{"/games/2023020001", "/games/{game_id}", 2023020001, 0},
		{"/games/2023020001/events", "/games/{game_id}/events", 2023020001, 0},
		{"/players/1/game-stats", "/players/{player_id}/game-stats", 1, 0},
		{"/games/", NULL, 0, 400},
		{"/games/0", NULL, 0, 400},
		{"/games/-1", NULL, 0, 400},
		{"/games/12345678901", NULL, 0, 400},
		{"/games/1%32", NULL, 0, 400},
		{"/games/1/", NULL, 0, 404},
		{"//games", NULL, 0, 404},
		{"/Games", NULL, 0, 404},
		{"/game", NULL, 0, 404},
		{"/gamess", NULL, 0, 404},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct call call;
		struct problem problem = {0};
		bool ok = call_find_route(str_from(rows[i].path), &call, &problem);
		assert_int_equal(ok, rows[i].pattern != NULL);
		if (!ok) {
			assert_int_equal(problem.status, rows[i].status);
			continue;
		}
		assert_true(str_equal(call.route->pattern, str_from(rows[i].pattern)));
		assert_int_equal(call.id, rows[i].id);
	}
}

static void test_accept(void **state)
{
	static const struct {
		const char *accept;
		enum format format;
	} rows[] = {
		{"", FORMAT_JSON},
		{"*/*", FORMAT_JSON},
		{"TEXT/CSV", FORMAT_CSV},
		{"application/jsonl", FORMAT_NDJSON},
		{"application/*", FORMAT_JSON},
		{"text/*;q=0.1, application/x-ndjson ; q=0.2", FORMAT_NDJSON},
		{"text/csv;q=0, */*;q=0.01", FORMAT_JSON},
		{"application/json;q=0.000, text/csv;q=0.001", FORMAT_CSV},
		{"application/json;q=1.0, text/csv", FORMAT_JSON},
		{"text/html", FORMATS},
		{"*/*;q=0", FORMATS},
		{",;,q=1", FORMATS},
	};
	struct call call;
	struct problem problem;
	(void)state;
	assert_true(call_find_route(STR("/games"), &call, &problem));
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(call_accept(call.route, str_from(rows[i].accept)), rows[i].format);
	assert_true(call_find_route(STR("/health/live"), &call, &problem));
	assert_int_equal(call_accept(call.route, STR("image/png")), FORMAT_JSON);
}

/* What the query says comes before the header; without it the header has to fit. */
static void test_format_over_accept(void **state)
{
	struct call call;
	struct problem problem;
	(void)state;
	assert_true(call_find_route(STR("/games"), &call, &problem));
	call.format = call_accept(call.route, STR("image/png"));
	assert_false(call_read_query(&call, STR("limit=1"), &keep, &problem));
	assert_int_equal(problem.status, 406);
	assert_true(call_read_query(&call, STR("limit=1&format=csv"), &keep, &problem));
	assert_int_equal(call.format, FORMAT_CSV);
}

static void test_gzip(void **state)
{
	(void)state;
	static const char *const yes[] = {
		"gzip", "br, GZIP;q=0.3", "*", "deflate,gzip;q=1", "*;q=0, gzip"};
	static const char *const no[] = {
		"", "br", "gzip;q=0", "gzip;q=0.000, br", "xgzip", "*, gzip;q=0", "*;q=0"};
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(request_takes_gzip(str_from(yes[i])));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(request_takes_gzip(str_from(no[i])));
}

static void test_arguments(void **state)
{
	struct call call;
	struct problem problem = {0};
	(void)state;
	arena_reset(&keep);
	assert_true(call_find_route(STR("/game-stats"), &call, &problem));
	assert_true(call_read_query(&call,
		STR("team=TOR&team=8&season=20232024&date=2023-10-10&limit=5&format=csv"), &keep,
		&problem));
	assert_int_equal(call.format, FORMAT_CSV);
	assert_int_equal(call_number(&call, STR("season"), 0), 20232024);
	assert_int_equal(call_number(&call, STR("date"), 0), day_from_civil(2023, 10, 10));
	assert_int_equal(call_number(&call, STR("from"), -7), -7);
	const struct argument *first = call_get(&call, STR("team"));
	const struct argument *second = call_next(&call, STR("team"), first);
	assert_true(str_equal(first->text, STR("TOR")) && first->number == 0);
	assert_int_equal(second->number, 8);
	assert_null(call_next(&call, STR("team"), second));
	assert_false(call_read_query(&call, STR("limit=5&limit=6"), &keep, &problem));
	assert_int_equal(problem.status, 400);
	assert_true(str_equal(problem.parameter, STR("limit")));
}

/* A name stands once in a route, and what it may be is said. */
static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count; i++) {
		const struct route *r = &routes[i];
		assert_true(r->formats != 0 && r->summary);
		assert_true((r->kind == ROUTE_STREAM ? (void *)(uintptr_t)r->stream
						     : (void *)(uintptr_t)r->handler) != NULL);
		for (size_t k = 0; r->parameters && r->parameters[k]; k++) {
			const struct parameter *p = r->parameters[k];
			assert_true(p->help && *p->help);
			assert_true(p->type != PARAMETER_CHOICE || p->choice_count > 0);
			assert_true(p->type != PARAMETER_NUMBER || p->max > p->min);
			for (size_t m = 0; m < k; m++)
				assert_false(str_equal(p->name, r->parameters[m]->name));
		}
	}
}

/* ---- marks ---- */

static const enum column_type mark_types[] = {
	COLUMN_TEXT, COLUMN_REAL, COLUMN_INT, COLUMN_TIME, COLUMN_BOOL, COLUMN_DATE, COLUMN_INT};

static void make_values(uint64_t *random, struct value *out)
{
	for (size_t i = 0; i < COUNT(mark_types); i++) {
		static const char letters[] = "any text, quoted \" or not: é";
		out[i] = (struct value){.type = mark_types[i], .known = below(random, 4) != 0};
		if (!out[i].known)
			continue;
		if (mark_types[i] == COLUMN_TEXT)
			out[i].text = (struct str){letters, below(random, sizeof(letters))};
		else if (mark_types[i] == COLUMN_REAL)
			out[i].real = (double)below(random, 1000) / 7;
		else
			out[i].integer = mark_types[i] == COLUMN_BOOL
						 ? (int64_t)below(random, 2)
						 : (int64_t)below(random, 1 << 30) - (1 << 29);
	}
}

static void test_marks(void **state)
{
	uint64_t random = seed;
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct value values[COUNT(mark_types)], back[COUNT(mark_types)];
		uint64_t query = below(&random, 1 << 30);
		arena_reset(&keep);
		make_values(&random, values);
		struct str text = mark_write(query, values, COUNT(values), &keep);
		assert_true(mark_read(text, query, mark_types, COUNT(back), back, &keep));
		for (size_t i = 0; i < COUNT(back); i++)
			assert_true(value_equal(values[i], back[i]));
		assert_false(mark_read(text, query + 1, mark_types, COUNT(back), back, &keep));
		assert_false(mark_read(text, query, mark_types, COUNT(back) - 1, back, &keep));
		for (size_t n = 0; n < text.n; n++)
			assert_false(mark_read(
				str_first(text, n), query, mark_types, COUNT(back), back, &keep));
		char *changed = str_z(&keep, text);
		size_t at = below(&random, text.n - 1);
		changed[at] = changed[at] == 'A' ? 'B' : 'A';
		assert_false(
			mark_read(str_from(changed), query, mark_types, COUNT(back), back, &keep));
	}
	assert_false(mark_read(STR(""), 1, mark_types, 0, NULL, &keep));
}

/* ---- ETags, and answers kept ---- */

static void fill(struct shelf *s, struct entry *e, const char *body, int64_t game_id)
{
	struct call call = {.route = &routes[0]};
	struct answer a;
	struct page page = {.status = 200, .game_id = game_id};
	answer_init(&a, &call);
	buf_add(&a.body, str_from(body));
	face_make(&page.faces[0], &a, false);
	shelf_fill(s, e, &page);
	answer_clear(&a);
}

static void test_etags(void **state)
{
	struct etag tag = {"\"abc\""};
	(void)state;
	assert_true(etag_matches(STR("\"abc\""), &tag));
	assert_true(etag_matches(STR("\"x\" , W/\"abc\""), &tag));
	assert_true(etag_matches(STR("*"), &tag));
	assert_false(etag_matches(STR("\"ab\""), &tag));
	assert_false(etag_matches(STR("abc"), &tag));
	assert_false(etag_matches(STR(""), &tag));
}

static size_t outdated_under_way;

static void count_outdated(struct entry *e)
{
	(void)e;
	outdated_under_way++;
}

static void test_what_outdates(void **state)
{
	struct shelf *s = shelf_new(1 << 20);
	struct entry *seven = shelf_add(s, STR("/7"), 0), *eight = shelf_add(s, STR("/8"), 0),
		     *list = shelf_add(s, STR("/list"), 0), *fixed = shelf_add(s, STR("/f"), 0);
	struct store_change change = {.games = {7}, .count = 1};
	(void)state;
	fill(s, seven, "7", 7);
	fill(s, eight, "8", 8);
	fill(s, list, "l", 0);
	fill(s, fixed, "f", FIXED_ANSWER);
	assert_ptr_equal(shelf_find(s, STR("/7"), 0), seven);
	assert_null(shelf_find(s, STR("/7"), 1));
	seven->under_way = seven;
	shelf_outdate(s, &change, true, count_outdated);
	assert_true(seven->is_outdated && list->is_outdated);
	assert_false(eight->is_outdated || fixed->is_outdated);
	assert_int_equal(outdated_under_way, 1);
	list->is_outdated = false;
	change.count = 0; /* bookkeeping alone */
	shelf_outdate(s, &change, false, count_outdated);
	assert_false(list->is_outdated || eight->is_outdated);
	change.is_any = true;
	shelf_outdate(s, &change, true, count_outdated);
	assert_true(list->is_outdated && eight->is_outdated);
	seven->under_way = NULL;
	shelf_free(s);
}

/* The least lately used give way; one that is being made stays. */
static void test_room(void **state)
{
	enum { LIMIT = 64 << 10, ENTRIES = 400 };
	struct shelf *s = shelf_new(LIMIT);
	char key[20], body[600];
	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	struct entry *held = shelf_add(s, STR("/held"), 0);
	held->under_way = held;
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(key, sizeof(key), "/%d", i);
		fill(s, shelf_add(s, str_from(key), 0), body, i + 1);
		assert_non_null(shelf_find(s, STR("/0"), 0)); /* asked for again and again */
		assert_true(shelf_bytes(s) <= LIMIT);
	}
	assert_non_null(shelf_find(s, STR("/held"), 0));
	assert_null(shelf_find(s, STR("/1"), 0));
	assert_non_null(shelf_find(s, str_from(key), 0));
	assert_true(shelf_count(s) > 10 && shelf_count(s) < ENTRIES);
	held->under_way = NULL;
	shelf_free(s);
}

int main(void)
{
	const char *given = getenv("RINKSIDE_SEED");
	seed = given ? strtoull(given, NULL, 10) : (uint64_t)time_now_ms();
	printf("# RINKSIDE_SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	keep = arena_reserve(16 << 20);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_format_over_accept),
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_etags),
		cmocka_unit_test(test_what_outdates),
		cmocka_unit_test(test_room),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_release(&keep);
	return failed;
}
