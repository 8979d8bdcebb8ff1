/* base: strings, buffers, JSON, time, options, errors. */
#include "cmocka_all.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/options.h"
#include "base/str.h"
#include "base/time.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_str(struct str got, const char *want)
{
	if (!str_equal(got, str_from(want)))
		fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static void views_are_cut_and_compared(void **state)
{
	(void)state;
	struct str_cut cut = str_cut(STR("a=b=c"), '=');
	assert_str(cut.head, "a");
	assert_str(cut.tail, "b=c");
	assert_false(str_cut(STR("abc"), '=').found);
	assert_str(str_trim(STR(" \t a b \r\n")), "a b");
	assert_str(str_trim(STR("  ")), "");
	assert_true(str_starts(STR("goals"), STR("go")) && !str_starts(STR("g"), STR("go")));
	assert_true(str_ends(STR("goals"), STR("als")) && !str_ends(STR("s"), STR("als")));
	assert_true(str_compare(STR("a"), STR("ab")) < 0 && str_compare(STR("b"), STR("ab")) > 0);
	assert_true(str_equal_nocase(STR("Host"), STR("hOST")));
	assert_true(str_equal((struct str){0}, STR("")));
}

static void numbers_are_whole_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} cases[] = {
		{"0", true, 0},
		{"-0", true, 0},
		{"2023020204", true, 2023020204},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1x", false, 0},
		{"1.0", false, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t value = 77;
		bool good = str_to_i64(str_from(cases[i].text), &value);
		if (good != cases[i].good || value != (good ? cases[i].value : 77))
			fail_msg("\"%s\": %d, %lld", cases[i].text, good, (long long)value);
	}
}

static void white_space_collapses(void **state)
{
	(void)state;
	struct arena a = arena_reserve(1 << 16);
	char room[64];
	assert_str(str_collapse(room, STR(" Hurri\tcanes \n of  Carolina ")),
		"Hurri canes of Carolina");
	assert_str(str_collapse(room, STR("\t")), "");
	assert_string_equal(str_z(&a, STR("goal")), "goal");
	assert_str(str_format(&a, "%d of %s", 3, "four"), "3 of four");
	arena_release(&a);
}

static void utf8_is_recognised(void **state)
{
	(void)state;
	assert_true(str_is_utf8(STR("St\xc3\xbctzle \xf0\x9f\x8f\x92")));
	static const char *const bad[] = {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xe2\x28\xa1", "a\x80"};
	for (size_t i = 0; i < COUNT(bad); i++)
		if (str_is_utf8(str_from(bad[i])))
			fail_msg("case %zu was taken for UTF-8", i);
}

/* PostgreSQL refuses a text that ends in half a character. */
static void no_character_is_halved(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t n, left;
	} cases[] = {
		{"a\xc3\xa9z", 1, 1}, {"a\xc3\xa9z", 2, 1}, {"a\xc3\xa9z", 3, 3},
		{"a\xc3\xa9", 9, 3}, {"a\xf0\x9f\x8f\x92", 4, 1}, {"a\xf0\x9f\x8f\x92", 3, 1},
		{"\xe2\x82\xac", 2, 0}, {"a\x80\x80\x80\x80\x80", 3, 3}, /* no characters at all */
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		char cut[16] = "";
		strncpy(cut, cases[i].text, cases[i].n);
		str_end_whole(cut);
		if (str_first(str_from(cases[i].text), cases[i].n).n != cases[i].left ||
			strlen(cut) != cases[i].left)
			fail_msg("case %zu: %zu", i,
				str_first(str_from(cases[i].text), cases[i].n).n);
	}
	struct err err = {0};
	for (size_t i = 0; i < 8; i++) {
		err_set(&err, ERR_DECODE, "%.*s%s", (int)i, "1234567", "");
		while (strlen(err.text) + 3 < sizeof(err.text))
			err_wrap(&err, "\xe2\x82\xac");
		err_wrap(&err, "\xe2\x82\xac");
		assert_true(str_is_utf8(str_from(err.text)));
	}
}

