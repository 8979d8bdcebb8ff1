#include "cost/upstream.h"

#include "base/time.h"

/*
 * Recorded sizes (bytes of compact JSON, and after gzip -6), 163 bodies of 2023 to 2026: a box
 * score 13.4 k / 2.4 k at its end, a play-by-play 11 k live to 127 k / 12 k, a score board of
 * seven games 30 k / 4.6 k, a week of fifty games 65 k / 6 k, a roster 11 k / 1.8 k. Lines of a
 * live box score are all there from the first minute, only their numbers are shorter.
 */
static const struct {
	double plain, gzip, plain_grown, gzip_grown;
} sizes[ASKED_KINDS] = {
	[ASKED_WEEK] = {1000, 500, 1280, 110}, /* and for each game */
	[ASKED_BOARD] = {2000, 600, 4000, 570},
	[ASKED_BOX_SCORE] = {12400, 2000, 13400, 2400}, /* at the first and the last minute */
	[ASKED_PLAY_BY_PLAY] = {11000, 1900, 127000, 12000},
	[ASKED_PEOPLE] = {11000, 1800, 0, 0},
};
static const struct size pregame = {1900, 800}, clubs_list = {8000, 1400};

/* Where in its ttl a body turns over: each path has a cached copy of its own. */
static int64_t phase_of(const struct season *s, enum asked kind, int64_t of)
{
	uint64_t h = (uint64_t)of * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)kind * 0x632be5abu;
	h = (h ^ (h >> 31)) * UINT64_C(0xbf58476d1ce4e5b9);
	return s->is_in_step ? 0 : (int64_t)((h >> 33) % (uint64_t)(s->ttl_ms / 1000)) * 1000;
}

struct window upstream_window(const struct season *s, enum asked kind, int64_t of, int64_t now_ms)
{
	int64_t phase = phase_of(s, kind, of), from = time_floor(now_ms - phase, s->ttl_ms) + phase;
	return (struct window){from, from + s->ttl_ms};
}

int64_t upstream_shows(const struct season *s, enum asked kind, int64_t of, int64_t happened_ms)
{
	struct window w = upstream_window(s, kind, of, happened_ms);
	return w.from_ms == happened_ms ? w.from_ms : w.to_ms;
}

struct size upstream_size_of_game(enum asked kind, const struct view *v)
{
	const struct size told = kind == ASKED_BOX_SCORE ? v->box_score : v->events;
	double grown = v->progress, left = 1 - grown;
	if (told.plain)
		return told;
	if (v->look < LOOKS_LIVE)
		return pregame;
	return (struct size){(int64_t)(sizes[kind].plain * left + sizes[kind].plain_grown * grown),
		(int64_t)(sizes[kind].gzip * left + sizes[kind].gzip_grown * grown)};
}

struct size upstream_size_of_days(enum asked kind, int64_t games)
{
	return (struct size){(int64_t)(sizes[kind].plain + sizes[kind].plain_grown * (double)games),
		(int64_t)(sizes[kind].gzip + sizes[kind].gzip_grown * (double)games)};
}

struct size upstream_size_of_people(bool is_clubs)
{
	return is_clubs ? clubs_list
			: (struct size){(int64_t)sizes[ASKED_PEOPLE].plain,
				  (int64_t)sizes[ASKED_PEOPLE].gzip};
}
