#include "api/serve.h"

#include "api/export.h"
#include "api/handlers.h"
#include "api/metrics.h"
#include "api/stream.h"
#include "api/tokens.h"
#include "base/log.h"
#include "base/time.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RENDER_ARENA = 64 << 20, SPARE_ARENAS = 32, ARENA_KEPT = 4 << 20 };

struct api {
	uv_loop_t *loop;
	struct api_settings settings;
	struct http_server *server;
	struct pool *pool;
	struct replica *replica; /* NULL: none */
	struct watcher *watcher;
	struct shelf *shelf;
	struct tokens *tokens; /* NULL: nobody is asked for one */
	struct subscriber *subscribers;
	struct stream_hub *streams;
	struct metrics *metrics;
	uint64_t began; /* the request at hand, by uv_hrtime */
	int64_t revision, exports;
	bool is_away, was_there, is_ending; /* the database; the server */
	struct arena spares[SPARE_ARENAS];
	size_t spare_count;
	void (*on_over)(void *context);
	void *context;
};

struct pool *api_pool(struct api *a)
{
	return a->pool;
}

uv_loop_t *api_loop(struct api *a)
{
	return a->loop;
}

const struct api_settings *api_settings(const struct api *a)
{
	return &a->settings;
}

bool api_asks_tokens(const struct api *a)
{
	return a->tokens != NULL;
}

bool api_count_export(struct api *a, int more)
{
	if (more > 0 && a->exports >= a->settings.exports)
		return false;
	a->exports += more;
	return true;
}

bool api_is_away(const struct api *a)
{
	return a->is_away;
}

struct replica *api_replica(const struct api *a)
{
	return a->replica;
}

bool api_is_ending(const struct api *a)
{
	return a->is_ending;
}

struct stream_hub *api_stream_hub(const struct api *a)
{
	return a->streams;
}

int64_t api_revision(const struct api *a)
{
	return a->revision;
}

/* ---- replies ---- */

struct asked api_asked(const struct api *a, struct http_exchange *x, const struct route *route)
{
	return (struct asked){.x = x,
		.route = route,
		.takes_gzip = request_takes_gzip(http_header(x, STR("accept-encoding"))),
		.began = a->began};
}

void api_answered(struct api *a, const struct asked *by, int status)
{
	metrics_answered(a->metrics, by->route, status, uv_hrtime() - by->began);
}

struct str api_own_lines(const char *cache_control, int64_t observed_at, bool is_stale,
	char room[static API_OWN_LINES])
{
	char *end = stpcpy(room, "Cache-Control: ");
	end = stpcpy(stpcpy(end, is_stale ? "no-store" : cache_control), "\r\n");
	if (is_stale)
		end = stpcpy(end, "X-Stale: true\r\n");
	if (observed_at) {
		int64_t age = (time_now_ms() - observed_at) / 1000;
		end += snprintf(end, API_OWN_LINES - (size_t)(end - room),
			"X-Upstream-Age: %lld\r\n", (long long)(age > 0 ? age : 0));
	}
	return (struct str){room, (size_t)(end - room)};
}

bool api_refuse_other(struct api *a, const struct asked *by, const struct etag *etag)
{
	struct answer answer;
	struct call call = {.route = by->route};
	answer_init(&answer, &call);
	bool is_other = answer_is_other(http_header(by->x, STR("if-match")), etag, &answer);
	if (is_other)
		api_reply(a, by, &answer);
	answer_clear(&answer);
	return is_other;
}

static void reply_page(struct api *a, const struct asked *by, const struct page *p, bool is_stale)
{
	char room[API_OWN_LINES];
	struct http_exchange *x = by->x;
	bool takes_gzip = by->takes_gzip;
	int status = p->status;
	const struct face *f = &p->faces[takes_gzip && p->faces[1].body];
	if (f->unchanged && api_refuse_other(a, by, &f->etag))
		return;
	struct str lines = api_own_lines(p->cache_control, p->observed_at, is_stale, room);
	struct str wanted = f->unchanged ? http_header(x, STR("if-none-match")) : STR("");
	if (wanted.n && etag_matches(wanted, &f->etag))
		status = 304;
	api_answered(a, by, status);
	if (is_stale)
		metrics_add(a->metrics, COUNT_STALE);
	if (status == 304)
		http_reply_rendered(x, 304, lines, f->unchanged, NULL);
	else
		http_reply_rendered(x, status, lines, f->head, f->body);
}

