#include "monitor/looks.h"

#include "base/log.h"
#include "base/time.h"
#include "decode/decode.h"
#include "ingest/ingest.h"
#include "monitor/missed.h"
#include "store/due.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REPLY_ARENA = 256 << 20, /* addresses: the largest bodies and what is decoded of them */
	PLAN_ARENA = 64 << 20,
	DAYS_AHEAD = 7,
	BOARDS = 3, /* yesterday, today, tomorrow */
	WEEK = BOARDS,
	AWAKE_MS = 1000, /* between two looks at the rows while something is on; else: */
	ASLEEP_MS = 60000,
};

static_assert(BOARDS + 1 == LOOKS_MOST, "the boards and the week");

/* One look: asked on any thread, stored on the owner's. */
struct sight {
	bool is_due, ok;
	int32_t day;
	struct source_reply reply;
	struct schedule schedule;
	struct err err;
};

/* The ETag of what was stored last of a day's board, or of the week from a day on. */
struct known {
	int32_t day;
	char etag[64]; /* empty: none */
};

struct looks {
	struct looks_settings settings;
	struct manners *manners;
	struct source *source;
	struct store *store; /* NULL while the database is away */
	struct arena reply, planning;
	struct sight sights[LOOKS_MOST];
	struct look looks[LOOKS_MOST];
	struct known known[LOOKS_MOST];
	int32_t days[BOARDS];
	int32_t said_missed; /* see missed_say */
	struct err failure;
};

const struct err *looks_failure(const struct looks *l)
{
	return &l->failure;
}

/* ---- rows ---- */

struct rows {
	struct game *games;
	size_t count;
};

static bool store_failed(struct looks *l, const struct err *err)
{
	log_error("%s; tried again soon", err->text);
	l->failure = *err;
	store_close(l->store);
	l->store = NULL;
	memset(l->known, 0, sizeof(l->known)); /* it may come back as another */
	return false;
}

static bool find_store(struct looks *l)
{
	struct err err;
	if (!l->store)
		l->store = store_open(l->settings.db, STORE_WRITE, &err);
	return l->store || store_failed(l, &err);
}

static bool read_rows(struct looks *l, int64_t now, struct rows *out)
{
	struct err err;
	int32_t today = eastern_day(now);
	*out = (struct rows){0};
	arena_reset(&l->planning);
	return find_store(l) &&
	       (store_get_games(l->store, today - PLAN_DAYS_BACK, today + DAYS_AHEAD, &l->planning,
			&out->games, &out->count, &err) ||
		       store_failed(l, &err));
}

/* ---- when to look ---- */

/* Each day has its place for as long as it is near. */
static void turn_days(struct looks *l, int64_t now)
{
	int32_t today = eastern_day(now);
	for (int32_t day = today - 1; day <= today + 1; day++) {
		int64_t place = day - time_floor(day, BOARDS);
		if (l->days[place] == day)
			continue;
		l->days[place] = day;
		l->looks[place] = (struct look){0};
	}
}

/* Without the week the boards of three days tell who is on. */
static int64_t next_look(const struct looks *l, const struct rows *rows, int i, int64_t now)
{
	const struct look *week = &l->looks[WEEK], *look = &l->looks[i];
	if (i == WEEK)
		return plan_week(&l->settings.plan, week, now);
	if (week->failures && (!look->at_ms || look->failures))
		return plan_week(&l->settings.plan, look, now);
	return plan_board(&l->settings.plan, rows->games, rows->count, l->days[i], look, now);
}

static bool anything_is_on(const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		if (plan_is_live(&rows->games[i]))
			return true;
	return false;
}

/* Marks the looks that are due; when to come back if none is. */
static bool mark_due(struct looks *l, const struct rows *rows, int64_t now, int64_t *out_next)
{
	bool any = false;
	*out_next = now + (anything_is_on(rows) ? AWAKE_MS : ASLEEP_MS);
	for (int i = 0; i < LOOKS_MOST; i++) {
		int64_t next = next_look(l, rows, i, now);
		l->sights[i] = (struct sight){.is_due = next <= now,
			.day = i == WEEK ? plan_week_from(rows->games, rows->count, now)
					 : l->days[i]};
		any |= l->sights[i].is_due;
		*out_next = next < *out_next ? next : *out_next;
	}
	return any;
}

bool looks_are_due(struct looks *l, int64_t now, int64_t *out_next)
{
	struct rows rows;
	turn_days(l, now);
	read_rows(l, now, &rows);
	bool any = mark_due(l, &rows, now, out_next);
	if (l->sights[WEEK].is_due)
		missed_say(&l->said_missed, rows.games, rows.count, now);
	return any;
}

/* ---- looking ---- */

static struct source_request request_of(const struct looks *l, const struct sight *sight)
{
	bool is_week = sight == &l->sights[WEEK];
	return (struct source_request){
		.endpoint = is_week ? ENDPOINT_SCHEDULE : ENDPOINT_SCORE, .day = sight->day};
}

static void look(struct looks *l, int i)
{
	struct sight *sight = &l->sights[i];
	struct source_request q = request_of(l, sight);
	if (l->known[i].day == sight->day)
		q.etag = str_from(l->known[i].etag);
	sight->ok = source_fetch(l->source, &q, &l->reply, &sight->reply, &sight->err) &&
		    (sight->reply.is_unchanged || decode_schedule(sight->reply.body, &l->reply,
							  &sight->schedule, &sight->err));
}

