#include "store/changes.h"
#include "store/checks.h"
#include "base/time.h"
#include "store/rows.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct str put_outcome_names[4] = {
	[PUT_STORED] = STR_INIT("stored"),
	[PUT_UNCHANGED] = STR_INIT("unchanged"),
	[PUT_OLDER] = STR_INIT("older"),
	[PUT_QUARANTINED] = STR_INIT("quarantined"),
};

enum { SETTLED_MS = 7 * 86400000, PROGRESS_PERIOD = 10000 };

#define BIT(prefix, member) ((uint64_t)1 << prefix##_##member)

/* What a schedule tells of a game's state, and what it does not: the clock, which comes and goes as one,
 * and the shots. */
static const uint64_t state_columns = BIT(GAME, game_state) | BIT(GAME, away_score) |
				      BIT(GAME, home_score) | BIT(GAME, period) |
				      BIT(GAME, period_type) | BIT(GAME, last_period_type);
static const uint64_t clock_columns = BIT(GAME, clock_seconds) | BIT(GAME, clock_running) |
				      BIT(GAME, in_intermission) | BIT(GAME, situation) |
				      BIT(GAME, situation_seconds);
static const uint64_t shot_columns = BIT(GAME, away_shots) | BIT(GAME, home_shots);
static const uint64_t game_state_columns = state_columns | clock_columns | shot_columns;

static const uint64_t club_names = BIT(GAME, away_team_name) | BIT(GAME, home_team_name);
static const uint64_t clubs = BIT(GAME, away_team_id) | BIT(GAME, home_team_id);

/* One game being replaced, or completed again (snapshot NULL). */
struct replacement {
	struct commit *commit;
	const struct snapshot *snapshot;
	int64_t game_id;
	struct game old, new; /* old.known 0: not stored yet */
	struct stat_line *old_lines, *lines;
	size_t old_count, count;
	int64_t observed_at;      /* of what becomes of the lines */
	struct event *old_events; /* loaded where they are to be replaced */
	size_t old_event_count;
	bool holds_events;  /* they are not to be replaced after all */
	bool holds_state;   /* nor what the body tells no more of the game itself */
	bool scoring_moved; /* goals or assists of a line, or a line came or went */
	bool lines_moved;   /* more than names and ages, which the game does not tell */
	struct put_result *result;
};

static bool load_game(struct replacement *r, struct err *err)
{
	void *games;
	size_t count;
	if (!rows_read(r->commit->store, &game_table, r->game_id, sizeof(struct game),
		    r->commit->keep, &games, &count, err))
		return false;
	if (count)
		r->old = *(struct game *)games;
	r->new = r->old;
	SET(&r->new, GAME, game_id, r->game_id);
	return true;
}

static bool load(struct replacement *r, struct err *err)
{
	void *lines;
	if (!load_game(r, err) ||
		!rows_read(r->commit->store, &stat_table, r->game_id, sizeof(struct stat_line),
			r->commit->keep, &lines, &r->old_count, err))
		return false;
	r->old_lines = lines;
	/* What is the newer one was not seen sooner, whatever two clocks or caches say. */
	r->observed_at = r->commit->observed_at;
	for (size_t i = 0; i < r->old_count; i++)
		if (r->old_lines[i].observed_at > r->observed_at)
			r->observed_at = r->old_lines[i].observed_at;
	return true;
}

/* The snapshot's lines by player, or the stored ones where it brought none. */
static void take_lines(struct replacement *r)
{
	const struct snapshot *s = r->snapshot;
	bool fresh = s && s->has_lines;
	r->count = fresh ? s->count : r->old_count;
	r->lines = ARENA_NEW(r->commit->keep, struct stat_line, r->count);
	if (r->count)
		memcpy(r->lines, fresh ? s->lines : r->old_lines, r->count * sizeof(*r->lines));
	for (size_t i = 0; i < r->count; i++)
		SET(&r->lines[i], STAT, game_id, r->game_id);
	if (r->count)
		qsort(r->lines, r->count, sizeof(*r->lines), line_by_player);
}

/* ---- order ---- */

/* All but the play-by-play, whose events have an order of their own. */
static bool is_box_score(const struct snapshot *s)
{
	return s->has_lines || !s->has_events;
}

static struct order_key stored_order(const struct game *g)
{
	return (struct order_key){
		g->order_time, g->order_period, g->order_elapsed, g->order_arrival};
}

static int64_t progress(struct order_key k)
{
	return k.period * PROGRESS_PERIOD + k.elapsed;
}

/* What other endpoints say has its own order, its progress in one number. */
static struct order_key order_of(int64_t time, int64_t progress, int64_t arrival)
{
	return (struct order_key){
		time, progress / PROGRESS_PERIOD, progress % PROGRESS_PERIOD, arrival};
}

/* Of the stored state: above 0, newer. */
static int compare_to_state(struct order_key k, const struct game *g)
{
	if (!KNOWS(g, GAME, state_time))
		return 1;
	return order_compare(k, order_of(g->state_time, g->state_progress, g->state_arrival));
}

static int compare_to_ice(struct order_key k, const struct game *g)
{
	if (!KNOWS(g, GAME, ice_time))
		return 1;
	return order_compare(k, order_of(g->ice_time, g->ice_progress, g->ice_arrival));
}

static bool is_older_than_events(struct order_key k, const struct game *g)
{
	return KNOWS(g, GAME, events_time) &&
	       order_compare(k, order_of(g->events_time, g->events_progress, g->events_arrival)) <
		       0;
}

static bool is_older(const struct replacement *r)
{
	const struct snapshot *s = r->snapshot;
	if (s && !is_box_score(s))
		return is_older_than_events(s->order, &r->old);
	if (!s || !KNOWS(&r->old, GAME, order_time))
		return false;
	return order_compare(s->order, stored_order(&r->old)) < 0;
}

static void say_older(struct replacement *r)
{
	const struct game *g = &r->old;
	struct order_key stored =
		is_box_score(r->snapshot)
			? stored_order(g)
			: order_of(g->events_time, g->events_progress, g->events_arrival);
	r->result->outcome = PUT_OLDER;
	snprintf(r->result->reason, sizeof(r->result->reason),
		"an older snapshot (time %" PRId64 ", period %" PRId64 ", %" PRId64
		" s) than the stored one (%" PRId64 ", %" PRId64 ", %" PRId64 " s)",
		r->snapshot->order.time, r->snapshot->order.period, r->snapshot->order.elapsed,
		stored.time, stored.period, stored.elapsed);
}