#if defined(__SANITIZE_ADDRESS__)
/* Whoever runs over the end of what an arena gave out is ended by address sanitizer, and that is how we find him. */
static void an_arena_has_gaps_where_they_are_looked_for(void **state)
{
	(void)state;
	struct arena a = arena_reserve(1 << 16);
	volatile char *list[] = {arena_alloc(&a, 3, 100), arena_alloc(&a, 1, 1)};
	static const int over[] = {300, 1};
	size_t room;
	for (size_t i = 0; i < COUNT(over); i++) {
		pid_t child = fork();
		if (!child) {
			freopen("/dev/null", "w", stderr);
			list[i][over[i]] = 1;
			_exit(0);
		}
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_not_equal(status, 0);
	}
	arena_reset(&a); /* and what was forbidden is allowed to the next one */
	char *all = arena_open(&a, SIZE_MAX, &room);
	memset(all, 1, room);
	arena_release(&a);
}
#endif

static void an_arena_gives_zeros_again(void **state)
{
	(void)state;
	struct arena a = arena_reserve(1 << 16);
	memset(arena_alloc(&a, 100, 1), 7, 100);
	arena_reset(&a);
	const char *p = arena_alloc(&a, 100, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	arena_release(&a);
	arena_release(&a);
}

static void a_full_buffer_stays_failed(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 8);
	buf_add(&b, STR("12345"));
	buf_add(&b, STR("6789"));
	assert_true(b.failed);
	buf_add(&b, STR("1"));
	assert_true(b.failed);
	assert_str(buf_str(&b), "12345");
	buf_reset(&b);
	buf_add(&b, STR("12345678"));
	assert_false(b.failed);
	buf_clear(&b);
}

static void reals_are_short_and_exact(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0.0"}, {0.5, "0.5"}, {0.923077, "0.923077"}, {1, "1.0"}, {-0.25, "-0.25"},
		{1.0 / 3, "0.3333333333333333"}, {12.25, "12.25"}, {1e300, "1e+300"},
		{INFINITY, "null"}};
	struct buf b;
	buf_init(&b, 100);
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_reset(&b);
		buf_add_real(&b, cases[i].value);
		assert_str(buf_str(&b), cases[i].text);
	}
	srand48(7);
	for (int i = 0; i < 20000; i++) {
		double value = i % 2 ? drand48() : (double)(mrand48() % 1000000) / 1e6;
		buf_reset(&b);
		buf_add_real(&b, value);
		buf_add_char(&b, '\0');
		assert_true(strtod(b.p, NULL) == value);
	}
	buf_clear(&b);
}

static void json_is_escaped_and_always_utf8(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 1000);
	struct json j = json_begin(&b);
	json_open(&j, '{');
	json_key(&j, STR("a\"b"));
	json_text(&j, STR("x\\\n\x01y \xc3\xa9 <b>"));
	json_key(&j, STR("list"));
	json_open(&j, '[');
	json_i64(&j, -9);
	json_null(&j);
	json_bool(&j, true);
	json_real(&j, 0.5);
	json_close(&j, ']');
	json_key(&j, STR("bad"));
	json_text(&j, STR("a\xff\"\xc3"));
	json_close(&j, '}');
	assert_str(buf_str(&b),
		"{\"a\\\"b\":\"x\\\\\\n\\u0001y \xc3\xa9 <b>\",\"list\":[-9,null,true,0.5],"
		"\"bad\":\"a\xef\xbf\xbd\\\"\xef\xbf\xbd\"}");
	buf_clear(&b);
}

