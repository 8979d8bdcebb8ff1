#include "cost/timeline.h"

#include "fake/game.h"

#include <stdlib.h>
#include <string.h>

enum { PREGAME_S = 1800, MAX_CORRECTIONS = 64 };

static int by_value(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
	return (x > y) - (x < y);
}

static bool changes_a_statistic(enum happening what)
{
	switch (what) {
	case FACEOFF:
	case HIT:
	case GIVEAWAY:
	case TAKEAWAY:
	case SHOT:
	case BLOCKED:
	case PENALTY:
	case GOAL:
		return true;
	case PERIOD_START:
	case PERIOD_END:
	case GAME_END:
	case SHOOTOUT_COMPLETE:
	case STOPPAGE:
	case MISSED:
	case SHOOTOUT_GOAL:
	case SHOOTOUT_MISS:
		break;
	}
	return false;
}

/* What happens until the horn, a player who goes before it, and each moment of correction after it. */
static void collect_changes(struct timeline *t, const struct match *m, struct arena *keep)
{
	int32_t late[MAX_CORRECTIONS];
	size_t count = match_corrections(m, late, MAX_CORRECTIONS);
	t->changes = ARENA_NEW(keep, int32_t, m->event_count + 1 + count);
	for (size_t i = 0; i < m->event_count; i++)
		if (changes_a_statistic((enum happening)m->events[i].what) &&
			m->events[i].wall <= m->over_wall)
			t->changes[t->change_count++] = m->events[i].wall;
	if (m->mistake.slot != NOBODY && m->mistake.wall <= m->over_wall)
		t->changes[t->change_count++] = m->mistake.wall;
	for (size_t i = 1; i < count; i++) /* the first is the horn */
		t->changes[t->change_count++] = late[i];
	qsort(t->changes, t->change_count, sizeof(*t->changes), by_value);
}

/* A frame for each mark of the clock, and for each shot and goal. */
static void collect_frames(struct timeline *t, const struct match *m, struct arena *keep)
{
	struct frame now = {.length = 1200};
	size_t mark = 0, event = 0;
	t->frames = ARENA_NEW(keep, struct frame, m->mark_count + m->event_count);
	while (mark < m->mark_count || event < m->event_count) {
		const struct mark *k = mark < m->mark_count ? &m->marks[mark] : NULL;
		const struct event *e = event < m->event_count ? &m->events[event] : NULL;
		if (e && e->wall > m->over_wall) { /* a correction, among those before */
			event++;
			continue;
		}
		if (k && (!e || k->wall <= e->wall)) {
			now.wall = k->wall;
			now.period = k->period;
			now.second = k->second;
			now.length = k->length;
			now.is_running = k->is_running;
			now.is_intermission = k->is_intermission;
			now.intermission_end =
				mark + 1 < m->mark_count ? m->marks[mark + 1].wall : k->wall;
			mark++;
		} else if (e) {
			event++;
			bool is_shot = e->what == GOAL || e->what == SHOT;
			if (!is_shot)
				continue;
			if (now.is_running)
				now.second = (int16_t)(now.second + e->wall - now.wall);
			now.wall = e->wall;
			now.score[e->side] = (uint16_t)(now.score[e->side] + (e->what == GOAL));
			now.shots[e->side]++;
		}
		t->frames[t->frame_count++] = now;
	}
	if (match_has_shootout(m) && t->frame_count)
		t->frames[t->frame_count - 1].score[m->winner]++;
}

struct timeline timeline_of_match(struct arena *keep, struct arena scratch, const struct league *l,
	const struct fixture *f, double speed)
{
	const struct match *m = match_play(&scratch, l, f);
	struct timeline t = {.game_id = f->id,
		.start_ms = f->start_ms,
		.day = f->day,
		.away = f->away,
		.home = f->home,
		.speed = speed,
		.over = m->over_wall,
		.final = m->final_wall,
		.official = m->official_wall};
	collect_changes(&t, m, keep);
	collect_frames(&t, m, keep);
	return t;
}

int64_t timeline_ms(const struct timeline *t, int32_t wall)
{
	return t->start_ms + (int64_t)(wall * 1000.0 / t->speed);
}

static size_t changes_until(const struct timeline *t, int64_t wall)
{
	size_t low = 0, high = t->change_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (t->changes[middle] <= wall)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct frame *frame_at(const struct timeline *t, int64_t wall)
{
	size_t low = 0, high = t->frame_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (t->frames[middle].wall <= wall)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &t->frames[low - 1] : NULL;
}

static void show_clock(struct view *v, const struct frame *f, int64_t wall)
{
	int64_t second = f->second + (f->is_running ? wall - f->wall : 0);
	v->period = f->period;
	v->elapsed = second < f->length ? (int)second : f->length;
	v->clock_seconds =
		f->is_intermission ? (int)(f->intermission_end - wall) : f->length - v->elapsed;
	v->is_running = f->is_running;
	v->is_intermission = f->is_intermission;
	for (int side = 0; side < SIDES; side++) {
		v->score[side] = f->score[side];
		v->shots[side] = f->shots[side];
	}
}

struct view timeline_at(const struct timeline *t, int64_t at_ms)
{
	struct view v = {.is_off = t->put_off_ms && at_ms >= t->put_off_ms};
	double ahead = (double)(at_ms - t->start_ms) * t->speed / 1000;
	int64_t wall = ahead < 0 ? (int64_t)ahead - 1 : (int64_t)ahead;
	if (t->put_off_ms || wall < 0) {
		v.look = wall < -PREGAME_S || t->put_off_ms ? LOOKS_FUTURE : LOOKS_PREGAME;
		return v;
	}
	v.look = wall >= t->official ? LOOKS_OFFICIAL : wall >= t->over ? LOOKS_ENDED : LOOKS_LIVE;
	v.changes = changes_until(t, wall);
	v.progress = t->over ? (double)wall / t->over : 1;
	v.progress = v.progress > 1 ? 1 : v.progress;
	const struct frame *f = frame_at(t, wall);
	if (f)
		show_clock(&v, f, wall);
	if (v.look >= LOOKS_ENDED)
		v.is_running = v.is_intermission = false;
	if (t->sizes && v.changes)
		v.box_score = t->sizes[v.changes - 1];
	if (t->event_sizes && v.score[HOSTS])
		v.events = t->event_sizes[v.score[HOSTS] - 1];
	return v;
}