/* ---- the game's own row ---- */

static void overlay(struct game *to, const struct game *from, uint64_t which)
{
	which &= from->known;
	for (size_t i = 0; i < game_table.count; i++)
		if (which >> i & 1)
			record_set(&game_table, to, i, record_get(&game_table, from, i));
}

static void unset(struct game *g, uint64_t which)
{
	for (size_t i = 0; i < game_table.count; i++)
		if (which >> i & 1)
			record_set(&game_table, g, i,
				(struct value){.type = game_table.columns[i].type});
}

/* Official are lines that an official box score brought: the schedule may have told of the end first,
 * or an old copy of the box score have come after it. */
static struct str status_of(const struct game *g, bool has_lines, int64_t now)
{
	switch (game_phase(g->game_state)) {
	case PHASE_FUTURE:
	case PHASE_PREGAME:
		return STR("scheduled");
	case PHASE_UNKNOWN:
	case PHASE_LIVE:
		return STR("live");
	case PHASE_PROVISIONAL:
		break;
	case PHASE_OFFICIAL:
		if (!has_lines || !game_has_official_lines(g))
			break;
		if (KNOWS(g, GAME, changed_at) && now - g->changed_at >= SETTLED_MS)
			return STR("settled");
		return STR("official");
	}
	return STR("provisional");
}

static bool has_ended(const struct game *g)
{
	enum game_phase phase = game_phase(g->game_state);
	return phase == PHASE_PROVISIONAL || phase == PHASE_OFFICIAL;
}

static void mark_times(struct game *g, int64_t now)
{
	enum game_phase phase = game_phase(g->game_state);
	bool ended = has_ended(g);
	if (!ended) /* gameState may go back (reported) */
		unset(g, BIT(GAME, ended_at) | BIT(GAME, official_at));
	else if (!KNOWS(g, GAME, last_period_type) && KNOWS(g, GAME, period_type))
		SET(g, GAME, last_period_type, g->period_type);
	if (ended && !KNOWS(g, GAME, ended_at))
		SET(g, GAME, ended_at, now);
	if (phase == PHASE_OFFICIAL && !KNOWS(g, GAME, official_at))
		SET(g, GAME, official_at, now);
}

/* Of two words of one moment what they say decides, whichever was written last. */
static void overlay_greater(struct game *to, const struct game *from, uint64_t which)
{
	which &= from->known;
	for (size_t i = 0; i < game_table.count; i++) {
		uint64_t bit = (uint64_t)1 << i;
		if (which & bit &&
			(!(to->known & bit) || row_order(&game_table, from, to, bit) > 0))
			overlay(to, from, bit);
	}
}

/*
 * The clock and the shots have an order of their own: a box score that a schedule is newer than
 * still has the newest word on them. A box score tells all that there is.
 */
static void take_ice(struct game *g, const struct game *from, struct order_key k, bool is_box_score,
	uint64_t held)
{
	const uint64_t ice = clock_columns | shot_columns;
	int order = compare_to_ice(k, g);
	if (!is_box_score && !(from->known & ice))
		return;
	if (order < 0) {
		overlay(g, from, shot_columns & ~g->known);
		return;
	}
	if (!order && !is_box_score) {
		overlay_greater(g, from, ice);
		return;
	}
	unset(g, is_box_score ? ice & ~held : KNOWS(from, GAME, clock_seconds) ? clock_columns : 0);
	overlay(g, from, ice);
	SET(g, GAME, ice_time, k.time);
	SET(g, GAME, ice_progress, progress(k));
	SET(g, GAME, ice_arrival, k.arrival_ms);
}

/*
 * Of a state that is as new: another box score replaces it, but for what is held; what two schedules
 * say is weighed.
 */
static void take_state(struct game *g, const struct game *from, struct order_key k,
	bool is_box_score, uint64_t held)
{
	int order = compare_to_state(k, g);
	if (!order && !is_box_score) {
		overlay_greater(g, from, state_columns);
	} else if (order >= 0) {
		unset(g, is_box_score ? state_columns & ~held : BIT(GAME, last_period_type));
		overlay(g, from, state_columns);
		SET(g, GAME, state_time, k.time);
		SET(g, GAME, state_progress, progress(k));
		SET(g, GAME, state_arrival, k.arrival_ms);
	} else if (is_box_score) {
		overlay(g, from, state_columns & ~BIT(GAME, last_period_type) & ~g->known);
	}
	take_ice(g, from, k, is_box_score, held);
}

/* What the snapshot says of the game itself, as far as it is the newest word on it. */
static void merge_game(struct replacement *r)
{
	const struct snapshot *s = r->snapshot;
	struct game *g = &r->new;
	const uint64_t polling = BIT(GAME, last_poll_at) | BIT(GAME, expires_at);
	uint64_t identity = ~(game_state_columns | BIT(GAME, warning) | BIT(GAME, stats_status) |
			      BIT(GAME, etag));
	if (!s)
		return;
	if (compare_to_state(s->order, g) < 0)
		identity &= ~g->known | polling;
	/* Which clubs' lines they are is the box score's to tell. */
	if (r->old_count && !is_box_score(s))
		identity &= ~(clubs | club_names | BIT(GAME, away_team_abbrev) |
			      BIT(GAME, home_team_abbrev));
	/* Without its state nobody would follow it any more: that is held for ever. */
	uint64_t held = checks_held_of_game(&r->old, &s->game);
	take_state(g, &s->game, s->order, is_box_score(s),
		r->holds_state ? held : held & BIT(GAME, game_state));
	overlay(g, &s->game, identity);
	if (is_box_score(s)) {
		unset(g, BIT(GAME, last_error) | BIT(GAME, etag));
		overlay(g, &s->game, BIT(GAME, etag));
		SET(g, GAME, order_time, s->order.time);
		SET(g, GAME, order_period, s->order.period);
		SET(g, GAME, order_elapsed, s->order.elapsed);
		SET(g, GAME, order_arrival, s->order.arrival_ms);
		SET(g, GAME, order_tally,
			s->game.away_score + s->game.home_score + s->game.away_shots +
				s->game.home_shots);
		const struct game *told = KNOWS(&s->game, GAME, game_state) ? &s->game : g;
		SET(g, GAME, lines_ended, has_ended(told));
		SET(g, GAME, lines_official, game_phase(told->game_state) == PHASE_OFFICIAL);
	}
	if (!KNOWS(g, GAME, observed_at) || s->observed_at > g->observed_at)
		SET(g, GAME, observed_at, s->observed_at);
	mark_times(g, s->observed_at);
}

