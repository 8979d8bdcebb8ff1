#include "lambda/events.h"

#include "base/log.h"
#include "base/time.h"
#include "ingest/ingest.h"
#include "monitor/missed.h"
#include "plan/plan.h"
#include "season/season.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- one game ---- */

static void key_time(struct json *j, struct str key, int64_t ms)
{
	json_key(j, key);
	if (ms == PLAN_NEVER)
		json_null(j);
	else
		json_text(j, str_from(time_format(ms).text));
}

void answer_number(struct json *j, struct str key, int64_t value)
{
	json_key(j, key);
	json_i64(j, value);
}

void answer_next(struct function *f, struct json *j, int64_t next)
{
	int64_t now = time_now_ms();
	if (next <= now) /* it would be due at once, were it not asked just now */
		next = now + f->settings.every_ms;
	key_time(j, STR("next_poll_at"), next);
	json_key(j, STR("next_poll_seconds"));
	if (next == PLAN_NEVER)
		json_null(j);
	else
		json_i64(j, (next - now + 999) / 1000);
}

static bool next_poll(struct function *f, int64_t game_id, int64_t *out, struct err *err)
{
	struct game game;
	bool is_found;
	if (!store_get_game(f->store, game_id, &f->game, &game, &is_found, err))
		return function_store_failed(f);
	*out = is_found ? plan_after_poll(&f->plan, &game, time_now_ms()) : PLAN_NEVER;
	return true;
}

bool function_ingest(struct function *f, int64_t game_id, struct put_result *put, struct err *err)
{
	struct ingest_fetched fetched;
	struct err late;
	arena_reset(&f->game);
	if (!function_begin_fetches(f, 1, err) || !function_find_store(f, err))
		return false;
	ingest_fetch(f->source, f->store, game_id, &f->game, &fetched);
	if (fetched.is_good && function_time_left_ms(f) <= 0)
		return err_set(err, ERR_NETWORK,
			"game %" PRId64
			": the function's deadline came before it was stored; nothing "
			"was changed",
			game_id);
	if (!ingest_store(f->store, &fetched, put, err))
		return err->kind == ERR_STORE ? function_store_failed(f) : false;
	if (fetched.snapshot.warning)
		log_warning("game %" PRId64 ": %s", game_id, fetched.snapshot.warning);
	if (function_begin_fetches(f, 1, &late) &&
		!ingest_complete(f->source, f->store, &fetched, put, COMPLETE_ALL, &f->game, &late))
		log_warning("game %" PRId64
			    ": its lines are stored, but names or events may lack: %s",
			game_id, late.text);
	return true;
}

static bool ingest_one(struct function *f, int64_t game_id, struct json *j, struct err *err)
{
	struct put_result put;
	int64_t next = PLAN_NEVER;
	if (!function_ingest(f, game_id, &put, err) || !next_poll(f, game_id, &next, err))
		return false;
	json_open(j, '{');
	answer_number(j, STR("game_id"), game_id);
	json_key(j, STR("outcome"));
	json_text(j, put_outcome_names[put.outcome]);
	answer_number(j, STR("revision"), put.revision);
	answer_number(j, STR("inserted"), (int64_t)put.inserted);
	answer_number(j, STR("updated"), (int64_t)put.updated);
	answer_number(j, STR("deleted"), (int64_t)put.deleted);
	if (*put.reason) {
		json_key(j, STR("reason"));
		json_text(j, str_from(put.reason));
	}
	answer_next(f, j, next);
	json_close(j, '}');
	return true;
}

/* ---- ingest ---- */

bool event_game_id(yyjson_val *event, const char *command, int64_t *out, struct err *err)
{
	char room[24];
	yyjson_val *v = yyjson_obj_get(event, "game_id");
	if (yyjson_is_int(v))
		snprintf(room, sizeof(room), "%" PRId64, yyjson_get_sint(v));
	else
		snprintf(room, sizeof(room), "%s", yyjson_is_str(v) ? yyjson_get_str(v) : "");
	return ingest_parse_game_id(str_from(room), out) ||
	       err_set(err, ERR_USAGE, "%s: game_id: wants ten digits, such as 2023020204",
		       command);
}

static bool run_ingest(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	int64_t game_id;
	struct json j = json_begin(out);
	return event_game_id(event, "ingest", &game_id, err) && ingest_one(f, game_id, &j, err);
}

/* ---- monitor: the original design ---- */

struct rows {
	struct game *games;
	size_t count;
};