static void instants_go_there_and_back(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		int64_t ms;
	} cases[] = {
		{"1970-01-01T00:00:00Z", true, 0},
		{"2023-11-30T03:30:00Z", true, 1701315000000},
		{"2023-11-29T22:30:00-05:00", true, 1701315000000},
		{"2023-11-30T03:30:00.250Z", true, 1701315000250},
		{"2023-11-30T03:30Z", true, 1701315000000},
		{"2024-02-29T00:00:00Z", true, 1709164800000},
		{"2023-02-29T00:00:00Z", false, 0},
		{"2023-11-30T24:00:00Z", false, 0},
		{"2023-11-30", false, 0},
		{"2023-11-30T03:30:00", false, 0},
		{"2023-11-30T03:30:00Zx", false, 0},
		{"", false, 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = -1;
		bool good = time_parse(str_from(cases[i].text), &ms);
		if (good != cases[i].good || (good && ms != cases[i].ms))
			fail_msg("%s: %d %lld", cases[i].text, good, (long long)ms);
	}
	assert_string_equal(time_format(1701315000250).text, "2023-11-30T03:30:00.250Z");
	assert_string_equal(time_format(1701315000000).text, "2023-11-30T03:30:00Z");
	assert_string_equal(time_format(-1).text, "1969-12-31T23:59:59.999Z");
}

static void days_go_there_and_back(void **state)
{
	(void)state;
	for (int32_t day = day_from_civil(1900, 1, 1); day < day_from_civil(2200, 1, 1); day++) {
		int32_t again;
		assert_true(day_parse(str_from(day_format(day).text), &again));
		assert_int_equal(again, day);
	}
	int32_t day;
	assert_false(day_parse(STR("2023-1-01"), &day));
	assert_false(day_parse(STR("2023-01-01 "), &day));
	assert_false(day_parse(STR("2023-13-01"), &day));
	assert_int_equal(day_age(day_from_civil(1997, 1, 13), day_from_civil(2025, 1, 12)), 27);
	assert_int_equal(day_age(day_from_civil(1997, 1, 13), day_from_civil(2025, 1, 13)), 28);
	assert_int_equal(day_age(day_from_civil(2000, 2, 29), day_from_civil(2023, 2, 28)), 22);
	assert_int_equal(day_age(day_from_civil(2000, 2, 29), day_from_civil(2023, 3, 1)), 23);
}

static void the_league_keeps_eastern_time(void **state)
{
	(void)state;
	static const struct {
		const char *utc, *day;
		int offset;
	} cases[] = {
		{"2023-11-30T03:30:00Z", "2023-11-29", -300},
		{"2023-11-30T05:00:00Z", "2023-11-30", -300},
		{"2024-03-10T06:59:59Z", "2024-03-10", -300}, /* the second Sunday of March, 2:00 */
		{"2024-03-10T07:00:00Z", "2024-03-10", -240},
		{"2024-11-03T05:59:59Z", "2024-11-03",
			-240}, /* the first Sunday of November, 2:00 */
		{"2024-11-03T06:00:00Z", "2024-11-03", -300},
		{"2025-06-18T03:59:59Z", "2025-06-17", -240},
		{"2025-06-18T04:00:00Z", "2025-06-18", -240},
		{"2020-03-08T07:00:00Z", "2020-03-08", -240}, /* 1 March was itself a Sunday */
		{"2015-11-01T06:00:00Z", "2015-11-01", -300}, /* and 1 November here */
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = 0;
		assert_true(time_parse(str_from(cases[i].utc), &ms));
		assert_int_equal(eastern_offset_minutes(ms), cases[i].offset);
		assert_string_equal(day_format(eastern_day(ms)).text, cases[i].day);
	}
}

static void durations_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		int64_t ms;
	} cases[] = {{"500ms", true, 500}, {"10s", true, 10000}, {"5m", true, 300000},
		{"2h", true, 7200000}, {"30d", true, 2592000000}, {"0s", true, 0}, {"10", false, 0},
		{"s", false, 0}, {"1.5s", false, 0}, {"-1s", false, 0}, {"10 s", false, 0},
		{"9223372036854775807d", false, 0}};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = 0;
		bool good = time_parse_duration(str_from(cases[i].text), &ms);
		if (good != cases[i].good || (good && ms != cases[i].ms))
			fail_msg("%s: %d %lld", cases[i].text, good, (long long)ms);
	}
	assert_string_equal(time_format_duration(90000).text, "90s");
	assert_string_equal(time_format_duration(120000).text, "2m");
	assert_string_equal(time_format_duration(0).text, "0ms");
}