/* ---- completion: what other endpoints know ---- */

/* Of all the lines' players at once. The lines are by player. */
static bool prepare_players(struct commit *c, const struct stat_line *lines, size_t count,
	struct sql *out, struct err *err)
{
	int64_t *ids = ARENA_NEW(c->keep, int64_t, count + 1);
	char text[160];
	for (size_t i = 0; i < count; i++)
		ids[i] = lines[i].player_id;
	snprintf(text, sizeof(text),
		"SELECT player_id, full_name, birth_date FROM players WHERE player_id %s",
		c->store->backend->list_form);
	if (!sql_prepare(c->store, text, out, err))
		return false;
	sql_bind_list(out, ids, count);
	return true;
}

static bool prepare_team_name(
	struct commit *c, int64_t team_id, int64_t season, struct sql *out, struct err *err)
{
	if (!sql_prepare(c->store, "SELECT full_name FROM teams WHERE team_id = ? AND season = ?",
		    out, err))
		return false;
	sql_bind_i64(out, team_id);
	sql_bind_i64(out, season);
	return true;
}

/* Who scored and who assisted, the shoot-out left out. */
static bool prepare_goals(struct commit *c, int64_t game_id, struct sql *out, struct err *err)
{
	if (!sql_prepare(c->store,
		    "SELECT player_id, assist1_player_id, assist2_player_id FROM game_events WHERE "
		    "game_id = ? AND type = 'goal' AND coalesce(period_type, '') <> 'SO'",
		    out, err))
		return false;
	sql_bind_i64(out, game_id);
	return true;
}

static void complete_line(struct replacement *r, struct stat_line *line, struct sql *player)
{
	struct value name = sql_value(player, COLUMN_TEXT), birth = sql_value(player, COLUMN_DATE);
	if (name.known)
		SET(line, STAT, player_name, str_copy(r->commit->keep, name.text));
	if (birth.known && KNOWS(&r->new, GAME, game_date))
		SET(line, STAT, player_age, day_age((int32_t)birth.integer, r->new.game_date));
}

static bool complete_players(struct replacement *r, struct err *err)
{
	struct sql q;
	enum step step;
	if (!prepare_players(r->commit, r->lines, r->count, &q, err))
		return false;
	while ((step = sql_step(&q, err)) == STEP_ROW) {
		struct stat_line *line = lines_find(r->lines, r->count, sql_i64(&q));
		if (line)
			complete_line(r, line, &q);
	}
	sql_reset(&q);
	return step == STEP_DONE;
}

static bool find_team_name(
	struct commit *c, int64_t team_id, int64_t season, struct str *out, struct err *err)
{
	struct sql q;
	*out = (struct str){0};
	if (!prepare_team_name(c, team_id, season, &q, err))
		return false;
	enum step step = sql_step(&q, err);
	if (step == STEP_ROW)
		*out = str_copy(c->keep, sql_value(&q, COLUMN_TEXT).text);
	sql_reset(&q);
	return step != STEP_FAILED;
}

static bool complete_teams(struct replacement *r, struct err *err)
{
	struct game *g = &r->new;
	struct str away, home;
	if (!find_team_name(r->commit, g->away_team_id, g->season, &away, err) ||
		!find_team_name(r->commit, g->home_team_id, g->season, &home, err))
		return false;
	if (away.n)
		SET(g, GAME, away_team_name, away);
	if (home.n)
		SET(g, GAME, home_team_name, home);
	for (size_t i = 0; i < r->count; i++) {
		struct stat_line *line = &r->lines[i];
		struct str own = line->team_id == g->away_team_id ? away : home;
		struct str other = line->team_id == g->away_team_id ? home : away;
		if (own.n)
			SET(line, STAT, team_name, own);
		if (other.n)
			SET(line, STAT, opponent_team_name, other);
	}
	return true;
}

static bool is_goaltender(const struct stat_line *line)
{
	return str_equal(line->player_position, STR("G"));
}

/* A legacy body tells a goaltender's points, unless a part of them could not be read. */
static bool wants_scoring(const struct replacement *r, const struct stat_line *line)
{
	bool body_has_it = r->snapshot && r->snapshot->has_lines && KNOWS(line, STAT, points);
	return is_goaltender(line) && !body_has_it;
}

/* Goaltenders' goals and assists are in no box score of today's; the play-by-play has them. */
static bool complete_goaltenders(struct replacement *r, struct err *err)
{
	struct sql q;
	enum step step;
	if (!KNOWS(&r->new, GAME, events_time))
		return true;
	for (size_t i = 0; i < r->count; i++) {
		struct stat_line *line = &r->lines[i];
		if (!wants_scoring(r, line))
			continue;
		SET(line, STAT, goals, 0);
		SET(line, STAT, assists, 0);
	}
	if (!prepare_goals(r->commit, r->game_id, &q, err))
		return false;
	while ((step = sql_step(&q, err)) == STEP_ROW)
		for (int i = 0; i < 3; i++) {
			struct stat_line *line = lines_find(r->lines, r->count, sql_i64(&q));
			if (line && wants_scoring(r, line))
				*(i ? &line->assists : &line->goals) += 1;
		}
	sql_reset(&q);
	for (size_t i = 0; i < r->count; i++)
		if (wants_scoring(r, &r->lines[i]))
			SET(&r->lines[i], STAT, points, r->lines[i].goals + r->lines[i].assists);
	return step == STEP_DONE;
}

static bool complete(struct replacement *r, struct err *err)
{
	return complete_players(r, err) && complete_teams(r, err) && complete_goaltenders(r, err);
}

static bool ask_team(struct commit *c, int64_t team_id, int64_t season, struct err *err)
{
	struct sql q;
	if (!prepare_team_name(c, team_id, season, &q, err))
		return false;
	sql_ask(&q);
	return true;
}

