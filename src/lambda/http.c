#include "lambda/events.h"

#include "api/invoke.h"
#include "lambda/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who sent it; they differ in how they say the same. */
enum sender {
	SENDER_GATEWAY_2, /* and function URLs */
	SENDER_GATEWAY_1,
	SENDER_BALANCER,
};

static yyjson_val *context_of(yyjson_val *event)
{
	return yyjson_obj_get(event, "requestContext");
}

bool is_http(yyjson_val *event)
{
	return yyjson_obj_get(context_of(event), "http") || yyjson_obj_get(event, "httpMethod");
}

static enum sender sender_of(yyjson_val *event)
{
	if (yyjson_obj_get(context_of(event), "http"))
		return SENDER_GATEWAY_2;
	return yyjson_obj_get(context_of(event), "elb") ? SENDER_BALANCER : SENDER_GATEWAY_1;
}

/* ---- the request ---- */

static struct str text_of(yyjson_val *v)
{
	return yyjson_is_str(v) ? (struct str){yyjson_get_str(v), yyjson_get_len(v)} : STR("");
}

/* The header, from whichever of the two members has it; several values are joined. */
static struct str find_header(yyjson_val *event, struct str name, struct arena *keep)
{
	static const char *const members[] = {"multiValueHeaders", "headers"};
	for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
		yyjson_obj_iter it = yyjson_obj_iter_with(yyjson_obj_get(event, members[m]));
		yyjson_val *key, *one;
		size_t k, count;
		while ((key = yyjson_obj_iter_next(&it))) { /* none without the member */
			if (!str_equal_nocase(text_of(key), name))
				continue;
			yyjson_val *value = yyjson_obj_iter_get_val(key);
			struct str all = text_of(value);
			yyjson_arr_foreach(value, k, count, one) all =
				all.n ? str_format(keep, "%.*s, %.*s", STR_ARG(all),
						STR_ARG(text_of(one)))
				      : text_of(one);
			return all;
		}
	}
	return STR("");
}

/* As it would have been sent: what API Gateway has decoded is encoded again. */
static void add_encoded(struct buf *out, struct str s, bool is_decoded, const char *plain)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
				(c >= 'a' && c <= 'z') || (c && strchr(plain, c));
		if (!is_decoded || is_plain)
			buf_add_char(out, (char)c);
		else
			buf_add_format(out, "%%%02X", c);
	}
}

static void add_parameter(struct buf *out, struct str name, struct str value, bool is_decoded)
{
	if (out->n)
		buf_add_char(out, '&');
	add_encoded(out, name, is_decoded, "-._~");
	buf_add_char(out, '=');
	add_encoded(out, value, is_decoded, "-._~:,");
}

static struct str join_query(yyjson_val *event, bool is_decoded, struct arena *keep)
{
	yyjson_val *many = yyjson_obj_get(event, "multiValueQueryStringParameters");
	yyjson_val *all =
		yyjson_is_obj(many) ? many : yyjson_obj_get(event, "queryStringParameters");
	yyjson_obj_iter it = yyjson_obj_iter_with(all);
	yyjson_val *key, *one;
	size_t k, count;
	struct buf out;
	buf_init(&out, 1 << 20);
	while ((key = yyjson_obj_iter_next(&it))) {
		yyjson_val *value = yyjson_obj_iter_get_val(key);
		if (yyjson_is_str(value))
			add_parameter(&out, text_of(key), text_of(value), is_decoded);
		yyjson_arr_foreach(value, k, count, one)
			add_parameter(&out, text_of(key), text_of(one), is_decoded);
	}
	struct str query = str_copy(keep, buf_str(&out));
	buf_clear(&out);
	return query;
}

/* A stage that has a name is the first part of the path. */
static struct str without_stage(struct str path, struct str stage)
{
	if (stage.n && str_starts(path, STR("/")) && str_starts(str_skip(path, 1), stage)) {
		struct str rest = str_skip(path, 1 + stage.n);
		if (!rest.n)
			return STR("/");
		if (rest.p[0] == '/')
			return rest;
	}
	return path;
}

static struct str read_method(yyjson_val *event, enum sender sender, struct api_request *q)
{
	struct str method;
	if (sender == SENDER_GATEWAY_2) {
		method = event_text(yyjson_obj_get(context_of(event), "http"), "method");
		q->path = without_stage(
			event_text(event, "rawPath"), event_text(context_of(event), "stage"));
	} else {
		method = event_text(event, "httpMethod");
		q->path = event_text(event, "path");
	}
	return method;
}

