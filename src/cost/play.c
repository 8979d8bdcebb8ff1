#include "base/time.h"
#include "cost/prices.h"
#include "cost/upstream.h"

#include <stdlib.h>
#include <string.h>

enum {
	LATENCY_MS = 150, /* a request, until its body is here */
	STORE_MS = 20,    /* and from there to the row */
	DAY_MS = 86400000,
	HOUR_MS = 3600000,
	WEEK_AHEAD = 5, /* the week that is asked begins with yesterday */
	BOARDS = 3,
	CLUB_COUNT = 32,
	NOTICED_MS = 45 * 60000, /* before its start nothing of a game changes */
};

/* ---- the policies ---- */

enum looking {
	LOOKS_BY_TICKS, /* at the schedule's week, and then at every game that is due */
	LOOKS_BY_PLAN,  /* when the plan says; each game when it is due itself */
};

struct policy_model {
	const char *name, *help;
	int64_t tick_ms;
	struct plan plan, look_plan; /* of games; of looks at the schedule */
	enum looking looking;
	bool is_long;        /* one ingest a game, from its first minute to its horn */
	bool is_conditional; /* a copy that is held already costs no bytes */
	bool has_probe;      /* the score board spares box scores */
	bool rests;          /* six hours a night */
};

#define EVERY_10_S                                                                                 \
	{                                                                                          \
		.policy = POLICY_FIXED, .every_ms = 10000                                          \
	}
#define AS_NEEDED                                                                                  \
	{                                                                                          \
		.policy = POLICY_ADAPTIVE                                                          \
	}

static const struct policy_model models[POLICIES] = {
	{.name = "stateful-60s",
		.help = "the author's first: the schedule every minute, one long ingest a game",
		.looking = LOOKS_BY_TICKS,
		.tick_ms = 60000,
		.plan = EVERY_10_S,
		.is_long = true,
		.rests = true},
	{.name = "fixed-10s",
		.help = "his second: the schedule every 10 s, an ingest for each live game",
		.looking = LOOKS_BY_TICKS,
		.tick_ms = 10000,
		.plan = EVERY_10_S,
		.rests = true},
	{.name = "decoupled",
		.help = "his variation: looks as starts near, a worker that asks every 10 s",
		.looking = LOOKS_BY_PLAN,
		.plan = EVERY_10_S,
		.look_plan = AS_NEEDED},
	{.name = "fixed-10s-conditional",
		.help = "fixed-10s, were a copy that is held already answered 304",
		.looking = LOOKS_BY_TICKS,
		.tick_ms = 10000,
		.plan = EVERY_10_S,
		.is_conditional = true,
		.rests = true},
	{.name = "adaptive",
		.help = "what rinkside does",
		.looking = LOOKS_BY_PLAN,
		.plan = AS_NEEDED,
		.look_plan = AS_NEEDED,
		.has_probe = true},
};

/* ---- the state of a run ---- */

/* Beside a game's row: what is no column of it. */
struct follow {
	const struct timeline *game;
	int64_t next_ms, begun_ms; /* begun: of a long ingest, 0: not */
	size_t changes;            /* that got into rows */
	struct view shown;         /* by the last box score */
	int64_t copy_to_ms;        /* of the last box score's copy */
	int events_period, events_score;
	bool has_people;
};

struct board {
	int32_t day;
	struct look look;
	int64_t next_ms;
	bool is_dirty;
};

struct run {
	const struct season *season;
	const struct policy_model *model;
	struct outcome *out;
	struct game *rows; /* beside each other: the plan takes them as a list */
	struct follow *follows;
	size_t count, room, known; /* known: of the season's games, those that were ever here */
	struct look week;
	int64_t week_copy_to_ms, next_look_ms, forgot_ms;
	struct size week_size;
	struct board boards[BOARDS];
	int64_t people_ms[CLUB_COUNT];
	bool has_clubs;
	float *delays; /* seconds from a body to the row, a place for each change before the horn */
	size_t delay_count, late_count;
	double sum, event_sum, late_sum;
};