static bool ask_teams(struct commit *c, const struct game *g, struct err *err)
{
	return ask_team(c, g->away_team_id, g->season, err) &&
	       ask_team(c, g->home_team_id, g->season, err);
}

/* All that completion will want, together. Goals only where they are not about to be written. */
static bool ask_completion(struct replacement *r, const struct game *g,
	const struct stat_line *lines, size_t count, struct err *err)
{
	struct sql q;
	if (!prepare_players(r->commit, lines, count, &q, err))
		return false;
	sql_ask(&q);
	if (!ask_teams(r->commit, g, err))
		return false;
	if (r->snapshot && r->snapshot->has_events)
		return true;
	if (!prepare_goals(r->commit, r->game_id, &q, err))
		return false;
	sql_ask(&q);
	return true;
}

/* ---- events ---- */

static int by_event(const void *a, const void *b)
{
	int64_t x = ((const struct event *)a)->event_id, y = ((const struct event *)b)->event_id;
	return (x > y) - (x < y);
}

/*
 * Whether the events that have come are behind the game that they are of: of one that is being
 * played they do not reach its score or period; of an official one they are from before; of one
 * that is over nothing else would ask again for a play that could not be read. Some finished games
 * stay partial, and are not asked for again for that.
 */
static bool events_lag(const struct replacement *r)
{
	const struct snapshot *s = r->snapshot;
	const struct game *g = &r->new;
	int64_t period = 0, away = 0, home = 0;
	if (has_ended(g))
		return (s->lacks_events && !s->has_lines) ||
		       (game_phase(g->game_state) == PHASE_OFFICIAL &&
			       game_phase(s->game.game_state) != PHASE_OFFICIAL);
	for (size_t i = 0; i < s->event_count; i++) {
		const struct event *e = &s->events[i];
		period = e->period > period ? e->period : period;
		away = e->away_score > away ? e->away_score : away;
		home = e->home_score > home ? e->home_score : home;
	}
	return period < g->period || away != g->away_score || home != g->home_score;
}

/*
 * The play-by-play is worth a request when score, period or somebody's goals and assists have
 * moved, and at each step towards the settled end: a goaltender's assist given or taken after the
 * horn shows in it alone.
 */
static void note_events_due(struct replacement *r)
{
	const struct game *old = &r->old;
	struct game *g = &r->new;
	const uint64_t moves = BIT(GAME, away_score) | BIT(GAME, home_score) | BIT(GAME, period);
	if (r->snapshot && r->snapshot->has_events)
		return; /* has been seen to */
	bool has_moved = row_difference(&game_table, old, g, moves) != 0 || r->scoring_moved;
	bool has_stepped = has_ended(g) && !str_equal(old->stats_status, g->stats_status);
	/* A hit that is added days later is an event too, and moves no score. */
	if (has_moved || has_stepped || r->result->correction)
		SET(g, GAME, events_due, true);
}

static bool brings_events(const struct replacement *r)
{
	const struct snapshot *s = r->snapshot;
	return s && s->has_events && !is_older_than_events(s->order, &r->old);
}

static bool load_events(struct replacement *r, struct err *err)
{
	void *events;
	if (!brings_events(r))
		return true;
	if (!rows_read(r->commit->store, &event_table, r->game_id, sizeof(struct event),
		    r->commit->keep, &events, &r->old_event_count, err))
		return false;
	r->old_events = events;
	return true;
}

/* Events of a game replaced whole: those that left go, those that differ are written. */
static bool replace_events(struct replacement *r, struct err *err)
{
	const struct snapshot *s = r->snapshot;
	struct game *g = &r->new;
	struct store *store = r->commit->store;
	if (!brings_events(r))
		return true;
	/* Lost on the way: a face-off there was. */
	if (r->holds_events || (!s->event_count && s->game.period > 0)) {
		SET(g, GAME, events_due, true);
		return true;
	}
	SET(g, GAME, events_time, s->order.time);
	SET(g, GAME, events_progress, progress(s->order));
	SET(g, GAME, events_arrival, s->order.arrival_ms);
	SET(g, GAME, events_ended, has_ended(&s->game));
	SET(g, GAME, events_due, events_lag(r));
	size_t old_count = r->old_event_count, i = 0, j = 0;
	struct event *old = r->old_events,
		     *new = ARENA_NEW(r->commit->keep, struct event, s->event_count);
	for (size_t k = 0; k < s->event_count; k++) {
		new[k] = s->events[k];
		SET(&new[k], EVENT, game_id, r->game_id);
	}
	if (s->event_count)
		qsort(new, s->event_count, sizeof(*new), by_event);
	while (i < old_count || j < s->event_count) {
		int order = i == old_count        ? 1
			    : j == s->event_count ? -1
						  : by_event(&old[i], &new[j]);
		if (order < 0) {
			if (!row_delete(store, &event_table, r->game_id, old[i].event_id, err))
				return false;
		} else if (order > 0 ||
			   row_difference(&event_table, &old[i], &new[j], ~(uint64_t)0)) {
			if (!row_put(store, &event_table, &new[j], err))
				return false;
		}
		i += order <= 0;
		j += order >= 0;
	}
	return true;
}

/* ---- lines ---- */

/* Worked out here, from what other endpoints know: learning it late corrects nothing. */
static const uint64_t told_elsewhere = BIT(STAT, player_name) | BIT(STAT, player_age) |
				       BIT(STAT, team_name) | BIT(STAT, opponent_team_name);

/* The same share, rounded to fewer decimals in one of the two: a fraction of the numbers in a game that
 * is another one differs by more. */
static bool is_same_share(double a, double b)
{
	static const double units[] = {1e3, 1e4, 1e5};
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double unit = units[i];
		bool one_is_rounded = fabs(a * unit - round(a * unit)) < 1e-6 ||
				      fabs(b * unit - round(b * unit)) < 1e-6;
		if (one_is_rounded && fabs(a - b) * unit <= 0.5 + 1e-6)
			return true;
	}
	return false;
}

