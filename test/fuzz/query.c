/* http_query_parse: what it takes is UTF-8 without NUL, and what it refuses it names. */
#include "fuzz.h"

#include "http/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_parameter *list;
	struct str bad = {0};
	size_t count;
	if (size > 16384)
		return 0;
	struct arena *keep = fuzz_arena(1 << 24);
	char *copy = fuzz_copy(data, size);
	bool ok = http_query_parse((struct str){copy, size}, keep, &list, &count, &bad);
	fuzz_check(ok || bad.n);
	for (size_t i = 0; ok && i < count; i++) {
		fuzz_check(str_is_utf8(list[i].name) && str_is_utf8(list[i].value));
		fuzz_check(!list[i].value.n || !memchr(list[i].value.p, 0, list[i].value.n));
	}
	free(copy);
	return 0;
}
