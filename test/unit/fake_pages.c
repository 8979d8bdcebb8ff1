/* What the fake API answers at which path, out of a league or recordings. */
#include "fake/pages.h"
#include "fake/truth.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yyjson.h>

static const int64_t now = 1793000000000; /* 2026-10-26T08:53:20Z */

static struct pages night, season;
static struct arena keep;
static struct buf out;

static enum page ask(struct pages *p, const char *path)
{
	buf_reset(&out);
	return pages_render(p, str_from(path), STR(""), 0, now, now, &out);
}

static yyjson_doc *parse(void)
{
	yyjson_doc *doc = yyjson_read(out.p, out.n, 0);
	assert_non_null(doc);
	return doc;
}

static void each_path_has_its_page(void **state)
{
	(void)state;
	char box[64], plays[64], truth[64];
	int64_t id = season.league->fixtures[700].id;
	snprintf(box, sizeof(box), "/v1/gamecenter/%lld/boxscore", (long long)id);
	snprintf(plays, sizeof(plays), "/v1/gamecenter/%lld/play-by-play", (long long)id);
	snprintf(truth, sizeof(truth), "/fake/truth/%lld", (long long)id);
	const struct {
		struct pages *pages;
		const char *path;
		enum page page;
	} cases[] = {
		{&season, box, PAGE_STAYS},
		{&season, plays, PAGE_STAYS},
		{&season, truth, PAGE_STAYS},
		{&season, "/v1/score/2024-01-10", PAGE_STAYS},
		{&night, "/v1/score/2026-10-26", PAGE_CHANGES},
		{&night, "/v1/schedule/2026-10-26", PAGE_CHANGES},
		{&night, "/v1/schedule/1969-10-26", PAGE_MISSING},
		{&night, "/v1/schedule/9999-10-26", PAGE_MISSING},
		{&night, "/v1/schedule/2026-13-26", PAGE_MISSING},
		{&night, "/v1/schedule/now", PAGE_ELSEWHERE},
		{&night, "/v1/score/now", PAGE_ELSEWHERE},
		{&night, "/v1/roster/TOR/20262027", PAGE_STAYS},
		{&night, "/v1/roster/TOR/20252026", PAGE_MISSING},
		{&night, "/v1/roster/tor/20262027", PAGE_MISSING},
		{&night, "/v1/roster/TOR/current", PAGE_ELSEWHERE},
		{&night, "/v1/club-schedule-season/TOR/20262027", PAGE_CHANGES},
		{&night, "/v1/player/8470101/landing", PAGE_STAYS},
		{&night, "/v1/player/8470126/landing", PAGE_STAYS},
		{&night, "/v1/player/8470127/landing", PAGE_MISSING},
		{&night, "/v1/player//landing", PAGE_BAD},
		{&night, "/v1/season", PAGE_STAYS},
		{&night, "/stats/rest/en/team", PAGE_STAYS},
		{&night, "/v1/season/2", PAGE_MISSING},
		{&night, "/v1/gamecenter/1/boxscore", PAGE_MISSING},
		{&night, "/v1/gamecenter/99999999999999999999/boxscore", PAGE_MISSING},
		{&night, "/v1", PAGE_MISSING},
		{&night, "/", PAGE_MISSING},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum page page = ask(cases[i].pages, cases[i].path);
		if (page != cases[i].page)
			fail_msg("%s: got %d", cases[i].path, page);
		assert_false(out.failed);
		if ((page == PAGE_CHANGES || page == PAGE_STAYS) && cases[i].path != truth)
			yyjson_doc_free(parse());
	}
	ask(&night, "/v1/roster/TOR/current");
	assert_true(str_equal(buf_str(&out), STR("/v1/roster/TOR/20262027")));
	ask(&night, "/v1/score/now");
	assert_true(str_equal(buf_str(&out), STR("/v1/score/2026-10-26")));
}

