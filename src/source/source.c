#include "source/source.h"

#include "base/buf.h"
#include "base/time.h"
#include "source/manners.h"
#include "source/reply_head.h"

#include <curl/curl.h>

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct str endpoint_names[7] = {
	[ENDPOINT_SCHEDULE] = STR_INIT("schedule"),
	[ENDPOINT_SCORE] = STR_INIT("score"),
	[ENDPOINT_BOX_SCORE] = STR_INIT("boxscore"),
	[ENDPOINT_PLAY_BY_PLAY] = STR_INIT("play-by-play"),
	[ENDPOINT_ROSTER] = STR_INIT("roster"),
	[ENDPOINT_PLAYER] = STR_INIT("player"),
	[ENDPOINT_TEAMS] = STR_INIT("teams"),
};

enum {
	MAX_URL = 512,
	MAX_HEAD = 64 * 1024,
	MAX_REDIRECTS = 3,
	CONNECT_TIMEOUT_MAX_MS = 5000,
};

struct source {
	const struct source_settings *settings; /* the opener's */
	struct manners *manners;                /* the opener's */
	CURL *curl;                             /* kept, and its connections with it */
	struct curl_slist *headers;
	char base[MAX_URL];  /* upstream without a slash at its end */
	char shown[MAX_URL]; /* the same without user and password, for messages */
	char curl_text[CURL_ERROR_SIZE];
};

/* ---- opening ---- */

static void start_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool copy_url_part(CURLU *url, CURLUPart part, char out[static MAX_URL])
{
	char *text = NULL;
	bool ok = curl_url_get(url, part, &text, 0) == CURLUE_OK && strlen(text) < MAX_URL;
	if (ok)
		memcpy(out, text, strlen(text) + 1);
	curl_free(text);
	return ok;
}

static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;
	curl_free(text);
	return has;
}

static void cut_end(char *url, const char *end)
{
	size_t n = strlen(url), m = strlen(end);
	if (n > m && !strcmp(url + n - m, end))
		url[n - m] = 0;
}

static bool take_upstream(struct source *s, struct str upstream, struct err *err)
{
	char text[MAX_URL], part[MAX_URL];
	if (!upstream.n || upstream.n >= sizeof(text))
		return err_set(
			err, ERR_USAGE, "--upstream: wants a URL of 1 to %d bytes", MAX_URL - 1);
	memcpy(text, upstream.p, upstream.n);
	text[upstream.n] = 0;
	CURLU *url = curl_url();
	bool is_url = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		      copy_url_part(url, CURLUPART_SCHEME, part) &&
		      (!strcmp(part, "http") || !strcmp(part, "https")) &&
		      !has_part(url, CURLUPART_QUERY) && !has_part(url, CURLUPART_FRAGMENT) &&
		      copy_url_part(url, CURLUPART_URL, s->base);
	if (is_url) {
		curl_url_set(url, CURLUPART_USER, NULL, 0);
		curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
		is_url = copy_url_part(url, CURLUPART_URL, s->shown);
	}
	curl_url_cleanup(url);
	if (!is_url)
		return err_set(
			err, ERR_USAGE, "--upstream: wants http://… or https://…, without a query");
	for (int i = 0; i < 2; i++) {
		char *end = i ? s->shown : s->base;
		cut_end(end, "/");
		cut_end(end, "/v1"); /* ours; who gives it means the same */
	}
	return true;
}

static size_t on_body(char *p, size_t size, size_t n, void *context);
static size_t on_head(char *p, size_t size, size_t n, void *context);
static int on_progress(
	void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now);

/*
 * Reading the whole bundle of certificates costs 24 ms of CPU: a one-shot looks up the one
 * that it needs in the hashed directory, where this libcurl has one. With no directory
 * libcurl keeps what it read of the bundle for later connections, which suits the others.
 */
