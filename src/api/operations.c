#include "api/handlers.h"
#include "api/html.h"

#include "api/metrics.h"
#include "api/replica.h"
#include "api/serve.h"
#include "base/time.h"

bool answer_live(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	(void)c, (void)call, (void)err;
	out->freshness = FRESH_NEVER;
	out->hold_ms = -1;
	buf_add(&out->body, STR("{\"status\":\"live\"}\n"));
	return true;
}

static void write_replica(struct context *c, struct buf *out)
{
	const struct replica *r = c->api ? api_replica(c->api) : NULL;
	if (!replica_is_named(r))
		return;
	struct replica_state s = replica_look(r);
	buf_add_format(out, ",\"replica\":{\"away\":%s,\"revision\":%lld,\"behind\":%lld}",
		s.is_away ? "true" : "false", (long long)s.revision, (long long)s.behind);
}

bool answer_ready(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	int64_t revision;
	(void)call;
	out->freshness = FRESH_NEVER;
	out->hold_ms = -1;
	if (!store_is_well(c->store, err) || !store_get_revision(c->store, &revision, err))
		return false;
	buf_add_format(&out->body, "{\"status\":\"ready\",\"revision\":%lld", (long long)revision);
	write_replica(c, &out->body);
	buf_add(&out->body, STR("}\n"));
	return true;
}

/* ---- metrics ---- */

/* How far a live game's row is behind: since the upstream showed it, and since it was asked. */
static void write_live_game(const struct game *g, int64_t now, struct buf *out)
{
	long long id = (long long)g->game_id;
	if (KNOWS(g, GAME, observed_at))
		buf_add_format(out, "rinkside_live_game_lag_seconds{game_id=\"%lld\"} %.3f\n", id,
			(double)(now - g->observed_at) / 1000);
	if (KNOWS(g, GAME, last_poll_at))
		buf_add_format(out, "rinkside_live_game_poll_age_seconds{game_id=\"%lld\"} %.3f\n",
			id, (double)(now - g->last_poll_at) / 1000);
	buf_add_format(out, "rinkside_live_game_error{game_id=\"%lld\"} %d\n", id,
		(int)KNOWS(g, GAME, last_error));
}

static bool write_live_games(struct store *s, struct buf *out, struct err *err)
{
	buf_add(out,
		STR("# HELP rinkside_live_game_lag_seconds Since the upstream showed what is stored.\n"
		    "# TYPE rinkside_live_game_lag_seconds gauge\n"
		    "# HELP rinkside_live_game_poll_age_seconds Since the upstream was last asked.\n"
		    "# TYPE rinkside_live_game_poll_age_seconds gauge\n"
		    "# HELP rinkside_live_game_error 1 when the last poll failed.\n"
		    "# TYPE rinkside_live_game_error gauge\n"));
	static const struct str live = STR_INIT("live");
	struct condition is_live = {.column = &game_table.columns[GAME_stats_status],
		.value = {.known = true, .type = COLUMN_TEXT, .text = live}};
	struct selection q = {.table = &game_table, .conditions = &is_live, .condition_count = 1};
	struct cursor *cursor = store_select(s, &q, err);
	struct game g;
	enum step step = STEP_FAILED;
	int64_t now = time_now_ms();
	while (cursor && (step = cursor_step(cursor, &g, err)) == STEP_ROW)
		write_live_game(&g, now, out);
	cursor_close(cursor);
	return step == STEP_DONE;
}

/* Of the last minutes, as the ledger of polls is pruned: sums over all of it could fall. */
static bool write_upstream(struct store *s, struct buf *out, struct err *err)
{
	enum { WINDOW_MS = 300000 };
	struct upstream_summary u;
	int64_t now = time_now_ms();
	if (!store_get_upstream(s, now - WINDOW_MS, now, &u, err))
		return false;
	const struct {
		const char *name, *help;
		int64_t value;
	} rows[] = {
		{"upstream_requests_5m", "Requests of the upstream in the last five minutes",
			u.requests},
		{"upstream_changed_5m", "Of these, those that brought something new", u.changed},
		{"upstream_failed_5m", "Of these, those that came to nothing", u.failed},
		{"upstream_bytes_5m", "Their bytes on the wire", u.bytes},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		buf_add_format(out,
			"# HELP rinkside_%s %s.\n# TYPE rinkside_%s gauge\nrinkside_%s %lld\n",
			rows[i].name, rows[i].help, rows[i].name, rows[i].name,
			(long long)rows[i].value);
	return true;
}

static bool write_database(struct store *s, struct buf *out, struct err *err)
{
	int64_t revision, quarantined;
	if (!store_get_revision(s, &revision, err) ||
		!store_count_quarantined(s, &quarantined, err))
		return false;
	buf_add_format(out,
		"# HELP rinkside_database_revision The newest commit that readers can see.\n"
		"# TYPE rinkside_database_revision counter\nrinkside_database_revision %lld\n"
		"# HELP rinkside_quarantined_games Games of which a body is kept aside, and that have not come right since.\n"
		"# TYPE rinkside_quarantined_games gauge\nrinkside_quarantined_games %lld\n",
		(long long)revision, (long long)quarantined);
	return write_upstream(s, out, err) && write_live_games(s, out, err);
}

static void write_replica_metrics(const struct replica *r, struct buf *out)
{
	struct replica_state s = replica_look(r);
	buf_add_format(out,
		"# HELP rinkside_replica_away 1 while the replica cannot be read.\n"
		"# TYPE rinkside_replica_away gauge\nrinkside_replica_away %d\n"
		"# HELP rinkside_replica_behind_revisions Commits that the replica lacked when last read.\n"
		"# TYPE rinkside_replica_behind_revisions gauge\n"
		"rinkside_replica_behind_revisions %lld\n"
		"# HELP rinkside_replica_behind_seconds For how long it has been behind.\n"
		"# TYPE rinkside_replica_behind_seconds gauge\nrinkside_replica_behind_seconds %.3f\n"
		"# HELP rinkside_replica_passed_over_total Reads that went to the database for that.\n"
		"# TYPE rinkside_replica_passed_over_total counter\n"
		"rinkside_replica_passed_over_total %lld\n",
		(int)s.is_away, (long long)s.behind, (double)s.behind_ms / 1000,
		(long long)s.passed_over);
}

/* Also without a database, which is when it is looked at. */
bool answer_metrics(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	(void)call;
	out->freshness = FRESH_NEVER;
	out->hold_ms = -1;
	if (c->metrics)
		metrics_write(c->metrics, &out->body);
	if (c->api && replica_is_named(api_replica(c->api)))
		write_replica_metrics(api_replica(c->api), &out->body);
	return !c->store || write_database(c->store, &out->body, err);
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
	out->game_id = FIXED_ANSWER;
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