/* Goals by club, as the plays tell them; the shoot-out, if one is played out, is its winner's one. */
static void count_goals(yyjson_val *body, int64_t goals[static SIDES])
{
	int64_t away = yyjson_get_sint(yyjson_ptr_get(body, "/awayTeam/id")), open[SIDES] = {0},
		tries[SIDES] = {0};
	bool has_shootout = false;
	size_t i, n;
	yyjson_val *play;
	yyjson_arr_foreach(yyjson_obj_get(body, "plays"), i, n, play)
	{
		const char *what = yyjson_get_str(yyjson_obj_get(play, "typeDescKey"));
		const char *period =
			yyjson_get_str(yyjson_ptr_get(play, "/periodDescriptor/periodType"));
		int side =
			yyjson_get_sint(yyjson_ptr_get(play, "/details/eventOwnerTeamId")) == away
				? AWAY
				: HOME;
		has_shootout = has_shootout || !strcmp(what, "shootout-complete");
		if (!strcmp(what, "goal"))
			*(strcmp(period, "SO") ? &open[side] : &tries[side]) += 1;
	}
	for (int side = 0; side < SIDES; side++)
		goals[side] = open[side] + (has_shootout && tries[side] > tries[!side]);
}

/* The head of the game's body of that kind, and its plays where it has them. */
static void check_score(const struct match *m, const char *kind, const struct tally *t)
{
	char path[64];
	snprintf(path, sizeof(path), "/v1/gamecenter/%lld/%s", (long long)m->fixture->id, kind);
	assert_int_equal(ask(&season, path), PAGE_STAYS);
	yyjson_doc *doc = parse();
	yyjson_val *root = yyjson_doc_get_root(doc);
	int64_t goals[SIDES];
	assert_int_equal(yyjson_get_sint(yyjson_ptr_get(root, "/awayTeam/score")), t->score[AWAY]);
	assert_int_equal(yyjson_get_sint(yyjson_ptr_get(root, "/homeTeam/score")), t->score[HOME]);
	if (yyjson_obj_get(root, "plays")) {
		count_goals(root, goals);
		assert_int_equal(goals[AWAY], t->score[AWAY]);
		assert_int_equal(goals[HOME], t->score[HOME]);
	}
	yyjson_doc_free(doc);
}

static void check_truth(const struct match *m)
{
	buf_reset(&out);
	truth_game(&out, m, FOR_EVER - 1);
	int lines = 0, goals = 0, decisions = 0;
	for (char *p = out.p, *end = out.p + out.n; p < end; lines++) {
		char *newline = memchr(p, '\n', (size_t)(end - p));
		yyjson_doc *doc = yyjson_read(p, (size_t)(newline - p), 0);
		assert_non_null(doc);
		yyjson_val *root = yyjson_doc_get_root(doc);
		assert_int_equal(yyjson_obj_size(root), 36);
		goals += (int)yyjson_get_sint(yyjson_obj_get(root, "goals"));
		decisions += yyjson_is_str(yyjson_obj_get(root, "decision"));
		assert_null(strchr(yyjson_get_str(yyjson_obj_get(root, "player_name")), '\t'));
		yyjson_doc_free(doc);
		p = newline + 1;
	}
	struct tally t;
	match_tally(m, FOR_EVER - 1, &t);
	check_score(m, "boxscore", &t);
	check_score(m, "play-by-play", &t);
	assert_int_equal(lines, SLOTS);
	assert_int_equal(decisions, 2);
	assert_int_equal(goals, t.score[AWAY] + t.score[HOME] - match_has_shootout(m));
}