static void set_certificates(CURL *curl, bool is_long_lived)
{
	const char *file = getenv("SSL_CERT_FILE"), *directory = getenv("SSL_CERT_DIR");
	const char *hashed = curl_version_info(CURLVERSION_NOW)->capath;
	if (file && *file) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, file);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	} else if (directory && *directory) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(curl, CURLOPT_CAPATH, directory);
	} else if (is_long_lived) {
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	} else if (hashed) {
		curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
		curl_easy_setopt(curl, CURLOPT_CAPATH, hashed);
	}
}

static void set_options(struct source *s)
{
	CURL *c = s->curl;
	const char *scheme = strncmp(s->base, "https", 5) ? "http" : "https";
	char agent[160];
	snprintf(agent, sizeof(agent),
		"rinkside%s%s (NHL statistics ingest; answer 429 or 403 and it backs off)",
		s->settings->version ? "/" : "", s->settings->version ? s->settings->version : "");
	curl_easy_setopt(c, CURLOPT_USERAGENT, agent);
	s->headers = curl_slist_append(NULL, "Accept: application/json");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, s->headers);
	curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* Redirects too: down to http would give the reply to anyone, up to https is not this host. */
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, scheme);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, s->settings->is_long_lived ? 1L : 0L);
	int64_t connect = s->settings->timeout_ms < CONNECT_TIMEOUT_MAX_MS ? s->settings->timeout_ms
									   : CONNECT_TIMEOUT_MAX_MS;
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	/* Half the time for less than a KiB a second: it stands still. */
	int64_t stall_s = s->settings->timeout_ms / 2000;
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1024L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)(stall_s ? stall_s : 1));
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)SOURCE_MAX_BODY);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->curl_text);
	set_certificates(c, s->settings->is_long_lived);
}

struct source *source_open(
	const struct source_settings *settings, struct manners *m, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, start_curl);
	struct source *s = calloc(1, sizeof(*s));
	if (s)
		*s = (struct source){.settings = settings, .manners = m, .curl = curl_easy_init()};
	if (!s || !s->curl) {
		err_set(err, ERR_INTERNAL, "libcurl could not be started");
	} else if (take_upstream(s, settings->upstream, err)) {
		set_options(s);
		return s;
	}
	source_close(s);
	return NULL;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	curl_easy_cleanup(s->curl);
	curl_slist_free_all(s->headers);
	free(s);
}

/* ---- one try ---- */

/* A reply as it comes in: the body grows at the arena's end, so that a small one touches few pages.
 */
struct transfer {
	struct source *source;
	char *body; /* room for max bytes of it and the padding */
	size_t n, max;
	size_t head_bytes;
	struct reply_head head;
	bool is_too_large;
};

static size_t on_body(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	n *= size;
	if (n > t->max - t->n) {
		t->is_too_large = true;
		return 0;
	}
	memcpy(t->body + t->n, p, n);
	t->n += n;
	return n;
}

static size_t on_head(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	struct str line = {p, n * size};
	t->head_bytes += line.n;
	if (t->head_bytes > MAX_HEAD) {
		t->is_too_large = true;
		return 0;
	}
	if (str_starts(line, STR("HTTP/"))) /* another reply: the one before was a redirect */
		reply_head_init(&t->head);
	reply_head_add(&t->head, str_trim(line));
	return line.n;
}