static bool read_rows(struct function *f, int64_t now, struct rows *out, struct err *err)
{
	int32_t today = eastern_day(now);
	if (!function_find_store(f, err))
		return false;
	return store_get_games(f->store, today - PLAN_DAYS_BACK, today + 1, &f->keep, &out->games,
		       &out->count, err) ||
	       function_store_failed(f);
}

/* The week, from yesterday or the first day whose end was missed, stored. */
static bool look_at_schedule(struct function *f, struct err *err)
{
	int64_t now = time_now_ms();
	struct rows rows;
	struct source_request q = {.endpoint = ENDPOINT_SCHEDULE};
	struct source_reply reply;
	struct schedule week;
	size_t ignored;
	arena_reset(&f->game);
	if (!function_begin_fetches(f, 1, err) || !read_rows(f, now, &rows, err))
		return false;
	missed_say(&f->said_missed, rows.games, rows.count, now);
	q.day = plan_week_from(rows.games, rows.count, now);
	bool is_good = source_fetch(f->source, &q, &f->game, &reply, err) &&
		       decode_schedule(reply.body, &f->game, &week, err);
	struct err late;
	ingest_note(f->store, &q, &reply);
	if (!is_good)
		return store_flush(f->store, &late) && false;
	if (week.warning)
		log_warning("schedule: %s", week.warning);
	return store_put_schedule(f->store, week.games, week.count, reply.order_time,
		       reply.observed_at, &ignored, err) ||
	       function_store_failed(f);
}

struct due {
	int64_t *games;
	size_t count;
	int64_t next; /* when the first of the others is; PLAN_NEVER: never */
};

static bool find_due(struct function *f, struct due *out, struct err *err)
{
	const struct plan plan = {.every_ms = f->settings.every_ms};
	int64_t now = time_now_ms();
	struct rows rows;
	if (!read_rows(f, now, &rows, err))
		return false;
	*out = (struct due){
		.games = ARENA_NEW(&f->keep, int64_t, rows.count + 1), .next = PLAN_NEVER};
	for (size_t i = 0; i < rows.count; i++) {
		int64_t at = plan_game(&plan, &rows.games[i], &rows.games[i], now);
		if (at <= now)
			out->games[out->count++] = rows.games[i].game_id;
		else if (at < out->next)
			out->next = at;
	}
	return true;
}

static void ingest_due(struct function *f, const struct due *due, struct tally *t)
{
	for (size_t i = 0; i < due->count && function_time_left_ms(f) > 0; i++) {
		struct put_result put;
		struct err err;
		bool ok = function_ingest(f, due->games[i], &put, &err);
		if (!ok)
			log_error("%s", err.text);
		t->ingested += ok;
		t->failed += !ok;
	}
}

bool answer_tally(struct function *f, const struct tally *t, int64_t next, struct buf *out)
{
	struct json j = json_begin(out);
	json_open(&j, '{');
	answer_number(&j, STR("ticks"), t->ticks);
	answer_number(&j, STR("ingested"), t->ingested);
	answer_number(&j, STR("failed"), t->failed);
	answer_next(f, &j, next);
	json_close(&j, '}');
	return true;
}

static void sleep_ms(int64_t ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&t, NULL);
}

/* Whether another tick has room before the deadline, and something to do in it: waiting is billed.
 */
static bool has_more(const struct function *f, const struct due *due, int64_t wait_ms)
{
	int64_t left = function_time_left_ms(f);
	bool is_quiet = !due->count && due->next > time_now_ms() + left;
	return !is_quiet && left > wait_ms + f->settings.every_ms / 2;
}

/*
 * Ticks at the monitor's interval for as long as the deadline allows: a schedule's floor is a
 * minute, and this fills it while something is on. "once" ends it after the first.
 */
static bool run_monitor(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	bool once = yyjson_is_true(yyjson_obj_get(event, "once")) || !f->deadline_ms;
	struct tally tally = {0};
	struct due due = {.next = PLAN_NEVER};
	for (;;) {
		int64_t begun = time_monotonic_ms();
		arena_reset(&f->keep);
		bool ok = look_at_schedule(f, err);
		if (!ok)
			log_error("schedule: %s; the next tick tries again", err->text);
		if (find_due(f, &due, err))
			ingest_due(f, &due, &tally);
		else if (!tally.ticks)
			return err_wrap(err, "monitor");
		tally.ticks++;
		int64_t wait = begun + f->settings.every_ms - time_monotonic_ms();
		if (once || !has_more(f, &due, wait > 0 ? wait : 0))
			break;
		sleep_ms(wait > 0 ? wait : 0);
	}
	return answer_tally(f, &tally, due.count ? 0 : due.next, out);
}

