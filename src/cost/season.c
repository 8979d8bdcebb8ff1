#include "cost/cost.h"

#include "base/time.h"
#include "cost/timeline.h"

#include <stdlib.h>

enum {
	KEEP_BYTES = 64 << 20, /* addresses: 1,312 timelines are 13 MB */
	SCRATCH_BYTES = 2 << 20,
	LEAGUE_BYTES = 8 << 20,
	DAY_MS = 86400000,
	AFTER_DAYS = 9, /* the last game is followed for a week */
};

static int by_start(const void *a, const void *b)
{
	const struct timeline *x = a, *y = b;
	if (x->start_ms != y->start_ms)
		return x->start_ms < y->start_ms ? -1 : 1;
	return (x->game_id > y->game_id) - (x->game_id < y->game_id);
}

void season_sort(struct season *s)
{
	qsort(s->games, s->count, sizeof(*s->games), by_start);
}

static struct season season_new(size_t most, int64_t ttl_s)
{
	struct season s = {.keep = arena_reserve(KEEP_BYTES), .ttl_ms = ttl_s * 1000};
	s.games = ARENA_NEW(&s.keep, struct timeline, most);
	return s;
}

/* A postponed game is two: one that is shown as such, and the one that is played weeks later. */
static void add_put_off(struct season *s, const struct fixture *f)
{
	if (!f->put_off_ms)
		return;
	struct timeline *off = &s->games[s->count];
	*off = s->games[s->count - 1];
	s->count++;
	off->day = f->planned_day;
	off->start_ms = f->planned_ms;
	off->put_off_ms = f->put_off_ms;
}

struct season season_made_up(uint64_t seed, int first_year, int64_t ttl_s)
{
	struct arena scratch = arena_reserve(SCRATCH_BYTES), league = arena_reserve(LEAGUE_BYTES);
	const struct league *l = league_season(&league, seed, first_year);
	struct season s = season_new(2 * l->count, ttl_s);
	for (size_t i = 0; i < l->count; i++) {
		s.games[s.count++] = timeline_of_match(&s.keep, scratch, l, &l->fixtures[i], 1);
		add_put_off(&s, &l->fixtures[i]);
	}
	arena_release(&league);
	arena_release(&scratch);
	season_sort(&s);
	s.from_ms = day_start_ms(s.games[0].day) - 2 * (int64_t)DAY_MS;
	s.to_ms = s.games[s.count - 1].start_ms + AFTER_DAYS * (int64_t)DAY_MS;
	return s;
}

struct season season_night(uint64_t seed, int games, double speed, int64_t began_ms, int64_t ttl_s,
	int64_t after_ms, int64_t length_ms)
{
	struct arena scratch = arena_reserve(SCRATCH_BYTES), league = arena_reserve(LEAGUE_BYTES);
	const struct league *l = league_night(&league, seed, games, began_ms, speed);
	struct season s = season_new(l->count, ttl_s);
	for (size_t i = 0; i < l->count; i++)
		s.games[s.count++] = timeline_of_match(&s.keep, scratch, l, &l->fixtures[i], speed);
	arena_release(&league);
	arena_release(&scratch);
	season_sort(&s);
	/* The window of the fake's cache: of the game's time, never less than a real second. */
	double window_s = (double)ttl_s / speed;
	s.ttl_ms = 1000 * (int64_t)(window_s < 1 ? 1 : window_s + 0.5);
	s.from_ms = began_ms + after_ms;
	s.to_ms = s.from_ms + length_ms;
	s.is_in_step = s.is_night = true;
	return s;
}

void season_clear(struct season *s)
{
	arena_release(&s->keep);
	*s = (struct season){0};
}