static uint64_t drop_roundings(
	const struct stat_line *old, const struct stat_line *new, uint64_t changed)
{
	for (size_t i = 0; i < stat_table.count; i++) {
		struct value a = record_get(&stat_table, old, i),
			     b = record_get(&stat_table, new, i);
		if (a.type == COLUMN_REAL && a.known && b.known && is_same_share(a.real, b.real))
			changed &= ~((uint64_t)1 << i);
	}
	return changed;
}

/*
 * After the horn something that was shown has become something else, or a line came or went. The
 * schedule may tell of the end first: the lines of the end itself correct nothing, nor does what its
 * first play-by-play has of the goaltenders.
 */
static bool is_correction(const struct replacement *r, const struct stat_line *old,
	const struct stat_line *new, uint64_t changed)
{
	if (!r->old_count || !r->old.lines_ended)
		return false;
	if (!old || !new)
		return true;
	if (is_goaltender(new) && !r->old.events_ended)
		changed &= ~(BIT(STAT, goals) | BIT(STAT, assists) | BIT(STAT, points));
	return drop_roundings(old, new, changed & old->known & ~told_elsewhere) != 0;
}

/* The row itself is written or deleted already; the first lines of a game have followed nothing. */
static bool record_line(struct replacement *r, const struct stat_line *old,
	const struct stat_line *new, uint64_t changed, struct err *err)
{
	struct change change = {.table = &stat_table,
		.game_id = r->game_id,
		/* One of the two is given. */
		/* cppcheck-suppress nullPointer */
		.player_id = old ? old->player_id : new->player_id,
		.old = old,
		.new = new,
		.columns = changed,
		.phase = r->old_count ? r->old.stats_status : STR("scheduled"),
		.is_correction = is_correction(r, old, new, changed),
		.observed_at = r->observed_at};
	r->result->correction |= change.is_correction;
	return commit_record(r->commit, &change, err);
}

static bool put_line(
	struct replacement *r, struct stat_line *line, const struct stat_line *old, struct err *err)
{
	uint64_t changed = old ? row_difference(&stat_table, old, line, change_content(&stat_table))
			       : line->known & change_content(&stat_table);
	if (old && !changed) {
		*line = *old;
		return true;
	}
	r->scoring_moved |= !old || (changed & (BIT(STAT, goals) | BIT(STAT, assists)));
	r->lines_moved |= !old || (changed & ~told_elsewhere);
	if (!commit_take_revision(r->commit, err))
		return false;
	SET(line, STAT, revision, r->commit->revision);
	SET(line, STAT, observed_at, r->observed_at);
	*(old ? &r->result->updated : &r->result->inserted) += 1;
	return row_put(r->commit->store, &stat_table, line, err) &&
	       record_line(r, old, line, changed, err);
}

static bool delete_line(struct replacement *r, const struct stat_line *old, struct err *err)
{
	if (!commit_take_revision(r->commit, err))
		return false;
	r->scoring_moved = r->lines_moved = true;
	r->result->deleted++;
	return row_delete(r->commit->store, &stat_table, r->game_id, old->player_id, err) &&
	       record_line(r, old, NULL, old->known & change_content(&stat_table), err);
}

static bool put_lines(struct replacement *r, struct err *err)
{
	size_t i = 0, j = 0;
	while (i < r->old_count || j < r->count) {
		const struct stat_line *old = &r->old_lines[i];
		int order = i == r->old_count ? 1
			    : j == r->count   ? -1
					      : line_by_player(old, &r->lines[j]);
		if (order < 0 ? !delete_line(r, old, err)
			      : !put_line(r, &r->lines[j], order ? NULL : old, err))
			return false;
		i += order <= 0;
		j += order >= 0;
	}
	return true;
}

/* ---- whole ---- */

/* The game's row as it has become; with a revision when readers can see the difference. */
static bool write_game(struct replacement *r, struct err *err)
{
	struct game *g = &r->new;
	bool is_new = !r->old.known;
	bool lines_changed = r->result->inserted + r->result->updated + r->result->deleted > 0;
	uint64_t changed = row_difference(&game_table, &r->old, g, change_content(&game_table));
	if (changed && !commit_take_revision(r->commit, err))
		return false;
	if (changed || lines_changed)
		SET(g, GAME, revision, r->commit->revision);
	if (!row_difference(&game_table, &r->old, g, ~(uint64_t)0))
		return true;
	struct change change = {.table = &game_table,
		.game_id = r->game_id,
		.old = is_new ? NULL : &r->old,
		.new = g,
		.columns = changed,
		.phase = is_new ? STR("scheduled") : r->old.stats_status,
		.observed_at = g->observed_at > r->commit->observed_at ? g->observed_at
								       : r->commit->observed_at};
	return row_put(r->commit->store, &game_table, g, err) &&
	       (!changed || commit_record(r->commit, &change, err));
}

static bool put_game_row(struct replacement *r, struct err *err)
{
	struct game *g = &r->new;
	const uint64_t scores = BIT(GAME, away_score) | BIT(GAME, home_score);
	if (r->lines_moved || row_difference(&game_table, &r->old, g, scores))
		SET(g, GAME, changed_at, r->observed_at);
	/* An older reply about it does not make it younger. */
	SET(g, GAME, stats_status, status_of(g, r->count > 0, g->observed_at));
	note_events_due(r);
	return write_game(r, err);
}

static void set_warning(struct game *g, const char *text, struct arena *keep)
{
	unset(g, BIT(GAME, warning));
	if (text && *text)
		SET(g, GAME, warning, str_copy(keep, str_from(text)));
}

static bool is_what_is_stored(const struct replacement *r)
{
	const struct order_key *k = &r->snapshot->order;
	if (!is_box_score(r->snapshot))
		return KNOWS(&r->old, GAME, events_time) && k->time == r->old.events_time &&
		       k->arrival_ms == r->old.events_arrival;
	return KNOWS(&r->old, GAME, order_time) && !order_compare(*k, stored_order(&r->old));
}

/* What is wrong with the events is told until there are better ones, however good the lines are. */
static void warn(struct replacement *r, const char *text)
{
	struct game *g = &r->new;
	if (r->commit->store->is_replaying && is_what_is_stored(r))
		return; /* what came after it may have been worse */
	bool is_of_events = str_starts(g->warning, STR(EVENTS_WARNING));
	if (text && *text)
		set_warning(g, text, r->commit->keep);
	else if (is_of_events ? r->snapshot->has_events : is_box_score(r->snapshot))
		set_warning(g, NULL, r->commit->keep);
}

