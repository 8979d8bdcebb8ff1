/* What goes wrong on request: the language of faults, how often they come, and spoiled bodies. */
#include "fake/bodies.h"
#include "fake/faults.h"
#include "fake/spoil.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static void rules_are_read_or_refused(void **state)
{
	(void)state;
	static const struct {
		const char *spec;
		size_t count;
		const char *complaint; /* what the sentence names */
	} cases[] = {
		{"", 0, NULL},
		{"status-503=0.02,slow=0.01, torn=0,html=1e-3", 4, NULL},
		{"drop=1", 1, NULL},
		{"statu-500=0.1", 0, "\"statu-500\": no such fault"},
		{"slow=0.1,status-200=0.1", 0, "\"status-200\": wants a number from 400 to 599"},
		{"status-600=0.1", 0, "\"status-600\": wants a number from 400 to 599"},
		{"retry-after-99999999999999999999=1", 0, "from 0 to 86400 after retry-after-"},
		{"slow=0x1", 0, "\"slow=0x1\""},
		{"slow=1@game:1@game:2", 0, "\"@game:2\": a second one"},
		{"slow=1@every:1h@for:2h", 0, "@for is no longer"},
		{"slow=1@every:1h@for:1h", 1, NULL},
		{"slow=1@from:2025-12-02T00:00:00Z@to:2025-12-01T00:00:00Z", 0, "not before @to"},
		{"slow", 0, "\"slow\""},
		{"slow=", 0, "\"slow=\""},
		{"slow=-0.1", 0, "\"slow=-0.1\""},
		{"slow=1.5", 0, "\"slow=1.5\""},
		{"slow=nan", 0, "\"slow=nan\""},
		{"slow=0.5x", 0, "\"slow=0.5x\""},
		{"slow=0.6,drop=0.6", 0, "1.2"},
		{"slow=0.1,", 0, "\"\""},
		{"retry-after-=1", 0, "\"retry-after-\": wants a number"},
		{"slow=1@game:x", 0, "\"@game:x\""},
		{"slow=1@path:", 0, "\"@path:\""},
		{"slow=1@first:0", 0, "\"@first:0\""},
		{"slow=1@from:noon", 0, "\"@from:noon\""},
		{"slow=1@every:24h", 0, "together"},
		{"slow=1@every:24h@for:0s", 0, "\"@for:0s\""},
		{"slow=1@moon:full", 0, "\"@moon:full\""},
		{"slow=1@path:boxscore,slow=1@game:2025020001@path:play", 2, NULL},
		{"retry-after-2=0.5", 1, NULL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct faults f;
		struct err err;
		bool ok = faults_parse(str_from(cases[i].spec), 1, &f, &err);
		if (ok != !cases[i].complaint)
			fail_msg("%s", cases[i].spec);
		if (ok)
			assert_int_equal(f.count, cases[i].count);
		else if (err.kind != ERR_USAGE || !strstr(err.text, cases[i].complaint))
			fail_msg("%s: %s", cases[i].spec, err.text);
	}
}

static enum fault draw(const struct faults *f, const char *path, uint32_t nth, int64_t now_ms)
{
	const struct fault_rule *r = faults_draw(f, str_from(path), 7, nth, now_ms);
	return r ? r->fault : FAULT_NONE;
}

static void faults_are_as_often_as_said(void **state)
{
	(void)state;
	struct faults f, other;
	struct err err;
	assert_true(faults_parse(STR("status-503=0.2,stale=0.1"), 5, &f, &err));
	assert_true(faults_parse(STR("status-503=0.2,stale=0.1"), 6, &other, &err));
	int counts[FAULT_COUNT] = {0}, differ = 0;
	for (uint64_t path = 0; path < 100; path++)
		for (uint32_t nth = 0; nth < 100; nth++) {
			const struct fault_rule *one =
				faults_draw(&f, STR("/x"), path << 20, nth, 0);
			const struct fault_rule *two =
				faults_draw(&other, STR("/x"), path << 20, nth, 0);
			assert_ptr_equal(one, faults_draw(&f, STR("/x"), path << 20, nth, 0));
			differ += (one ? one->fault : 0) != (two ? two->fault : 0);
			assert_true(!one || one->fault != FAULT_STATUS || one->number == 503);
			counts[one ? one->fault : FAULT_NONE]++;
		}
	assert_in_range(counts[FAULT_STATUS], 1800, 2200);
	assert_in_range(counts[FAULT_STALE], 850, 1150);
	assert_int_equal(counts[FAULT_NONE] + counts[FAULT_STATUS] + counts[FAULT_STALE], 10000);
	assert_true(differ > 3000);
}

/* What is said of a place or a time is so, whatever else goes on. */
static void a_dead_hour_is_dead(void **state)
{
	(void)state;
	struct faults f;
	struct err err;
	int64_t now;
	assert_true(
		faults_parse(STR("new-fields=0.5,drop=0.5,reset=1@every:24h@for:1h"), 1, &f, &err));
	assert_true(time_parse(STR("2026-01-01T00:30:00Z"), &now));
	for (uint32_t nth = 0; nth < 100; nth++) {
		assert_int_equal(draw(&f, "/x", nth, now), FAULT_RESET);
		assert_int_not_equal(draw(&f, "/x", nth, now + 3600000), FAULT_RESET);
	}
}

static void conditions_must_all_hold(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *path;
		uint32_t nth;
		const char *now;
		bool is_met;
	} cases[] = {
		{"slow=1@game:2025020001", "/v1/gamecenter/2025020001/boxscore", 0,
			"2026-01-01T00:00:00Z", true},
		{"slow=1@game:2025020001", "/v1/gamecenter/2025020002/boxscore", 0,
			"2026-01-01T00:00:00Z", false},
		{"slow=1@path:boxscore", "/v1/gamecenter/2025020002/boxscore", 0,
			"2026-01-01T00:00:00Z", true},
		{"slow=1@path:boxscore", "/v1/score/2026-01-01", 0, "2026-01-01T00:00:00Z", false},
		{"slow=1@first:2", "/x", 1, "2026-01-01T00:00:00Z", true},
		{"slow=1@first:2", "/x", 2, "2026-01-01T00:00:00Z", false},
		{"slow=1@from:2026-01-01T00:00:00Z", "/x", 0, "2026-01-01T00:00:00Z", true},
		{"slow=1@from:2026-01-01T00:00:01Z", "/x", 0, "2026-01-01T00:00:00Z", false},
		{"slow=1@to:2026-01-01T00:00:00Z", "/x", 0, "2026-01-01T00:00:00Z", false},
		{"slow=1@every:24h@for:1h", "/x", 0, "2026-01-01T00:59:59Z", true},
		{"slow=1@every:24h@for:1h", "/x", 0, "2026-01-01T01:00:00Z", false},
		{"slow=1@path:x@first:1@to:2027-01-01T00:00:00Z", "/x", 0, "2026-01-01T00:00:00Z",
			true},
		{"slow=1@path:x@first:1@to:2027-01-01T00:00:00Z", "/x", 1, "2026-01-01T00:00:00Z",
			false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct faults f;
		struct err err;
		int64_t now;
		assert_true(time_parse(str_from(cases[i].now), &now));
		assert_true(faults_parse(str_from(cases[i].spec), 1, &f, &err));
		if ((draw(&f, cases[i].path, cases[i].nth, now) == FAULT_SLOW) != cases[i].is_met)
			fail_msg("%s of %s", cases[i].spec, cases[i].path);
	}
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
		struct faults f;
		struct err err;
		char spec[64];
		snprintf(spec, sizeof(spec), "%.*s=1",
			STR_ARG(i == FAULT_STATUS  ? STR("status-500")
				: i == FAULT_RETRY ? STR("retry-after-3")
						   : fault_names[i]));
		assert_true(faults_parse(str_from(spec), 1, &f, &err));
		assert_int_equal(f.rules[0].fault, i);
	}
}

