#include "api/export.h"

#include "api/handlers.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { EXPORT_ARENA = 16 << 20, PIECE = 256 << 10, PIECE_MOST = 4 << 20, AHEAD = 256 << 10 };

struct export
{
	struct pool_job job;
	struct api *api;
	struct asked by;
	struct http_exchange *x; /* until the head has been sent; then the stream */
	struct http_stream *stream;
	struct arena keep;
	struct call call;
	struct answer head; /* its lines, or a problem */
	struct etag etag;
	bool has_etag, gzip, is_head; /* is_head: nothing but the head is wanted */
	z_stream z;
	struct store *store;
	struct list_reader *reader;
	struct buf piece;
	enum step step;
	bool is_working, is_gone;
};

/* ---- on a thread ---- */

static bool open_rows(struct export *e, bool is_away, struct err *err)
{
	struct condition fixed[FIXED_CONDITIONS];
	size_t count = fixed_of_call(&e->call, fixed);
	e->store = replica_open(api_replica(e->api), api_settings(e->api)->db, is_away, err);
	if (!e->store || !store_hold(e->store, err))
		return false;
	e->has_etag = answer_etag_of_state(&e->etag, e->store, &e->call, e->gzip, &e->keep);
	e->reader = list_open(e->store, &e->keep, &e->call, list_of_route(e->call.route), fixed,
		count, &e->head, err);
	return e->reader || e->head.problem.status;
}

static void compress_piece(struct export *e, struct str plain)
{
	e->z.next_in = (Bytef *)(uintptr_t)plain.p;
	e->z.avail_in = (uInt)plain.n;
	do {
		char *room = buf_room(&e->piece, PIECE);
		if (!room)
			return; /* the piece has failed, which is seen */
		e->z.next_out = (Bytef *)room;
		e->z.avail_out = PIECE;
		deflate(&e->z, e->step == STEP_DONE ? Z_FINISH : Z_NO_FLUSH);
		buf_grew(&e->piece, PIECE - e->z.avail_out);
	} while (!e->z.avail_out);
}

static void read_piece(struct export *e, struct err *err)
{
	struct buf plain;
	if (!e->gzip) {
		e->step = list_fill(e->reader, PIECE, &e->piece, err);
		return;
	}
	buf_init(&plain, PIECE_MOST);
	e->step = list_fill(e->reader, PIECE, &plain, err);
	compress_piece(e, buf_str(&plain));
	buf_clear(&plain);
}

static void work(struct pool_job *job, struct store *store)
{
	struct export *e = (struct export *)job;
	struct err err = {0};
	e->step = STEP_FAILED;
	if ((e->reader || open_rows(e, !store || job->is_alone, &err)) && e->reader)
		read_piece(e, &err);
	if (e->piece.failed)
		e->step = STEP_FAILED;
	if (err.kind)
		answer_take_error(&e->head, &err);
}

static void work_close(struct pool_job *job, struct store *store)
{
	struct export *e = (struct export *)job;
	(void)store;
	list_close(e->reader);
	store_close(e->store);
}

/* ---- on the loop ---- */

static void after_close(struct pool_job *job)
{
	struct export *e = (struct export *)job;
	api_count_export(e->api, -1);
	if (e->gzip)
		deflateEnd(&e->z);
	buf_clear(&e->piece);
	answer_clear(&e->head);
	arena_release(&e->keep);
	free(e);
}

static void finish(struct export *e)
{
	e->job.work = work_close;
	e->job.done = after_close;
	e->job.is_long = false; /* it waits for no search to give its place back */
	pool_continue(api_pool(e->api), &e->job);
}

static void go_on(struct export *e)
{
	e->is_working = true;
	pool_continue(api_pool(e->api), &e->job);
}

static void on_drain(struct http_stream *st, void *context)
{
	struct export *e = context;
	(void)st;
	if (!e->is_working && e->step == STEP_ROW)
		go_on(e);
}

static void on_close(struct http_stream *st, void *context)
{
	struct export *e = context;
	(void)st;
	e->is_gone = true;
	if (!e->is_working)
		finish(e);
}

