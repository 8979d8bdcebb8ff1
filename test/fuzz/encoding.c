/* http_query_parse against libcurl: what curl encodes comes back as it was, and what both can decode is the same. */
#include "fuzz.h"

#include "http/server.h"

#include <curl/curl.h>

enum { LONGEST = 4096 };

static struct arena keep;

static bool parse(struct str query, struct http_parameter **list, size_t *count)
{
	struct str bad;
	return http_query_parse(query, &keep, list, count, &bad);
}

/* The value encoded by curl, read by us. */
static void check_encoded(CURL *curl, struct str value)
{
	struct http_parameter *list;
	size_t count = 0;
	char *encoded = curl_easy_escape(curl, value.n ? value.p : "", (int)value.n);
	fuzz_check(encoded);
	struct str query = str_format(&keep, "a=%s", encoded);
	bool may = str_is_utf8(value) && !(value.n && memchr(value.p, 0, value.n));
	fuzz_check(parse(query, &list, &count) == may);
	if (may)
		fuzz_check(count == 1 && str_equal(list[0].value, value));
	curl_free(encoded);
}

/* The value as it came, decoded by both; '+' is curl's no space, and what is no escape stays with curl as it is. */
static void check_decoded(CURL *curl, struct str value)
{
	struct http_parameter *list;
	size_t count = 0;
	int n = 0;
	if (value.n && (memchr(value.p, '+', value.n) || memchr(value.p, '&', value.n)))
		return;
	if (!parse(str_format(&keep, "a=%.*s", STR_ARG(value)), &list, &count))
		return;
	char *text = curl_easy_unescape(curl, value.n ? value.p : "", (int)value.n, &n);
	fuzz_check(text && count == 1);
	fuzz_check(str_equal(list[0].value, (struct str){text, (size_t)n}));
	curl_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static CURL *curl;
	if (size > LONGEST)
		return 0;
	if (!curl) {
		curl = curl_easy_init();
		fuzz_check(curl);
		keep = arena_reserve(1 << 20);
	}
	arena_reset(&keep);
	char *copy = fuzz_copy(data, size);
	/* As text: a NUL within ends what curl is given, where it takes a length of 0 for "as long as it is". */
	struct str value = {copy, size};
	if (size)
		check_encoded(curl, value);
	if (size && !memchr(copy, 0, size))
		check_decoded(curl, value);
	free(copy);
	return 0;
}
