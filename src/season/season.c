#include "season/season.h"

#include "base/time.h"
#include "ingest/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	MAX_WEEKS = 70,
	MAX_JOBS = 64,
	MORE_THREADS = 16, /* decode and wait to store, while all requests allowed are under way */
	MAX_THREADS = MAX_JOBS + MORE_THREADS,
	PROGRESS_MS = 100,
};

struct run {
	const struct season_settings *settings;
	int64_t season;
	struct workshop *shop;
	struct worker *workers[MAX_THREADS];
	size_t worker_count;

	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	size_t running; /* threads */
	bool is_stopping;
	int32_t weeks[MAX_WEEKS];
	size_t week_count, next_week;
	int64_t games[SEASON_MAX_GAMES];
	size_t game_count, next_game;
	struct store *store; /* what is known already */
	struct arena keep;   /* of one game of it */
	struct season_report *report;
};

struct job {
	struct run *run;
	struct worker *worker;
};

static void add_missing(struct run *r, int64_t game_id, const char *reason)
{
	if (r->report->missing == SEASON_MAX_GAMES)
		return;
	struct season_missing *m = &r->report->list[r->report->missing++];
	m->game_id = game_id;
	snprintf(m->reason, sizeof(m->reason), "%s", reason);
}

/* ---- the schedule ---- */

static bool is_wanted(const struct run *r, const struct game *g)
{
	if (!KNOWS(g, GAME, season) || g->season != r->season || !KNOWS(g, GAME, game_type) ||
		g->game_type < 0 || g->game_type > 31 ||
		!(r->settings->game_types >> g->game_type & 1))
		return false;
	if (KNOWS(g, GAME, schedule_state) && game_is_off(g->schedule_state))
		return false;
	enum game_phase phase =
		KNOWS(g, GAME, game_state) ? game_phase(g->game_state) : PHASE_UNKNOWN;
	return phase == PHASE_PROVISIONAL || phase == PHASE_OFFICIAL;
}

static bool is_listed(const struct run *r, int64_t game_id)
{
	for (size_t i = 0; i < r->game_count; i++)
		if (r->games[i] == game_id)
			return true;
	return false;
}

static void take_games(struct run *r, const struct schedule *week)
{
	for (size_t i = 0; i < week->count; i++)
		if (is_wanted(r, &week->games[i]) && r->game_count < SEASON_MAX_GAMES &&
			!is_listed(r, week->games[i].game_id))
			r->games[r->game_count++] = week->games[i].game_id;
	r->report->played = r->game_count;
}

static bool take_week(struct run *r, struct worker *w)
{
	if (r->is_stopping || r->next_week == r->week_count)
		return false;
	int32_t day = r->weeks[r->next_week++];
	struct schedule week;
	struct err err;
	pthread_mutex_unlock(&r->lock);
	bool ok = worker_fetch_week(w, day, &week, &err);
	pthread_mutex_lock(&r->lock);
	if (ok) {
		take_games(r, &week);
	} else if (!r->is_stopping) {
		err_wrap(&err, "the week of %s", day_format(day).text);
		add_missing(r, 0, err.text);
	}
	r->report->weeks_done++;
	return true;
}

/* Any week of a season says when it begins and ends; that of 15 January is in every one. */
static bool find_weeks(struct run *r, struct err *err)
{
	struct schedule week;
	int32_t january = day_from_civil((int)(r->season % 10000), 1, 15);
	if (!worker_fetch_week(r->workers[0], january, &week, err))
		return false;
	int32_t first = r->settings->game_types & 1 << 1 ? week.preseason_start : week.season_start;
	int32_t last = week.playoff_end ? week.playoff_end : week.season_end;
	if (!first)
		first = week.season_start;
	if (!first || last < first || last < january - 366 || first > january + 366 ||
		(last - first) / 7 >= MAX_WEEKS)
		return err_set(err, ERR_NOT_FOUND, "the schedule knows of no such season");
	for (int32_t day = first; day <= last; day += 7)
		r->weeks[r->week_count++] = day;
	r->report->weeks = r->week_count;
	return true;
}

/* ---- the games ---- */

static bool has_lines(struct store *s, int64_t game_id, bool *out, struct err *err)
{
	struct condition of_game = {.column = &stat_table.columns[STAT_game_id],
		.value = {.known = true, .type = COLUMN_INT, .integer = game_id}};
	struct selection one = {.table = &stat_table, .conditions = &of_game, .condition_count = 1};
	int64_t count;
	if (!store_count(s, &one, &count, err))
		return false;
	*out = count > 0;
	return true;
}