static void ask(struct run *r, enum asked kind, struct size size, bool is_held)
{
	r->out->requests[kind]++;
	if (is_held)
		return;
	r->out->bytes_plain += size.plain;
	r->out->bytes += size.gzip;
}

static void invoke(struct run *r, int requests)
{
	r->out->invocations++;
	r->out->gb_seconds += invocation_gb_seconds(requests);
}

/* ---- rows, as the store keeps them ---- */

static struct str state_of(const struct view *v)
{
	switch (v->look) {
	case LOOKS_FUTURE:
		return STR("FUT");
	case LOOKS_PREGAME:
		return STR("PRE");
	case LOOKS_LIVE:
		return STR("LIVE");
	case LOOKS_ENDED:
		return STR("FINAL");
	case LOOKS_OFFICIAL:
		break;
	}
	return STR("OFF");
}

static void set_clock(struct game *g, const struct view *v)
{
	SET(g, GAME, period, v->period);
	SET(g, GAME, period_type,
		v->period > 4    ? STR("SO")
		: v->period == 4 ? STR("OT")
				 : STR("REG"));
	SET(g, GAME, clock_seconds, v->clock_seconds);
	SET(g, GAME, clock_running, v->is_running);
	SET(g, GAME, in_intermission, v->is_intermission);
	SET(g, GAME, away_score, v->score[VISITORS]);
	SET(g, GAME, home_score, v->score[HOSTS]);
	SET(g, GAME, away_shots, v->shots[VISITORS]);
	SET(g, GAME, home_shots, v->shots[HOSTS]);
}

/* The state as of a body whose copy runs out then; an older one says nothing. */
static void put_state(struct game *g, const struct view *v, const struct window *w, int64_t now)
{
	int64_t order = w->to_ms / 1000;
	int64_t observed = now - (time_floor(now, 1000) - w->from_ms);
	if (KNOWS(g, GAME, state_time) && order < g->state_time)
		return;
	SET(g, GAME, state_time, order);
	SET(g, GAME, observed_at, observed);
	SET(g, GAME, game_state, state_of(v));
	SET(g, GAME, schedule_state, v->is_off ? STR("PPD") : STR("OK"));
	if (v->look >= LOOKS_LIVE)
		set_clock(g, v);
	if (v->look >= LOOKS_ENDED && !KNOWS(g, GAME, ended_at))
		SET(g, GAME, ended_at, observed);
	if (v->look == LOOKS_OFFICIAL && !KNOWS(g, GAME, official_at))
		SET(g, GAME, official_at, observed);
}

static void put_box_score(struct game *g, const struct view *v, const struct window *w, int64_t now)
{
	put_state(g, v, w, now);
	SET(g, GAME, order_time, w->to_ms / 1000);
	SET(g, GAME, order_period, v->period);
	SET(g, GAME, order_elapsed, v->elapsed);
	SET(g, GAME, order_arrival, now);
	SET(g, GAME, order_tally,
		v->score[VISITORS] + v->score[HOSTS] + v->shots[VISITORS] + v->shots[HOSTS]);
	SET(g, GAME, last_poll_at, now);
	SET(g, GAME, expires_at, now + w->to_ms - time_floor(now, 1000));
	if (v->look == LOOKS_OFFICIAL)
		SET(g, GAME, stats_status, STR("official"));
}

/* ---- what is followed ---- */

/* Each day has its place for as long as it is near. */
static struct board *board_of(struct run *r, int32_t day)
{
	return &r->boards[day - time_floor(day, BOARDS)];
}

static void mark_board(struct run *r, int32_t day)
{
	board_of(r, day)->is_dirty = true;
}

static void plan_next(struct run *r, size_t i, int64_t now)
{
	struct follow *f = &r->follows[i];
	const struct game *g = &r->rows[i];
	mark_board(r, g->game_date);
	if (r->model->is_long && f->begun_ms)
		return; /* it goes on by itself */
	/* As monitor does at a tick, and the schedule after a look. */
	f->next_ms = r->model->looking == LOOKS_BY_TICKS ? plan_game(&r->model->plan, g, g, now)
							 : plan_due(&r->model->plan, g, now);
}

