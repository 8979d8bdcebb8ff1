#include "ingest/ingest.h"

#include "base/time.h"
#include "plan/plan.h"
#include "store/due.h"

#include <inttypes.h>

bool ingest_parse_game_id(struct str text, int64_t *out)
{
	int64_t id;
	if (text.n != 10 || !str_to_i64(text, &id))
		return false;
	int64_t year = id / 1000000, type = id / 10000 % 100, number = id % 10000;
	if (year < 1917 || year > 2199 || type < 1 || number < 1)
		return false;
	*out = id;
	return true;
}

static bool wrap_game(struct err *err, int64_t game_id)
{
	return err_wrap(err, "game %" PRId64, game_id);
}

void ingest_set_order(struct snapshot *s, const struct source_reply *reply)
{
	/* A body's own time that is yet to come is none: all until then would be older. */
	if (!s->order.time || s->order.time * 1000 > reply->arrival_ms + CLOCKS_APART_MS) {
		s->order.time = reply->order_time;
		s->observed_at = reply->observed_at;
	}
	s->order.period = KNOWS(&s->game, GAME, period) ? s->game.period : 0;
	s->order.elapsed = game_elapsed(&s->game);
	s->order.arrival_ms = reply->arrival_ms;
}

void ingest_note(
	struct store *store, const struct source_request *q, const struct source_reply *reply)
{
	bool is_game = q->endpoint == ENDPOINT_BOX_SCORE || q->endpoint == ENDPOINT_PLAY_BY_PLAY;
	struct store_reply r = {.endpoint = endpoint_names[q->endpoint],
		.game_id = is_game ? q->id : 0,
		.status = reply->status,
		.tries = reply->tries,
		.wire_bytes = reply->wire_bytes,
		.duration_ms = reply->duration_ms,
		.order_time = reply->order_time,
		.arrival_ms = reply->arrival_ms,
		.observed_at = reply->observed_at,
		.body = reply->body};
	if (reply->tries)
		store_note(store, &r);
}

/* ---- one game from the upstream ---- */

/* Best effort: without one the body comes again. */
static struct str known_etag(struct store *known, int64_t game_id, struct arena *keep)
{
	struct str etag = {0};
	struct err ignored;
	if (known && !store_get_etag(known, game_id, keep, &etag, &ignored))
		return (struct str){0};
	return etag;
}

/* 0: the upstream does not say. */
static int64_t copy_expires_at(const struct source_reply *reply)
{
	return reply->max_age_s < 0 ? 0
				    : reply->arrival_ms + (reply->max_age_s - reply->age_s) * 1000;
}

void ingest_fetch(struct source *source, struct store *known, int64_t game_id, struct arena *keep,
	struct ingest_fetched *out)
{
	struct source_request request = {.endpoint = ENDPOINT_BOX_SCORE,
		.id = game_id,
		.etag = known_etag(known, game_id, keep)};
	struct snapshot *s = &out->snapshot;
	*out = (struct ingest_fetched){.game_id = game_id};
	out->is_good = source_fetch(source, &request, keep, &out->reply, &out->failure);
	if (out->is_good && out->reply.is_unchanged) {
		SET(&s->game, GAME, game_id, game_id);
		return;
	}
	out->is_good =
		out->is_good && decode_box_score(out->reply.body, game_id, keep, s, &out->failure);
	if (!out->is_good) {
		wrap_game(&out->failure, game_id);
		return;
	}
	ingest_set_order(s, &out->reply);
	SET(&s->game, GAME, last_poll_at, out->reply.arrival_ms);
	if (out->reply.max_age_s >= 0)
		SET(&s->game, GAME, expires_at, copy_expires_at(&out->reply));
	if (out->reply.etag.n)
		SET(&s->game, GAME, etag, out->reply.etag);
}

/* How long the failure before this one has waited is told by the row, and is to stay told; unless
 * somebody has planned the game meanwhile. */
static void keep_wait(struct store *store, const struct ingest_fetched *fetched)
{
	struct arena scratch = arena_reserve(1 << 20);
	struct game game;
	bool is_found;
	struct err ignored;
	if (store_get_game(store, fetched->game_id, &scratch, &game, &is_found, &ignored) &&
		is_found && KNOWS(&game, GAME, next_poll_at)) {
		int64_t planned = game.next_poll_at;
		plan_note_failure(&game, fetched->reply.arrival_ms);
		store_move_due(store, game.game_id, planned, game.next_poll_at, &ignored);
	}
	arena_release(&scratch);
}