/* The last good rows stay; readers see why. */
static bool quarantine(struct replacement *r, const char *reason, struct err *err)
{
	r->new = r->old;
	r->count = r->old_count;
	r->result->outcome = PUT_QUARANTINED;
	snprintf(r->result->reason, sizeof(r->result->reason), "%s", reason);
	if (r->commit->store->is_replaying)
		return true;
	SET(&r->new, GAME, game_id, r->game_id);
	set_warning(&r->new, r->result->reason, r->commit->keep);
	overlay(&r->new, &r->snapshot->game, BIT(GAME, last_poll_at) | BIT(GAME, expires_at));
	if (!r->old.known)
		return true; /* nothing stored: nothing to warn about */
	if (!is_box_score(r->snapshot))
		SET(&r->new, GAME, events_due, true);
	return put_game_row(r, err);
}

/* Columns that a line of the body has lost keep their values for now. */
static void hold(struct replacement *r, const struct candidate *c)
{
	/* What a club has lost is told from all of its lines, so they are written afterwards. */
	uint64_t *held = ARENA_NEW(r->commit->keep, uint64_t, r->count + 1);
	for (size_t i = 0; i < r->count; i++) {
		const struct stat_line *old =
			lines_find(r->old_lines, r->old_count, r->lines[i].player_id);
		held[i] = old ? checks_held(c, old, &r->lines[i]) : 0;
	}
	for (size_t i = 0; i < r->count; i++) {
		const struct stat_line *old =
			lines_find(r->old_lines, r->old_count, r->lines[i].player_id);
		for (size_t column = 0; old && column < stat_table.count; column++)
			if (held[i] >> column & 1)
				record_set(&stat_table, &r->lines[i], column,
					record_get(&stat_table, old, column));
	}
}

static bool replace(struct replacement *r, struct err *err)
{
	const struct snapshot *s = r->snapshot;
	struct verdict verdict = {.is_good = true};
	take_lines(r);
	if (!load_events(r, err))
		return false;
	struct candidate candidate = {r->commit->store, s, &r->old, r->old_lines, r->old_count,
		r->lines, r->count, r->old_events, r->old_event_count};
	if (s && !checks_run(&candidate, &verdict, err))
		return false;
	if (!verdict.is_good)
		return quarantine(r, verdict.reason, err);
	if (verdict.holds_columns)
		hold(r, &candidate);
	r->holds_state = verdict.holds_state;
	merge_game(r);
	r->holds_events = verdict.holds_events;
	if (s)
		warn(r, *verdict.warning ? verdict.warning : is_box_score(s) ? s->warning : NULL);
	if (!replace_events(r, err) || !complete(r, err) || !put_lines(r, err) ||
		!put_game_row(r, err))
		return false;
	r->result->outcome = r->commit->revision ? PUT_STORED : PUT_UNCHANGED;
	r->result->events_due = r->new.events_due;
	return true;
}

/* What is stored, and beside it what the snapshot's lines will want. */
static bool ask_all(struct replacement *r, struct err *err)
{
	struct store *s = r->commit->store;
	take_lines(r); /* the snapshot's: none where it brought none */
	return rows_ask(s, &game_table, r->game_id, err) &&
	       rows_ask(s, &stat_table, r->game_id, err) &&
	       (!r->count || ask_completion(r, &r->snapshot->game, r->lines, r->count, err));
}

static bool put_within(struct replacement *r, struct err *err)
{
	bool is_far = r->commit->store->backend->is_far;
	if ((is_far && !ask_all(r, err)) || !load(r, err))
		return false;
	if (is_older(r)) {
		say_older(r);
		return true;
	}
	if (is_far && !r->count && !ask_completion(r, &r->old, r->old_lines, r->old_count, err))
		return false;
	return replace(r, err);
}

/* ---- players and teams ---- */

/* Games whose rows may be told in full now, each once. */
struct affected {
	int64_t *ids;
	size_t count, room;
};

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static bool add_affected(struct commit *c, struct affected *a, const char *query, int64_t first,
	int64_t second, struct err *err)
{
	struct sql q;
	enum step step;
	if (!sql_prepare(c->store, query, &q, err))
		return false;
	sql_bind_i64(&q, first);
	if (second)
		sql_bind_i64(&q, second);
	while ((step = sql_step(&q, err)) == STEP_ROW) {
		if (a->count == a->room) {
			int64_t *more = ARENA_NEW(c->keep, int64_t, a->room = a->room * 2 + 64);
			if (a->count)
				memcpy(more, a->ids, a->count * sizeof(*more));
			a->ids = more;
		}
		a->ids[a->count++] = sql_i64(&q);
	}
	sql_reset(&q);
	return step == STEP_DONE;
}

/* All but the one that is about to be replaced anyway. */
static bool complete_affected(struct commit *c, struct affected *a, int64_t but, struct err *err)
{
	if (a->count)
		qsort(a->ids, a->count, sizeof(*a->ids), by_id);
	for (size_t i = 0; i < a->count; i++) {
		if (a->ids[i] == but || (i && a->ids[i] == a->ids[i - 1]))
			continue;
		struct arena kept = *c->keep; /* a game's rows end with it */
		struct put_result ignored = {0};
		struct replacement r = {.commit = c, .game_id = a->ids[i], .result = &ignored};
		if (!put_within(&r, err))
			return false;
		*c->keep = kept;
	}
	return true;
}

/*
 * Whether what a new record knows counts before what is stored: what was fetched later does, and
 * what was fetched before what a play-by-play tells in passing. Where that is the same, what they
 * say decides, so that the order of arrival never does.
 */
static bool is_later(const struct table *t, const void *new, const void *old)
{
	size_t column = (size_t)(table_find(t, STR("fetched_at")) - t->columns);
	struct value a = record_get(t, new, column), b = record_get(t, old, column);
	if (a.known != b.known)
		return a.known;
	if (a.integer != b.integer)
		return a.integer > b.integer;
	return row_order(t, new, old, ~(uint64_t)0) > 0;
}

/* The stored record with what the new one knows laid over it, or beneath it when it is older; whether
 * one of `which` differs. */
