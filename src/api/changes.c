#include "api/handlers.h"

#include "api/moment.h"
#include "api/revision.h"

/* Rows at which a page begins no further revision, whatever its limit. */
enum { PAGE_REVISIONS = 100, PAGE_ROWS = 20000, PAGE_CORRECTIONS = 100 };

static void begin_list(const struct call *call, struct buf *out)
{
	if (call->format == FORMAT_JSON)
		buf_add_char(out, '[');
}

static void separate(const struct call *call, bool is_first, struct buf *out)
{
	if (call->format == FORMAT_JSON && !is_first)
		buf_add(out, STR(",\n"));
}

static void end_item(const struct call *call, struct buf *out)
{
	if (call->format != FORMAT_JSON)
		buf_add_char(out, '\n');
}

static void end_list(const struct call *call, struct buf *out)
{
	if (call->format == FORMAT_JSON)
		buf_add(out, STR("]\n"));
}

/* The same call from another revision on. */
static void add_next(const struct call *call, struct str from_name, int64_t from, struct context *c,
	struct answer *out)
{
	struct buf link;
	buf_init(&link, 4096);
	buf_add_format(&link, "<%.*s?%.*s=%lld", STR_ARG(call->route->pattern), STR_ARG(from_name),
		(long long)from);
	for (size_t i = 0; i < call->count; i++) {
		const struct argument *a = &call->arguments[i];
		if (str_equal(a->parameter->name, from_name))
			continue;
		buf_add_format(&link, "&%.*s=", STR_ARG(a->parameter->name));
		for (size_t k = 0; k < a->text.n; k++) /* a time's offset has a plus */
			buf_add(&link,
				a->text.p[k] == '+' ? STR("%2B") : (struct str){a->text.p + k, 1});
	}
	buf_add(&link, STR(">; rel=\"next\""));
	answer_add_line(out, STR("Link"), str_copy(c->keep, buf_str(&link)));
	buf_clear(&link);
}

static bool read_moment(const struct call *call, struct history_question *ask, struct answer *out)
{
	struct problem problem;
	moment_hold(call, out);
	if (moment_read(call, &ask->as_of, &problem))
		return true;
	answer_take_problem(out, &problem);
	return false;
}

static void note_time(const struct recorded *r, struct answer *out)
{
	if (r->observed_at > out->observed_at)
		out->observed_at = r->observed_at;
}

/*
 * Pages end at multiples of the limit, wherever they begin, so that readers share them; one whose
 * end has been reached, or that is full of rows, is the same for ever.
 */
bool answer_changes(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	int64_t limit = call_number(call, STR("limit"), PAGE_REVISIONS);
	struct history_question ask = {
		.after = call_number(call, STR("after"), 0), .most = PAGE_ROWS};
	struct history_page page;
	ask.up_to = (ask.after / limit + 1) * limit;
	if (!read_moment(call, &ask, out))
		return true;
	if (!store_get_changes(c->store, &ask, c->keep, &page, err))
		return false;
	begin_list(call, &out->body);
	for (size_t i = 0, n; i < page.count; i += n) {
		struct json j = json_begin(&out->body);
		n = revision_rows(page.rows + i, page.count - i);
		separate(call, !i, &out->body);
		revision_write_json(page.rows + i, n, &j);
		end_item(call, &out->body);
		note_time(&page.rows[i], out);
	}
	end_list(call, &out->body);
	if (page.is_cut || (page.last == ask.up_to && !page.is_held)) {
		out->freshness = FRESH_FIXED;
		add_next(call, STR("after"), page.last, c, out);
	}
	return true;
}

bool answer_corrections(
	struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	struct history_question ask = {.after = call_number(call, STR("since"), 0),
		.game_id = call_number(call, STR("game"), 0),
		.most = (size_t)call_number(call, STR("limit"), PAGE_CORRECTIONS)};
	struct history_page page;
	if (!read_moment(call, &ask, out))
		return true;
	if (!store_get_corrections(c->store, &ask, c->keep, &page, err))
		return false;
	begin_list(call, &out->body);
	for (size_t i = 0; i < page.count; i++) {
		struct json j = json_begin(&out->body);
		separate(call, !i, &out->body);
		recorded_write_json(&page.rows[i], &j);
		end_item(call, &out->body);
		note_time(&page.rows[i], out);
	}
	end_list(call, &out->body);
	if (page.is_cut) {
		out->freshness = FRESH_FIXED;
		add_next(call, STR("since"), page.last, c, out);
	}
	return true;
}