static void an_error_reads_from_the_outside_in(void **state)
{
	(void)state;
	struct err err;
	assert_false(err_set(&err, ERR_DECODE, "wanted a number, found %s", "text"));
	assert_false(err_wrap(&err, "players[%d].goals", 7));
	assert_false(err_wrap(&err, "game %d", 12));
	assert_string_equal(err.text, "game 12: players[7].goals: wanted a number, found text");
	assert_int_equal(err.kind, ERR_DECODE);
	assert_int_equal(err_exit_code(ERR_DECODE), 4);
	for (int i = 0; i < 200; i++)
		err_wrap(&err, "a long way down");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

struct settings {
	struct str db, keys;
	int64_t jobs, most, every_ms;
	double rate, speed;
	bool once, help;
	int level;
};
static const struct str levels[] = {STR_INIT("low"), STR_INIT("high")};
#define ROW(name_, type_, member, ...)                                                             \
	{                                                                                          \
		.name = name_, .type = OPTION_##type_,                                             \
		.offset = offsetof(struct settings, member), __VA_ARGS__                           \
	}
static const struct option rows[] = {
	ROW("db", TEXT, db, .fallback = "x", .argument = "URL", .help = "where"),
	ROW("jobs", INTEGER, jobs, .fallback = "8", .min = 1, .max = 64, .argument = "N",
		.help = "how many"),
	ROW("most", INTEGER, most, .min = 1, .max = 1048576, .argument = "N", .help = "at most"),
	ROW("speed", REAL, speed, .min = 0.1, .max = 100000, .argument = "N", .help = "how fast"),
	ROW("every", DURATION, every_ms, .fallback = "10s", .min = 100, .max = 60000,
		.argument = "TIME", .help = "how often"),
	ROW("keys", TEXT, keys, .argument = "FILE", .help = "who may", .guards = true),
	ROW("rate", REAL, rate, .fallback = "0", .argument = "R", .help = "at most"),
	ROW("once", FLAG, once, .help = "one tick"),
	ROW("help", FLAG, help, .help = "this", .is_typed = true),
	ROW("log-level", CHOICE, level, .fallback = "low", .choices = levels, .choice_count = 2,
		.argument = "LEVEL", .help = "how much"),
};

static bool parse(struct settings *out, int *argc, char **argv, struct err *err)
{
	const struct option *options[COUNT(rows)];
	for (size_t i = 0; i < COUNT(rows); i++)
		options[i] = &rows[i];
	return options_parse(options, COUNT(rows), out, argc, argv, err);
}

static void options_come_from_the_line_and_the_environment(void **state)
{
	(void)state;
	struct settings s = {0};
	struct err err;
	char *argv[] = {
		"12", "--jobs", "3", "--every=500ms", "--once", "-", "--", "--not-an-option"};
	int argc = COUNT(argv);
	setenv("RINKSIDE_JOBS", "5", 1);
	setenv("RINKSIDE_DB", "", 1);
	setenv("RINKSIDE_HELP", "not yes, not no", 1);
	setenv("RINKSIDE_LOG_LEVEL", "high", 1);
	assert_true(parse(&s, &argc, argv, &err));
	assert_str(s.db, "x");
	assert_int_equal(s.jobs, 3);
	assert_int_equal(s.every_ms, 500);
	assert_int_equal(s.level, 1);
	assert_true(s.once && !s.help);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[0], "12");
	assert_string_equal(argv[1], "-");
	assert_string_equal(argv[2], "--not-an-option");
	unsetenv("RINKSIDE_JOBS");
	unsetenv("RINKSIDE_DB");
	unsetenv("RINKSIDE_HELP");
	unsetenv("RINKSIDE_LOG_LEVEL");
}

