#include "fake/pages.h"

#include "base/json.h"
#include "base/time.h"
#include "fake/bodies.h"
#include "fake/truth.h"

#include <inttypes.h>
#include <stdio.h>

enum { WORDS = 3, SCRATCH = 8 * 1024 * 1024 };

/* What a route's function sees. */
struct question {
	struct pages *pages;
	const struct league *league; /* the pages' own, or as it was at the moment asked for */
	struct str words[WORDS];     /* what stood for the route's {} */
	int64_t at_ms, now_ms;
	bool is_asked_at; /* the moment was asked for, and is not now */
	struct buf *out;
};

bool shapes_parse(struct str spec, struct shapes *out, struct err *err)
{
	static const struct str names[] = {[SHAPE_FLAT] = STR_INIT("flat"),
		[SHAPE_NESTED] = STR_INIT("nested"),
		[SHAPE_LEGACY] = STR_INIT("legacy")};
	struct shapes s = {0};
	for (struct str_cut part = {.tail = spec, .found = spec.n > 0}; part.found; s.count++) {
		part = str_cut(part.tail, ',');
		struct str_cut pair = str_cut(part.head, '=');
		struct str name = pair.found ? pair.tail : pair.head;
		size_t shape = 0;
		while (shape < 3 && !str_equal(names[shape], name))
			shape++;
		if (shape == 3 || s.count == SHAPES_MAX ||
			(pair.found && !time_parse(pair.head, &s.list[s.count].from_ms)))
			return err_set(err, ERR_USAGE,
				"--shape: \"%.*s\": wants flat, nested or legacy, and before it "
				"the "
				"time from which on, as in nested,2026-01-15T12:00:00Z=flat",
				STR_ARG(part.head));
		s.list[s.count].shape = (enum shape)shape;
	}
	*out = s;
	return true;
}

void pages_init(struct pages *p, const struct league *l, const struct recordings *r)
{
	*p = (struct pages){.league = l, .recordings = r, .scratch = arena_reserve(SCRATCH)};
	if (l->is_season)
		return;
	p->keep = arena_reserve((l->count + 1) * (MATCH_BYTES + sizeof(void *)));
	p->matches = ARENA_NEW(&p->keep, const struct match *, l->count + 1);
}

void pages_clear(struct pages *p)
{
	arena_release(&p->keep);
	arena_release(&p->scratch);
}

static const struct match *find_match(struct pages *p, struct str word, struct arena *scratch)
{
	int64_t id;
	const struct fixture *f = str_to_i64(word, &id) ? league_find(p->league, id) : NULL;
	if (!f || !p->matches)
		return f ? match_play(scratch, p->league, f) : NULL;
	const struct match **slot = &p->matches[f - p->league->fixtures];
	if (!*slot)
		*slot = match_play(&p->keep, p->league, f);
	return *slot;
}

static enum page of_league(const struct question *q)
{
	return q->league->is_over || q->is_asked_at ? PAGE_STAYS : PAGE_CHANGES;
}

/* People move within a season, and not on a night. */
static enum page of_season(const struct question *q)
{
	return q->league->is_season ? of_league(q) : PAGE_STAYS;
}

static enum page send_to_day(const struct question *q, const char *kind)
{
	buf_add_format(q->out, "/v1/%s/%s", kind, day_format(eastern_day(q->now_ms)).text);
	return PAGE_ELSEWHERE;
}

static bool parse_day(struct str word, int32_t *out)
{
	return day_parse(word, out) && *out > 0 && *out < day_from_civil(2200, 1, 1);
}

/* ---- routes ---- */

static enum page schedule(const struct question *q)
{
	int32_t day;
	if (str_equal(q->words[0], STR("now")))
		return send_to_day(q, "schedule");
	if (!parse_day(q->words[0], &day))
		return PAGE_MISSING;
	body_schedule(q->out, q->league, day, q->at_ms, q->pages->scratch);
	return of_league(q);
}

static enum page score(const struct question *q)
{
	int32_t day;
	if (str_equal(q->words[0], STR("now")))
		return send_to_day(q, "score");
	if (!parse_day(q->words[0], &day))
		return PAGE_MISSING;
	body_score(q->out, q->league, day, q->at_ms, q->pages->scratch);
	return of_league(q);
}

typedef void game_body(
	struct buf *out, const struct league *l, const struct match *m, int64_t wall);