void looks_ask(struct looks *l)
{
	arena_reset(&l->reply);
	for (int i = 0; i < LOOKS_MOST; i++)
		if (l->sights[i].is_due)
			look(l, i);
}

/* ---- what was seen ---- */

static void know(struct known *k, const struct sight *sight)
{
	k->day = sight->day;
	snprintf(k->etag, sizeof(k->etag), "%.*s", STR_ARG(sight->reply.etag));
}

static bool put_sight(struct looks *l, const struct sight *sight)
{
	struct err err;
	size_t ignored;
	struct source_request q = request_of(l, sight);
	if (!sight->ok) {
		log_error("%s", sight->err.text);
		l->failure = sight->err;
	}
	if (!find_store(l))
		return false;
	ingest_note(l->store, &q, &sight->reply);
	if (sight->ok && !sight->reply.is_unchanged && sight->schedule.warning)
		log_warning(
			"%.*s: %s", STR_ARG(endpoint_names[q.endpoint]), sight->schedule.warning);
	if (!sight->ok || sight->reply.is_unchanged)
		return store_flush(l->store, &err) ? sight->ok : store_failed(l, &err);
	if (!store_put_schedule(l->store, sight->schedule.games, sight->schedule.count,
		    sight->reply.order_time, sight->reply.observed_at, &ignored, &err))
		return store_failed(l, &err);
	know(&l->known[sight - l->sights], sight);
	return true;
}

static void note_look(struct look *look, const struct source_reply *reply, bool ok, int64_t now)
{
	look->at_ms = ok ? reply->arrival_ms : now;
	look->failures = ok ? 0 : look->failures + 1;
	look->expires_ms = ok && reply->max_age_s >= 0
				   ? reply->arrival_ms + (reply->max_age_s - reply->age_s) * 1000
				   : 0;
}

/* Live games that a board stands in for carry its time; see plan_is_probe. */
static void mark_probed(struct looks *l, struct rows *rows, const struct sight *sight)
{
	bool is_probe = plan_is_probe(&l->settings.plan, rows->games, rows->count, sight->day);
	for (size_t i = 0; i < rows->count; i++) {
		struct game *g = &rows->games[i];
		if (g->game_date != sight->day || !plan_is_live(g))
			continue;
		g->known &= ~((uint64_t)1 << GAME_board_at);
		g->board_at = 0;
		if (is_probe)
			SET(g, GAME, board_at, sight->reply.arrival_ms);
	}
}

static bool differs(const struct game *g, int64_t next, int64_t now)
{
	if (!KNOWS(g, GAME, next_poll_at))
		return next != PLAN_NEVER;
	bool both_due = next <= now && g->next_poll_at <= now;
	return next == PLAN_NEVER || (next != g->next_poll_at && !both_due);
}

static bool plan_row(struct looks *l, const struct game *g, int64_t now, bool is_marked)
{
	struct err err;
	int64_t next = plan_due(&l->settings.plan, g, now);
	if (!is_marked && !differs(g, next, now))
		return true;
	return store_put_due(l->store, g, next, now, &err) || store_failed(l, &err);
}

static bool plan_rows(struct looks *l, int64_t now)
{
	struct rows rows;
	if (!read_rows(l, now, &rows))
		return false;
	int64_t *before = ARENA_NEW(&l->planning, int64_t, rows.count + 1);
	for (size_t i = 0; i < rows.count; i++)
		before[i] = rows.games[i].board_at;
	for (int i = 0; i < BOARDS; i++)
		if (l->sights[i].is_due && l->sights[i].ok)
			mark_probed(l, &rows, &l->sights[i]);
	for (size_t i = 0; i < rows.count; i++)
		if (!plan_row(l, &rows.games[i], now, before[i] != rows.games[i].board_at))
			return false;
	return true;
}

bool looks_put(struct looks *l)
{
	l->failure = (struct err){0};
	for (int i = 0; i < LOOKS_MOST; i++) {
		struct sight *sight = &l->sights[i];
		if (!sight->is_due)
			continue;
		bool ok = put_sight(l, sight);
		note_look(&l->looks[i], &sight->reply, ok, time_now_ms());
	}
	return plan_rows(l, time_now_ms());
}

/* ---- opening and closing ---- */

struct looks *looks_open(const struct looks_settings *settings, bool may_wait, struct err *err)
{
	struct looks *l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	l->settings = *settings;
	l->reply = arena_reserve(REPLY_ARENA);
	l->planning = arena_reserve(PLAN_ARENA);
	l->manners = manners_new(settings->source);
	l->source = source_open(settings->source, l->manners, err);
	if (l->source && store_open_or_wait(settings->db, may_wait, &l->store, err))
		return l;
	looks_close(l);
	return NULL;
}

void looks_stop(struct looks *l)
{
	manners_stop(l->manners);
}

void looks_close(struct looks *l)
{
	if (!l)
		return;
	store_close(l->store);
	source_close(l->source);
	manners_free(l->manners);
	arena_release(&l->reply);
	arena_release(&l->planning);
	free(l);
}
