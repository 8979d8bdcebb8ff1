#include "lambda/events.h"

#include "base/time.h"
#include "ingest/ingest.h"

#include <stdlib.h>

enum {
	EVENT_ARENA = 256 << 20, /* addresses: events and answers of some megabytes, a few copies */
	ANSWER_MS = 500,         /* kept back for telling the answer */
};

/* ---- time ---- */

int64_t function_time_left_ms(const struct function *f)
{
	return f->deadline_ms ? f->deadline_ms - ANSWER_MS - time_monotonic_ms() : INT64_MAX;
}

bool function_begin_fetches(struct function *f, int count, struct err *err)
{
	int64_t left = function_time_left_ms(f) / count;
	if (left <= 0)
		return err_set(err, ERR_NETWORK,
			"the function's deadline came first; nothing was changed");
	f->settings.source.timeout_ms = left < f->timeout_ms ? left : f->timeout_ms;
	f->settings.source.patience_ms = left < 3 * f->timeout_ms ? left : 3 * f->timeout_ms;
	return true;
}

/* ---- the database ---- */

static bool find(struct store **s, struct str db, enum store_mode mode, struct err *err)
{
	if (!*s)
		*s = store_open(db, mode, err);
	return *s != NULL;
}

bool function_find_store(struct function *f, struct err *err)
{
	return find(&f->store, f->settings.db, STORE_WRITE, err);
}

bool function_find_reader(struct function *f, struct err *err)
{
	return find(&f->reader, f->settings.db, STORE_READ, err);
}

bool function_store_failed(struct function *f)
{
	store_close(f->store);
	store_close(f->reader);
	f->store = f->reader = NULL;
	return false;
}

/* ---- events ---- */

struct str event_text(yyjson_val *object, const char *key)
{
	yyjson_val *v = yyjson_obj_get(object, key);
	return (struct str){yyjson_get_str(v), yyjson_get_len(v) * (size_t)yyjson_is_str(v)};
}

static const struct {
	bool (*is)(yyjson_val *event);
	event_handler *handle;
} handlers[] = {
	{is_command, handle_command},
	{is_queue, handle_queue},
	{is_schedule, handle_schedule},
	{is_http, handle_http},
};

static bool handle(struct function *f, yyjson_val *event, struct buf *out, struct err *err)
{
	for (size_t i = 0; yyjson_is_obj(event) && i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].is(event))
			return handlers[i].handle(f, event, out, err);
	return err_set(err, ERR_USAGE,
		"the event is none that is known here: a command, a schedule, a batch of SQS, a "
		"request "
		"of API Gateway, of a function URL or of a load balancer");
}

bool function_invoke(
	struct function *f, struct str event, int64_t deadline_ms, struct buf *out, struct err *err)
{
	yyjson_read_err why;
	arena_reset(&f->keep);
	buf_reset(out);
	f->deadline_ms = deadline_ms;
	yyjson_doc *doc = yyjson_read_opts(
		(char *)(uintptr_t)(event.p ? event.p : ""), event.n, 0, NULL, &why);
	if (!doc)
		return err_set(
			err, ERR_USAGE, "the event is no JSON: %s at byte %zu", why.msg, why.pos);
	bool ok = handle(f, yyjson_doc_get_root(doc), out, err);
	yyjson_doc_free(doc);
	return ok;
}

/* ---- opening and closing ---- */

/* The database itself is opened by the first event that wants it: who ingests reads nothing. */
static bool check(struct function *f, struct err *err)
{
	const struct function_settings *s = &f->settings;
	return store_is_url(s->db, "--db", err) &&
	       (f->source = source_open(&f->settings.source, f->manners, err)) &&
	       (!s->token_file.n || (f->tokens = tokens_open(s->token_file, err))) &&
	       (!s->delay_queue.n || (f->queue = queue_open(s->delay_queue, err)));
}

struct function *function_open(const struct function_settings *s, struct err *err)
{
	struct function *f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->settings = *s;
	f->timeout_ms = s->source.timeout_ms;
	f->plan = (struct plan){.policy = POLICY_ADAPTIVE, .every_ms = s->every_ms};
	taken_name_owner(f->owner);
	f->keep = arena_reserve(EVENT_ARENA);
	f->game = arena_reserve(INGEST_ARENA);
	f->manners = manners_new(&f->settings.source);
	if (check(f, err))
		return f;
	function_close(f);
	return NULL;
}

void function_close(struct function *f)
{
	if (!f)
		return;
	function_store_failed(f);
	looks_close(f->looks);
	queue_close(f->queue);
	source_close(f->source);
	manners_free(f->manners);
	tokens_close(f->tokens);
	arena_release(&f->keep);
	arena_release(&f->game);
	free(f);
}