static int on_progress(
	void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	struct transfer *t = context;
	(void)total, (void)up_total, (void)up_now;
	if (now > SOURCE_MAX_BODY) /* compressed, and larger than what may come out of it */
		t->is_too_large = true;
	return t->is_too_large || manners_is_stopped(t->source->manners);
}

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{204, "No Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{408, "Request Timeout"},
		{410, "Gone"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

/* What a try came to: an error, and what to do about it. */
struct result {
	bool is_good;
	bool may_retry;
	enum verdict verdict;
};

static struct result judge_status(int status, bool is_conditional, struct err *err)
{
	if (status == 200 || (status == 304 && is_conditional))
		return (struct result){.is_good = true, .verdict = VERDICT_GOOD};
	bool is_absent = status == 404 || status == 410;
	const char *reason = reason_of(status);
	err_set(err, is_absent ? ERR_NOT_FOUND : ERR_STATUS, "%d%s%s", status, *reason ? " " : "",
		reason);
	bool is_passing = status == 408 || status == 429 || status >= 500;
	bool is_refusal = is_passing || status == 403;
	return (struct result){
		.may_retry = is_passing, .verdict = is_refusal ? VERDICT_BAD : VERDICT_GOOD};
}

/* libcurl's own sentence, which may quote the other side, kept to one line. */
static void describe(const struct source *s, CURLcode code, char out[static CURL_ERROR_SIZE])
{
	snprintf(out, CURL_ERROR_SIZE, "%s",
		*s->curl_text ? s->curl_text : curl_easy_strerror(code));
	size_t n = 0;
	for (; out[n]; n++)
		if ((unsigned char)out[n] < ' ' || (unsigned char)out[n] > '~')
			out[n] = out[n] == '\n' && !out[n + 1] ? 0 : '?';
	while (n && out[n - 1] == '.')
		out[--n] = 0;
}

static struct result judge_failure(const struct source *s, const struct transfer *t, CURLcode code,
	int status, int64_t duration_ms, struct err *err)
{
	char text[CURL_ERROR_SIZE];
	struct result refused = {.verdict = VERDICT_GOOD},
		      failed = {.may_retry = true, .verdict = VERDICT_BAD};
	if (t->is_too_large || code == CURLE_FILESIZE_EXCEEDED) {
		err_set(err, ERR_DECODE, "a reply of more than %d MiB", SOURCE_MAX_BODY >> 20);
		return refused;
	}
	switch ((int)code) {
	case CURLE_ABORTED_BY_CALLBACK:
		err_set(err, ERR_NETWORK, "stopped");
		return (struct result){.verdict = VERDICT_NOTHING};
	case CURLE_BAD_CONTENT_ENCODING:
		err_set(err, ERR_DECODE, "its gzip is broken");
		return refused;
	case CURLE_TOO_MANY_REDIRECTS:
		err_set(err, ERR_STATUS, "more than %d redirects", MAX_REDIRECTS);
		return refused;
	case CURLE_UNSUPPORTED_PROTOCOL:
		if (status < 300) /* what came was no HTTP */
			break;
		err_set(err, ERR_STATUS, "a redirect to another scheme, which is not followed");
		return refused;
	case CURLE_OPERATION_TIMEDOUT:
		err_set(err, ERR_NETWORK, "no answer within %" PRId64 " ms", duration_ms);
		if (t->head_bytes)
			err_set(err, ERR_NETWORK,
				"stalled after %zu bytes, given up after %" PRId64 " ms", t->n,
				duration_ms);
		return failed;
	case CURLE_PEER_FAILED_VERIFICATION:
		failed.may_retry = false;
		break;
	default:
		break;
	}
	describe(s, code, text);
	err_set(err, ERR_NETWORK, "%s", text);
	return failed;
}

static void fill_reply(CURL *curl, struct transfer *t, struct source_reply *out)
{
	long status = 0;
	curl_off_t bytes = 0, microseconds = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
	curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &microseconds);
	int64_t now = time_now_ms();
	int64_t retry_after = reply_head_retry_after_s(&t->head, now / 1000) * 1000;
	out->status = (int)status;
	out->arrival_ms = now;
	out->order_time = reply_head_order_time(&t->head, now / 1000);
	out->age_s = t->head.age_s;
	out->max_age_s = t->head.max_age_s;
	out->observed_at = now - t->head.age_s * 1000;
	out->wire_bytes = bytes;
	out->duration_ms = microseconds / 1000;
	if (status == 429 || status == 503)
		out->retry_after_ms =
			retry_after < RETRY_AFTER_MAX_MS ? retry_after : RETRY_AFTER_MAX_MS;
}

/* "Not modified", and yet another ETag than the one that was named: it says nothing. */
static bool contradicts(const struct reply_head *h, struct str etag)
{
	return h->etag[0] && !str_equal(str_from(h->etag), etag);
}

static struct result try_once(struct source *s, const char *url, struct str etag, int64_t limit_ms,
	struct arena *keep, struct source_reply *out, struct err *err)
{
	struct transfer t = {.source = s};
	size_t room;
	t.body = arena_open(keep, SOURCE_MAX_BODY + SOURCE_PADDING, &room);
	assert(room > SOURCE_PADDING);
	t.max = room - SOURCE_PADDING;
	reply_head_init(&t.head);
	int64_t timeout = limit_ms < s->settings->timeout_ms ? limit_ms : s->settings->timeout_ms;
	*s->curl_text = 0;
	curl_easy_setopt(s->curl, CURLOPT_URL, url);
	curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, (long)(timeout > 0 ? timeout : 1));
	curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, &t);
	curl_easy_setopt(s->curl, CURLOPT_HEADERDATA, &t);
	curl_easy_setopt(s->curl, CURLOPT_XFERINFODATA, &t);
	out->retry_after_ms = 0;
	CURLcode code = curl_easy_perform(s->curl);
	fill_reply(s->curl, &t, out);
	struct result r = code == CURLE_OK
				  ? judge_status(out->status, etag.n > 0, err)
				  : judge_failure(s, &t, code, out->status, out->duration_ms, err);
	if (r.is_good && out->status == 304) {
		out->is_unchanged = !contradicts(&t.head, etag);
	} else if (r.is_good) {
		out->body = (struct str){t.body, t.n};
		memset(t.body + t.n, 0, SOURCE_PADDING);
		arena_take(keep, t.n + SOURCE_PADDING);
		out->etag = str_copy(keep, str_from(t.head.etag));
	}
	return r;
}