static bool read_request(yyjson_val *event, enum sender sender, struct arena *keep,
	struct api_request *q, struct problem *problem)
{
	static const struct str methods[] = {[HTTP_GET_] = STR_INIT("GET"),
		[HTTP_HEAD_] = STR_INIT("HEAD"),
		[HTTP_OPTIONS_] = STR_INIT("OPTIONS")};
	struct str method = read_method(event, sender, q);
	q->query = sender == SENDER_GATEWAY_2 ? event_text(event, "rawQueryString")
					      : join_query(event, sender == SENDER_GATEWAY_1, keep);
	q->accept = find_header(event, STR("accept"), keep);
	q->accept_encoding = find_header(event, STR("accept-encoding"), keep);
	q->if_match = find_header(event, STR("if-match"), keep);
	q->if_none_match = find_header(event, STR("if-none-match"), keep);
	q->authorization = find_header(event, STR("authorization"), keep);
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_equal(method, methods[i])) {
			q->method = (enum http_method)i;
			return true;
		}
	return problem_set(problem, 405, STR(""), "only GET, HEAD and OPTIONS are answered here");
}

/* ---- the answer ---- */

static void write_base64(struct buf *out, struct str s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		unsigned v = (unsigned)(unsigned char)s.p[i] << 16;
		v |= left > 1 ? (unsigned)(unsigned char)s.p[i + 1] << 8 : 0;
		v |= left > 2 ? (unsigned char)s.p[i + 2] : 0;
		buf_add_char(out, digits[v >> 18]);
		buf_add_char(out, digits[v >> 12 & 63]);
		buf_add_char(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_add_char(out, left > 2 ? digits[v & 63] : '=');
	}
}

static void write_headers(struct json *j, struct str head, bool are_arrays)
{
	json_key(j, are_arrays ? STR("multiValueHeaders") : STR("headers"));
	json_open(j, '{');
	while (head.n) {
		struct str_cut line = str_cut(head, '\n'), field = str_cut(line.head, ':');
		json_key(j, field.head);
		if (are_arrays)
			json_open(j, '[');
		json_text(j, str_trim(field.tail));
		if (are_arrays)
			json_close(j, ']');
		head = line.tail;
	}
	json_close(j, '}');
}

static void write_body(struct json *j, const struct api_reply *r)
{
	json_key(j, STR("isBase64Encoded"));
	json_bool(j, r->is_binary);
	json_key(j, STR("body"));
	if (!r->is_binary) {
		json_text(j, r->body);
		return;
	}
	struct buf text;
	buf_init(&text, r->body.n / 3 * 4 + 16);
	buf_add_char(&text, '"');
	write_base64(&text, r->body);
	buf_add_char(&text, '"');
	json_raw(j, buf_str(&text));
	buf_clear(&text);
}

static void write_reply(
	yyjson_val *event, enum sender sender, const struct api_reply *r, struct buf *out)
{
	bool are_arrays = sender == SENDER_BALANCER && yyjson_obj_get(event, "multiValueHeaders");
	struct json j = json_begin(out);
	buf_reset(out);
	json_open(&j, '{');
	json_key(&j, STR("statusCode"));
	json_i64(&j, r->status);
	if (sender == SENDER_BALANCER) {
		char text[64];
		snprintf(text, sizeof(text), "%d %.*s", r->status, STR_ARG(http_reason(r->status)));
		json_key(&j, STR("statusDescription"));
		json_text(&j, str_from(text));
	}
	write_headers(&j, r->head, are_arrays);
	write_body(&j, r);
	json_close(&j, '}');
}

static void refuse_size(
	const struct api_request *q, size_t bytes, struct arena *keep, struct api_reply *out)
{
	struct problem p;
	problem_set(&p, 413, STR("limit"),
		"the answer would have %zu bytes, and a function may answer with %d at most: ask "
		"for "
		"less by limit= or fields=",
		bytes, RUNTIME_MAX_BYTES);
	api_invoke_refuse(q, &p, keep, out);
}

/* For the database to find an answer; 0: as long as it takes. In whole seconds, as long as there are
 * any: each other limit is a question more to the server. */
static int64_t limit_ms(const struct function *f)
{
	int64_t left = function_time_left_ms(f);
	if (!f->deadline_ms)
		return 0;
	return left >= 1000 ? left / 1000 * 1000 : left > 1 ? left : 1;
}

bool handle_http(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	enum sender sender = sender_of(event);
	struct api_request q = {0};
	struct api_reply reply;
	struct problem problem;
	struct err why = {0};
	(void)err; /* everything is an answer */
	if (function_find_reader(f, &why))
		store_limit(f->reader, limit_ms(f));
	if (read_request(event, sender, &f->keep, &q, &problem))
		api_invoke(f->reader, &why, f->tokens, &q, &f->keep, &reply);
	else
		api_invoke_refuse(&q, &problem, &f->keep, &reply);
	if (reply.status >= 500 && reply.status != 501)
		function_store_failed(f);
	write_reply(event, sender, &reply, out);
	if (out->failed || out->n > RUNTIME_MAX_BYTES) {
		refuse_size(&q, reply.body.n, &f->keep, &reply);
		write_reply(event, sender, &reply, out);
	}
	return true;
}