/* Best effort: the fetch's own error is what the caller hears of. */
static void note_failure(struct store *store, const struct ingest_fetched *fetched)
{
	if (!fetched->reply.tries) /* the upstream was left alone: nobody polled */
		return;
	struct err ignored;
	keep_wait(store, fetched);
	store_put_poll(store, fetched->game_id, fetched->reply.arrival_ms,
		str_from(fetched->failure.text), &ignored);
}

bool ingest_store(struct store *store, const struct ingest_fetched *fetched, struct put_result *out,
	struct err *err)
{
	struct source_request request = {.endpoint = ENDPOINT_BOX_SCORE, .id = fetched->game_id};
	ingest_note(store, &request, &fetched->reply);
	if (!fetched->is_good) {
		note_failure(store, fetched);
		*err = fetched->failure;
		return false;
	}
	if (fetched->reply.is_unchanged)
		return store_put_unchanged(store, fetched->game_id, fetched->reply.arrival_ms,
			       copy_expires_at(&fetched->reply), out, err) ||
		       wrap_game(err, fetched->game_id);
	return store_put_game(store, &fetched->snapshot, out, err) ||
	       wrap_game(err, fetched->game_id);
}

bool ingest_game(struct source *source, struct store *store, int64_t game_id, struct arena *keep,
	struct put_result *out, struct err *err)
{
	struct ingest_fetched fetched;
	ingest_fetch(source, store, game_id, keep, &fetched);
	return ingest_store(store, &fetched, out, err);
}

/* ---- files ---- */

typedef bool file_taker(struct store *store, const struct source_reply *file, struct arena *keep,
	struct ingest_report *out, struct err *err);

/* A file's body is kept as one that came from the upstream is; nobody was polled for it. */
static void note_file(struct store *store, const struct source_reply *file, enum body_kind kind,
	int64_t game_id, int64_t order_time, int64_t observed_at)
{
	static const struct str names[] = {
		[BODY_UNKNOWN] = STR_INIT("unknown"),
		[BODY_BOX_SCORE] = STR_INIT("boxscore"),
		[BODY_PLAY_BY_PLAY] = STR_INIT("play-by-play"),
		[BODY_SCHEDULE] = STR_INIT("schedule"),
		[BODY_SCORE] = STR_INIT("score"),
		[BODY_ROSTER] = STR_INIT("roster"),
		[BODY_PLAYER] = STR_INIT("player"),
		[BODY_TEAMS] = STR_INIT("teams"),
		[BODY_LEGACY_LIVE] = STR_INIT("feed/live"),
		[BODY_LEGACY_SCHEDULE] = STR_INIT("schedule"),
		[BODY_OTHER] = STR_INIT("other"),
	};
	store_note(store, &(struct store_reply){.endpoint = names[kind],
				  .game_id = game_id,
				  .order_time = order_time,
				  .arrival_ms = file->arrival_ms,
				  .observed_at = observed_at,
				  .body = file->body});
}

static bool put_snapshot(struct store *store, const struct source_reply *file,
	struct snapshot *snapshot, struct ingest_report *out, struct err *err)
{
	ingest_set_order(snapshot, file);
	out->game_id = snapshot->game.game_id;
	out->warning = snapshot->warning;
	note_file(
		store, file, out->kind, out->game_id, snapshot->order.time, snapshot->observed_at);
	return store_put_game(store, snapshot, &out->put, err) || wrap_game(err, out->game_id);
}

static bool take_box_score(struct store *store, const struct source_reply *file, struct arena *keep,
	struct ingest_report *out, struct err *err)
{
	struct snapshot snapshot = {0};
	return decode_box_score(file->body, 0, keep, &snapshot, err) &&
	       put_snapshot(store, file, &snapshot, out, err);
}

static bool take_play_by_play(struct store *store, const struct source_reply *file,
	struct arena *keep, struct ingest_report *out, struct err *err)
{
	struct snapshot snapshot = {0};
	return decode_play_by_play(file->body, 0, keep, &snapshot, err) &&
	       put_snapshot(store, file, &snapshot, out, err);
}