static void make_page(struct page *out, struct answer *a, bool gzip)
{
	*out = (struct page){.status = a->status,
		.has_tried_gzip = gzip,
		.shows_polls = a->shows_polls,
		.cache_control = answer_cache_control(a),
		.observed_at = a->observed_at,
		.game_id = a->game_id};
	if (a->hold_ms > 0)
		out->expires_at_ms = time_monotonic_ms() + a->hold_ms;
	if (gzip)
		face_make(&out->faces[1], a, true);
	face_make(&out->faces[0], a, false);
}

void api_reply(struct api *a, const struct asked *by, struct answer *answer)
{
	struct page page;
	make_page(&page, answer, by->takes_gzip);
	reply_page(a, by, &page, false);
	page_clear(&page);
}

void api_refuse(
	struct api *a, struct http_exchange *x, const struct route *route, const struct problem *p)
{
	struct answer answer;
	struct call call = {.route = route};
	struct asked by = api_asked(a, x, route);
	answer_init(&answer, &call);
	answer_take_problem(&answer, p);
	api_reply(a, &by, &answer);
	answer_clear(&answer);
}

/* ---- rendering ---- */

struct waiter {
	struct waiter *next;
	struct asked by;
};

/* One answer in the making, for everyone who asks for it meanwhile. */
struct render {
	struct pool_job job;
	struct api *api;
	struct arena arena;
	char *begin; /* in the arena, behind what the call holds: of what is made each time */
	struct call call;
	struct entry *entry;
	struct waiter *waiters;
	bool gzip, is_store_away, is_kept;
	bool is_cut;      /* it took too long */
	bool is_outdated; /* something changed while it was made */
	bool is_large;    /* each of the waiters has it streamed */
	struct page page;
	struct answer answer;
};

static struct arena lend_arena(struct api *a)
{
	return a->spare_count ? a->spares[--a->spare_count] : arena_reserve(RENDER_ARENA);
}

static void take_arena(struct api *a, struct arena arena)
{
	bool is_small = arena.at - arena.base < ARENA_KEPT;
	arena_reset(&arena);
	if (is_small && a->spare_count < SPARE_ARENAS)
		a->spares[a->spare_count++] = arena;
	else
		arena_release(&arena);
}

static void free_render(struct render *r)
{
	take_arena(r->api, r->arena);
	free(r);
}

static bool answer_in_time(struct render *r, struct context *c, struct err *err)
{
	if (c->store)
		store_limit(c->store, r->api->settings.query_ms);
	bool ok = route_answer(r->call.route, c, &r->call, &r->answer, err);
	if (c->store)
		store_limit(c->store, 0);
	return ok;
}

static void answer_cut(struct answer *a, const struct route *route, int64_t limit_ms)
{
	answer_problem(a, 503, STR(""),
		"the database did not find the answer within %s (--query-timeout)%s",
		time_format_duration(limit_ms).text,
		list_of_route(route) ? "; ask for less, or for all of it as CSV or NDJSON, which "
				       "takes as long as it takes"
				     : "");
}

static void answer_call(struct render *r, struct store *store)
{
	struct context context = {
		.store = store, .keep = &r->arena, .api = r->api, .metrics = r->api->metrics};
	struct err err = {0};
	const struct route *route = r->call.route;
	bool needs_store = route->kind == ROUTE_STORE && !route->can_do_without;
	bool ok = true;
	if (!store && needs_store)
		answer_away(&r->answer); /* the watcher or the pool has said why */
	else if (!(ok = answer_in_time(r, &context, &err)))
		answer_take_error(&r->answer, &err);
	enum err_kind failed = ok ? r->answer.lacks : err.kind;
	r->job.has_failed = failed == ERR_STORE;
	r->is_cut = failed == ERR_LIMIT;
	if (ok && r->job.has_failed)
		log_warning("api: %s", err.text);
	if (!ok && r->is_cut)
		answer_cut(&r->answer, route, r->api->settings.query_ms);
	r->is_store_away = needs_store && (!store || r->job.has_failed);
}

