/* model: records, values, states, the order of snapshots. */
#include "cmocka_all.h"

#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_record_is_read_and_written_by_column(void **state)
{
	(void)state;
	struct stat_line line = {0}, copy = {0};
	SET(&line, STAT, goals, 0);
	SET(&line, STAT, player_name, STR("A. Aho"));
	assert_true(KNOWS(&line, STAT, goals) && !KNOWS(&line, STAT, assists));
	struct value goals = record_get(&stat_table, &line, STAT_goals);
	assert_true(goals.known && goals.integer == 0);
	assert_false(record_get(&stat_table, &line, STAT_assists).known);
	for (size_t i = 0; i < stat_table.count; i++)
		record_set(&stat_table, &copy, i, record_get(&stat_table, &line, i));
	assert_int_equal(copy.known, line.known);
	for (size_t i = 0; i < stat_table.count; i++)
		assert_true(value_equal(
			record_get(&stat_table, &copy, i), record_get(&stat_table, &line, i)));
	goals.integer = 1;
	assert_false(value_equal(goals, record_get(&stat_table, &line, STAT_goals)));
	assert_false(value_equal(record_get(&stat_table, &line, STAT_assists),
		record_get(&stat_table, &line, STAT_goals)));
}

static void every_table_can_be_looped_over(void **state)
{
	(void)state;
	static const struct table *const tables[] = {
		&stat_table, &game_table, &player_table, &team_table, &event_table};
	for (size_t t = 0; t < COUNT(tables); t++)
		for (size_t i = 0; i < tables[t]->count; i++) {
			const struct column *c = &tables[t]->columns[i];
			assert_true(c->name.n && c->help && *c->help);
			assert_ptr_equal(table_find(tables[t], c->name), c);
		}
	assert_null(table_find(&stat_table, STR("nope")));
}

static void values_are_written_as_readers_see_them(void **state)
{
	(void)state;
	static const struct {
		struct value value;
		const char *json, *csv;
	} cases[] = {
		{{.known = false, .type = COLUMN_INT}, "null", ""},
		{{.known = true, .type = COLUMN_INT, .integer = -3}, "-3", "-3"},
		{{.known = true, .type = COLUMN_REAL, .real = 0.25}, "0.25", "0.25"},
		{{.known = true, .type = COLUMN_BOOL, .integer = 1}, "true", "true"},
		{{.known = true, .type = COLUMN_DATE, .integer = 19690}, "\"2023-11-29\"",
			"2023-11-29"},
		{{.known = true, .type = COLUMN_TIME, .integer = 1701315000000},
			"\"2023-11-30T03:30:00Z\"", "2023-11-30T03:30:00Z"},
		{{.known = true, .type = COLUMN_TEXT, .text = STR_INIT("a \"b\", c")},
			"\"a \\\"b\\\", c\"", "\"a \"\"b\"\", c\""},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b;
		buf_init(&b, 100);
		struct json j = json_begin(&b);
		value_write_json(cases[i].value, &j);
		assert_true(str_equal(buf_str(&b), str_from(cases[i].json)));
		buf_reset(&b);
		value_write_csv(cases[i].value, &b);
		assert_true(str_equal(buf_str(&b), str_from(cases[i].csv)));
		buf_clear(&b);
	}
}

static void states_have_a_phase(void **state)
{
	(void)state;
	static const struct {
		const char *state;
		enum game_phase phase;
	} cases[] = {{"FUT", PHASE_FUTURE}, {"PRE", PHASE_PREGAME}, {"LIVE", PHASE_LIVE},
		{"CRIT", PHASE_LIVE}, {"OVER", PHASE_PROVISIONAL}, {"FINAL", PHASE_PROVISIONAL},
		{"OFF", PHASE_OFFICIAL}, {"HALFTIME", PHASE_UNKNOWN}, {"", PHASE_UNKNOWN}};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(game_phase(str_from(cases[i].state)), cases[i].phase);
	assert_true(game_is_off(STR("PPD")) && game_is_off(STR("CNCL")) && !game_is_off(STR("OK")));
}

