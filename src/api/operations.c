#include "api/handlers.h"
#include "api/html.h"

bool answer_live(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	(void)c, (void)call, (void)err;
	out->freshness = FRESH_NEVER;
	out->hold_ms = -1;
	buf_add(&out->body, STR("{\"status\":\"live\"}\n"));
	return true;
}

bool answer_ready(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	int64_t revision;
	(void)call;
	out->freshness = FRESH_NEVER;
	out->hold_ms = -1;
	if (!store_is_well(c->store, err) || !store_get_revision(c->store, &revision, err))
		return false;
	buf_add_format(&out->body, "{\"status\":\"ready\",\"revision\":%lld}\n", (long long)revision);
	return true;
}

/* ---- the list of routes ---- */

static void add_route(struct buf *out, const struct route *r)
{
	bool is_link = !str_cut(r->pattern, '{').found;
	buf_add(out, STR("<tr><td>"));
	if (is_link)
		buf_add_format(out, "<a href=\"%.*s\">", STR_ARG(r->pattern));
	buf_add(out, STR("<code>"));
	html_text(out, r->pattern);
	buf_add(out, is_link ? STR("</code></a><td>") : STR("</code><td>"));
	html_text(out, str_from(r->summary));
	buf_add(out, STR("<td>"));
	for (size_t i = 0; r->parameters && r->parameters[i]; i++)
		buf_add_format(out, "%s<span title=\"%s\">%.*s</span>", i ? ", " : "",
			r->parameters[i]->help, STR_ARG(r->parameters[i]->name));
	buf_add_char(out, '\n');
}

bool answer_index(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	(void)c, (void)call, (void)err;
	out->freshness = FRESH_PROVISIONAL;
	buf_add(&out->body,
		STR("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width\">\n"
		    "<title>rinkside</title>\n<h1>rinkside</h1>\n"
		    "<p>The NHL's game statistics, seconds after they happen. All of it is JSON; "
		    "lists also come as CSV and as NDJSON (<code>?format=csv</code>).\n"
		    "<table>\n<tr><th>route<th>what it is<th>parameters\n"));
	for (size_t i = 0; i < route_count; i++)
		if (!routes[i].is_hidden)
			add_route(&out->body, &routes[i]);
	buf_add(&out->body, STR("</table>\n</html>\n"));
	return true;
}