static void add_game(struct run *r, const struct timeline *t)
{
	if (r->count == r->room) {
		r->room = r->room * 2 + 64;
		r->rows = realloc(r->rows, r->room * sizeof(*r->rows));
		r->follows = realloc(r->follows, r->room * sizeof(*r->follows));
		if (!r->rows || !r->follows)
			abort();
	}
	struct game *g = &r->rows[r->count];
	*g = (struct game){0};
	SET(g, GAME, game_id, t->game_id);
	SET(g, GAME, game_date, t->day);
	SET(g, GAME, start_time, t->start_ms);
	SET(g, GAME, game_state, STR("FUT"));
	SET(g, GAME, schedule_state, STR("OK"));
	r->follows[r->count++] = (struct follow){.game = t, .next_ms = PLAN_NEVER};
	mark_board(r, t->day);
}

static void count_missed(struct run *r, const struct follow *f)
{
	if (!f->game->put_off_ms)
		r->out->missed += (int64_t)(f->game->change_count - f->changes);
}

static bool is_done(const struct run *r, size_t i, int64_t now)
{
	const struct timeline *t = r->follows[i].game;
	bool may_be = t->put_off_ms ? now >= t->put_off_ms : now >= timeline_ms(t, t->over);
	if (!may_be || r->follows[i].next_ms != PLAN_NEVER)
		return false;
	enum game_phase phase = game_phase(r->rows[i].game_state);
	return phase == PHASE_OFFICIAL || game_is_off(r->rows[i].schedule_state) ||
	       (r->follows[i].begun_ms && phase == PHASE_PROVISIONAL);
}

static void forget_done(struct run *r, int64_t now)
{
	r->forgot_ms = now;
	for (size_t i = 0; i < r->count;) {
		if (!is_done(r, i, now)) {
			i++;
			continue;
		}
		count_missed(r, &r->follows[i]);
		r->count--;
		r->rows[i] = r->rows[r->count];
		r->follows[i] = r->follows[r->count];
	}
}

/* ---- looks ---- */

static void see(struct run *r, size_t i, const struct window *w, int64_t now)
{
	const struct timeline *t = r->follows[i].game;
	struct game *g = &r->rows[i];
	if (KNOWS(g, GAME, official_at) || (now < t->start_ms - NOTICED_MS && !t->put_off_ms))
		return;
	struct view v = timeline_at(t, w->from_ms);
	int64_t before = g->state_time;
	put_state(g, &v, w, now);
	if (g->state_time != before)
		plan_next(r, i, now);
}

static int64_t games_between(const struct run *r, int32_t first, int32_t last)
{
	int64_t n = 0;
	for (size_t i = 0; i < r->count; i++)
		n += r->rows[i].game_date >= first && r->rows[i].game_date <= last;
	return n;
}

static void look_at_week(struct run *r, int64_t now)
{
	const struct season *s = r->season;
	int32_t first = eastern_day(now) - 1, last = first + 1 + WEEK_AHEAD;
	struct window w = upstream_window(s, ASKED_WEEK, first, now);
	int64_t arrival = now + LATENCY_MS;
	while (r->known < s->count && s->games[r->known].day <= last)
		add_game(r, &s->games[r->known++]);
	if (r->week_copy_to_ms != w.to_ms)
		r->week_size = upstream_size_of_days(ASKED_WEEK, games_between(r, first, last));
	ask(r, ASKED_WEEK, r->week_size, r->model->is_conditional && r->week_copy_to_ms == w.to_ms);
	invoke(r, 1);
	if (r->week_copy_to_ms != w.to_ms) /* else it shows nothing new */
		for (size_t i = 0; i < r->count; i++)
			if (r->rows[i].game_date >= first && r->rows[i].game_date <= last)
				see(r, i, &w, arrival);
	r->week_copy_to_ms = w.to_ms;
	r->week = (struct look){.at_ms = arrival, .expires_ms = w.to_ms};
}