/* ---- season ---- */

static bool has_time(const struct season_report *now, void *context)
{
	(void)now;
	return function_time_left_ms(context) > 0;
}

static bool run_season(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	enum { USUAL_TYPES = 1 << 2 | 1 << 3 };
	struct season_settings settings = {.db = f->settings.db,
		.source = f->settings.source,
		.jobs = f->settings.jobs,
		.game_types = USUAL_TYPES};
	int64_t season = yyjson_get_sint(yyjson_obj_get(event, "season"));
	if (season / 10000 + 1 != season % 10000)
		return err_set(err, ERR_USAGE, "season: wants both its years, like 20232024");
	settings.source.timeout_ms = f->timeout_ms;
	settings.source.patience_ms = 0;
	struct season_report *report = calloc(1, sizeof(*report));
	if (!report)
		abort();
	bool ok = season_run(&settings, season, has_time, f, report, err);
	bool is_cut = !ok && function_time_left_ms(f) <= 0; /* the next event goes on from here */
	if (ok || is_cut) {
		struct json j = json_begin(out);
		json_open(&j, '{');
		answer_number(&j, STR("season"), season);
		answer_number(&j, STR("played"), (int64_t)report->played);
		answer_number(&j, STR("known"), (int64_t)report->known);
		answer_number(&j, STR("tried"), (int64_t)report->tried);
		answer_number(&j, STR("missing"), (int64_t)report->missing);
		json_key(&j, STR("done"));
		json_bool(&j, ok);
		json_close(&j, '}');
	}
	free(report);
	return ok || is_cut;
}

/* ---- events ---- */

static const struct {
	struct str name;
	event_handler *run;
} commands[] = {
	{STR_INIT("ingest"), run_ingest},
	{STR_INIT("monitor"), run_monitor},
	{STR_INIT("schedule"), run_schedule},
	{STR_INIT("worker"), run_worker},
	{STR_INIT("follow"), run_follow},
	{STR_INIT("season"), run_season},
};

bool is_command(yyjson_val *event)
{
	return yyjson_obj_get(event, "command") != NULL;
}

bool handle_command(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	struct str name = event_text(event, "command");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (str_equal(commands[i].name, name))
			return commands[i].run(f, event, out, err);
	return err_set(err, ERR_USAGE,
		"command \"%.*s\" is none of ingest, monitor, schedule, worker, follow, season",
		STR_ARG(str_first(name, 60)));
}

bool is_schedule(yyjson_val *event)
{
	return str_equal(event_text(event, "detail-type"), STR("Scheduled Event"));
}

/* A schedule without an input of its own is the monitor's. */
bool handle_schedule(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	yyjson_val *detail = yyjson_obj_get(event, "detail");
	return is_command(detail) ? handle_command(f, detail, out, err)
				  : run_monitor(f, detail, out, err);
}

bool is_queue(yyjson_val *event)
{
	yyjson_val *first = yyjson_arr_get_first(yyjson_obj_get(event, "Records"));
	return str_equal(event_text(first, "eventSource"), STR("aws:sqs"));
}

/* A message is a command, or an object with a game_id alone. */
static bool handle_message(struct function *f, struct str body, struct err *err)
{
	struct buf ignored;
	yyjson_doc *doc = yyjson_read(body.p ? body.p : "", body.n, 0);
	yyjson_val *message = yyjson_doc_get_root(doc);
	buf_init(&ignored, 1 << 16);
	bool ok = is_command(message) ? handle_command(f, message, &ignored, err)
		  : doc               ? run_ingest(f, message, &ignored, err)
				      : err_set(err, ERR_USAGE, "the message is no JSON");
	buf_clear(&ignored);
	yyjson_doc_free(doc);
	return ok;
}

bool handle_queue(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	size_t i, count;
	yyjson_val *record;
	struct json j = json_begin(out);
	(void)err; /* each message fails by itself */
	json_open(&j, '{');
	json_key(&j, STR("batchItemFailures"));
	json_open(&j, '[');
	yyjson_arr_foreach(yyjson_obj_get(event, "Records"), i, count, record)
	{
		struct err why;
		if (handle_message(f, event_text(record, "body"), &why))
			continue;
		log_error("message %.*s: %s", STR_ARG(event_text(record, "messageId")), why.text);
		json_open(&j, '{');
		json_key(&j, STR("itemIdentifier"));
		json_text(&j, event_text(record, "messageId"));
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	return true;
}