/* With the ETag of what is known, as long as the handle has these headers. */
static struct curl_slist *set_headers(struct source *s, struct str etag)
{
	char line[128];
	if (!etag.n || etag.n > sizeof(line) - 20)
		return NULL;
	snprintf(line, sizeof(line), "If-None-Match: %.*s", STR_ARG(etag));
	struct curl_slist *all = curl_slist_append(NULL, s->headers->data);
	struct curl_slist *with = all ? curl_slist_append(all, line) : NULL;
	if (with)
		curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, with);
	return with ? with : all;
}

static void reset_headers(struct source *s, struct curl_slist *set)
{
	curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
	curl_slist_free_all(set);
}

/* ---- a fetch: tries, and the waits between them ---- */

static void write_path(const struct source_request *q, struct buf *out)
{
	switch (q->endpoint) {
	case ENDPOINT_SCHEDULE:
	case ENDPOINT_SCORE:
		buf_add_format(out, "/v1/%.*s/%s", STR_ARG(endpoint_names[q->endpoint]),
			q->day ? day_format(q->day).text : "now");
		return;
	case ENDPOINT_BOX_SCORE:
	case ENDPOINT_PLAY_BY_PLAY:
		buf_add_format(out, "/v1/gamecenter/%" PRId64 "/%.*s", q->id,
			STR_ARG(endpoint_names[q->endpoint]));
		return;
	case ENDPOINT_ROSTER:
		buf_add_format(out, "/v1/roster/%.*s/", STR_ARG(q->abbrev));
		if (q->season)
			buf_add_i64(out, q->season);
		else
			buf_add(out, STR("current"));
		return;
	case ENDPOINT_PLAYER:
		buf_add_format(out, "/v1/player/%" PRId64 "/landing", q->id);
		return;
	case ENDPOINT_TEAMS:
		buf_add(out, STR("/stats/rest/en/team"));
		return;
	}
}

static void write_url(
	const char *base, const struct source_request *q, char out[static MAX_URL + 64])
{
	/* The league's list of clubs is another host's. */
	if (q->endpoint == ENDPOINT_TEAMS && !strcmp(base, "https://api-web.nhle.com"))
		base = "https://api.nhle.com";
	struct buf path;
	buf_init(&path, 256);
	write_path(q, &path);
	snprintf(out, MAX_URL + 64, "%s%.*s", base, STR_ARG(buf_str(&path)));
	buf_clear(&path);
}

