#include "cost/cost.h"

#include "base/time.h"
#include "cost/timeline.h"
#include "store/store.h"

#include <stdlib.h>

enum {
	KEEP_BYTES = 256 << 20, /* addresses */
	GAME_BYTES = 1 << 20,
	MAX_GAMES = 8192,
	MAX_CHANGES = 8192, /* of one game */
	DAY_MS = 86400000,
	AFTER_DAYS = 9,
	OFFICIAL_AFTER_S = 3600, /* where the database does not tell */
	CLOCK_S = INT16_MAX,     /* one period, longer than any game */
	CLUBS_HASHED = 32,
};

/* Box scores in order of the game, and then of time. */
static struct cursor *select_polls(struct store *s, struct err *err)
{
	const struct condition of_box_scores = {.column = &poll_table.columns[POLL_endpoint],
		.comparison = IS,
		.value = {.known = true, .type = COLUMN_TEXT, .text = STR("boxscore")}};
	const struct sorting by_game = {.column = &poll_table.columns[POLL_game_id]};
	const struct selection q = {.table = &poll_table,
		.conditions = &of_box_scores,
		.condition_count = 1,
		.sortings = &by_game,
		.sorting_count = 1};
	return store_select(s, &q, err);
}

/* A game's polls that brought something new: when it was there, to a poll's exactness. */
struct heard {
	int64_t game_id, first_ms, last_ms;
	int64_t changed_ms[MAX_CHANGES];
	size_t count;
};

static int32_t wall_of(const struct timeline *t, int64_t ms)
{
	return ms > t->start_ms ? (int32_t)((ms - t->start_ms) / 1000) : 0;
}

/* How it went on between two polls nobody knows: the clock runs from the start to the end. */
static void fill_timeline(
	struct timeline *t, const struct heard *h, const struct game *g, struct arena *keep)
{
	int64_t last = h->count ? h->changed_ms[h->count - 1] : h->last_ms;
	t->game_id = h->game_id;
	t->speed = 1;
	t->start_ms = KNOWS(g, GAME, start_time) ? g->start_time : h->first_ms;
	t->day = KNOWS(g, GAME, game_date) ? g->game_date : eastern_day(t->start_ms);
	t->away = (int)(g->away_team_id % CLUBS_HASHED);
	t->home = (int)(g->home_team_id % CLUBS_HASHED);
	t->over = t->final = wall_of(t, KNOWS(g, GAME, ended_at) ? g->ended_at : last);
	t->official = KNOWS(g, GAME, official_at) ? wall_of(t, g->official_at)
						  : t->over + OFFICIAL_AFTER_S;
	t->changes = ARENA_NEW(keep, int32_t, h->count);
	for (size_t i = 0; i < h->count; i++)
		t->changes[t->change_count++] = wall_of(t, h->changed_ms[i]);
	t->frames = ARENA_NEW(keep, struct frame, 1);
	t->frames[t->frame_count++] =
		(struct frame){.period = 1, .length = CLOCK_S, .is_running = true};
}

static bool add_game(struct season *s, struct store *store, const struct heard *h,
	struct arena scratch, struct err *err)
{
	struct game g = {0};
	bool is_found;
	if (!h->game_id || s->count == MAX_GAMES)
		return true;
	if (!store_get_game(store, h->game_id, &scratch, &g, &is_found, err))
		return false;
	fill_timeline(&s->games[s->count], h, &g, &s->keep);
	s->count++;
	return true;
}

static void hear(struct heard *h, const struct poll *p)
{
	if (!h->first_ms)
		h->first_ms = p->polled_at;
	h->game_id = p->game_id;
	h->last_ms = p->polled_at;
	if (p->changed && h->count < MAX_CHANGES)
		h->changed_ms[h->count++] = p->polled_at;
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
			*h = (struct heard){0};
		}
		hear(h, &p);
	}
	cursor_close(cursor);
	ok = ok && step == STEP_DONE && add_game(s, store, h, scratch, err);
	arena_release(&scratch);
	return ok;
}

bool season_of_ledger(struct store *store, int64_t ttl_s, struct season *out, struct err *err)
{
	struct season s = {.keep = arena_reserve(KEEP_BYTES), .ttl_ms = ttl_s * 1000};
	struct heard *h = ARENA_NEW(&s.keep, struct heard, 1);
	s.games = ARENA_NEW(&s.keep, struct timeline, MAX_GAMES);
	if (read_games(&s, store, h, err) &&
		(s.count || err_set(err, ERR_NOT_FOUND, "the ledger has no poll of a box score"))) {
		season_sort(&s);
		s.from_ms = day_start_ms(s.games[0].day) - DAY_MS;
		s.to_ms = s.games[s.count - 1].start_ms + AFTER_DAYS * (int64_t)DAY_MS;
		*out = s;
		return true;
	}
	season_clear(&s);
	return false;
}