static size_t head_lines(const struct export *e, bool gzip, struct http_header_line *out)
{
	size_t n = answer_head_lines(&e->head, e->has_etag ? &e->etag : NULL, gzip, out);
	out[n] = (struct http_header_line){
		STR("Cache-Control"), str_from(answer_cache_control(&e->head))};
	return n + 1;
}

static void send_head(struct export *e)
{
	static const struct http_stream_callbacks callbacks = {
		.on_drain = on_drain, .on_close = on_close, .is_finite = true};
	struct http_header_line lines[ANSWER_HEAD_LINES + 1];
	size_t n = head_lines(e, e->gzip, lines);
	api_answered(e->api, &e->by, 200);
	e->stream = http_stream(e->x, 200, lines, n, &callbacks, e);
	e->x = NULL;
}

/* True when it has been answered without rows. */
static bool answer_at_once(struct export *e)
{
	struct str wanted = http_header(e->x, STR("if-none-match"));
	if (e->head.problem.status) {
		api_reply(e->api, &e->by, &e->head);
	} else if (e->has_etag && api_refuse_other(e->api, &e->by, &e->etag)) {
		return true;
	} else if (e->has_etag && wanted.n && etag_matches(wanted, &e->etag)) {
		e->head.status = 304;
		struct http_header_line lines[ANSWER_HEAD_LINES + 1];
		size_t n = head_lines(e, false, lines);
		api_answered(e->api, &e->by, 304);
		http_reply(e->x, 304, lines, n, NULL);
	} else {
		return false;
	}
	return true;
}

/* A step at a time, as any of them may find the reader gone, which ends the export. */
static void send_piece(struct export *e)
{
	struct blob *piece = blob_new(&e->piece);
	bool ok = http_stream_write(e->stream, piece);
	blob_unref(piece);
	if (!ok)
		return;
	if (e->step == STEP_DONE)
		http_stream_end(e->stream);
	else if (http_stream_queued(e->stream) < AHEAD)
		go_on(e);
}

static void done(struct pool_job *job)
{
	struct export *e = (struct export *)job;
	e->is_working = false;
	if (e->x && answer_at_once(e)) {
		finish(e);
		return;
	}
	if (e->x)
		send_head(e);
	if (e->is_gone) {
		finish(e);
	} else if (e->is_head) {
		e->step = STEP_DONE;
		http_stream_end(e->stream);
	} else if (e->step == STEP_FAILED) { /* without an end, so that the reader can tell */
		log_error("api: an export broke off: %s", e->head.problem.detail);
		http_stream_abort(e->stream);
	} else {
		send_piece(e);
	}
}

static void refuse(struct api *a, const struct asked *by, const struct call *call)
{
	struct answer answer;
	answer_init(&answer, call);
	answer_problem(&answer, 503, STR(""), "too many results are being streamed; ask again");
	api_reply(a, by, &answer);
	answer_clear(&answer);
}

void export_start(struct api *a, const struct asked *by, const struct call *call)
{
	struct problem problem;
	if (!api_count_export(a, 1)) {
		refuse(a, by, call);
		return;
	}
	struct export *e = calloc(1, sizeof(*e));
	if (!e)
		abort();
	*e = (struct export){.job = {.work = work, .done = done, .is_long = true},
		.api = a,
		.by = *by,
		.x = by->x,
		.keep = arena_reserve(EXPORT_ARENA),
		.call = *call,
		.is_head = http_method(by->x) == HTTP_HEAD_,
		.gzip = by->takes_gzip};
	/* It was read before; its texts are to outlive the exchange. */
	call_read_query(&e->call, str_copy(&e->keep, http_query(by->x)), &e->keep, &problem);
	answer_init(&e->head, &e->call);
	e->head.is_private = api_asks_tokens(a);
	buf_init(&e->piece, PIECE_MOST);
	if (e->gzip && !gzip_init(&e->z, 1))
		abort();
	go_on(e);
}