static enum page of_game(const struct question *q, game_body *body)
{
	struct arena scratch = q->pages->scratch;
	const struct match *m = find_match(q->pages, q->words[0], &scratch);
	if (!m)
		return PAGE_MISSING;
	const struct league *l = q->league;
	body(q->out, l, m, league_wall(l, m->fixture, q->at_ms));
	return of_league(q);
}

static void live_feed(struct buf *out, const struct league *l, const struct match *m, int64_t wall)
{
	body_live_feed(out, l, m, wall,
		l->is_over ? league_instant(l, m->fixture, m->official_wall)
			   : league_instant(l, m->fixture, wall));
}

static enum page box_score(const struct question *q)
{
	static game_body *const bodies[] = {[SHAPE_FLAT] = body_box_score,
		[SHAPE_NESTED] = body_nested_box_score,
		[SHAPE_LEGACY] = live_feed};
	const struct shapes *s = &q->pages->shapes;
	enum shape shape = SHAPE_FLAT;
	for (size_t i = 0; i < s->count; i++)
		if (s->list[i].from_ms <= q->at_ms)
			shape = s->list[i].shape;
	return of_game(q, bodies[shape]);
}

static enum page legacy_game(const struct question *q)
{
	return of_game(q, live_feed);
}

static enum page play_by_play(const struct question *q)
{
	return of_game(q, body_play_by_play);
}

/* The club, and its season in the path; "current" and "now" are elsewhere. */
static enum page of_club(const struct question *q, const char *kind, int *out_club)
{
	int64_t season;
	*out_club = club_find(q->words[0]);
	if (*out_club < 0 || q->pages->recordings)
		return PAGE_MISSING;
	if (str_equal(q->words[1], STR("current")) || str_equal(q->words[1], STR("now"))) {
		buf_add_format(q->out, "/v1/%s/%s/%" PRId64, kind, clubs[*out_club].abbrev,
			q->league->season);
		return PAGE_ELSEWHERE;
	}
	bool is_ours = str_to_i64(q->words[1], &season) && season == q->league->season;
	return is_ours ? PAGE_STAYS : PAGE_MISSING;
}

static enum page roster(const struct question *q)
{
	int club;
	enum page page = of_club(q, "roster", &club);
	if (page == PAGE_STAYS)
		body_roster(q->out, q->league, club, eastern_day(q->at_ms));
	return page == PAGE_STAYS ? of_season(q) : page;
}

static enum page club_season(const struct question *q)
{
	int club;
	enum page page = of_club(q, "club-schedule-season", &club);
	if (page != PAGE_STAYS)
		return page;
	body_club_season(q->out, q->league, club, q->at_ms, q->pages->scratch);
	return of_league(q);
}

static enum page player(const struct question *q)
{
	int64_t id;
	int club;
	const struct person *p =
		str_to_i64(q->words[0], &id) ? league_person(q->league, id, &club) : NULL;
	if (!p || q->pages->recordings)
		return PAGE_MISSING;
	club = league_club_of(q->league, p, eastern_day(q->at_ms));
	body_player(q->out, q->league, p, club);
	return of_season(q);
}

static enum page seasons(const struct question *q)
{
	struct json j = json_begin(q->out);
	json_open(&j, '[');
	for (int64_t season = 19171918; season <= q->league->season; season += 10001)
		if (season != 20042005)
			json_i64(&j, season);
	json_close(&j, ']');
	return PAGE_STAYS;
}

static enum page teams(const struct question *q)
{
	body_teams(q->out);
	return PAGE_STAYS;
}

/* Ours, for tests: what the game comes to in the end or, with ?at=, at that moment. */
static enum page truth(const struct question *q)
{
	struct arena scratch = q->pages->scratch;
	const struct match *m = find_match(q->pages, q->words[0], &scratch);
	if (!m)
		return PAGE_MISSING;
	truth_game(q->out, m,
		q->is_asked_at ? league_wall(q->league, m->fixture, q->at_ms) : FOR_EVER - 1);
	return PAGE_STAYS;
}

static const struct route {
	struct str path; /* {} is any one part */
	enum page (*render)(const struct question *q);
} routes[] = {
	{STR_INIT("/v1/schedule/{}"), schedule},
	{STR_INIT("/v1/score/{}"), score},
	{STR_INIT("/v1/gamecenter/{}/boxscore"), box_score},
	{STR_INIT("/v1/gamecenter/{}/play-by-play"), play_by_play},
	{STR_INIT("/v1/roster/{}/{}"), roster},
	{STR_INIT("/v1/club-schedule-season/{}/{}"), club_season},
	{STR_INIT("/v1/player/{}/landing"), player},
	{STR_INIT("/v1/season"), seasons},
	{STR_INIT("/stats/rest/en/team"), teams},
	{STR_INIT("/api/v1/game/{}/feed/live"), legacy_game},
	{STR_INIT("/fake/truth/{}"), truth},
};
enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

