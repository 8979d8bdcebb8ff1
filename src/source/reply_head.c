#include "source/reply_head.h"

#include "base/time.h"

#include <curl/curl.h>

#include <string.h>

enum {
	MAX_AGE_S = 366 * 86400,
	ETAG_EARLIEST = 1420070400, /* 2015: an older "time" is a hash that looks like one */
};

void reply_head_init(struct reply_head *h)
{
	*h = (struct reply_head){.max_age_s = -1};
}

static bool parse_seconds(struct str value, int64_t *out)
{
	int64_t s;
	if (!str_to_i64(value, &s) || s < 0)
		return false;
	*out = s < MAX_AGE_S ? s : MAX_AGE_S;
	return true;
}

static bool parse_date(struct str value, int64_t *out)
{
	char text[64];
	if (!value.n || value.n >= sizeof(text))
		return false;
	memcpy(text, value.p, value.n);
	text[value.n] = 0;
	time_t at = curl_getdate(text, NULL);
	if (at <= 0)
		return false;
	*out = at;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/*
 * W/"6567c306--gzip": the Unix second, in hex, at which the CDN's cache window ends
 * (recorded 2023-11). Anything else is a hash to us and orders nothing.
 */
static void take_etag(struct reply_head *h, struct str value)
{
	if (value.n && value.n < sizeof(h->etag)) {
		memcpy(h->etag, value.p, value.n);
		h->etag[value.n] = 0;
	}
	if (!str_starts(value, STR("W/\"")) || !str_ends(value, STR("\"")))
		return;
	value = str_skip(value, 3);
	int64_t at = 0;
	for (size_t i = 0; i < 8; i++) {
		int digit = i < value.n ? hex_digit(value.p[i]) : -1;
		if (digit < 0)
			return;
		at = at * 16 + digit;
	}
	if (str_starts(str_skip(value, 8), STR("--")) && at >= ETAG_EARLIEST)
		h->etag_time = at;
}

static void take_cache_control(struct reply_head *h, struct str value)
{
	while (value.n) {
		struct str_cut cut = str_cut(value, ',');
		struct str_cut word = str_cut(str_trim(cut.head), '=');
		if (str_equal_nocase(word.head, STR("max-age")))
			parse_seconds(word.tail, &h->max_age_s);
		value = cut.tail;
	}
}

static void take_date(struct reply_head *h, struct str value)
{
	parse_date(value, &h->date_s);
}

static void take_age(struct reply_head *h, struct str value)
{
	parse_seconds(value, &h->age_s);
}

static void take_retry_after(struct reply_head *h, struct str value)
{
	if (!parse_seconds(value, &h->retry_after_s))
		parse_date(value, &h->retry_at_s);
}

void reply_head_add(struct reply_head *h, struct str line)
{
	static const struct {
		struct str name;
		void (*take)(struct reply_head *h, struct str value);
	} fields[] = {
		{STR_INIT("etag"), take_etag},
		{STR_INIT("date"), take_date},
		{STR_INIT("age"), take_age},
		{STR_INIT("cache-control"), take_cache_control},
		{STR_INIT("retry-after"), take_retry_after},
	};
	struct str_cut cut = str_cut(line, ':');
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (str_equal_nocase(cut.head, fields[i].name))
			fields[i].take(h, str_trim(cut.tail));
}

/* A Date that is yet to come is none: it would keep newer bodies out until then. */
static bool has_date(const struct reply_head *h, int64_t arrival_s)
{
	return h->date_s && h->date_s <= arrival_s + CLOCKS_APART_MS / 1000;
}

int64_t reply_head_order_time(const struct reply_head *h, int64_t arrival_s)
{
	/* Nor is a window that ends a year from now a cache's. */
	int64_t now = has_date(h, arrival_s) ? h->date_s : arrival_s;
	if (h->etag_time && h->etag_time <= now + MAX_AGE_S)
		return h->etag_time;
	return now - h->age_s;
}

int64_t reply_head_retry_after_s(const struct reply_head *h, int64_t arrival_s)
{
	if (h->retry_after_s)
		return h->retry_after_s;
	int64_t s = h->retry_at_s - (h->date_s ? h->date_s : arrival_s);
	return h->retry_at_s && s > 0 ? s : 0;
}