static void elapsed_time_knows_intermissions(void **state)
{
	(void)state;
	static const struct {
		int64_t type;
		const char *period_type;
		bool intermission;
		int64_t clock, elapsed;
	} cases[] = {
		{2, "REG", false, 1200, 0},
		{2, "REG", false, 557, 643},
		{2, "REG", true, 557,
			1200}, /* what is left of the intermission, not of the period */
		{2, "REG", false, 0, 1200},
		{2, "OT", false, 300, 0},
		{2, "OT", false, 120, 180},
		{3, "OT", false, 1100, 100},
		{2, "SO", false, 0, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct game g = {0};
		SET(&g, GAME, game_type, cases[i].type);
		SET(&g, GAME, period_type, str_from(cases[i].period_type));
		SET(&g, GAME, in_intermission, cases[i].intermission);
		SET(&g, GAME, clock_seconds, cases[i].clock);
		assert_int_equal(game_elapsed(&g), cases[i].elapsed);
	}
}

/* No three snapshots go round in a circle, whatever their keys. */
static void the_order_is_total(void **state)
{
	(void)state;
	const char *text = getenv("RINKSIDE_SEED");
	long seed = text ? atol(text) : 20261124;
	print_message("# seed %ld\n", seed);
	srand48(seed);
	for (int i = 0; i < 200000; i++) {
		struct order_key k[3];
		for (int n = 0; n < 3; n++)
			k[n] = (struct order_key){
				lrand48() % 2, lrand48() % 2, lrand48() % 3, lrand48() % 2};
		int ab = order_compare(k[0], k[1]), bc = order_compare(k[1], k[2]);
		int ac = order_compare(k[0], k[2]);
		assert_int_equal(order_compare(k[1], k[0]), -ab);
		if (ab <= 0 && bc <= 0)
			assert_true(ac <= 0 && (ac < 0 || (ab == 0 && bc == 0)));
		if (ab == 0)
			assert_memory_equal(&k[0], &k[1], sizeof(k[0]));
	}
}

/* One moment of a game: the period, what its clock shows, and how. */
struct moment {
	int64_t period, clock_s;
	struct str type, state;
	bool in_intermission;
};

static struct order_key key_of(const struct moment *m, int64_t game_type)
{
	struct game g = {0};
	SET(&g, GAME, game_type, game_type);
	SET(&g, GAME, game_state, m->state);
	SET(&g, GAME, period, m->period);
	SET(&g, GAME, period_type, m->type);
	SET(&g, GAME, in_intermission, m->in_intermission);
	if (m->clock_s >= 0)
		SET(&g, GAME, clock_seconds, m->clock_s);
	return (struct order_key){.time = 1, .period = g.period, .elapsed = game_elapsed(&g)};
}

/* Of one cache window the later moment is never the older one, whichever two are compared. */
static void the_order_follows_the_play(void **state)
{
	(void)state;
	static const struct moment
		regular[] =
			{
				{1, 1200, STR_INIT("REG"), STR_INIT("LIVE"), false},
				{1, 1, STR_INIT("REG"), STR_INIT("LIVE"), false},
				{1, 0, STR_INIT("REG"), STR_INIT("LIVE"), false},
				{1, 1080, STR_INIT("REG"), STR_INIT("LIVE"),
					true}, /* the intermission's own clock */
				{1, 3, STR_INIT("REG"), STR_INIT("LIVE"), true},
				{2, 1200, STR_INIT("REG"), STR_INIT("LIVE"), false},
				{3, 30, STR_INIT("REG"), STR_INIT("CRIT"), false},
				{3, 60, STR_INIT("REG"), STR_INIT("CRIT"),
					true}, /* before overtime */
				{4, 300, STR_INIT("OT"), STR_INIT("CRIT"), false},
				{4, 226, STR_INIT("OT"), STR_INIT("CRIT"), false},
				{4, 0, STR_INIT("OT"), STR_INIT("CRIT"), true},
				{5, 0, STR_INIT("SO"), STR_INIT("CRIT"), false},
				{5, -1, STR_INIT("SO"), STR_INIT("FINAL"), false},
				{5, 0, STR_INIT("SO"), STR_INIT("OFF"), false},
			},
		playoffs[] =
			{
				{3, 0, STR_INIT("REG"), STR_INIT("CRIT"), false},
				{3, 900, STR_INIT("REG"), STR_INIT("CRIT"), true},
				{4, 1200, STR_INIT("OT"), STR_INIT("CRIT"), false},
				{4, 1100, STR_INIT("OT"), STR_INIT("CRIT"), false},
				{4, 1000, STR_INIT("OT"), STR_INIT("CRIT"), true},
				{5, 1199, STR_INIT("OT"), STR_INIT("CRIT"), false},
				{5, 500, STR_INIT("OT"), STR_INIT("CRIT"), false},
				{5, 500, STR_INIT("OT"), STR_INIT("FINAL"),
					false}, /* stays at the goal */
			},
		cut_short[] = {
			{2, -1, STR_INIT("REG"), STR_INIT("LIVE"),
				false}, /* no clock: its beginning, at least */
			{2, 600, STR_INIT("REG"), STR_INIT("LIVE"), false},
			{3, 1, STR_INIT("REG"), STR_INIT("CRIT"), false},
			{3, -1, STR_INIT("REG"), STR_INIT("FINAL"),
				false}, /* no clock: all of it is over */
			{3, 0, STR_INIT("REG"), STR_INIT("OFF"), false},
		};
	static const struct {
		const struct moment *list;
		size_t count;
		int64_t game_type;
	} games[] = {{regular, COUNT(regular), 2}, {playoffs, COUNT(playoffs), 3},
		{cut_short, COUNT(cut_short), 2}};
	for (size_t g = 0; g < COUNT(games); g++)
		for (size_t i = 0; i < games[g].count; i++)
			for (size_t j = i + 1; j < games[g].count; j++)
				assert_true(
					order_compare(key_of(&games[g].list[i], games[g].game_type),
						key_of(&games[g].list[j], games[g].game_type)) <=
					0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_read_and_written_by_column),
		cmocka_unit_test(every_table_can_be_looped_over),
		cmocka_unit_test(values_are_written_as_readers_see_them),
		cmocka_unit_test(states_have_a_phase),
		cmocka_unit_test(elapsed_time_knows_intermissions),
		cmocka_unit_test(the_order_is_total),
		cmocka_unit_test(the_order_follows_the_play),
	};
	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
