#include "api/invoke.h"

#include "api/route.h"
#include "api/serve.h"
#include "api/shelf.h"

static void answer_stream(struct answer *a)
{
	answer_problem(a, 501, STR(""),
		"a stream needs a connection that lasts, which a function does not have; ask "
		"/changes?after= instead");
}

static void answer_call(struct store *store, const struct err *why, const struct call *call,
	struct arena *keep, struct answer *a)
{
	struct context context = {.store = store, .keep = keep};
	struct err err = {0};
	if (call->route->kind == ROUTE_STREAM)
		answer_stream(a);
	else if (call->route->kind == ROUTE_STORE && !call->route->can_do_without && !store)
		answer_take_error(a, why);
	else if (!route_answer(call->route, &context, call, a, &err))
		answer_take_error(a, &err);
}

static bool check(const struct api_request *q, const struct tokens *tokens, struct call *call,
	struct arena *keep, struct problem *problem)
{
	call->format = call_accept(call->route, q->accept);
	return api_check_token(tokens, call->route, q->authorization, problem) &&
	       call_read_query(call, q->query, keep, problem);
}

static void take_face(
	const struct api_request *q, struct answer *a, struct arena *keep, struct api_reply *out)
{
	struct face face;
	char room[API_OWN_LINES];
	bool gzip = request_takes_gzip(q->accept_encoding);
	face_make(&face, a, gzip);
	out->is_binary = gzip && face.body;
	if (!face.body)
		face_make(&face, a, false);
	if (face.unchanged && answer_is_other(q->if_match, &face.etag, a)) {
		face_clear(&face);
		face_make(&face, a, false);
		out->is_binary = false;
	}
	out->status = a->status;
	struct str head = blob_str(face.head);
	struct str body = q->method == HTTP_HEAD_ ? STR("") : blob_str(face.body);
	if (q->if_none_match.n && face.unchanged && etag_matches(q->if_none_match, &face.etag)) {
		out->status = 304;
		head = blob_str(face.unchanged);
		body = STR("");
	}
	head.n -= 2; /* the empty line */
	out->head = str_format(keep, "%.*s%.*s",
		STR_ARG(api_own_lines(answer_cache_control(a), a->observed_at, false, room)),
		STR_ARG(head));
	out->body = str_copy(keep, body);
	face_clear(&face);
}

static void reply_options(struct arena *keep, struct api_reply *out)
{
	struct str head = {0};
	for (size_t i = 0; i < API_OPTIONS_LINES; i++)
		head = str_format(keep, "%.*s%.*s: %.*s\r\n", STR_ARG(head),
			STR_ARG(api_options_lines[i].name), STR_ARG(api_options_lines[i].value));
	*out = (struct api_reply){.status = 204, .head = head};
}

void api_invoke(struct store *store, const struct err *why, const struct tokens *tokens,
	const struct api_request *q, struct arena *keep, struct api_reply *out)
{
	struct call call = {0};
	struct problem problem;
	struct answer answer;
	*out = (struct api_reply){0};
	bool is_found = call_find_route(q->path, &call, &problem);
	if (is_found && q->method == HTTP_OPTIONS_) {
		reply_options(keep, out);
		return;
	}
	bool ok = is_found && check(q, tokens, &call, keep, &problem);
	answer_init(&answer, &call);
	answer.is_private = tokens != NULL;
	if (ok)
		answer_call(store, why, &call, keep, &answer);
	else
		answer_take_problem(&answer, &problem);
	if (answer.is_large)
		answer_problem(&answer, 413, STR(""),
			"so many rows come over a connection alone; ask a function for pages: "
			"limit=");
	take_face(q, &answer, keep, out);
	answer_clear(&answer);
}

void api_invoke_refuse(const struct api_request *q, const struct problem *p, struct arena *keep,
	struct api_reply *out)
{
	struct call call = {0};
	struct answer answer;
	*out = (struct api_reply){0};
	answer_init(&answer, &call);
	answer_take_problem(&answer, p);
	take_face(q, &answer, keep, out);
	answer_clear(&answer);
}