/* Games that the board stands in for are marked; see plan_is_probe. */
static void mark_probed(struct run *r, const struct board *b, int64_t now)
{
	bool is_probe = r->model->has_probe &&
			plan_is_probe(&r->model->look_plan, r->rows, r->count, b->day);
	for (size_t i = 0; i < r->count; i++) {
		struct game *g = &r->rows[i];
		if (g->game_date != b->day || !plan_is_live(g))
			continue;
		g->known &= ~((uint64_t)1 << GAME_board_at);
		if (is_probe)
			SET(g, GAME, board_at, now);
		plan_next(r, i, now);
	}
}

static void look_at_board(struct run *r, struct board *b, int64_t now)
{
	struct window w = upstream_window(r->season, ASKED_BOARD, b->day, now);
	int64_t arrival = now + LATENCY_MS;
	ask(r, ASKED_BOARD, upstream_size_of_days(ASKED_BOARD, games_between(r, b->day, b->day)),
		false);
	invoke(r, 1);
	b->look = (struct look){
		.at_ms = arrival, .expires_ms = arrival + w.to_ms - time_floor(arrival, 1000)};
	for (size_t i = 0; i < r->count; i++)
		if (r->rows[i].game_date == b->day)
			see(r, i, &w, arrival);
	mark_probed(r, b, arrival);
	b->is_dirty = true;
}

/* ---- ingests ---- */

static void note_delays(struct run *r, struct follow *f, const struct view *v, int64_t row_at)
{
	const struct timeline *t = f->game;
	for (; f->changes < v->changes; f->changes++) {
		int64_t happened = timeline_ms(t, t->changes[f->changes]);
		int64_t shown = upstream_shows(r->season, ASKED_BOX_SCORE, t->game_id, happened);
		double delay = (double)(row_at - shown) / 1000;
		bool is_late = t->changes[f->changes] > t->over;
		if (happened < r->season->from_ms)
			continue;
		*(is_late ? &r->late_sum : &r->sum) += delay;
		r->late_count += is_late;
		if (is_late)
			continue;
		r->event_sum += (double)(row_at - happened) / 1000;
		r->delays[r->delay_count++] = (float)delay;
	}
}

static bool is_news(const struct view *a, const struct view *b)
{
	return a->look != b->look || a->period != b->period || a->elapsed != b->elapsed ||
	       a->changes != b->changes;
}

/* The play-by-play, while its events do not reach the box score's period and score. */
static int complete_events(struct run *r, struct follow *f, const struct view *v, int64_t now)
{
	int score = v->score[VISITORS] + v->score[HOSTS];
	if (v->look < LOOKS_LIVE || (f->events_period >= v->period && f->events_score == score))
		return 0;
	struct window w = upstream_window(r->season, ASKED_PLAY_BY_PLAY, f->game->game_id, now);
	struct view events = timeline_at(f->game, w.from_ms);
	f->events_period = events.period;
	f->events_score = events.score[VISITORS] + events.score[HOSTS];
	ask(r, ASKED_PLAY_BY_PLAY, upstream_size_of_game(ASKED_PLAY_BY_PLAY, &events), false);
	return 1;
}

/* Rosters of the two clubs, once a day; the clubs' names, once. */
static int complete_people(struct run *r, struct follow *f, const struct view *v, int64_t now)
{
	int asked = 0;
	const int sides[] = {f->game->away, f->game->home};
	if (v->look < LOOKS_LIVE || f->has_people)
		return 0;
	f->has_people = true;
	for (int i = 0; i < 2; i++) {
		int64_t *last = &r->people_ms[sides[i] % CLUB_COUNT];
		if (*last && now - *last < DAY_MS)
			continue;
		*last = now;
		asked++;
		ask(r, ASKED_PEOPLE, upstream_size_of_people(false), false);
	}
	if (!r->has_clubs) {
		r->has_clubs = true;
		asked++;
		ask(r, ASKED_PEOPLE, upstream_size_of_people(true), false);
	}
	return asked;
}

