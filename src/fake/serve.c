#include "fake/serve.h"

#include "base/log.h"
#include "base/time.h"
#include "fake/breakage.h"
#include "fake/cache.h"
#include "fake/spoil.h"
#include "http/server.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

enum {
	PAGE_BYTES = 64 * 1024 * 1024,
	ASKED = 1 << 16,
	GZIP_LEVEL = 6,
	SLOW_MS = 1000,
	HEAD_LINES = 10
};

struct fake {
	const struct serve_settings *settings;
	struct pages *pages;
	int64_t window_ms;
	struct cache cache;
	uint32_t asked[ASKED]; /* how often, by the path's hash */
	int64_t requests[PAGES_COUNTED], faults[FAULT_COUNT];
	struct buf page; /* the one that is being rendered */
	z_stream deflate;
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_timer_t deadline;
	struct http_server *server;
	bool is_stopping;
};

/* What is asked, and what will become of it. */
struct asked {
	struct fake *fake;
	struct http_exchange *x;
	struct str path, prefix; /* "/at/2" goes into the prefix */
	int64_t nth;
	uint64_t hash;
	uint32_t times; /* before this one */
	enum fault fault;
	int fault_number; /* a status, or seconds */
	uv_timer_t timer;
};

/* A window of the cache, and where in it we are. */
struct window {
	int64_t start_ms, now_ms, filled_ms;
	int64_t length_ms;
};

/* ---- the head ---- */

struct head {
	struct http_header_line lines[HEAD_LINES];
	size_t count;
	char room[512];
	size_t used;
};

