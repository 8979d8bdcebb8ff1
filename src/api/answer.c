#include "api/answer.h"

#include "api/route.h"
#include "base/log.h"
#include "base/time.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- answers ---- */

#define HELD(seconds) "public, max-age=" seconds, "private, max-age=" seconds
static const struct {
	struct str status;             /* of games.stats_status, where one is meant */
	const char *for_all, *for_one; /* Cache-Control; for_one where tokens are asked for */
} freshnesses[FRESHNESSES] = {
	[FRESH_NEVER] = {STR_INIT(""), "no-store", "no-store"},
	[FRESH_LIVE] = {STR_INIT("live"), HELD("3")},
	[FRESH_SCHEDULED] = {STR_INIT("scheduled"), HELD("30")},
	[FRESH_PROVISIONAL] = {STR_INIT("provisional"), HELD("60")},
	[FRESH_OFFICIAL] = {STR_INIT("official"), HELD("600")},
	[FRESH_SETTLED] = {STR_INIT("settled"), HELD("86400")},
	[FRESH_FIXED] = {STR_INIT(""), HELD("31536000, immutable")},
};

enum freshness freshness_of(struct str stats_status)
{
	for (int f = FRESH_LIVE; f <= FRESH_SETTLED; f++)
		if (str_equal(freshnesses[f].status, stats_status))
			return (enum freshness)f;
	return FRESH_LIVE;
}

void answer_init(struct answer *a, const struct call *call)
{
	*a = (struct answer){.status = 200, .format = call->format, .freshness = FRESH_LIVE};
	buf_init(&a->body, ANSWER_BYTES);
}

void answer_clear(struct answer *a)
{
	buf_clear(&a->body);
}

void answer_add_line(struct answer *a, struct str name, struct str value)
{
	assert(a->line_count < ANSWER_LINES);
	a->lines[a->line_count++] = (struct http_header_line){name, value};
}

void answer_take_problem(struct answer *a, const struct problem *p)
{
	a->problem = *p;
	a->status = p->status;
	a->freshness = FRESH_NEVER;
	a->line_count = 0;
	a->observed_at = a->game_id = 0;
	a->is_large = false;
	a->hold_ms = -1;
	buf_reset(&a->body);
	http_problem_write(&a->body, p->status, p->parameter, str_from(p->detail));
	if (p->status == 503)
		answer_add_line(a, STR("Retry-After"), STR("5"));
	if (p->status == 401)
		answer_add_line(a, STR("WWW-Authenticate"), STR("Bearer"));
}

bool answer_problem(struct answer *a, int status, struct str parameter, const char *format, ...)
{
	struct problem p = {.status = status, .parameter = parameter};
	va_list args;
	va_start(args, format);
	vsnprintf(p.detail, sizeof(p.detail), format, args);
	va_end(args);
	answer_take_problem(a, &p);
	return true;
}

void answer_away(struct answer *a)
{
	answer_problem(a, 503, STR(""), "the database is away; ask again");
}

void answer_take_error(struct answer *a, const struct err *err)
{
	/* Of no use to a reader, and where the database lies is not theirs to know. */
	if (err->kind == ERR_STORE) {
		log_warning("api: %s", err->text);
		answer_away(a);
	} else {
		answer_problem(a, err_http_status(err->kind), STR(""), "%s", err->text);
	}
}

/* ---- ETags ---- */

static struct etag etag_of(struct str body, bool gzip)
{
	struct etag e;
	XXH128_hash_t h = XXH3_128bits(body.p ? body.p : "", body.n);
	snprintf(e.text, sizeof(e.text), "\"%016llx%016llx%s\"", (unsigned long long)h.high64,
		(unsigned long long)h.low64, gzip ? "-gz" : "");
	return e;
}

static uint64_t hash_text(uint64_t hash, struct str s)
{
	hash = XXH3_64bits_withSeed(&s.n, sizeof(s.n), hash);
	return s.n ? XXH3_64bits_withSeed(s.p, s.n, hash) : hash;
}

bool answer_etag_of_state(
	struct etag *out, struct store *s, const struct call *call, bool gzip, struct arena *keep)
{
	struct store_state state;
	struct err err;
	/* With a delay it is of the time of asking, too; and when a game is due next is told by no revision. */
	if (call_get(call, STR("delay")) || call->route->rows == &game_table)
		return false;
	if (!store_get_state(s, call->route->rows, keep, &state, &err))
		return false;
	uint64_t hash = hash_text((uint64_t)call->id, call->route->pattern), sum = 0;
	for (size_t i = 0; i < call->count; i++)
		sum += hash_text(hash_text(hash, call->arguments[i].parameter->name),
			call->arguments[i].text);
	hash = hash_text(hash, format_kinds[call->format].name) ^ sum;
	hash = hash_text(hash, state.identity);
	hash = hash_text(hash, state.bookkeeping);
	snprintf(out->text, sizeof(out->text), "\"r%lld-%016llx%s\"", (long long)state.revision,
		(unsigned long long)hash, gzip ? "-gz" : "");
	return true;
}

static bool is_listed(struct str list, const struct etag *etag, bool takes_weak)
{
	while (list.n) {
		struct str_cut cut = str_cut(list, ',');
		struct str tag = str_trim(cut.head);
		list = cut.tail;
		if (takes_weak && str_starts(tag, STR("W/")))
			tag = str_skip(tag, 2);
		if (str_equal(tag, str_from(etag->text)) || str_equal(tag, STR("*")))
			return true;
	}
	return false;
}