static void render(struct pool_job *job, struct store *store)
{
	struct render *r = (struct render *)job;
	page_clear(&r->page);
	r->arena.at = r->begin;
	answer_init(&r->answer, &r->call);
	r->answer.is_private = api_asks_tokens(r->api);
	answer_call(r, store);
	r->is_large = r->answer.is_large;
	r->is_kept = !r->answer.problem.status && r->answer.hold_ms >= 0 && !r->is_large;
	if (!r->is_large)
		make_page(&r->page, &r->answer, r->gzip);
	answer_clear(&r->answer);
}

/* An answer that is out may begin the next request of its connection at once, which may be for the
 * same: who joins meanwhile is served too. */
static struct waiter *next_waiter(struct render *r)
{
	struct waiter *w = r->waiters;
	if (w)
		r->waiters = w->next; /* it lies in the exchange's arena */
	return w;
}

static void reply_waiters(struct render *r, const struct page *p, bool is_stale)
{
	for (struct waiter *w; (w = next_waiter(r));)
		reply_page(r->api, &w->by, p, is_stale);
}

static void export_to_waiters(struct render *r)
{
	for (struct waiter *w; (w = next_waiter(r));) {
		metrics_add(r->api->metrics, COUNT_EXPORTS);
		export_start(r->api, &w->by, &r->call);
	}
}

/* Until everybody has been answered it is under way: so long the entry stays, and the page that is
 * shown with it, whatever is asked meanwhile. */
static void after_render(struct pool_job *job)
{
	struct render *r = (struct render *)job;
	struct api *a = r->api;
	struct entry *e = r->entry;
	bool stays = true;
	if (r->is_cut)
		metrics_add(a->metrics, COUNT_CUT);
	if (r->is_store_away && e->page.status) { /* the last answer is better than none */
		e->is_outdated = true;
		reply_waiters(r, &e->page, true);
	} else if (r->is_large) {
		export_to_waiters(r);
		stays = false;
	} else if (r->is_kept) {
		/* Once it is known to be away, all is outdated when it is back. */
		e->is_outdated = r->is_outdated || (r->job.is_alone && !a->is_away);
		shelf_fill(a->shelf, e, &r->page);
		reply_waiters(r, &e->page,
			r->job.is_alone || (a->is_away && r->call.route->kind == ROUTE_STORE));
	} else {
		reply_waiters(r, &r->page, false);
		stays = false;
	}
	e->under_way = NULL;
	page_clear(&r->page);
	if (!stays)
		shelf_remove(a->shelf, e);
	free_render(r);
}

static void outdate_render(struct entry *e)
{
	((struct render *)e->under_way)->is_outdated = true;
}

static void add_waiter(struct render *r, const struct asked *by)
{
	struct waiter *w = ARENA_NEW(http_arena(by->x), struct waiter, 1);
	*w = (struct waiter){.next = r->waiters, .by = *by};
	r->waiters = w;
}

static void refuse_busy(struct api *a, struct http_exchange *x, const struct route *route)
{
	struct problem p;
	metrics_add(a->metrics, COUNT_BUSY);
	problem_set(&p, 503, STR(""), "too much is asked at this moment; ask again");
	api_refuse(a, x, route, &p);
}

/* What is so now, for the one who reads the metrics. */
static void set_gauges(struct api *a)
{
	struct http_server_stats http = http_server_stats(a->server);
	const int64_t values[] = {[GAUGE_CONNECTIONS] = http.connections,
		[GAUGE_ACCEPTED] = http.accepted,
		[GAUGE_REFUSED] = http.refused,
		[GAUGE_BAD_REQUESTS] = http.bad_requests,
		[GAUGE_TIMEOUTS] = http.timeouts,
		[GAUGE_SLOW_DROPPED] = http.slow_dropped,
		[GAUGE_QUEUE] = pool_depth(a->pool),
		[GAUGE_KEPT] = (int64_t)shelf_count(a->shelf),
		[GAUGE_KEPT_BYTES] = (int64_t)shelf_bytes(a->shelf),
		[GAUGE_SUBSCRIBERS] = stream_hub_stats(a->streams).readers,
		[GAUGE_AWAY] = a->is_away || pool_is_refused(a->pool)};
	for (enum metric g = GAUGE_CONNECTIONS; g <= GAUGE_AWAY; g++)
		metrics_set(a->metrics, g, values[g]);
}

