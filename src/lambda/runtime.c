#include "lambda/runtime.h"

#include "base/json.h"
#include "base/time.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EVENT_BYTES = 8 << 20, ANSWER_TIMEOUT_MS = 10000 };

struct runtime {
	CURL *next, *post; /* two, so that neither has to be set up anew */
	struct buf event;
	char base[300], problem[CURL_ERROR_SIZE];
	struct invocation *now; /* being received */
};

/* ---- what comes in ---- */

static size_t take_body(char *p, size_t size, size_t count, void *context)
{
	struct runtime *r = context;
	buf_add(&r->event, (struct str){p, size * count});
	return r->event.failed ? 0 : size * count;
}

static size_t drop_body(char *p, size_t size, size_t count, void *context)
{
	(void)p, (void)context;
	return size * count;
}

static int64_t wall_clock_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t take_header(char *p, size_t size, size_t count, void *context)
{
	struct invocation *i = ((struct runtime *)context)->now;
	struct str_cut cut = str_cut((struct str){p, size * count}, ':');
	struct str value = str_trim(cut.tail);
	int64_t deadline;
	if (str_equal_nocase(cut.head, STR("Lambda-Runtime-Aws-Request-Id")))
		snprintf(i->id, sizeof(i->id), "%.*s", STR_ARG(value));
	else if (str_equal_nocase(cut.head, STR("Lambda-Runtime-Trace-Id")))
		snprintf(i->trace, sizeof(i->trace), "%.*s", STR_ARG(value));
	else if (str_equal_nocase(cut.head, STR("Lambda-Runtime-Deadline-Ms")) &&
		 str_to_i64(value, &deadline))
		i->deadline_ms = time_monotonic_ms() + deadline - wall_clock_ms();
	return size * count;
}

/* ---- requests ---- */

static bool perform(struct runtime *r, CURL *c, const char *what, struct err *err)
{
	long status = 0;
	r->problem[0] = '\0';
	CURLcode code = curl_easy_perform(c);
	if (code != CURLE_OK)
		return err_set(err, ERR_NETWORK, "the runtime interface: %s: %s", what,
			*r->problem ? r->problem : curl_easy_strerror(code));
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	return (status >= 200 && status < 300) ||
	       err_set(err, ERR_STATUS, "the runtime interface: %s: status %ld", what, status);
}

bool runtime_next(struct runtime *r, struct invocation *out, struct err *err)
{
	*out = (struct invocation){0};
	r->now = out;
	buf_reset(&r->event);
	if (!perform(r, r->next, "the next invocation", err))
		return false;
	out->event = buf_str(&r->event);
	return *out->id ||
	       err_set(err, ERR_DECODE, "the runtime interface: an invocation without an id");
}

static bool post(struct runtime *r, const char *path, const char *error_type, struct str body,
	struct err *err)
{
	char url[512], line[128];
	struct curl_slist *lines = curl_slist_append(NULL, "Content-Type: application/json");
	lines = curl_slist_append(lines, "Expect:");
	if (error_type) {
		snprintf(line, sizeof(line), "Lambda-Runtime-Function-Error-Type: %s", error_type);
		lines = curl_slist_append(lines, line);
	}
	snprintf(url, sizeof(url), "%s%s", r->base, path);
	curl_easy_setopt(r->post, CURLOPT_URL, url);
	curl_easy_setopt(r->post, CURLOPT_HTTPHEADER, lines);
	curl_easy_setopt(r->post, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	curl_easy_setopt(r->post, CURLOPT_POSTFIELDS, body.p ? body.p : "");
	bool ok = perform(r, r->post, path, err);
	curl_easy_setopt(r->post, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(lines);
	return ok;
}

bool runtime_respond(
	struct runtime *r, const struct invocation *i, struct str answer, struct err *err)
{
	char path[200];
	snprintf(path, sizeof(path), "/invocation/%s/response", i->id);
	return post(r, path, NULL, answer, err);
}

static bool post_error(struct runtime *r, const char *path, const struct err *why, struct err *err)
{
	static const char *const types[] = {
		[ERR_NONE] = "Rinkside.None",
		[ERR_INTERNAL] = "Rinkside.Internal",
		[ERR_USAGE] = "Rinkside.BadEvent",
		[ERR_NETWORK] = "Rinkside.Network",
		[ERR_STATUS] = "Rinkside.Upstream",
		[ERR_DECODE] = "Rinkside.Decode",
		[ERR_STORE] = "Rinkside.Store",
		[ERR_LIMIT] = "Rinkside.Limit",
		[ERR_NOT_FOUND] = "Rinkside.NotFound",
	};
	struct buf body;
	buf_init(&body, 1 << 14);
	struct json j = json_begin(&body);
	json_open(&j, '{');
	json_key(&j, STR("errorType"));
	json_text(&j, str_from(types[why->kind]));
	json_key(&j, STR("errorMessage"));
	json_text(&j, str_from(why->text));
	json_key(&j, STR("stackTrace"));
	json_raw(&j, STR("[]"));
	json_close(&j, '}');
	bool ok = post(r, path, types[why->kind], buf_str(&body), err);
	buf_clear(&body);
	return ok;
}

bool runtime_fail(
	struct runtime *r, const struct invocation *i, const struct err *why, struct err *err)
{
	char path[200];
	snprintf(path, sizeof(path), "/invocation/%s/error", i->id);
	return post_error(r, path, why, err);
}

bool runtime_fail_init(struct runtime *r, const struct err *why, struct err *err)
{
	return post_error(r, "/init/error", why, err);
}

/* ---- opening and closing ---- */

static void set_common(struct runtime *r, CURL *c)
{
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->problem);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)ANSWER_TIMEOUT_MS);
}

static void set_next(struct runtime *r)
{
	char url[400];
	snprintf(url, sizeof(url), "%s/invocation/next", r->base);
	set_common(r, r->next);
	curl_easy_setopt(r->next, CURLOPT_URL, url);
	curl_easy_setopt(r->next, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(r->next, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->next, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(r->next, CURLOPT_HEADERDATA, r);
}

static void set_post(struct runtime *r)
{
	set_common(r, r->post);
	curl_easy_setopt(r->post, CURLOPT_TIMEOUT_MS, (long)ANSWER_TIMEOUT_MS);
	curl_easy_setopt(r->post, CURLOPT_WRITEFUNCTION, drop_body);
}

struct runtime *runtime_open(const char *address, struct err *err)
{
	struct runtime *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	buf_init(&r->event, EVENT_BYTES);
	snprintf(r->base, sizeof(r->base), "http://%s/2018-06-01/runtime", address);
	r->next = curl_easy_init();
	r->post = curl_easy_init();
	if (!r->next || !r->post) {
		err_set(err, ERR_INTERNAL, "libcurl could not be started");
		runtime_close(r);
		return NULL;
	}
	set_next(r);
	set_post(r);
	return r;
}

void runtime_close(struct runtime *r)
{
	if (!r)
		return;
	curl_easy_cleanup(r->next);
	curl_easy_cleanup(r->post);
	buf_clear(&r->event);
	free(r);
}
