#include "ingest/ingest.h"

#include "base/log.h"

#include <inttypes.h>

enum {
	STALE_MS = 86400000,
	AGAIN_MS = 600000, /* after a failure, for what only names depend on */
	MAX_ASKED = 8,     /* players asked for one by one in one go: the rest waits for the next */
	MAX_WANTED = 64,
};

/* What one completion works with. */
struct completion {
	struct source *source;
	struct store *store;
	const struct snapshot *snapshot;
	int64_t now_ms;
	struct arena *keep;
};

static struct condition is_i64(const struct table *t, size_t column, int64_t value)
{
	return (struct condition){.column = &t->columns[column],
		.comparison = IS,
		.value = {.known = true, .type = COLUMN_INT, .integer = value}};
}

/* ---- the play-by-play ---- */

/* What does not exist is no error: *out_found says so. */
static bool fetch(struct completion *c, const struct source_request *q, struct source_reply *reply,
	bool *out_found, struct err *err)
{
	*out_found = source_fetch(c->source, q, c->keep, reply, err);
	ingest_note(c->store, q, reply);
	return *out_found || err->kind == ERR_NOT_FOUND;
}

/* A reply of its own with an order of its own: the goaltenders' lines follow it in the store. */
static bool complete_events(struct completion *c, struct err *err)
{
	struct source_request q = {
		.endpoint = ENDPOINT_PLAY_BY_PLAY, .id = c->snapshot->game.game_id};
	struct source_reply reply;
	struct snapshot events = {0};
	struct put_result ignored;
	bool is_found;
	if (!fetch(c, &q, &reply, &is_found, err))
		return false;
	if (!is_found)
		return store_waive_events(c->store, q.id, err);
	if (!decode_play_by_play(reply.body, q.id, c->keep, &events, err))
		return false;
	if (events.warning)
		log_warning("game %" PRId64 ": play-by-play: %s", q.id, events.warning);
	ingest_set_order(&events, &reply);
	return store_put_game(c->store, &events, &ignored, err);
}

/* ---- people ---- */

/* Players of the game that are to be asked for, by club. */
struct wanted {
	int64_t ids[MAX_WANTED];
	size_t count;
};

static void drop(struct wanted *w, int64_t id)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->ids[i] == id)
			w->ids[i--] = w->ids[--w->count];
}

static bool is_fresh(const struct player *p, int64_t now_ms)
{
	return KNOWS(p, PLAYER, fetched_at) && now_ms - p->fetched_at < STALE_MS;
}

static bool find_wanted(struct completion *c, int64_t team_id, struct wanted *out, struct err *err)
{
	struct condition conditions[MAX_WANTED];
	*out = (struct wanted){0};
	for (size_t i = 0; i < c->snapshot->count && out->count < MAX_WANTED; i++)
		if (c->snapshot->lines[i].team_id == team_id) {
			out->ids[out->count] = c->snapshot->lines[i].player_id;
			conditions[out->count] =
				is_i64(&player_table, PLAYER_player_id, out->ids[out->count]);
			out->count++;
		}
	if (!out->count)
		return true;
	struct selection q = {
		.table = &player_table, .conditions = conditions, .condition_count = out->count};
	struct cursor *cursor = store_select(c->store, &q, err);
	if (!cursor)
		return false;
	struct player p;
	enum step step;
	while ((step = cursor_step(cursor, &p, err)) == STEP_ROW)
		if (is_fresh(&p, c->now_ms))
			drop(out, p.player_id);
	cursor_close(cursor);
	return step == STEP_DONE;
}

/* That nothing was found, so that nobody asks again before it is stale. */
static bool remember_asking(
	struct completion *c, const struct wanted *w, int64_t fetched_at, struct err *err)
{
	struct player *players = ARENA_NEW(c->keep, struct player, w->count);
	for (size_t i = 0; i < w->count; i++) {
		SET(&players[i], PLAYER, player_id, w->ids[i]);
		SET(&players[i], PLAYER, fetched_at, fetched_at);
	}
	return !w->count || store_put_players(c->store, players, w->count, err);
}

/* Soon stale, so that what fails does not hold up every poll. err stays what it was. */
static bool remember_failing(struct completion *c, const struct wanted *w)
{
	struct err ignored;
	remember_asking(c, w, c->now_ms - STALE_MS + AGAIN_MS, &ignored);
	return false;
}

static bool put_roster(
	struct completion *c, struct str body, int64_t team_id, struct wanted *w, struct err *err)
{
	struct people roster;
	if (!decode_roster(body, c->keep, &roster, err))
		return false;
	if (roster.warning)
		log_warning("roster of club %" PRId64 ": %s", team_id, roster.warning);
	for (size_t i = 0; i < roster.count; i++) {
		struct player *player = &roster.players[i];
		SET(player, PLAYER, fetched_at, c->now_ms);
		/* His club now: a trade is told by no name. */
		SET(player, PLAYER, team_id, team_id);
		drop(w, player->player_id);
	}
	return store_put_players(c->store, roster.players, roster.count, err);
}

/* Who is on no roster any more: traded, or down in the minors. */
static bool ask_for_player(struct completion *c, int64_t id, struct err *err)
{
	struct source_request q = {.endpoint = ENDPOINT_PLAYER, .id = id, .is_extra = true};
	struct wanted only = {.ids = {id}, .count = 1};
	struct source_reply reply;
	struct people one;
	bool is_found;
	if (!fetch(c, &q, &reply, &is_found, err))
		return remember_failing(c, &only);
	if (!is_found)
		return remember_asking(c, &only, c->now_ms, err);
	if (!decode_player(reply.body, id, c->keep, &one, err))
		return remember_failing(c, &only);
	if (one.warning)
		log_warning("player %" PRId64 ": %s", id, one.warning);
	SET(one.players, PLAYER, fetched_at, c->now_ms);
	return store_put_players(c->store, one.players, 1, err);
}

