/* function_invoke: any event is answered with JSON of the size that may be sent, or refused with a sentence. The
 * database is an empty one, and nobody listens where the upstream is said to be. */
#include "fuzz.h"

#include "base/log.h"
#include "base/time.h"
#include "lambda/function.h"
#include "lambda/runtime.h"
#include "store/store.h"

#include <unistd.h>
#include <yyjson.h>

enum { MARGIN_MS = 500, WORK_MS = 20 }; /* what the function keeps back, and what it has */

static char path[64];

static void remove_database(void)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char name[80];
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

static struct function *open_function(void)
{
	static char url[80];
	struct err err;
	log_open(LOG_ERROR, LOG_TEXT);
	snprintf(path, sizeof(path), "/tmp/rinkside-event-%ld.db", (long)getpid());
	snprintf(url, sizeof(url), "sqlite:%s", path);
	atexit(remove_database);
	struct store *s = store_open(str_from(url), STORE_WRITE, &err);
	fuzz_check(s);
	store_close(s);
	const struct function_settings settings = {.db = str_from(url),
		.source = {.upstream = STR("http://127.0.0.1:1"),
			.timeout_ms = WORK_MS,
			.is_long_lived = true},
		.every_ms = 10000,
		.jobs = 2};
	struct function *f = function_open(&settings, &err);
	fuzz_check(f);
	return f;
}

static void check_answer(struct str text)
{
	fuzz_check(text.n <= RUNTIME_MAX_BYTES);
	yyjson_doc *doc = yyjson_read(text.p, text.n, 0);
	fuzz_check(doc);
	yyjson_val *status = yyjson_obj_get(yyjson_doc_get_root(doc), "statusCode");
	fuzz_check(!status || (yyjson_get_int(status) >= 200 && yyjson_get_int(status) <= 599));
	yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct function *f;
	static struct buf out;
	struct err err = {0};
	if (!f) {
		f = open_function();
		buf_init(&out, 16 << 20);
	}
	char *copy = fuzz_copy(data, size);
	if (function_invoke(f, (struct str){copy, size}, time_monotonic_ms() + MARGIN_MS + WORK_MS,
		    &out, &err))
		check_answer(buf_str(&out));
	else
		fuzz_check(err.kind != ERR_NONE && err.text[0]);
	free(copy);
	return 0;
}