static int64_t go_on(struct run *r, size_t i, int64_t asked_at, int64_t row_at)
{
	struct follow *f = &r->follows[i];
	const struct policy_model *m = r->model;
	if (m->is_long) {
		if (f->shown.look < LOOKS_ENDED)
			return asked_at + m->plan.every_ms;
		double seconds = (double)(row_at - f->begun_ms) / 1000;
		r->out->invocations += (int64_t)(seconds / INVOCATION_MAX_S) + 1;
		r->out->gb_seconds += seconds * INVOCATION_GB;
		return PLAN_NEVER;
	}
	if (m->looking == LOOKS_BY_TICKS)
		return plan_game(&m->plan, &r->rows[i], &r->rows[i], row_at);
	return plan_after_poll(&m->plan, &r->rows[i], row_at);
}

static void ingest(struct run *r, size_t i, int64_t now)
{
	struct follow *f = &r->follows[i];
	struct window w = upstream_window(r->season, ASKED_BOX_SCORE, f->game->game_id, now);
	struct view v = timeline_at(f->game, w.from_ms);
	int64_t arrival = now + LATENCY_MS;
	bool is_held = r->model->is_conditional && f->copy_to_ms == w.to_ms;
	ask(r, ASKED_BOX_SCORE, upstream_size_of_game(ASKED_BOX_SCORE, &v), is_held);
	bool is_new = is_news(&v, &f->shown);
	r->out->polls++;
	r->out->polls_new += is_new;
	note_delays(r, f, &v, arrival + STORE_MS);
	put_box_score(&r->rows[i], &v, &w, arrival);
	if (v.changes != f->shown.changes)
		SET(&r->rows[i], GAME, changed_at, r->rows[i].observed_at);
	int more = is_new ? complete_events(r, f, &v, arrival) : 0;
	more += complete_people(r, f, &v, arrival);
	f->shown = v;
	f->copy_to_ms = w.to_ms;
	if (r->model->is_long && !f->begun_ms)
		f->begun_ms = now;
	if (!r->model->is_long)
		invoke(r, 1 + more);
	f->next_ms = go_on(r, i, now, arrival + STORE_MS);
	mark_board(r, r->rows[i].game_date);
}

/* ---- time ---- */

/* The author's machine sleeps from three to nine in the morning, Eastern. */
static bool is_at_rest(const struct run *r, int64_t now)
{
	int64_t eastern = now + (int64_t)eastern_offset_minutes(now) * 60000;
	int64_t hour = (eastern - time_floor(eastern, DAY_MS)) / HOUR_MS;
	return r->model->rests && !r->season->is_night && hour >= 3 && hour < 9;
}

static void ingest_due(struct run *r, int64_t now)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->follows[i].next_ms <= now)
			ingest(r, i, now);
}

static void tick(struct run *r, int64_t now)
{
	r->next_look_ms = now + r->model->tick_ms;
	if (is_at_rest(r, now))
		return;
	look_at_week(r, now);
	ingest_due(r, now + LATENCY_MS);
}

static void set_boards(struct run *r, int64_t now)
{
	int32_t today = eastern_day(now);
	for (int32_t day = today - 1; day <= today + 1; day++) {
		struct board *b = board_of(r, day);
		if (b->day != day)
			*b = (struct board){.day = day, .is_dirty = true};
		if (b->is_dirty)
			b->next_ms = plan_board(
				&r->model->look_plan, r->rows, r->count, day, &b->look, now);
		b->is_dirty = false;
	}
}

/* The decoupled variation has no probe: its boards are not asked because clocks stand. */
static int64_t next_board(const struct run *r, const struct board *b)
{
	int64_t least = b->look.at_ms + PLAN_BOARD_MS;
	if (!r->model->has_probe && b->look.at_ms && b->next_ms < least)
		return least;
	return b->next_ms;
}

/* What falls due while a look is under way does not wait for what it shows. */
static void ingest_meanwhile(struct run *r, int64_t now)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->follows[i].next_ms <= now + LATENCY_MS)
			ingest(r, i, r->follows[i].next_ms > now ? r->follows[i].next_ms : now);
}

