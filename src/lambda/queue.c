#include "lambda/queue.h"

#include "base/json.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

enum {
	MAX_URL = 512,
	MAX_MESSAGE = 1 << 16,
	MAX_ANSWER = 1 << 14,
	TIMEOUT_MS = 10000,
};

struct queue {
	CURL *curl; /* kept, and its connection with it */
	struct buf request, answer;
	char url[MAX_URL], endpoint[MAX_URL];
	char problem[CURL_ERROR_SIZE];
};

/* ---- one request ---- */

static size_t take_answer(char *p, size_t size, size_t count, void *context)
{
	struct queue *q = context;
	buf_add(&q->answer, (struct str){p, size * count});
	return size * count; /* what is too long is not read, and no failure */
}

static void write_request(struct queue *q, struct str message, int64_t delay_s)
{
	struct json j = json_begin(&q->request);
	buf_reset(&q->request);
	json_open(&j, '{');
	json_key(&j, STR("QueueUrl"));
	json_text(&j, str_from(q->url));
	json_key(&j, STR("MessageBody"));
	json_text(&j, message);
	json_key(&j, STR("DelaySeconds"));
	json_i64(&j, delay_s);
	json_close(&j, '}');
}

/* "com.amazonaws.sqs#QueueDoesNotExist": what is behind the #. The sentence beside it may repeat the
 * request, credentials and all. */
static struct str error_name(yyjson_val *answer)
{
	struct str type = str_from(yyjson_get_str(yyjson_obj_get(answer, "__type")));
	struct str_cut cut = str_cut(type, '#');
	return str_first(cut.found ? cut.tail : type, 80);
}

static bool refused(const struct queue *q, long status, struct err *err)
{
	yyjson_doc *doc = yyjson_read(q->answer.p ? q->answer.p : "", q->answer.n, 0);
	struct str name = error_name(yyjson_doc_get_root(doc));
	err_set(err, ERR_STATUS, "the queue answered with status %ld%s%.*s", status,
		name.n ? ", " : "", STR_ARG(name));
	yyjson_doc_free(doc);
	return false;
}

static bool perform(struct queue *q, struct err *err)
{
	long status = 0;
	buf_reset(&q->answer);
	q->problem[0] = '\0';
	CURLcode code = curl_easy_perform(q->curl);
	if (code != CURLE_OK)
		return err_set(err, ERR_NETWORK, "the queue: %s",
			*q->problem ? q->problem : curl_easy_strerror(code));
	curl_easy_getinfo(q->curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 || refused(q, status, err);
}

/* ---- who asks ---- */

static struct curl_slist *add_line(struct curl_slist *lines, const char *name, const char *value)
{
	char *line;
	if (asprintf(&line, "%s: %s", name, value) < 0)
		abort();
	lines = curl_slist_append(lines, line);
	free(line);
	return lines;
}

static bool set_credentials(struct queue *q, struct curl_slist **lines, struct err *err)
{
	const char *key = getenv("AWS_ACCESS_KEY_ID"), *secret = getenv("AWS_SECRET_ACCESS_KEY");
	const char *token = getenv("AWS_SESSION_TOKEN");
	if (!key || !*key || !secret || !*secret)
		return err_set(err, ERR_USAGE,
			"the queue: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set, by which "
			"requests are signed");
	curl_easy_setopt(q->curl, CURLOPT_USERNAME, key);
	curl_easy_setopt(q->curl, CURLOPT_PASSWORD, secret);
	if (token && *token)
		*lines = add_line(*lines, "X-Amz-Security-Token", token);
	return true;
}

bool queue_send(
	struct queue *q, struct str message, int64_t delay_s, int64_t timeout_ms, struct err *err)
{
	struct curl_slist *lines = add_line(NULL, "Content-Type", "application/x-amz-json-1.0");
	lines = add_line(lines, "X-Amz-Target", "AmazonSQS.SendMessage");
	write_request(q, message, delay_s);
	curl_easy_setopt(q->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->request.n);
	curl_easy_setopt(q->curl, CURLOPT_POSTFIELDS, q->request.p);
	curl_easy_setopt(q->curl, CURLOPT_TIMEOUT_MS,
		(long)(timeout_ms < TIMEOUT_MS ? timeout_ms : TIMEOUT_MS));
	bool ok = set_credentials(q, &lines, err);
	curl_easy_setopt(q->curl, CURLOPT_HTTPHEADER, lines);
	ok = ok && perform(q, err);
	curl_easy_setopt(q->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(lines);
	return ok;
}

/* ---- opening and closing ---- */

/* The endpoint is the URL without its path, which names the account and the queue. */
static bool take_url(struct queue *q, struct str url, struct err *err)
{
	char *scheme = NULL, *endpoint = NULL;
	CURLU *parts = curl_url();
	snprintf(q->url, sizeof(q->url), "%.*s", STR_ARG(url));
	bool ok = url.n < sizeof(q->url) &&
		  curl_url_set(parts, CURLUPART_URL, q->url, 0) == CURLUE_OK &&
		  curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		  str_starts(str_from(scheme), STR("http")) &&
		  curl_url_set(parts, CURLUPART_PATH, "/", 0) == CURLUE_OK &&
		  curl_url_set(parts, CURLUPART_QUERY, NULL, 0) == CURLUE_OK &&
		  curl_url_get(parts, CURLUPART_URL, &endpoint, 0) == CURLUE_OK;
	if (ok)
		snprintf(q->endpoint, sizeof(q->endpoint), "%s", endpoint);
	curl_free(scheme);
	curl_free(endpoint);
	curl_url_cleanup(parts);
	return ok || err_set(err, ERR_USAGE,
			     "the delay queue must be a URL such as "
			     "https://sqs.eu-central-1.amazonaws.com/123456789012/delays");
}

static bool set_up(struct queue *q, struct str url, struct err *err)
{
	char signing[128];
	const char *region = getenv("AWS_REGION");
	if (!take_url(q, url, err))
		return false;
	if (!region || !*region)
		return err_set(err, ERR_USAGE, "the delay queue: AWS_REGION is not set");
	snprintf(signing, sizeof(signing), "aws:amz:%s:sqs", region);
	curl_easy_setopt(q->curl, CURLOPT_URL, q->endpoint);
	curl_easy_setopt(q->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(q->curl, CURLOPT_ERRORBUFFER, q->problem);
	curl_easy_setopt(q->curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(q->curl, CURLOPT_WRITEDATA, q);
	return curl_easy_setopt(q->curl, CURLOPT_AWS_SIGV4, signing) == CURLE_OK ||
	       err_set(err, ERR_INTERNAL, "this libcurl cannot sign requests");
}

struct queue *queue_open(struct str url, struct err *err)
{
	struct queue *q = calloc(1, sizeof(*q));
	if (!q)
		abort();
	buf_init(&q->request, MAX_MESSAGE);
	buf_init(&q->answer, MAX_ANSWER);
	q->curl = curl_easy_init();
	if (!q->curl)
		err_set(err, ERR_INTERNAL, "libcurl could not be started");
	if (q->curl && set_up(q, url, err))
		return q;
	queue_close(q);
	return NULL;
}

void queue_close(struct queue *q)
{
	if (!q)
		return;
	curl_easy_cleanup(q->curl);
	buf_clear(&q->request);
	buf_clear(&q->answer);
	free(q);
}
