#include "cost/cost.h"

#include "base/time.h"
#include "cost/timeline.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	KEEP_BYTES = 256 << 20, /* addresses */
	GAME_BYTES = 1 << 20,
	MAX_GAMES = 8192,
	MAX_CHANGES = 8192, /* of one game */
	MAX_EVENTS = 4096,  /* play-by-plays of one game */
	MAX_PERIODS = 16,
	DAY_MS = 86400000,
	AFTER_DAYS = 9,
	FETCHED_AFTER_H =
		12, /* whoever asks first so long after the start did not follow the game */
	OFFICIAL_AFTER_S = 3600,  /* where the database does not tell */
	INTERMISSION_S = 12 * 60, /* so long nothing changes in no period */
	CLOCK_S = INT16_MAX,      /* a period, longer than any game */
	CLUBS_HASHED = 32,
};

/* Polls that were about a game, in order of the game and then of time. */
static struct cursor *select_polls(struct store *s, struct err *err)
{
	const struct condition of_games = {.column = &poll_table.columns[POLL_game_id],
		.comparison = AT_LEAST,
		.value = {.known = true, .type = COLUMN_INT, .integer = 1}};
	const struct sorting by_game = {.column = &poll_table.columns[POLL_game_id]};
	const struct selection q = {.table = &poll_table,
		.conditions = &of_games,
		.condition_count = 1,
		.sortings = &by_game,
		.sorting_count = 1};
	return store_select(s, &q, err);
}

/* A body that came, and when: what it shows was there then, to a poll's exactness. */
struct body {
	int64_t at_ms;
	struct size size;
};

/* What a game's polls tell: its box scores that brought something new, and its play-by-plays. */
struct heard {
	int64_t game_id, first_ms, last_ms;
	struct body changes[MAX_CHANGES], events[MAX_EVENTS];
	size_t change_count, event_count;
};

/* ---- a game's life, of what was heard of it ---- */

static int32_t wall_of(const struct timeline *t, int64_t ms)
{
	return ms > t->start_ms ? (int32_t)((ms - t->start_ms) / 1000) : 0;
}

static void fill_changes(struct timeline *t, const struct heard *h, struct arena *keep)
{
	t->changes = ARENA_NEW(keep, int32_t, h->change_count);
	t->sizes = ARENA_NEW(keep, struct size, h->change_count);
	for (size_t i = 0; i < h->change_count; i++) {
		t->sizes[i] = h->changes[i].size;
		t->changes[t->change_count++] = wall_of(t, h->changes[i].at_ms);
	}
}

static void add_frame(struct timeline *t, struct frame f)
{
	t->frames[t->frame_count++] = f;
}

/* Where nothing changes for long before the end the clubs are in their rooms. */
static void add_periods(struct timeline *t)
{
	struct frame now = {.period = 1, .length = CLOCK_S, .is_running = true};
	add_frame(t, now);
	for (size_t i = 1; i < t->change_count && now.period < MAX_PERIODS; i++) {
		int32_t from = t->changes[i - 1], to = t->changes[i];
		if (to - from < INTERMISSION_S || to >= t->over)
			continue;
		struct frame rest = now;
		rest.wall = from + 1;
		rest.second = (int16_t)(rest.wall - now.wall);
		rest.intermission_end = to;
		rest.is_running = false;
		rest.is_intermission = true;
		add_frame(t, rest);
		now.wall = to;
		now.period++;
		add_frame(t, now);
	}
}

static int by_wall(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;
	return (x->wall > y->wall) - (x->wall < y->wall);
}

/* A play-by-play was asked because period or score had moved: the score did, unless a period began. */
static void add_goals(struct timeline *t, const struct heard *h, struct arena *keep)
{
	size_t goals = 0;
	t->event_sizes = ARENA_NEW(keep, struct size, h->event_count + 1);
	for (size_t i = 0; i < h->event_count; i++) {
		t->event_sizes[i] = h->events[i].size;
		add_frame(t, (struct frame){.wall = wall_of(t, h->events[i].at_ms) + 1});
	}
	qsort(t->frames, t->frame_count, sizeof(*t->frames), by_wall);
	for (size_t i = 1; i < t->frame_count; i++) {
		const struct frame before = t->frames[i - 1];
		struct frame *f = &t->frames[i];
		if (!f->period) { /* a goal's: all else as it was */
			int32_t wall = f->wall, played = before.is_running ? wall - before.wall : 0;
			*f = before;
			f->wall = wall;
			f->second =
				(int16_t)(played < CLOCK_S - before.second ? before.second + played
									   : CLOCK_S);
			goals++;
		}
		f->score[HOSTS] = (uint16_t)goals;
	}
}