static bool merge_row(struct commit *c, const struct table *t, const void *new, size_t size,
	uint64_t which, int64_t id, int64_t second, bool *out_changed, struct err *err)
{
	void *rows;
	size_t count;
	char *merged = arena_alloc(c->keep, 1, size);
	const void *old = NULL;
	if (!rows_read(c->store, t, id, size, c->keep, &rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (t->key_count == 1 ||
			record_get(t, (char *)rows + i * size, 1).integer == second)
			old = (char *)rows + i * size;
	if (old)
		memcpy(merged, old, size);
	bool is_over = !old || is_later(t, new, old);
	for (size_t i = 0; i < t->count; i++) {
		struct value v = record_get(t, new, i);
		if (v.known && (is_over || !record_get(t, old, i).known))
			record_set(t, merged, i, v);
	}
	*out_changed =
		row_difference(t, old ? old : arena_alloc(c->keep, 1, size), merged, which) != 0;
	if (old && !row_difference(t, old, merged, ~(uint64_t)0))
		return true;
	return row_put(c->store, t, merged, err);
}

/* Each once: what is read of the second is what the first has written. */
static bool ask_rows(struct commit *c, const struct table *t, const void *records, size_t size,
	size_t count, struct err *err)
{
	const char *p = records;
	for (size_t i = 0; c->store->backend->is_far && i < count; i++) {
		int64_t id = record_get(t, p + i * size, 0).integer;
		bool is_first = true;
		for (size_t j = 0; j < i && is_first; j++)
			is_first = record_get(t, p + j * size, 0).integer != id;
		if (is_first && !rows_ask(c->store, t, id, err))
			return false;
	}
	return true;
}

static bool put_players(struct commit *c, const struct player *players, size_t count,
	struct affected *a, struct err *err)
{
	if (!ask_rows(c, &player_table, players, sizeof(*players), count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct player *p = &players[i];
		bool changed;
		if (!merge_row(c, &player_table, p, sizeof(*p),
			    BIT(PLAYER, full_name) | BIT(PLAYER, birth_date), p->player_id, 0,
			    &changed, err))
			return false;
		if (changed &&
			!add_affected(c, a, "SELECT game_id FROM game_stats WHERE player_id = ?",
				p->player_id, 0, err))
			return false;
	}
	return true;
}

bool store_put_players(struct store *s, const struct player *players, size_t count, struct err *err)
{
	struct commit c;
	struct affected affected = {0};
	if (!commit_begin(&c, s, 0, err))
		return false;
	return commit_end(&c,
		put_players(&c, players, count, &affected, err) &&
			complete_affected(&c, &affected, 0, err),
		err);
}

static bool put_teams(struct commit *c, const struct team *teams, size_t count, struct affected *a,
	struct err *err)
{
	if (!ask_rows(c, &team_table, teams, sizeof(*teams), count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct team *t = &teams[i];
		bool changed;
		if (!merge_row(c, &team_table, t, sizeof(*t), BIT(TEAM, full_name), t->team_id,
			    t->season, &changed, err))
			return false;
		if (changed && !add_affected(c, a,
				       "SELECT game_id FROM games WHERE ?1 IN (away_team_id, "
				       "home_team_id) "
				       "AND season = ?2",
				       t->team_id, t->season, err))
			return false;
	}
	return true;
}

bool store_put_teams(struct store *s, const struct team *teams, size_t count, struct err *err)
{
	struct commit c;
	struct affected affected = {0};
	if (!commit_begin(&c, s, 0, err))
		return false;
	return commit_end(&c,
		put_teams(&c, teams, count, &affected, err) &&
			complete_affected(&c, &affected, 0, err),
		err);
}

/* ---- a game ---- */

static bool put_snapshot(struct replacement *r, struct err *err)
{
	struct affected affected = {0};
	return put_players(r->commit, r->snapshot->players, r->snapshot->player_count, &affected,
		       err) &&
	       complete_affected(r->commit, &affected, r->game_id, err) && put_within(r, err);
}

bool store_put_game(
	struct store *s, const struct snapshot *snapshot, struct put_result *out, struct err *err)
{
	assert(KNOWS(&snapshot->game, GAME, game_id));
	struct put_result result = {0};
	struct commit c;
	/* New names may complete other games. */
	int64_t alone_with = snapshot->player_count ? 0 : snapshot->game.game_id;
	if (!commit_begin_game(&c, s, alone_with, snapshot->observed_at, err))
		return false;
	struct replacement r = {.commit = &c,
		.snapshot = snapshot,
		.game_id = snapshot->game.game_id,
		.result = &result};
	if (!commit_end(&c, put_snapshot(&r, err), err))
		return false;
	result.revision = c.revision;
	*out = result;
	return true;
}

/* ---- schedule and polls ---- */

static bool prepare_has_lines(struct commit *c, int64_t game_id, struct sql *out, struct err *err)
{
	if (!sql_prepare(c->store, "SELECT EXISTS (SELECT 1 FROM game_stats WHERE game_id = ?)",
		    out, err))
		return false;
	sql_bind_i64(out, game_id);
	return true;
}

/* Whether any line of the game is stored. */
static bool game_has_lines(struct commit *c, int64_t game_id, bool *out, struct err *err)
{
	struct sql q;
	if (!prepare_has_lines(c, game_id, &q, err) || sql_step(&q, err) != STEP_ROW)
		return false;
	*out = sql_i64(&q) != 0;
	sql_reset(&q);
	return true;
}

static bool ask_scheduled(struct commit *c, const struct game *seen, struct err *err)
{
	struct sql q;
	if (!rows_ask(c->store, &game_table, seen->game_id, err) ||
		!prepare_has_lines(c, seen->game_id, &q, err))
		return false;
	sql_ask(&q);
	return ask_teams(c, seen, err);
}

static bool put_scheduled(struct commit *c, const struct game *seen, int64_t order_time,
	size_t *changed, struct err *err)
{
	struct put_result result = {0};
	struct replacement r = {.commit = c, .game_id = seen->game_id, .result = &result};
	struct game *g = &r.new;
	bool has_lines;
	if (!load_game(&r, err) || !game_has_lines(c, r.game_id, &has_lines, err))
		return false;
	uint64_t identity = ~(game_state_columns | club_names | BIT(GAME, stats_status));
	/* No arrival, so that of the same moment the game's own endpoints know more. */
	struct order_key order = {order_time, seen->period, game_elapsed(seen), 0};
	int newer = compare_to_state(order, g);
	if (has_lines) /* which are of these two */
		identity &= ~clubs;
	if (newer)
		overlay(g, seen, newer > 0 ? identity : identity & ~g->known);
	else
		overlay_greater(g, seen, identity);
	overlay(g, seen, club_names & ~g->known); /* the full ones stay */
	take_state(g, seen, order, false, 0);
	if (newer >= 0) {
		if (!KNOWS(g, GAME, observed_at) || c->observed_at > g->observed_at)
			SET(g, GAME, observed_at, c->observed_at);
		mark_times(g, c->observed_at);
	}
	if (!complete_teams(&r, err))
		return false;
	SET(g, GAME, stats_status, status_of(g, has_lines, g->observed_at));
	if (has_lines)
		note_events_due(&r);
	if (!row_difference(&game_table, &r.old, g, change_content(&game_table)))
		/* That it was seen again is not worth a write, and what came between the two, if
		 * it comes later, is put right by the next look. */
		return true;
	(*changed)++;
	return write_game(&r, err);
}

/* A postponed game can be listed under its old day and its new one: the later place in the list
 * counts. */
static bool comes_again(const struct game *games, size_t count, size_t i)
{
	for (size_t j = i + 1; j < count; j++)
		if (games[j].game_id == games[i].game_id)
			return true;
	return false;
}

bool store_put_schedule(struct store *s, const struct game *games, size_t count, int64_t order_time,
	int64_t observed_at, size_t *out_changed, struct err *err)
{
	struct commit c;
	size_t changed = 0;
	if (!commit_begin(&c, s, observed_at, err))
		return false;
	bool ok = true;
	for (size_t i = 0; s->backend->is_far && ok && i < count; i++)
		ok = comes_again(games, count, i) || ask_scheduled(&c, &games[i], err);
	for (size_t i = 0; ok && i < count; i++)
		ok = comes_again(games, count, i) ||
		     put_scheduled(&c, &games[i], order_time, &changed, err);
	if (!commit_end(&c, ok, err))
		return false;
	*out_changed = changed;
	return true;
}

static bool write_failed_poll(
	struct store *s, int64_t game_id, int64_t polled_at, struct str error, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s,
		    "UPDATE games SET last_poll_at = coalesce(?, last_poll_at), last_error = ? "
		    "WHERE game_id = ?",
		    &q, err))
		return false;
	sql_bind(&q,
		(struct value){.known = polled_at != 0, .type = COLUMN_TIME, .integer = polled_at});
	sql_bind_text(&q, error);
	sql_bind_i64(&q, game_id);
	sql_announce(s); /* nothing new, but readers are shown it */
	return sql_exec(&q, err);
}

bool store_put_poll(
	struct store *s, int64_t game_id, int64_t polled_at, struct str error, struct err *err)
{
	struct commit c;
	return commit_begin_game(&c, s, game_id, polled_at, err) &&
	       commit_end(&c, write_failed_poll(s, game_id, polled_at, error, err), err);
}

bool store_get_etag(
	struct store *s, int64_t game_id, struct arena *keep, struct str *out, struct err *err)
{
	struct sql q;
	*out = (struct str){0};
	if (!sql_prepare(s,
		    "SELECT etag FROM games WHERE game_id = ? AND etag IS NOT NULL AND warning IS "
		    "NULL AND stats_status IN ('scheduled', 'live', 'provisional')",
		    &q, err))
		return false;
	sql_bind_i64(&q, game_id);
	enum step step = sql_step(&q, err);
	if (step == STEP_ROW)
		*out = str_copy(keep, sql_text(&q));
	sql_reset(&q);
	return step != STEP_FAILED;
}

/* Of a poll that another has overtaken nothing is said. */
static bool write_unchanged(
	struct store *s, int64_t game_id, int64_t polled_at, int64_t expires_at, struct err *err)
{
	struct sql q;
	struct value polled = {.known = true, .type = COLUMN_TIME, .integer = polled_at};
	if (!sql_prepare(s,
		    "UPDATE games SET last_poll_at = ?1, expires_at = ?2, last_error = NULL WHERE "
		    "game_id = ?3 AND (last_poll_at IS NULL OR last_poll_at <= ?1)",
		    &q, err))
		return false;
	sql_bind(&q, polled);
	sql_bind(&q, (struct value){
			     .known = expires_at != 0, .type = COLUMN_TIME, .integer = expires_at});
	sql_bind_i64(&q, game_id);
	sql_announce(s);
	return sql_exec(&q, err);
}

static bool read_events_due(struct store *s, int64_t game_id, bool *out, struct err *err)
{
	struct sql q;
	if (!sql_prepare(s, "SELECT events_due FROM games WHERE game_id = ?", &q, err))
		return false;
	sql_bind_i64(&q, game_id);
	enum step step = sql_step(&q, err);
	*out = step == STEP_ROW && sql_value(&q, COLUMN_BOOL).integer;
	sql_reset(&q);
	return step != STEP_FAILED;
}

bool store_put_unchanged(struct store *s, int64_t game_id, int64_t polled_at, int64_t expires_at,
	struct put_result *out, struct err *err)
{
	struct put_result result = {.outcome = PUT_UNCHANGED};
	struct commit c;
	if (!commit_begin_game(&c, s, game_id, polled_at, err))
		return false;
	bool ok = read_events_due(s, game_id, &result.events_due, err) &&
		  write_unchanged(s, game_id, polled_at, expires_at, err);
	if (!commit_end(&c, ok, err))
		return false;
	*out = result;
	return true;
}

bool store_waive_events(struct store *s, int64_t game_id, struct err *err)
{
	struct commit c;
	struct sql q;
	if (!commit_begin_game(&c, s, game_id, 0, err))
		return false;
	bool ok = sql_prepare(s, "UPDATE games SET events_due = ? WHERE game_id = ?", &q, err);
	if (ok) {
		sql_bind(&q, (struct value){.known = true, .type = COLUMN_BOOL});
		sql_bind_i64(&q, game_id);
		ok = sql_exec(&q, err);
	}
	return commit_end(&c, ok, err);
}