static void a_wrong_option_is_named(void **state)
{
	(void)state;
	static char *const cases[][3] = {
		{"--nope", "1", "unknown option --nope; --help lists them"},
		{"--nope=1", NULL, "unknown option --nope; --help lists them"},
		{"-p", "80", "unknown option -p; --help lists them"},
		{"-help", NULL, "unknown option -help; --help lists them"},
		{"--jobs", NULL, "--jobs wants a value: N"},
		{"--db", "", "--db: wants a value: URL, got an empty one"},
		{"--db=", NULL, "--db: wants a value: URL, got an empty one"},
		{"--jobs", "many", "--jobs: wants a whole number, got \"many\""},
		{"--jobs", "65", "--jobs: must be from 1 to 64, got \"65\""},
		{"--most", "0", "--most: must be from 1 to 1048576, got \"0\""},
		{"--speed", "0", "--speed: must be from 0.1 to 100000, got \"0\""},
		{"--every", "10",
			"--every: wants a duration such as 500ms, 10s, 5m, 2h or 30d, got \"10\""},
		{"--every", "2m", "--every: must be from 100ms to 1m, got \"2m\""},
		{"--rate", "-1", "--rate: must not be negative, got \"-1\""},
		{"--rate", "nan", "--rate: wants a number, got \"nan\""},
		{"--log-level", "loud", "--log-level: is one of low, high, got \"loud\""},
	};
	struct settings s = {0};
	struct err err;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *argv[] = {cases[i][0], cases[i][1]};
		int argc = cases[i][1] ? 2 : 1;
		assert_false(parse(&s, &argc, argv, &err));
		assert_int_equal(err.kind, ERR_USAGE);
		assert_string_equal(err.text, cases[i][2]);
	}
	setenv("RINKSIDE_JOBS", "0", 1);
	int argc = 0;
	assert_false(parse(&s, &argc, NULL, &err));
	assert_string_equal(err.text, "RINKSIDE_JOBS: must be from 1 to 64, got \"0\"");
	unsetenv("RINKSIDE_JOBS");
	setenv("RINKSIDE_KEYS", "", 1);
	assert_false(parse(&s, &argc, NULL, &err));
	assert_string_equal(err.text, "RINKSIDE_KEYS: wants a value: FILE, got an empty one");
	unsetenv("RINKSIDE_KEYS");
}

/* The last test: what it sets stays set. */
static void a_rehearsal_has_a_clock_of_its_own(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "1", "1/2", "1/2/", "1/2/x", "1/2/0", "1/2/-1",
		"1/2/inf", "1/2/3x", "x/2/3", "1/2.5/3", "1/2/3/4", "1/2/2000000", "-1/2/3",
		"1/9223372036854775807/1000"};
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(time_rehearse(str_from(wrong[i])));
	int64_t real = time_now_ms(), shown = 1760000000000;
	char spec[80];
	snprintf(spec, sizeof(spec), "%lld/%lld/1000", (long long)real, (long long)shown);
	assert_true(time_rehearse(str_from(spec)));
	int64_t now = time_now_ms();
	assert_in_range(now, shown, shown + 60 * 1000 * 1000);
	int64_t wait = time_until_ms(now + 10 * 1000 * 1000);
	assert_in_range(wait, 1, 10001);
	assert_int_equal(time_until_ms(shown - 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_are_cut_and_compared),
		cmocka_unit_test(numbers_are_whole_or_refused),
		cmocka_unit_test(white_space_collapses),
		cmocka_unit_test(utf8_is_recognised),
		cmocka_unit_test(no_character_is_halved),
		cmocka_unit_test(an_arena_gives_zeros_again),
#if defined(__SANITIZE_ADDRESS__)
		cmocka_unit_test(an_arena_has_gaps_where_they_are_looked_for),
#endif
		cmocka_unit_test(a_full_buffer_stays_failed),
		cmocka_unit_test(reals_are_short_and_exact),
		cmocka_unit_test(json_is_escaped_and_always_utf8),
		cmocka_unit_test(instants_go_there_and_back),
		cmocka_unit_test(days_go_there_and_back),
		cmocka_unit_test(the_league_keeps_eastern_time),
		cmocka_unit_test(durations_are_read),
		cmocka_unit_test(an_error_reads_from_the_outside_in),
		cmocka_unit_test(options_come_from_the_line_and_the_environment),
		cmocka_unit_test(a_wrong_option_is_named),
		cmocka_unit_test(a_rehearsal_has_a_clock_of_its_own),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