static bool take_schedule(struct store *store, const struct source_reply *file, struct arena *keep,
	struct ingest_report *out, struct err *err)
{
	struct schedule schedule = {0};
	if (!decode_schedule(file->body, keep, &schedule, err))
		return false;
	out->warning = schedule.warning;
	return store_put_schedule(store, schedule.games, schedule.count, file->order_time,
		file->observed_at, &out->changed, err);
}

static bool put_people(struct store *store, const struct source_reply *file,
	const struct people *people, struct ingest_report *out, struct err *err)
{
	for (size_t i = 0; i < people->count; i++)
		SET(&people->players[i], PLAYER, fetched_at, file->observed_at);
	out->changed = people->count;
	out->warning = people->warning;
	return store_put_players(store, people->players, people->count, err);
}

static bool take_roster(struct store *store, const struct source_reply *file, struct arena *keep,
	struct ingest_report *out, struct err *err)
{
	struct people roster;
	return decode_roster(file->body, keep, &roster, err) &&
	       put_people(store, file, &roster, out, err);
}

static bool take_player(struct store *store, const struct source_reply *file, struct arena *keep,
	struct ingest_report *out, struct err *err)
{
	struct people one;
	return decode_player(file->body, 0, keep, &one, err) &&
	       put_people(store, file, &one, out, err);
}

/* The league's list says today's names: they are those of the season that the file's day is in. */
static bool take_teams(struct store *store, const struct source_reply *file, struct arena *keep,
	struct ingest_report *out, struct err *err)
{
	struct clubs clubs;
	if (!decode_teams(file->body, keep, &clubs, err))
		return false;
	struct team *teams = clubs.teams;
	out->changed = clubs.count;
	out->warning = clubs.warning;
	int year, month, day;
	day_to_civil(eastern_day(file->observed_at), &year, &month, &day);
	int64_t first = month < 7 ? year - 1 : year;
	for (size_t i = 0; i < out->changed; i++) {
		if (!KNOWS(&teams[i], TEAM, season))
			SET(&teams[i], TEAM, season, first * 10000 + first + 1);
		SET(&teams[i], TEAM, fetched_at, file->observed_at);
	}
	return store_put_teams(store, teams, out->changed, err);
}

static file_taker *const takers[] = {
	[BODY_UNKNOWN] = NULL,
	[BODY_BOX_SCORE] = take_box_score,
	[BODY_PLAY_BY_PLAY] = take_play_by_play,
	[BODY_SCHEDULE] = take_schedule,
	[BODY_SCORE] = take_schedule,
	[BODY_ROSTER] = take_roster,
	[BODY_PLAYER] = take_player,
	[BODY_TEAMS] = take_teams,
	[BODY_LEGACY_LIVE] = take_box_score,
	[BODY_LEGACY_SCHEDULE] = take_schedule,
	[BODY_OTHER] = NULL,
};

bool ingest_body(struct store *store, const struct source_reply *file, struct arena *keep,
	struct ingest_report *out, struct err *err)
{
	if (!decode_kind(file->body, &out->kind, err))
		return false;
	bool is_of_game = out->kind == BODY_BOX_SCORE || out->kind == BODY_PLAY_BY_PLAY ||
			  out->kind == BODY_LEGACY_LIVE;
	if (takers[out->kind] && !is_of_game) /* a game's is noted once its number is known */
		note_file(store, file, out->kind, 0, file->order_time, file->observed_at);
	if (takers[out->kind])
		return takers[out->kind](store, file, keep, out, err);
	if (out->kind == BODY_UNKNOWN)
		return err_set(
			err, ERR_DECODE, "JSON, but no body of the NHL's that is known here");
	return err_set(err, ERR_DECODE, "a body of the NHL's without anything for the tables");
}

bool ingest_file(struct store *store, const char *path, int64_t observed_at, struct arena *keep,
	struct ingest_report *out, struct err *err)
{
	struct source_reply file;
	struct ingest_report report = {0};
	if (!source_read_file(path, keep, &file, err))
		return false;
	if (observed_at) {
		file.observed_at = observed_at;
		file.order_time = observed_at / 1000;
	}
	if (!ingest_body(store, &file, keep, &report, err)) {
		struct err ignored;
		store_flush(store, &ignored);
		return err_wrap(err, "%s", path);
	}
	*out = report;
	return true;
}