static void look_by_plan(struct run *r, int64_t now)
{
	set_boards(r, now);
	if (now >= r->next_look_ms)
		ingest_meanwhile(r, now);
	if (plan_week(&r->model->look_plan, &r->week, now) <= now)
		look_at_week(r, now);
	for (int i = 0; i < BOARDS; i++)
		if (next_board(r, &r->boards[i]) <= now)
			look_at_board(r, &r->boards[i], now);
	set_boards(r, now);
	r->next_look_ms = plan_week(&r->model->look_plan, &r->week, now);
	for (int i = 0; i < BOARDS; i++) {
		int64_t next = next_board(r, &r->boards[i]);
		r->next_look_ms = next < r->next_look_ms ? next : r->next_look_ms;
	}
}

/* Ticks alone start ingests where they do; a long one goes on by itself. */
static int64_t next_ingest(const struct run *r)
{
	int64_t next = PLAN_NEVER;
	bool by_ticks = r->model->looking == LOOKS_BY_TICKS;
	for (size_t i = 0; i < r->count && (!by_ticks || r->model->is_long); i++)
		if (r->follows[i].next_ms < next && (!by_ticks || r->follows[i].begun_ms))
			next = r->follows[i].next_ms;
	return next;
}

static void step(struct run *r, int64_t now)
{
	bool by_ticks = r->model->looking == LOOKS_BY_TICKS;
	if (now >= r->next_look_ms) {
		if (by_ticks)
			tick(r, now);
		else
			look_by_plan(r, now);
		if (now - r->forgot_ms >= HOUR_MS)
			forget_done(r, now);
	} else {
		for (size_t i = 0; i < r->count; i++)
			if (r->follows[i].next_ms <= now && (!by_ticks || r->follows[i].begun_ms))
				ingest(r, i, now);
		if (!by_ticks)
			look_by_plan(r, now);
	}
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;
	return (x > y) - (x < y);
}

static double mean(double sum, size_t count)
{
	return count ? sum / (double)count : 0;
}

static void sum_up(struct run *r)
{
	struct outcome *o = r->out;
	for (size_t i = 0; i < r->count; i++)
		count_missed(r, &r->follows[i]);
	qsort(r->delays, r->delay_count, sizeof(*r->delays), by_size);
	o->changes = (int64_t)(r->delay_count + r->late_count) + o->missed;
	o->staleness_mean_s = mean(r->sum, r->delay_count);
	o->staleness_p95_s = r->delay_count ? (double)r->delays[r->delay_count * 95 / 100] : 0;
	o->event_mean_s = mean(r->event_sum, r->delay_count);
	o->late_mean_s = mean(r->late_sum, r->late_count);
	o->all_mean_s = mean(r->sum + r->late_sum, r->delay_count + r->late_count);
}

static size_t count_changes(const struct season *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->count; i++)
		n += s->games[i].change_count;
	return n;
}

static struct outcome play(const struct season *s, const struct policy_model *m)
{
	struct outcome o = {.policy = m->name, .help = m->help};
	struct run r = {.season = s,
		.model = m,
		.out = &o,
		.next_look_ms = s->from_ms,
		.forgot_ms = s->from_ms};
	r.delays = malloc((count_changes(s) + 1) * sizeof(*r.delays));
	if (!r.delays)
		abort();
	for (;;) {
		int64_t ingest_at = next_ingest(&r);
		int64_t now = ingest_at < r.next_look_ms ? ingest_at : r.next_look_ms;
		if (now >= s->to_ms)
			break;
		step(&r, now);
	}
	sum_up(&r);
	free(r.delays);
	free(r.rows);
	free(r.follows);
	return o;
}

void cost_play(const struct season *s, struct outcome *out)
{
	for (int i = 0; i < POLICIES; i++)
		out[i] = play(s, &models[i]);
}

struct outcome cost_play_plan(const struct season *s, const struct plan *plan)
{
	struct policy_model m = {.name = policy_names[plan->policy].p,
		.help = "what rinkside does with that plan",
		.looking = LOOKS_BY_PLAN,
		.plan = *plan,
		.look_plan = *plan,
		.has_probe = plan->policy == POLICY_ADAPTIVE};
	return play(s, &m);
}

int64_t outcome_requests(const struct outcome *o)
{
	int64_t n = 0;
	for (int i = 0; i < ASKED_KINDS; i++)
		n += o->requests[i];
	return n;
}