static bool fail_turn(enum turn turn, int64_t wait_ms, struct source_reply *out, struct err *err)
{
	int64_t seconds = (wait_ms + 999) / 1000;
	switch (turn) {
	case TURN_GIVEN:
		break;
	case TURN_TOO_LATE:
		out->retry_after_ms = wait_ms > 0 ? wait_ms : 0;
		return err_set(err, ERR_NETWORK,
			"not asked: its turn would come too late, in %" PRId64 " s",
			seconds > 0 ? seconds : 0);
	case TURN_BROKEN:
		out->retry_after_ms = wait_ms;
		return err_set(err, ERR_NETWORK,
			"not asked: the host fails, and is left alone for another %" PRId64 " s",
			seconds);
	case TURN_STOPPED:
		return err_set(err, ERR_NETWORK, "stopped");
	}
	assert(false);
	return false;
}

/* How long to wait before the next try, or that there is none: then err says so. */
static bool next_try(struct source *s, const struct source_request *q,
	const struct source_reply *reply, int64_t deadline, struct err *err)
{
	int64_t wait = manners_back_off_ms(s->manners, reply->tries);
	if (reply->retry_after_ms > wait)
		wait = reply->retry_after_ms;
	if (q->is_extra || reply->tries > s->settings->retries)
		return false;
	if (time_monotonic_ms() + wait < deadline)
		return manners_sleep(s->manners, wait);
	if (reply->retry_after_ms)
		err_set(err, err->kind, "%s, asks to be left alone for %" PRId64 " s", err->text,
			(reply->retry_after_ms + 999) / 1000);
	return false;
}

static bool fetch(struct source *s, const struct source_request *q, struct str etag,
	struct arena *keep, struct source_reply *out, struct err *err)
{
	char url[MAX_URL + 64];
	write_url(s->base, q, url);
	bool is_game = q->endpoint == ENDPOINT_BOX_SCORE || q->endpoint == ENDPOINT_PLAY_BY_PLAY;
	int64_t game = is_game ? q->id : 0;
	int64_t patience =
		s->settings->patience_ms ? s->settings->patience_ms : 3 * s->settings->timeout_ms;
	int64_t deadline = time_monotonic_ms() + patience;
	for (;;) {
		int64_t wait_ms;
		enum turn turn = manners_begin(s->manners, game, deadline, &wait_ms);
		/* After a failed try its error says more than that there is no other. */
		if (turn != TURN_GIVEN)
			return out->tries ? false : fail_turn(turn, wait_ms, out, err);
		out->tries++;
		struct result r =
			try_once(s, url, etag, deadline - time_monotonic_ms(), keep, out, err);
		manners_end(s->manners, game, r.verdict, out->retry_after_ms);
		if (r.is_good)
			return true;
		if (!r.may_retry || !next_try(s, q, out, deadline, err))
			return false;
	}
}

bool source_fetch(struct source *s, const struct source_request *q, struct arena *keep,
	struct source_reply *out, struct err *err)
{
	*out = (struct source_reply){.max_age_s = -1};
	/* So that the body, as it grows at the arena's end, is aligned like all else there. */
	arena_alloc(keep, 0, 1);
	struct curl_slist *set = set_headers(s, q->etag);
	bool ok = fetch(s, q, set ? q->etag : STR(""), keep, out, err);
	if (set)
		reset_headers(s, set);
	if (ok && out->status == 304 && !out->is_unchanged) /* asked again, without it */
		ok = fetch(s, q, STR(""), keep, out, err);
	if (ok)
		return true;
	if (out->tries > 1)
		err_set(err, err->kind, "%s after %d tries", err->text, out->tries);
	char url[MAX_URL + 64];
	write_url(s->shown, q, url);
	return err_wrap(err, "GET %s", url);
}