/* Nothing to show: the call is read to its end, and a thread makes the answer. */
static void start_render(struct api *a, const struct asked *by, const struct call *call,
	struct entry *e, struct str key)
{
	struct http_exchange *x = by->x;
	struct problem problem;
	struct render *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	*r = (struct render){
		.job = {.work = render, .done = after_render, .is_long = call->route->is_search},
		.api = a,
		.arena = lend_arena(a),
		.call = *call,
		.gzip = by->takes_gzip};
	metrics_add(a->metrics, COUNT_RENDERS);
	if (call->format == FORMAT_METRICS)
		set_gauges(a);
	if (!call_read_query(&r->call, str_copy(&r->arena, http_query(x)), &r->arena, &problem)) {
		api_refuse(a, x, call->route, &problem);
		free_render(r);
		return;
	}
	r->begin = r->arena.at;
	add_waiter(r, by);
	if (call->route->kind == ROUTE_STORE && !pool_queue(a->pool, &r->job)) {
		refuse_busy(a, x, call->route);
		free_render(r);
		return;
	}
	r->entry = e ? e : shelf_add(a->shelf, key, call->format);
	r->entry->under_way = r;
	if (call->route->kind == ROUTE_LOCAL) {
		render(&r->job, NULL);
		after_render(&r->job);
	}
}

/* ---- requests ---- */

/* Path and query as they were sent lie side by side. */
static struct str target_of(const struct http_exchange *x)
{
	struct str path = http_path(x), query = http_query(x);
	return (struct str){path.p, query.n ? path.n + 1 + query.n : path.n};
}

static bool is_current(const struct entry *e, bool takes_gzip)
{
	return e->page.status && !e->is_outdated && (!takes_gzip || e->page.has_tried_gzip) &&
	       (!e->page.expires_at_ms || e->page.expires_at_ms > time_monotonic_ms());
}

static void serve_kept(struct api *a, struct http_exchange *x, const struct call *call)
{
	struct str key = target_of(x);
	struct asked by = api_asked(a, x, call->route);
	struct entry *e = shelf_find(a->shelf, key, call->format);
	if (e && is_current(e, by.takes_gzip)) {
		metrics_add(a->metrics, COUNT_HITS);
		reply_page(a, &by, &e->page, a->is_away && e->page.game_id != FIXED_ANSWER);
	} else if (e && e->under_way) {
		metrics_add(a->metrics, COUNT_COALESCED);
		add_waiter(e->under_way, &by);
	} else {
		start_render(a, &by, call, e, key);
	}
}

static void serve_stream(struct api *a, struct http_exchange *x, struct call *call)
{
	struct problem problem;
	if (call_read_query(call, http_query(x), http_arena(x), &problem))
		call->route->stream(a, x, call);
	else
		api_refuse(a, x, call->route, &problem);
}

const struct http_header_line api_options_lines[API_OPTIONS_LINES] = {
	{STR_INIT("Allow"), STR_INIT("GET, HEAD, OPTIONS")},
	{STR_INIT("Access-Control-Allow-Origin"), STR_INIT("*")},
	{STR_INIT("Access-Control-Allow-Methods"), STR_INIT("GET, HEAD, OPTIONS")},
	{STR_INIT("Access-Control-Allow-Headers"),
		STR_INIT("Authorization, If-Match, If-None-Match, Last-Event-ID")},
	{STR_INIT("Access-Control-Max-Age"), STR_INIT("86400")},
};

static void serve_options(struct api *a, struct http_exchange *x, const struct route *route)
{
	struct asked by = api_asked(a, x, route);
	api_answered(a, &by, 204);
	http_reply(x, 204, api_options_lines, API_OPTIONS_LINES, NULL);
}

bool api_check_token(const struct tokens *tokens, const struct route *route,
	struct str authorization, struct problem *problem)
{
	return !tokens || route->is_open || tokens_match(tokens, authorization) ||
	       problem_set(problem, 401, STR("Authorization"),
		       "Authorization: wants \"Bearer\" and a token that is known here");
}

