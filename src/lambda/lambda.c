#include "lambda/lambda.h"

#include "base/log.h"
#include "base/time.h"
#include "lambda/runtime.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Between two events nothing is under way, and the process may end as it is. */
static volatile sig_atomic_t is_waiting, was_told_to_end;

static void on_signal(int number)
{
	(void)number;
	if (is_waiting)
		_exit(0);
	was_told_to_end = 1;
}

static bool next(struct runtime *r, struct invocation *i, struct err *err)
{
	is_waiting = 1;
	if (was_told_to_end)
		_exit(0);
	bool ok = runtime_next(r, i, err);
	is_waiting = 0;
	return ok;
}

static bool answer(struct runtime *r, struct function *f, const struct invocation *i,
	struct buf *out, struct err *err)
{
	struct err why;
	int64_t begun = time_monotonic_ms();
	setenv("_X_AMZN_TRACE_ID", i->trace, 1);
	bool ok = function_invoke(f, i->event, i->deadline_ms, out, &why);
	if (ok && out->failed)
		ok = err_set(&why, ERR_INTERNAL, "the answer is larger than %d bytes",
			RUNTIME_MAX_BYTES);
	log_info("invocation %s, trace %s: %s%s in %lld ms", i->id, *i->trace ? i->trace : "none",
		ok ? "answered" : "failed: ", ok ? "" : why.text,
		(long long)(time_monotonic_ms() - begun));
	return ok ? runtime_respond(r, i, buf_str(out), err) : runtime_fail(r, i, &why, err);
}

static bool serve(struct runtime *r, struct function *f, struct err *err)
{
	struct invocation invocation;
	struct buf out;
	buf_init(&out, RUNTIME_MAX_BYTES * 2); /* a page that is too large is told how large */
	while (next(r, &invocation, err) && answer(r, f, &invocation, &out, err))
		;
	buf_clear(&out);
	return false;
}

bool lambda_run(const struct function_settings *s, const char *address, struct err *err)
{
	struct err ignored;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	struct runtime *r = runtime_open(address, err);
	struct function *f = r ? function_open(s, err) : NULL;
	if (r && !f)
		runtime_fail_init(r, err, &ignored);
	if (f)
		serve(r, f, err);
	function_close(f);
	runtime_close(r);
	return false;
}
