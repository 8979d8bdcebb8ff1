#include "api/handlers.h"
#include "api/html.h"

#include "api/metrics.h"
#include "api/replica.h"
#include "api/serve.h"
#include "base/time.h"

#include <stdio.h>

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

/* How late a game's rows were in the last hour, how old they are, and the polls of it. */
static void write_live_game(const struct game *g, const struct upstream_lag *lag, int64_t now,
	struct buf lines[static METRICS])
{
	char text[40];
	int n = snprintf(text, sizeof(text), "{game_id=\"%lld\"}", (long long)g->game_id);
	struct str game = {text, (size_t)n};
	if (lag) {
		metric_write_seconds(LIVE_LAG, game, lag->median_ms, &lines[LIVE_LAG]);
		metric_write_seconds(LIVE_WORST_LAG, game, lag->worst_ms, &lines[LIVE_WORST_LAG]);
	}
	if (KNOWS(g, GAME, observed_at))
		metric_write_seconds(LIVE_AGE, game, now - g->observed_at, &lines[LIVE_AGE]);
	if (KNOWS(g, GAME, last_poll_at))
		metric_write_seconds(
			LIVE_POLL_AGE, game, now - g->last_poll_at, &lines[LIVE_POLL_AGE]);
	metric_write_line(LIVE_ERROR, game, KNOWS(g, GAME, last_error), &lines[LIVE_ERROR]);
}

static const struct upstream_lag *find_lag(
	const struct upstream_lag *lags, size_t count, int64_t game_id)
{
	for (size_t i = 0; i < count; i++)
		if (lags[i].game_id == game_id)
			return &lags[i];
	return NULL;
}

static bool read_live_games(struct store *s, struct buf lines[static METRICS], struct err *err)
{
	static const struct str live = STR_INIT("live");
	struct condition is_live = {.column = &game_table.columns[GAME_stats_status],
		.value = {.known = true, .type = COLUMN_TEXT, .text = live}};
	struct selection q = {.table = &game_table, .conditions = &is_live, .condition_count = 1};
	struct upstream_lag lags[LAG_GAMES];
	size_t lag_count;
	int64_t now = time_now_ms();
	if (!store_get_lags(s, now, lags, &lag_count, err))
		return false;
	struct cursor *cursor = store_select(s, &q, err);
	struct game g;
	enum step step = STEP_FAILED;
	while (cursor && (step = cursor_step(cursor, &g, err)) == STEP_ROW)
		write_live_game(&g, find_lag(lags, lag_count, g.game_id), now, lines);
	cursor_close(cursor);
	return step == STEP_DONE;
}

/* Game by game they are read; but the lines of a metric have to stand together. */
static bool write_live_games(struct store *s, struct buf *out, struct err *err)
{
	struct buf lines[METRICS];
	for (enum metric m = LIVE_LAG; m < METRICS; m++)
		buf_init(&lines[m], ANSWER_BYTES);
	bool ok = read_live_games(s, lines, err);
	for (enum metric m = LIVE_LAG; m < METRICS; m++) {
		metric_write_head(m, out);
		buf_add(out, buf_str(&lines[m]));
		buf_clear(&lines[m]);
	}
	return ok;
}

static bool write_upstream(struct store *s, struct buf *out, struct err *err)
{
	enum { WINDOW_MS = 300000 };
	struct upstream_summary u;
	int64_t now = time_now_ms();
	if (!store_get_upstream(s, now - WINDOW_MS, now, &u, err))
		return false;
	metric_write(UPSTREAM_REQUESTS, u.requests, out);
	metric_write(UPSTREAM_CHANGED, u.changed, out);
	metric_write(UPSTREAM_FAILED, u.failed, out);
	metric_write(UPSTREAM_BYTES, u.bytes, out);
	return true;
}

static bool write_database(struct store *s, struct buf *out, struct err *err)
{
	int64_t revision, quarantined;
	if (!store_get_revision(s, &revision, err) ||
		!store_count_quarantined(s, &quarantined, err))
		return false;
	metric_write(DATABASE_REVISION, revision, out);
	metric_write(DATABASE_QUARANTINED, quarantined, out);
	return write_upstream(s, out, err) && write_live_games(s, out, err);
}

static void write_replica_metrics(const struct replica *r, struct buf *out)
{
	struct replica_state s = replica_look(r);
	metric_write(REPLICA_AWAY, s.is_away, out);
	metric_write(REPLICA_BEHIND, s.behind, out);
	metric_write_head(REPLICA_BEHIND_SECONDS, out);
	metric_write_seconds(REPLICA_BEHIND_SECONDS, STR(""), s.behind_ms, out);
	metric_write(REPLICA_PASSED_OVER, s.passed_over, out);
}

/* All of it, or nothing. */
static bool tell_database(struct context *c, struct answer *out, struct err *err)
{
	size_t own = out->body.n;
	if (!c->store)
		return false;
	if (write_database(c->store, &out->body, err))
		return true;
	out->lacks = err->kind;
	out->body.n = own;
	return false;
}

/* Also without a database, or with one that takes too long, which is when it is looked at. */
bool answer_metrics(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	(void)call;
	out->freshness = FRESH_NEVER;
	out->hold_ms = -1;
	if (c->metrics)
		metrics_write(c->metrics, &out->body);
	if (c->api && replica_is_named(api_replica(c->api)))
		write_replica_metrics(api_replica(c->api), &out->body);
	bool is_told = tell_database(c, out, err);
	metric_write(DATABASE_MISSING, !is_told, &out->body);
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