/* Each fault of a body changes it, whatever the fate; where there are no players it may not. */
static void spoiled_bodies_parse_and_differ(void **state)
{
	(void)state;
	struct arena arena = arena_reserve(8 << 20);
	const struct league *l = league_season(&arena, 7, 2023);
	const struct match *m = match_play(&arena, l, &l->fixtures[3]);
	struct buf good, bad;
	buf_init(&good, 1 << 20);
	buf_init(&bad, 1 << 20);
	body_box_score(&good, l, m, FOR_EVER - 1);
	for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++)
		for (uint64_t fate = 0; fate < 40 && spoil_can((enum fault)i); fate++) {
			struct random r = random_from(fate, 1);
			buf_reset(&bad);
			spoil((enum fault)i, buf_str(&good), &r, &bad);
			yyjson_doc *doc = yyjson_read(bad.p, bad.n, 0);
			assert_non_null(doc);
			yyjson_doc_free(doc);
			bool lost_nothing =
				i == FAULT_LOST_FIELDS; /* `shots` is of another shape */
			if (str_equal(buf_str(&good), buf_str(&bad)) && !lost_nothing)
				fail_msg("%.*s left the body as it was", STR_ARG(fault_names[i]));
		}
	struct random r = random_from(1, 1);
	buf_reset(&bad);
	spoil(FAULT_TWICE, STR("<html>"), &r, &bad);
	assert_true(str_equal(buf_str(&bad), STR("<html>")));
	buf_clear(&good);
	buf_clear(&bad);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_read_or_refused),
		cmocka_unit_test(faults_are_as_often_as_said),
		cmocka_unit_test(conditions_must_all_hold),
		cmocka_unit_test(a_dead_hour_is_dead),
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test(spoiled_bodies_parse_and_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
