#include "api/answer.h"

#include "base/time.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- answers ---- */

static const struct {
	struct str status; /* of games.stats_status, where one is meant */
	const char *cache_control;
} freshnesses[FRESHNESSES] = {
	[FRESH_NEVER] = {STR_INIT(""), "no-store"},
	[FRESH_LIVE] = {STR_INIT("live"), "public, max-age=3"},
	[FRESH_SCHEDULED] = {STR_INIT("scheduled"), "public, max-age=30"},
	[FRESH_PROVISIONAL] = {STR_INIT("provisional"), "public, max-age=60"},
	[FRESH_OFFICIAL] = {STR_INIT("official"), "public, max-age=600"},
	[FRESH_SETTLED] = {STR_INIT("settled"), "public, max-age=86400"},
	[FRESH_FIXED] = {STR_INIT(""), "public, max-age=31536000, immutable"},
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

void answer_take_error(struct answer *a, const struct err *err)
{
	answer_problem(a, err_http_status(err->kind), STR(""), "%s", err->text);
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

bool etag_matches(struct str list, const struct etag *etag)
{
	while (list.n) {
		struct str_cut cut = str_cut(list, ',');
		struct str tag = str_trim(cut.head);
		list = cut.tail;
		if (str_starts(tag, STR("W/")))
			tag = str_skip(tag, 2);
		if (str_equal(tag, str_from(etag->text)) || str_equal(tag, STR("*")))
			return true;
	}
	return false;
}

/* ---- renditions ---- */

static void add_line(struct buf *out, struct str name, struct str value)
{
	buf_add(out, name);
	buf_add(out, STR(": "));
	buf_add(out, value);
	buf_add(out, STR("\r\n"));
}

/* What a 304 and the whole answer have in common. */
static void add_common(const struct answer *a, const struct etag *etag, struct buf *out)
{
	if (etag)
		add_line(out, STR("ETag"), str_from(etag->text));
	add_line(out, STR("Cache-Control"), str_from(freshnesses[a->freshness].cache_control));
	buf_add(out, STR("Vary: Accept, Accept-Encoding\r\n"
			 "Access-Control-Allow-Origin: *\r\n"
			 "Access-Control-Expose-Headers: ETag, Link, X-Total-Count, X-Observed-At, "
			 "X-Upstream-Age, X-Stale\r\n"));
	if (a->observed_at)
		add_line(out, STR("X-Observed-At"), str_from(time_format(a->observed_at).text));
	for (size_t i = 0; i < a->line_count; i++)
		add_line(out, a->lines[i].name, a->lines[i].value);
}

static bool compress_body(struct str body, struct buf *out)
{
	enum { LEVEL = 5, GZIP_HEAD = 16 };
	z_stream z = {0};
	if (deflateInit2(&z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_HEAD, 8, Z_DEFAULT_STRATEGY) != Z_OK)
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

static void add_whole(const struct answer *a, const struct etag *etag, struct str body, bool gzip,
	struct buf *out)
{
	add_line(out, STR("Content-Type"),
		a->problem.status ? STR("application/problem+json")
				  : format_kinds[a->format].content_type);
	if (gzip)
		add_line(out, STR("Content-Encoding"), STR("gzip"));
	if (a->status != 204) {
		buf_add(out, STR("Content-Length: "));
		buf_add_i64(out, (int64_t)body.n);
		buf_add(out, STR("\r\n"));
	}
	add_common(a, etag, out);
	buf_add(out, STR("\r\n"));
}

bool rendition_make(struct rendition *out, const struct answer *a, bool gzip)
{
	enum { HEAD_ROOM = 16 << 10, WORTH_IT = 400 };
	struct str body = buf_str(&a->body);
	struct buf packed;
	*out = (struct rendition){0};
	if (gzip && (a->problem.status || body.n < WORTH_IT))
		return false;
	buf_init(&packed, ANSWER_BYTES + (1 << 20));
	if (gzip && !compress_body(body, &packed)) {
		buf_clear(&packed);
		return false;
	}
	out->etag = etag_of(body, gzip);
	if (gzip)
		body = buf_str(&packed);
	buf_init(&out->bytes, body.n + HEAD_ROOM);
	buf_room(&out->bytes, body.n + 1024);
	add_whole(a, a->problem.status ? NULL : &out->etag, body, gzip, &out->bytes);
	out->head_bytes = out->bytes.n;
	buf_add(&out->bytes, body);
	buf_clear(&packed);
	return true;
}

void rendition_write_304(const struct rendition *r, const struct answer *a, struct buf *out)
{
	add_common(a, &r->etag, out);
	buf_add(out, STR("\r\n"));
}

void rendition_clear(struct rendition *r)
{
	buf_clear(&r->bytes);
}