bool etag_matches(struct str list, const struct etag *etag)
{
	return is_listed(list, etag, true);
}

bool answer_is_other(struct str if_match, const struct etag *etag, struct answer *out)
{
	return if_match.n && !is_listed(if_match, etag, false) &&
	       answer_problem(out, 412, STR("If-Match"), "If-Match: the ETag is another by now");
}

/* ---- renditions ---- */

const char *answer_cache_control(const struct answer *a)
{
	return a->is_private ? freshnesses[a->freshness].for_one
			     : freshnesses[a->freshness].for_all;
}

static struct http_header_line *add_line(
	struct http_header_line *at, struct str name, struct str value)
{
	*at = (struct http_header_line){name, value};
	return at + 1;
}

/* What a 304 and the whole answer have in common; then what tells of the body. */
size_t answer_head_lines(
	const struct answer *a, const struct etag *etag, bool gzip, struct http_header_line *out)
{
	struct http_header_line *at = out;
	if (etag)
		at = add_line(at, STR("ETag"), str_from(etag->text));
	at = add_line(at, STR("Vary"), STR("Accept, Accept-Encoding"));
	at = add_line(at, STR("Access-Control-Allow-Origin"), STR("*"));
	at = add_line(at, STR("Access-Control-Expose-Headers"),
		STR("ETag, Link, Retry-After, X-Total-Count, X-Observed-At, X-Upstream-Age, "
		    "X-Stale"));
	for (size_t i = 0; i < a->line_count; i++)
		at = add_line(at, a->lines[i].name, a->lines[i].value);
	if (a->status != 304)
		at = add_line(at, STR("Content-Type"),
			a->problem.status   ? STR("application/problem+json")
			: a->content_type.n ? a->content_type
					    : format_kinds[a->format].content_type);
	if (gzip && a->status != 304)
		at = add_line(at, STR("Content-Encoding"), STR("gzip"));
	return (size_t)(at - out);
}

static void write_head(const struct answer *a, const struct etag *etag, bool gzip, struct buf *out)
{
	struct http_header_line lines[ANSWER_HEAD_LINES];
	size_t n = answer_head_lines(a, etag, gzip, lines);
	for (size_t i = 0; i < n; i++) {
		buf_add(out, lines[i].name);
		buf_add(out, STR(": "));
		buf_add(out, lines[i].value);
		buf_add(out, STR("\r\n"));
	}
	if (a->observed_at) {
		buf_add(out, STR("X-Observed-At: "));
		buf_add(out, str_from(time_format(a->observed_at).text));
		buf_add(out, STR("\r\n"));
	}
}

bool gzip_init(z_stream *z, int level)
{
	enum { GZIP_HEAD = 16 };
	*z = (z_stream){0};
	return deflateInit2(z, level, Z_DEFLATED, MAX_WBITS + GZIP_HEAD, 8, Z_DEFAULT_STRATEGY) ==
	       Z_OK;
}

static bool compress_body(struct str body, struct buf *out)
{
	enum { LEVEL = 5 };
	z_stream z;
	if (!gzip_init(&z, LEVEL))
		return false;
	size_t bound = deflateBound(&z, body.n);
	char *room = buf_room(out, bound);
	z.next_in = (Bytef *)(uintptr_t)body.p;
	z.avail_in = (uInt)body.n;
	z.next_out = (Bytef *)room;
	z.avail_out = (uInt)bound;
	bool ok = room && deflate(&z, Z_FINISH) == Z_STREAM_END;
	if (ok)
		buf_grew(out, z.total_out);
	deflateEnd(&z);
	return ok;
}

static bool make_body(struct answer *a, bool gzip, struct buf *out)
{
	enum { WORTH_IT = 400 };
	if (!gzip) {
		*out = a->body;
		buf_init(&a->body, ANSWER_BYTES);
		return true;
	}
	buf_init(out, ANSWER_BYTES + (1 << 20));
	if (!a->problem.status && a->body.n >= WORTH_IT && compress_body(buf_str(&a->body), out))
		return true;
	buf_clear(out);
	return false;
}

bool rendition_make(struct rendition *out, struct answer *a, bool gzip)
{
	enum { HEAD_MOST = 16 << 10 };
	*out = (struct rendition){.etag = etag_of(buf_str(&a->body), gzip)};
	if (!make_body(a, gzip, &out->body))
		return false;
	buf_init(&out->head, HEAD_MOST);
	write_head(a, a->status == 200 ? &out->etag : NULL, gzip, &out->head);
	buf_add(&out->head, STR("Content-Length: "));
	buf_add_i64(&out->head, (int64_t)out->body.n);
	buf_add(&out->head, STR("\r\n\r\n"));
	return true;
}

void rendition_write_304(const struct rendition *r, const struct answer *a, struct buf *out)
{
	struct answer unchanged = *a;
	unchanged.status = 304;
	write_head(&unchanged, &r->etag, false, out);
	buf_add(out, STR("\r\n"));
}

void rendition_clear(struct rendition *r)
{
	buf_clear(&r->head);
	buf_clear(&r->body);
}