/* The sums over the truth are the score of the bodies' own heads, and that is what was played. */
static void truth_is_of_the_game(void **state)
{
	(void)state;
	const struct league *l = season.league;
	int shootouts = 0, second_overtimes = 0;
	for (size_t i = 0; i < l->count; i = i == 59 ? SEASON_GAMES : i + 1) {
		struct arena scratch = keep;
		const struct match *m = match_play(&scratch, l, &l->fixtures[i]);
		check_truth(m);
		shootouts += match_has_shootout(m);
		second_overtimes += m->is_playoff && m->last_period == 5;
	}
	assert_true(shootouts > 0 && second_overtimes > 0);
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	for (char *slash = path + strlen(directory) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void recordings_by_path(void **state)
{
	(void)state;
	static const char *const files[] = {"web/boxscore/2023020032-OFF-01.json",
		"web/boxscore/2023020032-FUT.json", "web/boxscore/2023020032-OFF-02.json",
		"web/boxscore/2023020032-LIVE.json", "web/boxscore/notes.txt",
		"web/roster/CAR-20242025-01.json", "web/roster/CAR-current.json",
		"web/score/2023-11-28.json", "web/schedule/2023-11-07-modified-PPD.json",
		"web/player/8478402-mcdavid.json", "web/club-schedule-week/CAR-2023-11-30.json",
		"stats-rest/team/team-2025-10.json", "statsapi/live/2022021023-In_Progress-02.json",
		"statsapi/live/2022021023-In_Progress-Critical.json",
		"statsapi/schedule/season20202021.json", "statsapi/schedule/2021-11-01.json"};
	char directory[256];
	const char *temp = getenv("TMPDIR");
	snprintf(directory, sizeof(directory), "%s/rinkside-recordings-XXXXXX",
		temp ? temp : P_tmpdir);
	assert_non_null(mkdtemp(directory));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		write_file(directory, files[i], files[i]);
	static const struct {
		const char *path, *query;
		int64_t nth;
		const char *file; /* NULL: missing */
	} cases[] = {
		{"/v1/gamecenter/2023020032/boxscore", "", 0,
			"web/boxscore/2023020032-OFF-02.json"},
		{"/v1/gamecenter/2023020032/boxscore", "", 1, "web/boxscore/2023020032-FUT.json"},
		{"/v1/gamecenter/2023020032/boxscore", "", 2, "web/boxscore/2023020032-LIVE.json"},
		{"/v1/gamecenter/2023020032/boxscore", "", 3,
			"web/boxscore/2023020032-OFF-01.json"},
		{"/v1/gamecenter/2023020032/boxscore", "", 9,
			"web/boxscore/2023020032-OFF-02.json"},
		{"/v1/gamecenter/2023020032/play-by-play", "", 0, NULL},
		{"/v1/roster/CAR/20242025", "", 0, "web/roster/CAR-20242025-01.json"},
		{"/v1/roster/CAR/current", "", 0, "web/roster/CAR-current.json"},
		{"/v1/roster/TOR/current", "", 0, NULL},
		{"/v1/score/2023-11-28", "", 0, "web/score/2023-11-28.json"},
		{"/v1/player/8478402/landing", "", 0, "web/player/8478402-mcdavid.json"},
		{"/v1/player/8470101/landing", "", 0, NULL},
		{"/v1/club-schedule/CAR/week/2023-11-30", "", 0,
			"web/club-schedule-week/CAR-2023-11-30.json"},
		{"/stats/rest/en/team", "", 0, "stats-rest/team/team-2025-10.json"},
		{"/api/v1/game/2022021023/feed/live", "", 0,
			"statsapi/live/2022021023-In_Progress-Critical.json"},
		{"/v1/gamecenter/2022021023/boxscore", "", 1,
			"statsapi/live/2022021023-In_Progress-02.json"},
		{"/api/v1/schedule", "expand=x&season=20202021", 0,
			"statsapi/schedule/season20202021.json"},
		{"/api/v1/schedule", "startDate=2021-11-01&endDate=2021-11-02", 0,
			"statsapi/schedule/2021-11-01.json"},
		{"/api/v1/schedule", "", 0, NULL},
	};
	struct err err;
	struct arena arena = arena_reserve(4 << 20);
	struct recordings *r = recordings_open(str_from(directory), &err);
	assert_non_null(r);
	struct pages pages;
	pages_init(&pages, league_night(&arena, 1, 0, now, 1), r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		enum page page = pages_render(&pages, str_from(cases[i].path),
			str_from(cases[i].query), cases[i].nth, now, now, &out);
		if (page != (cases[i].file ? PAGE_STAYS : PAGE_MISSING))
			fail_msg("%s: got %d", cases[i].path, page);
		if (cases[i].file && !str_equal(buf_str(&out), str_from(cases[i].file)))
			fail_msg("%s: %.*s", cases[i].path, STR_ARG(buf_str(&out)));
	}
	/* A day that was not recorded is one without games, as the API itself would say. */
	assert_int_equal(ask(&pages, "/v1/score/2023-11-07"), PAGE_CHANGES);
	pages_clear(&pages);
	recordings_close(r);
	arena_release(&arena);
	char command[300];
	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
	assert_null(recordings_open(str_from(directory), &err));
	assert_int_equal(err.kind, ERR_USAGE);
}

static int set_up(void **state)
{
	(void)state;
	keep = arena_reserve(16 << 20);
	buf_init(&out, 4 << 20);
	pages_init(&night, league_night(&keep, 7, 8, now, 30), NULL);
	struct league *l = league_season(&keep, 7, 2023);
	league_add_playoffs(l);
	pages_init(&season, l, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pages_clear(&night);
	pages_clear(&season);
	arena_release(&keep);
	buf_clear(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_has_its_page),
		cmocka_unit_test(truth_is_of_the_game),
		cmocka_unit_test(recordings_by_path),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