static void fill_timeline(
	struct timeline *t, const struct heard *h, const struct game *g, struct arena *keep)
{
	int64_t last = h->change_count ? h->changes[h->change_count - 1].at_ms : h->last_ms;
	t->game_id = h->game_id;
	t->speed = 1;
	t->start_ms = KNOWS(g, GAME, start_time) ? g->start_time : h->first_ms;
	t->day = KNOWS(g, GAME, game_date) ? g->game_date : eastern_day(t->start_ms);
	t->away = (int)(g->away_team_id % CLUBS_HASHED);
	t->home = (int)(g->home_team_id % CLUBS_HASHED);
	t->over = t->final = wall_of(t, KNOWS(g, GAME, ended_at) ? g->ended_at : last);
	t->official = KNOWS(g, GAME, official_at) ? wall_of(t, g->official_at)
						  : t->over + OFFICIAL_AFTER_S;
	fill_changes(t, h, keep);
	t->frames = ARENA_NEW(keep, struct frame, 2 * MAX_PERIODS + h->event_count);
	add_periods(t);
	add_goals(t, h, keep);
}

/* ---- reading ---- */

/* Then its end is the moment of the fetch, and in between nothing is known of it. */
static bool is_fetched_later(const struct heard *h, const struct game *g)
{
	return KNOWS(g, GAME, start_time) &&
	       h->first_ms - g->start_time > (int64_t)FETCHED_AFTER_H * 3600000;
}

static bool add_game(struct season *s, struct store *store, const struct heard *h,
	struct arena scratch, struct err *err)
{
	struct game g = {0};
	bool is_found;
	if (!h->first_ms) /* no box score */
		return true;
	if (!store_get_game(store, h->game_id, &scratch, &g, &is_found, err))
		return false;
	if (is_fetched_later(h, &g)) {
		s->left_out++;
		return true;
	}
	if (s->count == MAX_GAMES)
		return err_set(err, ERR_USAGE, "the ledger has more than %d games", MAX_GAMES);
	fill_timeline(&s->games[s->count], h, &g, &s->keep);
	s->count++;
	return true;
}

static bool add_body(
	struct body *bodies, size_t *count, size_t most, const struct poll *p, struct err *err)
{
	if (*count == most)
		return err_set(err, ERR_USAGE,
			"game %" PRId64 ": the ledger has more than %zu bodies of it", p->game_id,
			most);
	bodies[(*count)++] = (struct body){p->polled_at, {p->body_bytes, p->bytes}};
	return true;
}

static bool hear(struct heard *h, const struct poll *p, struct err *err)
{
	h->game_id = p->game_id;
	if (str_equal(p->endpoint, STR("play-by-play")))
		return !p->body_bytes || add_body(h->events, &h->event_count, MAX_EVENTS, p, err);
	if (!str_equal(p->endpoint, STR("boxscore")))
		return true;
	if (!h->first_ms)
		h->first_ms = p->polled_at;
	h->last_ms = p->polled_at;
	return !p->changed || add_body(h->changes, &h->change_count, MAX_CHANGES, p, err);
}

static bool read_games(struct season *s, struct store *store, struct heard *h, struct err *err)
{
	struct arena scratch = arena_reserve(GAME_BYTES);
	struct cursor *cursor = select_polls(store, err);
	enum step step = STEP_FAILED;
	struct poll p;
	bool ok = cursor != NULL;
	while (ok && (step = cursor_step(cursor, &p, err)) == STEP_ROW) {
		if (p.game_id != h->game_id) {
			ok = add_game(s, store, h, scratch, err);
			h->first_ms = h->last_ms = 0;
			h->change_count = h->event_count = 0;
		}
		ok = ok && hear(h, &p, err);
	}
	cursor_close(cursor);
	ok = ok && step == STEP_DONE && add_game(s, store, h, scratch, err);
	arena_release(&scratch);
	return ok;
}

static bool has_games(const struct season *s, struct err *err)
{
	if (s->count)
		return true;
	if (!s->left_out)
		return err_set(err, ERR_NOT_FOUND, "the ledger has no poll of a box score");
	return err_set(err, ERR_NOT_FOUND,
		"the ledger has no poll of a box score within %d hours of the game's start; games "
		"fetched later: %zu",
		FETCHED_AFTER_H, s->left_out);
}

bool season_of_ledger(struct store *store, int64_t ttl_s, struct season *out, struct err *err)
{
	struct season s = {.keep = arena_reserve(KEEP_BYTES), .ttl_ms = ttl_s * 1000};
	struct heard *h = ARENA_NEW(&s.keep, struct heard, 1);
	s.games = ARENA_NEW(&s.keep, struct timeline, MAX_GAMES);
	if (read_games(&s, store, h, err) && has_games(&s, err)) {
		season_sort(&s);
		s.from_ms = day_start_ms(s.games[0].day) - DAY_MS;
		s.to_ms = s.games[s.count - 1].start_ms + AFTER_DAYS * (int64_t)DAY_MS;
		*out = s;
		return true;
	}
	season_clear(&s);
	return false;
}