static void head_add(struct head *h, struct str name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void head_add(struct head *h, struct str name, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	size_t left = sizeof(h->room) - h->used;
	int n = vsnprintf(h->room + h->used, left, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= left || h->count == HEAD_LINES)
		return;
	h->lines[h->count++] = (struct http_header_line){name, {h->room + h->used, (size_t)n}};
	h->used += (size_t)n;
}

/* A hit is as old as it is; what was just fetched has no age. */
static void head_add_cache(struct head *h, const struct window *w, enum form form)
{
	int64_t end_s = (w->start_ms + w->length_ms) / 1000;
	int64_t age_s = w->now_ms / 1000 - w->filled_ms / 1000;
	int64_t max_age_s = end_s - w->filled_ms / 1000;
	head_add(h, STR("ETag"), "W/\"%08" PRIx64 "%s\"", (uint64_t)end_s,
		form == FORM_GZIP ? "--gzip" : "");
	head_add(h, STR("Cache-Control"), "no-transform, max-age=%" PRId64 ", s-maxage=%" PRId64,
		max_age_s, max_age_s);
	if (age_s > 0)
		head_add(h, STR("Age"), "%" PRId64, age_s);
	head_add(h, STR("CF-Cache-Status"), "%s", age_s > 0 ? "HIT" : "EXPIRED");
	head_add(h, STR("Vary"), "Accept-Encoding");
}

/* ---- bodies ---- */

static struct blob *render_gzip(struct fake *f, struct str in)
{
	struct buf out;
	z_stream *z = &f->deflate;
	deflateReset(z);
	buf_init(&out, PAGE_BYTES);
	size_t room = deflateBound(z, (uLong)in.n);
	z->next_out = (Bytef *)buf_room(&out, room);
	z->avail_out = (uInt)room;
	z->next_in = (const Bytef *)in.p;
	z->avail_in = (uInt)in.n;
	deflate(z, Z_FINISH);
	struct blob *b = blob_copy((struct str){out.p, room - z->avail_out});
	buf_clear(&out);
	return b;
}

/* The window's body in the form, rendered if it is not in the cache yet; NULL: page tells why. */
static struct cached *find_body(struct asked *a, struct window *w, enum form form, enum page *page)
{
	struct fake *f = a->fake;
	struct str query = http_query(a->x), key = a->path;
	bool is_stale = a->fault == FAULT_STALE;
	char room[512];
	if (query.n) {
		int n = snprintf(room, sizeof(room), "%.*s?%.*s", STR_ARG(a->path), STR_ARG(query));
		key = (struct str){room, (size_t)n < sizeof(room) ? (size_t)n : sizeof(room) - 1};
	}
	int64_t variant = 2 * a->nth + is_stale; /* what is old is kept beside, not in place */
	struct cached *e = cache_find(&f->cache, key, variant, w->start_ms);
	if (!e || !e->bodies[form]) {
		buf_reset(&f->page);
		*page = pages_render(
			f->pages, a->path, query, a->nth, w->start_ms, w->now_ms, &f->page);
		if (*page != PAGE_CHANGES && *page != PAGE_STAYS)
			return NULL;
		struct str body = buf_str(&f->page);
		e = cache_put(&f->cache, key, variant, *page == PAGE_STAYS, w->start_ms, form,
			form == FORM_GZIP ? render_gzip(f, body) : blob_copy(body));
	}
	if (is_stale)
		return e;
	if (e->filled_ms < w->start_ms || e->filled_ms > w->now_ms)
		e->filled_ms = w->now_ms;
	w->filled_ms = e->filled_ms;
	return e;
}

/* ---- replies ---- */

/* As the NHL's servers say no: a page of theirs. */
static void reply_error(struct http_exchange *x, int status, struct str path, int retry_after_s)
{
	struct buf out;
	struct head h = {0};
	buf_init(&out, 1 << 14);
	if (status == 400) {
		buf_add(&out, STR("<h1>Bad Message 400</h1><pre>reason: Ambiguous URI empty "
				  "segment</pre>"));
	} else {
		struct str reason = status == 500 ? STR("Request failed.") : http_reason(status);
		buf_add_format(&out,
			"<html>\n<head>\n<meta http-equiv=\"Content-Type\" "
			"content=\"text/html;charset=ISO-8859-1\"/>\n<title>Error %d %.*s</title>\n"
			"</head>\n<body><h2>HTTP ERROR %d "
			"%.*s</h2>\n<table>\n<tr><th>URI:</th><td>",
			status, STR_ARG(reason), status, STR_ARG(reason));
		for (size_t i = 0; i < path.n; i++)
			if (!strchr("<>&\"'", path.p[i]))
				buf_add_char(&out, path.p[i]);
		buf_add_format(&out,
			"</td></tr>\n<tr><th>STATUS:</th><td>%d</td></tr>\n<tr><th>MESSAGE:</th>"
			"<td>%.*s</td></tr>\n</table>\n\n</body>\n</html>\n",
			status, STR_ARG(reason));
	}
	head_add(&h, STR("Content-Type"), "text/html;charset=iso-8859-1");
	head_add(&h, STR("Cache-Control"), "must-revalidate,no-cache,no-store");
	head_add(&h, STR("CF-Cache-Status"), "MISS");
	head_add(&h, STR("Vary"), "Accept-Encoding");
	if (retry_after_s >= 0)
		head_add(&h, STR("Retry-After"), "%d", retry_after_s);
	struct blob *body = blob_new(&out);
	http_reply(x, status, h.lines, h.count, body);
	blob_unref(body);
}

static void reply_elsewhere(struct asked *a, struct str path, const struct window *w)
{
	struct head h = {0};
	struct str host = http_header(a->x, STR("Host"));
	head_add(&h, STR("Location"), "http://%.*s%.*s%.*s", STR_ARG(host), STR_ARG(a->prefix),
		STR_ARG(path));
	head_add_cache(&h, w, FORM_PLAIN);
	http_reply(a->x, 307, h.lines, h.count, NULL);
}

static struct blob *damage(struct str body)
{
	struct buf out;
	buf_init(&out, body.n + 1);
	buf_add(&out, body);
	for (size_t i = body.n / 2; i < body.n && i < body.n / 2 + 16; i++)
		out.p[i] ^= 0x55;
	return blob_new(&out);
}

/* Nine MiB of white space behind the JSON. */
static struct blob *blow_up(struct fake *f, struct str body, enum form form)
{
	enum { PADDING = 9 * 1024 * 1024 };
	struct buf out;
	buf_init(&out, body.n + PADDING);
	buf_add(&out, body);
	char *room = buf_room(&out, PADDING);
	memset(room, ' ', PADDING);
	buf_grew(&out, PADDING);
	struct blob *plain = blob_new(&out);
	if (form == FORM_PLAIN)
		return plain;
	struct blob *small = render_gzip(f, blob_str(plain));
	blob_unref(plain);
	return small;
}

/* The page of another moment, or of the game before or after, under the same head. */
static struct blob *render_other(struct asked *a, const struct window *w)
{
	struct fake *f = a->fake;
	int fate = faults_below(&f->settings->faults, a->hash, a->times, 600);
	int64_t at_ms = w->start_ms;
	struct str path = a->path;
	char room[512];
	if (a->fault == FAULT_BACK)
		at_ms -= (60 + fate) * 1000;
	else if (a->fault == FAULT_CONTRADICT)
		at_ms -= (16 + fate % 45) * 1000;
	else {
		int n = snprintf(room, sizeof(room), "%.*s", STR_ARG(path));
		for (int i = 0; i + 10 <= n; i++) /* the last digit of a game's number */
			if (strspn(room + i, "0123456789") == 10) {
				room[i + 9] = (char)('0' + '9' - room[i + 9]);
				i += 9;
			}
		path = str_from(room);
	}
	buf_reset(&f->page);
	enum page page =
		pages_render(f->pages, path, http_query(a->x), a->nth, at_ms, w->now_ms, &f->page);
	bool is_body = page == PAGE_CHANGES || page == PAGE_STAYS;
	return is_body ? blob_copy(buf_str(&f->page)) : NULL;
}

/* The body in the place of a good one; NULL: that one. */
static struct blob *change_body(
	struct asked *a, const struct window *w, struct str bytes, enum form form)
{
	struct fake *f = a->fake;
	struct random r = random_from(f->settings->faults.seed ^ 2, a->hash + a->times);
	switch (a->fault) {
	case FAULT_CUT:
		return blob_copy(str_bytes(bytes, bytes.n / 2));
	case FAULT_EMPTY:
		return blob_copy(STR(""));
	case FAULT_HTML:
		return blob_copy(STR("<!DOCTYPE html>\n<html><head><title>Just a moment…</title>"
				     "</head><body>Please wait.</body></html>\n"));
	case FAULT_GZIP:
		return damage(bytes);
	case FAULT_OVERSIZED:
		return blow_up(f, bytes, form);
	case FAULT_BACK:
	case FAULT_CONTRADICT:
	case FAULT_WRONG_GAME:
		return render_other(a, w);
	case FAULT_LOST_LINES:
	case FAULT_LOST_FIELDS:
	case FAULT_NEW_FIELDS:
	case FAULT_WRONG_TYPES:
	case FAULT_WRONG_SUMS:
	case FAULT_TWICE:
	case FAULT_FLAPPING:
	case FAULT_UNKNOWN_STATE:
		buf_reset(&f->page);
		spoil(a->fault, bytes, &r, &f->page);
		return blob_copy(buf_str(&f->page));
	case FAULT_NONE:
	case FAULT_STATUS:
	case FAULT_RETRY:
	case FAULT_SLOW:
	case FAULT_HANG:
	case FAULT_DRIP:
	case FAULT_RESET:
	case FAULT_DROP:
	case FAULT_TORN:
	case FAULT_REDIRECT:
	case FAULT_STALE:
	case FAULT_UNCHANGED:
	case FAULT_COUNT:
		break;
	}
	return NULL;
}

/* Whether the fault takes the plain body, of whatever form the reply is. */
static bool wants_plain(enum fault fault)
{
	return fault == FAULT_CUT || fault == FAULT_EMPTY || fault == FAULT_HTML ||
	       fault == FAULT_BACK || fault == FAULT_CONTRADICT || fault == FAULT_WRONG_GAME ||
	       fault == FAULT_OVERSIZED || spoil_can(fault);
}

static void reply_body(struct asked *a, const struct head *h, struct blob *body,
	const struct window *w, enum form form)
{
	struct str bytes = blob_str(body);
	if (a->fault == FAULT_DROP || a->fault == FAULT_TORN) {
		breakage_break_off(
			a->x, h->lines, h->count, bytes, a->fault == FAULT_DROP ? 0 : bytes.n / 2);
		return;
	}
	if (a->fault == FAULT_DRIP) {
		breakage_drip(
			&a->fake->loop, a->x, h->lines, h->count, body, &a->fake->is_stopping);
		return;
	}
	struct blob *changed = change_body(a, w, bytes, form);
	http_reply(a->x, 200, h->lines, h->count, changed ? changed : body);
	blob_unref(changed);
}

static bool accepts_gzip(const struct asked *a)
{
	struct str accepts = http_header(a->x, STR("Accept-Encoding"));
	for (size_t i = 0; i + 4 <= accepts.n; i++)
		if (str_equal_nocase(str_bytes(str_skip(accepts, i), 4), STR("gzip")))
			return true;
	return false;
}

/* Only whole bodies travel compressed, and those that are to be damaged as such. */
static enum form choose_form(const struct asked *a)
{
	return !wants_plain(a->fault) && accepts_gzip(a) ? FORM_GZIP : FORM_PLAIN;
}

static struct window find_window(struct asked *a)
{
	struct fake *f = a->fake;
	struct window w = {.now_ms = time_now_ms(), .length_ms = f->window_ms};
	pages_asked_at(http_query(a->x), &w.now_ms);
	w.start_ms = w.filled_ms = w.now_ms - w.now_ms % w.length_ms;
	if (a->fault == FAULT_STALE) { /* as a cache far away, which took it then */
		int back = 1 + faults_below(&f->settings->faults, a->hash, a->times, 3);
		w.start_ms -= back * w.length_ms;
		w.filled_ms = w.start_ms;
	}
	return w;
}

/* Whether the reader has what these lines are of. */
static bool names_etag(const struct asked *a, const struct head *h)
{
	struct str named = http_header(a->x, STR("If-None-Match"));
	for (size_t i = 0; i < h->count; i++)
		if (str_equal(h->lines[i].name, STR("ETag")))
			return named.n && str_equal(h->lines[i].value, named);
	return false;
}

static void reply_page(struct asked *a)
{
	struct window w = find_window(a);
	enum form form = choose_form(a);
	enum page page = PAGE_STAYS;
	struct cached *e = find_body(a, &w, form, &page);
	if (page == PAGE_ELSEWHERE) {
		reply_elsewhere(a, buf_str(&a->fake->page), &w);
		return;
	}
	if (!e) {
		reply_error(a->x, page == PAGE_BAD ? 400 : 404, a->path, -1);
		return;
	}
	struct head h = {0};
	enum form sent = a->fault == FAULT_OVERSIZED && accepts_gzip(a) ? FORM_GZIP : form;
	head_add(
		&h, STR("Content-Type"), a->fault == FAULT_HTML ? "text/html" : "application/json");
	if (sent == FORM_GZIP)
		head_add(&h, STR("Content-Encoding"), "gzip");
	head_add_cache(&h, &w, sent);
	if (a->fault == FAULT_UNCHANGED && names_etag(a, &h)) {
		http_reply(a->x, 304, h.lines, h.count, NULL);
		return;
	}
	struct blob *body = blob_ref(e->bodies[form]);
	reply_body(a, &h, body, &w, sent);
	blob_unref(body);
}

static void reply(struct asked *a)
{
	struct window w = find_window(a);
	log_debug("%.*s, fault: %.*s", STR_ARG(a->path), STR_ARG(fault_names[a->fault]));
	if (a->fault == FAULT_STATUS)
		reply_error(a->x, a->fault_number, a->path, -1);
	else if (a->fault == FAULT_RETRY)
		reply_error(a->x, 429, a->path, a->fault_number);
	else if (a->fault == FAULT_RESET)
		http_reset(a->x);
	else if (a->fault == FAULT_HANG)
		breakage_hang(&a->fake->loop, a->x, &a->fake->is_stopping);
	else if (a->fault == FAULT_REDIRECT)
		reply_elsewhere(a, a->path, &w);
	else
		reply_page(a);
}

/* ---- requests ---- */

/* "/at/2/v1/…": the second recorded body of each path. */
static void cut_prefix(struct asked *a)
{
	if (!str_starts(a->path, STR("/at/")))
		return;
	struct str number = str_cut(str_skip(a->path, 4), '/').head;
	if (!str_to_i64(number, &a->nth) || a->nth < 0)
		a->nth = 0;
	a->prefix = str_bytes(a->path, 4 + number.n);
	a->path = str_skip(a->path, 4 + number.n);
}

static void on_asked_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void on_time(uv_timer_t *timer)
{
	struct asked *a = timer->data;
	reply(a);
	uv_close((uv_handle_t *)timer, on_asked_closed);
}

/* The body is made ready at once, so that making it does not come on top of the delay. */
static void prepare(struct asked *a)
{
	struct window w = find_window(a);
	enum page page = PAGE_STAYS;
	if (a->fault == FAULT_NONE || a->fault == FAULT_SLOW)
		find_body(a, &w, choose_form(a), &page);
}

static void reply_later(struct asked *a, int64_t delay_ms)
{
	struct asked *later = malloc(sizeof(*later));
	if (!later)
		abort();
	*later = *a;
	uv_timer_init(&a->fake->loop, &later->timer);
	later->timer.data = later;
	uv_update_time(&a->fake->loop);
	uv_timer_start(&later->timer, on_time, (uint64_t)delay_ms, 0);
	prepare(a);
}

static void on_request(struct http_exchange *x, void *context)
{
	struct fake *f = context;
	const struct faults *faults = &f->settings->faults;
	struct asked a = {.fake = f, .x = x, .path = http_path(x)};
	if (http_method(x) == HTTP_OPTIONS_) {
		reply_error(x, 405, a.path, -1);
		return;
	}
	cut_prefix(&a);
	f->requests[pages_endpoint(a.path)]++;
	a.hash = cache_hash(a.path);
	a.times = f->asked[a.hash % ASKED]++;
	const struct fault_rule *rule =
		faults_draw(faults, a.path, a.hash, a.times, find_window(&a).now_ms);
	if (rule) {
		a.fault = rule->fault;
		a.fault_number = rule->number;
		f->faults[a.fault]++;
	}
	int64_t delay_ms = f->settings->latency_ms;
	if (a.fault == FAULT_SLOW)
		delay_ms += SLOW_MS + faults_below(faults, a.hash, a.times, 2 * SLOW_MS);
	if (delay_ms)
		reply_later(&a, delay_ms);
	else
		reply(&a);
}

/* ---- beginning and end ---- */

static void on_drained(void *context)
{
	struct fake *f = context;
	http_server_close(f->server);
	f->server = NULL;
	for (int i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&f->signals[i], NULL);
	uv_close((uv_handle_t *)&f->deadline, NULL);
}

static void stop(struct fake *f)
{
	if (f->is_stopping)
		return;
	f->is_stopping = true;
	/* Whoever is being kept waiting still gets an answer. */
	http_server_drain(f->server, f->settings->latency_ms + 4 * SLOW_MS, on_drained, f);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop(handle->data);
}

static void on_deadline(uv_timer_t *timer)
{
	log_info("the time that was given is over");
	stop(timer->data);
}

static void listen_for_the_end(struct fake *f)
{
	static const int numbers[] = {SIGINT, SIGTERM};
	for (int i = 0; i < 2; i++) {
		uv_signal_init(&f->loop, &f->signals[i]);
		f->signals[i].data = f;
		uv_signal_start(&f->signals[i], on_signal, numbers[i]);
	}
	uv_timer_init(&f->loop, &f->deadline);
	f->deadline.data = f;
	if (f->settings->deadline_ms)
		uv_timer_start(&f->deadline, on_deadline, (uint64_t)f->settings->deadline_ms, 0);
}

static struct fake *fake_new(const struct serve_settings *s, struct pages *pages)
{
	struct fake *f = calloc(1, sizeof(*f));
	if (!f || deflateInit2(&f->deflate, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY))
		abort();
	f->settings = s;
	f->pages = pages;
	f->window_ms = (int64_t)fmax(1, round((double)s->ttl_s / s->speed)) * 1000;
	buf_init(&f->page, PAGE_BYTES);
	uv_loop_init(&f->loop);
	return f;
}

static void fake_free(struct fake *f)
{
	cache_clear(&f->cache);
	buf_clear(&f->page);
	deflateEnd(&f->deflate);
	uv_loop_close(&f->loop);
	free(f);
}

/* "requests total=12 schedule=2 boxscore=10": what was never asked for is left out; the same of
 * faults. */
static void say_requests(const struct fake *f)
{
	int64_t total = 0;
	for (int i = 0; i < PAGES_COUNTED; i++)
		total += f->requests[i];
	printf("requests total=%" PRId64, total);
	for (int i = 0; i < PAGES_COUNTED; i++)
		if (f->requests[i])
			printf(" %s=%" PRId64, page_names[i], f->requests[i]);
	printf("\nfaults");
	for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++)
		if (f->faults[i])
			printf(" %.*s=%" PRId64, STR_ARG(fault_names[i]), f->faults[i]);
	printf("\n");
	fflush(stdout);
}

bool serve(const struct serve_settings *s, struct pages *pages, struct err *err)
{
	struct http_limits limits = http_default_limits;
	limits.connections = limits.connections_per_peer = 4096; /* all of them are ours */
	struct fake *f = fake_new(s, pages);
	f->server = http_server_open(&f->loop, s->listen, &limits, on_request, f, err);
	if (!f->server) {
		uv_run(&f->loop, UV_RUN_DEFAULT); /* what was opened closes */
		fake_free(f);
		return false;
	}
	listen_for_the_end(f);
	size_t host = s->listen.n;
	while (host && s->listen.p[host - 1] != ':')
		host--;
	printf("listening on http://%.*s%d\n", (int)host, s->listen.p, http_server_port(f->server));
	fflush(stdout);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	say_requests(f);
	fake_free(f);
	return true;
}