static void on_request(struct http_exchange *x, void *context)
{
	struct api *a = context;
	struct call call = {0};
	struct problem problem;
	a->began = uv_hrtime();
	if (!call_find_route(http_path(x), &call, &problem)) {
		api_refuse(a, x, NULL, &problem);
	} else if (http_method(x) == HTTP_OPTIONS_) {
		serve_options(a, x, call.route);
	} else if (!api_check_token(a->tokens, call.route,
			   a->tokens ? http_header(x, STR("authorization")) : STR(""), &problem)) {
		api_refuse(a, x, call.route, &problem);
	} else {
		call.format = call_accept(call.route, http_header(x, STR("accept")));
		switch (call.route->kind) {
		case ROUTE_STORE:
		case ROUTE_LOCAL:
			serve_kept(a, x, &call);
			break;
		case ROUTE_STREAM:
			serve_stream(a, x, &call);
			break;
		}
	}
}

/* ---- news ---- */

void api_subscribe(struct api *a, struct subscriber *s)
{
	s->previous = NULL;
	s->next = a->subscribers;
	if (s->next)
		s->next->previous = s;
	a->subscribers = s;
}

void api_unsubscribe(struct api *a, struct subscriber *s)
{
	*(s->previous ? &s->previous->next : &a->subscribers) = s->next;
	if (s->next)
		s->next->previous = s->previous;
}

static void on_news(void *context, const struct news *n)
{
	struct api *a = context;
	if (n->is_away && !a->is_away)
		log_warning("api: %.*s; %s", STR_ARG(n->why),
			a->was_there ? "the last answers are shown until it is back"
				     : "answers are 503 until it is there");
	else if (!n->is_away && a->is_away)
		log_info("api: the database is back");
	a->is_away = n->is_away;
	a->was_there |= !n->is_away;
	pool_set_away(a->pool, n->is_away);
	if (!n->is_away) {
		bool has_revision = n->change.is_any || n->change.revision != a->revision;
		a->revision = n->change.revision;
		replica_hear(a->replica, a->revision);
		metrics_set(a->metrics, GAUGE_CHANGED_AT, time_now_ms());
		shelf_outdate(a->shelf, &n->change, has_revision, outdate_render);
	}
	for (struct subscriber *s = a->subscribers, *next; s; s = next) {
		next = s->next;
		s->tell(s, n);
	}
}

/* ---- opening and closing ---- */

struct api *api_open(uv_loop_t *loop, const struct api_settings *s, struct err *err)
{
	struct api *a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	a->loop = loop;
	a->settings = *s;
	if (s->token_file.n && !(a->tokens = tokens_open(s->token_file, err))) {
		free(a);
		return NULL;
	}
	a->server = http_server_open(loop, s->listen, &s->limits, on_request, a, err);
	if (!a->server) {
		tokens_close(a->tokens);
		free(a);
		return NULL;
	}
	a->metrics = metrics_new();
	a->shelf = shelf_new((size_t)s->cache_bytes);
	a->replica = replica_new(s->db_read, s->db);
	a->pool = pool_open(loop, s->db, a->replica, s->threads, s->queue);
	a->streams = stream_hub_open(a);
	a->watcher = watcher_open(loop, s->db, on_news, a);
	return a;
}

int api_port(const struct api *a)
{
	return http_server_port(a->server);
}

static void on_pool_closed(void *context)
{
	struct api *a = context;
	a->pool = NULL;
	stream_hub_close(a->streams);
	a->on_over(a->context);
}

static void on_watcher_closed(void *context)
{
	struct api *a = context;
	a->watcher = NULL;
	pool_close(a->pool, on_pool_closed, a);
}

static void on_drained(void *context)
{
	struct api *a = context;
	watcher_close(a->watcher, on_watcher_closed, a);
}

void api_stop(struct api *a, int64_t grace_ms, void (*on_over)(void *context), void *context)
{
	if (a->is_ending)
		return;
	a->is_ending = true;
	a->on_over = on_over;
	a->context = context;
	http_server_drain(a->server, grace_ms, on_drained, a);
}

void api_close(struct api *a)
{
	if (!a)
		return;
	assert(!a->pool && !a->watcher);
	replica_free(a->replica);
	http_server_close(a->server);
	shelf_free(a->shelf);
	metrics_free(a->metrics);
	tokens_close(a->tokens);
	for (size_t i = 0; i < a->spare_count; i++)
		arena_release(&a->spares[i]);
	free(a);
}