const char *const page_names[PAGES_COUNTED] = {"schedule", "score", "boxscore", "play-by-play",
	"roster", "club-schedule-season", "player", "season", "team", "live-feed", "truth",
	"other"};
_Static_assert(
	(int)PAGES_COUNTED == (int)ROUTES + 1, "a name for each route, and one for the rest");

static bool match_route(struct str pattern, struct str path, struct str words[static WORDS])
{
	size_t count = 0;
	for (;;) {
		struct str_cut want = str_cut(pattern, '/'), got = str_cut(path, '/');
		if (str_equal(want.head, STR("{}")))
			words[count++] = got.head;
		else if (!str_equal(want.head, got.head))
			return false;
		if (!want.found || !got.found)
			return want.found == got.found;
		pattern = want.tail;
		path = got.tail;
	}
}

static bool find_moment(struct str query, struct str *out)
{
	for (struct str_cut part = {.tail = query, .found = query.n > 0}; part.found;) {
		part = str_cut(part.tail, '&');
		if (!str_starts(part.head, STR("at=")))
			continue;
		*out = str_skip(part.head, 3);
		return true;
	}
	return false;
}

bool pages_asked_at(struct str query, int64_t *out_ms)
{
	struct str moment;
	return find_moment(query, &moment) && time_parse(moment, out_ms);
}

int pages_endpoint(struct str path)
{
	struct str words[WORDS];
	int i = 0;
	while (i < ROUTES && !match_route(routes[i].path, path, words))
		i++;
	return i;
}

static bool has_empty_part(struct str path)
{
	for (size_t i = 1; i < path.n; i++)
		if (path.p[i] == '/' && path.p[i - 1] == '/')
			return true;
	return false;
}

/* The legacy schedule said in its query what today's API says in the path. */
static struct str legacy_schedule(struct str query, char *room, size_t size)
{
	static const struct str names[] = {
		STR_INIT("season"), STR_INIT("startDate"), STR_INIT("date")};
	for (struct str_cut part = {.tail = query, .found = true}; part.found;) {
		part = str_cut(part.tail, '&');
		struct str_cut pair = str_cut(part.head, '=');
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (str_equal(pair.head, names[i])) {
				int n = snprintf(room, size, "/api/v1/schedule/%s%.*s",
					i ? "" : "season", STR_ARG(pair.tail));
				return (struct str){room, (size_t)n < size ? (size_t)n : 0};
			}
	}
	return STR("");
}

static enum page render_recorded(struct pages *p, struct str path, struct str query, int64_t nth,
	int64_t at_ms, struct buf *out)
{
	char room[128];
	struct err err;
	if (!p->recordings)
		return PAGE_MISSING;
	if (str_equal(path, STR("/api/v1/schedule")))
		path = legacy_schedule(query, room, sizeof(room));
	const char *file = p->is_replay ? recordings_at(p->recordings, path, at_ms)
					: recordings_find(p->recordings, path, nth);
	if (!file || !recordings_read(file, out, &err))
		return PAGE_MISSING;
	return p->is_replay ? PAGE_CHANGES : PAGE_STAYS;
}

enum page pages_render(struct pages *p, struct str path, struct str query, int64_t nth,
	int64_t at_ms, int64_t now_ms, struct buf *out)
{
	struct str moment;
	if (has_empty_part(path) ||
		(find_moment(query, &moment) && !time_parse(moment, &(int64_t){0})))
		return PAGE_BAD;
	enum page recorded = render_recorded(p, path, query, nth, at_ms, out);
	if (recorded != PAGE_MISSING)
		return recorded;
	struct question q = {
		.pages = p, .league = p->league, .at_ms = at_ms, .now_ms = now_ms, .out = out};
	struct league then;
	if (pages_asked_at(query, &q.at_ms)) {
		then = *p->league;
		then.is_over = false;
		q.league = &then;
		q.is_asked_at = true;
		q.now_ms = q.at_ms;
	}
	for (int i = 0; i < ROUTES; i++)
		if (match_route(routes[i].path, path, q.words))
			return routes[i].render(&q);
	return PAGE_MISSING;
}
