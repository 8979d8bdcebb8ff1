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
	char *encoded = curl_easy_escape(curl, value.p, (int)value.n);
	fuzz_check(encoded);
	struct str query = str_format(&keep, "a=%s", encoded);
	bool may = str_is_utf8(value) && !memchr(value.p, 0, value.n);
	fuzz_check(parse(query, &list, &count) == may);
	if (may)
		fuzz_check(count == 1 && str_equal(list[0].value, value));
	curl_free(encoded);
}

/* The value as it came, decoded by both: '+' is no space of curl's, and what is no escape stays there as it is. */
static void check_decoded(CURL *curl, struct str value)
{
	struct http_parameter *list;
	size_t count = 0;
	int n = 0;
	if (memchr(value.p, '+', value.n) || memchr(value.p, '&', value.n) ||
		memchr(value.p, 0, value.n))
		return;
	if (!parse(str_format(&keep, "a=%.*s", STR_ARG(value)), &list, &count))
		return;
	char *text = curl_easy_unescape(curl, value.p, (int)value.n, &n);
	fuzz_check(text && count == 1);
	fuzz_check(str_equal(list[0].value, (struct str){text, (size_t)n}));
	curl_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static CURL *curl;
	if (!size || size > LONGEST) /* to curl a length of 0 is "as long as it is" */
		return 0;
	if (!curl) {
		curl = curl_easy_init();
		fuzz_check(curl);
		keep = arena_reserve(1 << 20);
	}
	arena_reset(&keep);
	char *copy = fuzz_copy(data, size);
	check_encoded(curl, (struct str){copy, size});
	check_decoded(curl, (struct str){copy, size});
	free(copy);
	return 0;
}