/* Lines from while it was being played are as good as none. */
static bool is_whole(const struct run *r, const struct game *g)
{
	if (r->settings->events && g->events_due)
		return false;
	if (r->settings->only_missing)
		return g->lines_ended;
	return !KNOWS(g, GAME, last_error) && game_has_official_lines(g) &&
	       (str_equal(g->stats_status, STR("official")) ||
		       str_equal(g->stats_status, STR("settled")));
}

static bool is_known(struct run *r, int64_t id, bool *out, struct err *err)
{
	struct game game;
	bool found;
	if (!has_lines(r->store, id, out, err))
		return false;
	if (!*out)
		return true;
	arena_reset(&r->keep);
	if (!store_get_game(r->store, id, &r->keep, &game, &found, err))
		return false;
	*out = found && is_whole(r, &game);
	return true;
}

/* False: there is none (yet). */
static bool take_game(struct run *r, struct worker *w)
{
	if (r->is_stopping || r->next_game == r->game_count)
		return false;
	int64_t id = r->games[r->next_game++];
	struct put_result put;
	struct err err;
	bool known = false, ok = is_known(r, id, &known, &err);
	if (known) {
		r->report->known++;
		return true;
	}
	if (ok) {
		pthread_mutex_unlock(&r->lock);
		ok = worker_ingest(w, id, &put, &err);
		pthread_mutex_lock(&r->lock);
	}
	if (!ok && !r->is_stopping)
		add_missing(r, id, err.text);
	else if (ok && put.outcome == PUT_QUARANTINED)
		add_missing(r, id, put.reason);
	r->report->tried++;
	return true;
}

static bool wait_for_weeks(struct run *r)
{
	if (r->is_stopping || r->report->weeks_done == r->week_count)
		return false;
	pthread_cond_wait(&r->changed, &r->lock);
	return true;
}

/* ---- threads ---- */

static void *work(void *argument)
{
	struct job *job = argument;
	struct run *r = job->run;
	pthread_mutex_lock(&r->lock);
	while (take_week(r, job->worker) || take_game(r, job->worker) || wait_for_weeks(r))
		pthread_cond_broadcast(&r->changed);
	r->running--;
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void wait_a_little(struct run *r)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += PROGRESS_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (r->running && pthread_cond_timedwait(&r->changed, &r->lock, &until) != ETIMEDOUT)
		;
}

/* All that is on the lists, on all threads. */
static bool work_all(struct run *r, bool (*on_progress)(const struct season_report *, void *),
	void *context, struct err *err)
{
	pthread_t threads[MAX_THREADS];
	struct job jobs[MAX_THREADS];
	size_t started = 0;
	pthread_mutex_lock(&r->lock);
	for (; started < r->worker_count; started++) {
		jobs[started] = (struct job){r, r->workers[started]};
		if (pthread_create(&threads[started], NULL, work, &jobs[started]))
			break;
		r->running++;
	}
	while (r->running) {
		wait_a_little(r);
		if (!on_progress(r->report, context) && !r->is_stopping) {
			r->is_stopping = true;
			workshop_stop(r->shop);
		}
	}
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return started || err_set(err, ERR_INTERNAL, "no thread could be started");
}

static bool open_workers(struct run *r, struct err *err)
{
	const struct season_settings *s = r->settings;
	struct workshop_settings shop = {.source = s->source,
		.db = s->db,
		.parts = COMPLETE_NAMES | (s->events ? COMPLETE_EVENTS : 0)};
	size_t threads = (size_t)s->jobs + MORE_THREADS;
	shop.source.parallel = s->jobs;
	r->shop = workshop_open(&shop, err);
	while (r->shop && r->worker_count < threads && r->worker_count < MAX_THREADS) {
		struct worker *w = worker_open(r->shop, err);
		if (!w)
			return false;
		r->workers[r->worker_count++] = w;
	}
	return r->shop;
}

bool season_run(const struct season_settings *s, int64_t season,
	bool (*on_progress)(const struct season_report *now, void *context), void *context,
	struct season_report *out, struct err *err)
{
	struct run *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	*r = (struct run){.settings = s, .season = season, .report = out};
	*out = (struct season_report){0};
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	r->keep = arena_reserve(1 << 20);
	r->store = store_open(s->db, STORE_WRITE, err);
	bool ok = r->store && open_workers(r, err) && find_weeks(r, err) &&
		  work_all(r, on_progress, context, err);
	if (ok && r->is_stopping)
		ok = err_set(err, ERR_INTERNAL,
			"ended before its time; the same command goes on where it was");
	if (!ok)
		err_wrap(err, "season %" PRId64, season);
	for (size_t i = 0; i < r->worker_count; i++)
		worker_close(r->workers[i]);
	workshop_close(r->shop);
	store_close(r->store);
	arena_release(&r->keep);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
	return ok;
}