static bool complete_people(
	struct completion *c, int64_t team_id, struct str abbrev, struct err *err)
{
	struct wanted wanted;
	if (!find_wanted(c, team_id, &wanted, err))
		return false;
	if (!wanted.count || abbrev.n != 3)
		return true;
	struct source_request q = {.endpoint = ENDPOINT_ROSTER,
		.season = c->snapshot->game.season,
		.abbrev = abbrev,
		.is_extra = true};
	struct source_reply reply;
	bool is_found;
	if (!fetch(c, &q, &reply, &is_found, err))
		return remember_failing(c, &wanted);
	/* An upstream without the club's roster is not asked for each of its players. */
	if (!is_found)
		return remember_asking(c, &wanted, c->now_ms, err);
	if (!put_roster(c, reply.body, team_id, &wanted, err))
		return remember_failing(c, &wanted);
	for (size_t i = 0; i < wanted.count && i < MAX_ASKED; i++)
		if (!ask_for_player(c, wanted.ids[i], err))
			return false;
	return true;
}

/* ---- clubs ---- */

static bool team_is_fresh(struct completion *c, int64_t team_id, bool *out, struct err *err)
{
	struct condition conditions[] = {
		is_i64(&team_table, TEAM_team_id, team_id),
		is_i64(&team_table, TEAM_season, c->snapshot->game.season),
	};
	struct selection q = {.table = &team_table, .conditions = conditions, .condition_count = 2};
	struct cursor *cursor = store_select(c->store, &q, err);
	if (!cursor)
		return false;
	struct team t;
	enum step step = cursor_step(cursor, &t, err);
	/* A club's name does not change within its season: once known it stays. */
	*out = step == STEP_ROW &&
	       (KNOWS(&t, TEAM, full_name) ||
		       (KNOWS(&t, TEAM, fetched_at) && c->now_ms - t.fetched_at < STALE_MS));
	cursor_close(cursor);
	return step != STEP_FAILED;
}

/* *out stays as it was where the upstream has no list. */
static bool fetch_teams(struct completion *c, struct clubs *out, struct err *err)
{
	struct source_request q = {.endpoint = ENDPOINT_TEAMS, .is_extra = true};
	struct source_reply reply;
	bool is_found;
	if (!fetch(c, &q, &reply, &is_found, err) ||
		(is_found && !decode_teams(reply.body, c->keep, out, err)))
		return false;
	if (out->warning)
		log_warning("list of clubs: %s", out->warning);
	return true;
}

/* Without a name: that it was asked for. */
static bool put_teams(
	struct completion *c, const struct clubs *all, int64_t fetched_at, struct err *err)
{
	const struct game *g = &c->snapshot->game;
	struct team ours[2] = {0};
	for (size_t i = 0; i < 2; i++) {
		SET(&ours[i], TEAM, team_id, i ? g->home_team_id : g->away_team_id);
		for (size_t j = 0; j < all->count; j++)
			if (all->teams[j].team_id == ours[i].team_id)
				ours[i] = all->teams[j];
		SET(&ours[i], TEAM, season, g->season);
		SET(&ours[i], TEAM, fetched_at, fetched_at);
	}
	return store_put_teams(c->store, ours, 2, err);
}

static bool complete_teams(struct completion *c, struct err *err)
{
	const struct game *g = &c->snapshot->game;
	struct clubs all = {0}, none = {0};
	struct err ignored;
	bool away_is_fresh, home_is_fresh;
	if (!team_is_fresh(c, g->away_team_id, &away_is_fresh, err) ||
		!team_is_fresh(c, g->home_team_id, &home_is_fresh, err))
		return false;
	if (away_is_fresh && home_is_fresh)
		return true;
	if (fetch_teams(c, &all, err))
		return put_teams(c, &all, c->now_ms, err);
	put_teams(c, &none, c->now_ms - STALE_MS + AGAIN_MS, &ignored);
	return false;
}

/* Each part for itself: one that fails is in nobody's way, and the first of them is told. */
static bool complete(
	struct completion *c, const struct put_result *put, unsigned parts, struct err *err)
{
	const struct game *g = &c->snapshot->game;
	struct err later;
	bool ok = !(parts & COMPLETE_EVENTS && put->events_due) || complete_events(c, err);
	if (!(parts & COMPLETE_NAMES))
		return ok;
	ok = complete_people(c, g->away_team_id, g->away_team_abbrev, ok ? err : &later) && ok;
	ok = complete_people(c, g->home_team_id, g->home_team_abbrev, ok ? err : &later) && ok;
	return complete_teams(c, ok ? err : &later) && ok;
}

bool ingest_complete(struct source *source, struct store *store,
	const struct ingest_fetched *fetched, const struct put_result *put, unsigned parts,
	struct arena *keep, struct err *err)
{
	struct completion c = {.source = source,
		.store = store,
		.snapshot = &fetched->snapshot,
		.now_ms = fetched->reply.arrival_ms,
		.keep = keep};
	if (fetched->reply.is_unchanged) /* its people were asked for when it came */
		parts &= COMPLETE_EVENTS;
	else if (!fetched->snapshot.count)
		return true;
	if (!fetched->is_good)
		return true;
	if (put->outcome == PUT_OLDER || put->outcome == PUT_QUARANTINED)
		return true;
	bool ok = complete(&c, put, parts, err);
	return store_flush(store, ok ? err : &(struct err){0}) &&
	       ok; /* what failed was asked, too */
}
