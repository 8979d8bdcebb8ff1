/*
 * GET /: the page, rendered from the interface's own answers. Who has no script reads tables; who has
 * it gets them replaced by the same answers, which come along: the first picture costs one trip.
 */
#include "api/assets.h"
#include "api/handlers.h"
#include "api/html.h"

#include "base/time.h"

#include <inttypes.h>
#include <yyjson.h>

enum { ANSWERS = 3, TARGET_BYTES = 2048 };

struct given {
	struct str target; /* "/games?date=2026-11-24" */
	struct answer answer;
	yyjson_doc *doc; /* NULL: the answer is a problem */
};

struct sheet {
	struct context *context;
	const struct call *call;
	struct answer *out;
	struct str delay; /* "45s"; empty: none */
	struct given given[ANSWERS];
	size_t count;
};

/* ---- what is shown ---- */

/* The database is away, or the game is not known: so it is for the page, too, which still says so as a page. Nobody
 * is to hold it. */
static void take_absence(struct answer *out, int status)
{
	if (out->status == 503)
		return;
	out->status = status;
	out->hold_ms = -1;
	if (status == 503)
		answer_add_line(out, STR("Retry-After"), STR("5"));
}

/* The older of two, in the order of how long they hold. */
static void take_state(struct sheet *p, const struct answer *a)
{
	if (p->count == 1 || a->freshness < p->out->freshness)
		p->out->freshness = a->freshness;
	if (a->observed_at > p->out->observed_at)
		p->out->observed_at = a->observed_at;
	if (a->status == 503 || (a->status == 404 && p->count == 1))
		take_absence(p->out, a->status);
}

/* One of the interface's own answers; NULL: it is a problem, and says which. */
static const struct given *ask(struct sheet *p, struct str target)
{
	struct err err;
	struct given *g = &p->given[p->count++];
	struct str_cut cut = str_cut(target, '?');
	struct str query = cut.tail;
	struct arena *keep = p->context->keep;
	struct call call = {0};
	struct problem problem = {0};
	g->target = target;
	if (!p->context->store) {
		answer_init(&g->answer, &call);
		answer_problem(&g->answer, 503, STR(""),
			"The database is away, or not there yet. This page looks again by itself.");
		take_state(p, &g->answer);
		return NULL;
	}
	if (p->delay.n)
		query = str_format(keep, "%.*s%sdelay=%.*s", STR_ARG(query), query.n ? "&" : "",
			STR_ARG(p->delay));
	if (!call_find_route(cut.head, &call, &problem) ||
		!call_read_query(&call, query, keep, &problem)) {
		answer_init(&g->answer, &call);
		answer_take_problem(&g->answer, &problem);
		return NULL;
	}
	answer_init(&g->answer, &call);
	if (!call.route->handler(p->context, &call, &g->answer, &err))
		answer_take_error(&g->answer, &err);
	take_state(p, &g->answer);
	if (g->answer.status != 200)
		return NULL;
	struct str body = buf_str(&g->answer.body);
	g->doc = yyjson_read(body.p, body.n, 0);
	return g->doc ? g : NULL;
}

static void clear(struct sheet *p)
{
	for (size_t i = 0; i < p->count; i++) {
		yyjson_doc_free(p->given[i].doc);
		answer_clear(&p->given[i].answer);
	}
}

/* ---- pieces ---- */

static struct str text_of(yyjson_val *row, const char *key)
{
	yyjson_val *v = yyjson_obj_get(row, key);
	return (struct str){yyjson_get_str(v), yyjson_get_len(v)};
}

static void add(struct sheet *p, const char *html)
{
	buf_add(&p->out->body, str_from(html));
}

static void add_text(struct sheet *p, struct str text)
{
	html_text(&p->out->body, text);
}

/* A number, a text, or nothing where the value is absent. */
static void add_value(struct sheet *p, yyjson_val *v)
{
	if (yyjson_is_str(v))
		add_text(p, (struct str){yyjson_get_str(v), yyjson_get_len(v)});
	else if (yyjson_is_int(v))
		buf_add_i64(&p->out->body, yyjson_get_sint(v));
	else if (yyjson_is_real(v))
		buf_add_real(&p->out->body, yyjson_get_real(v));
}

/* href="/?game=1&amp;delay=45s" */
static void add_href(struct sheet *p, const char *view, struct str value)
{
	buf_add_format(&p->out->body, "href=\"/?%s=", view);
	add_text(p, value);
	if (p->delay.n)
		buf_add_format(&p->out->body, "&amp;delay=%.*s", STR_ARG(p->delay));
	add(p, "\"");
}

/* href="/?delay=45s" */
static void add_home(struct sheet *p)
{
	buf_add_format(
		&p->out->body, "href=\"/%s%.*s\"", p->delay.n ? "?delay=" : "", STR_ARG(p->delay));
}

static void add_problem(struct sheet *p, const struct given *g)
{
	add(p, "<p class=\"error\" role=\"alert\">");
	add_text(p, str_from(g->answer.problem.status ? g->answer.problem.detail : "no answer"));
	add(p, "</p>");
}

static struct str id_text(struct sheet *p, yyjson_val *row, const char *key)
{
	return str_format(p->context->keep, "%" PRId64, yyjson_get_sint(yyjson_obj_get(row, key)));
}

/* ---- a day ---- */

static void add_status(struct sheet *p, yyjson_val *game)
{
	struct str status = text_of(game, "stats_status"), off = text_of(game, "schedule_state");
	bool is_scheduled = str_equal(status, STR("scheduled"));
	int64_t clock = yyjson_get_sint(yyjson_obj_get(game, "clock_seconds"));
	if (game_is_off(off)) {
		add(p, str_equal(off, STR("PPD")) ? "postponed" : "cancelled");
	} else if (is_scheduled) {
		add_text(p, text_of(game, "start_time"));
	} else if (!str_equal(status, STR("live"))) {
		add(p, "final, ");
		add_text(p, status);
	} else {
		buf_add_format(&p->out->body, "period %" PRId64 ", %" PRId64 ":%02" PRId64 "%s",
			yyjson_get_sint(yyjson_obj_get(game, "period")), clock / 60, clock % 60,
			yyjson_get_bool(yyjson_obj_get(game, "in_intermission"))
				? " of the intermission"
				: "");
	}
}

static void add_game_row(struct sheet *p, yyjson_val *game)
{
	add(p, "<tr><th scope=\"row\" class=\"text\"><a ");
	add_href(p, "game", id_text(p, game, "game_id"));
	add(p, ">");
	add_text(p, text_of(game, "away_team_name"));
	add(p, " at ");
	add_text(p, text_of(game, "home_team_name"));
	add(p, "</a></th><td>");
	add_value(p, yyjson_obj_get(game, "away_score"));
	add(p, "</td><td>");
	add_value(p, yyjson_obj_get(game, "home_score"));
	add(p, "</td><td class=\"text\">");
	add_status(p, game);
	add(p, "</td></tr>\n");
}

static void add_day_link(struct sheet *p, int32_t day, const char *rel, const char *words)
{
	add(p, "<a rel=\"");
	add(p, rel);
	add(p, "\" ");
	add_href(p, "date", str_from(day_format(day).text));
	add(p, ">");
	add(p, words);
	add(p, "</a> ");
}

static void show_day(struct sheet *p)
{
	const struct argument *given = call_get(p->call, STR("date"));
	int32_t day = given ? (int32_t)given->number : eastern_day(time_now_ms());
	struct time_text text = day_format(day);
	struct str target = str_format(p->context->keep, "/games?date=%s", text.text);
	const struct given *games = ask(p, target);
	buf_add_format(&p->out->body, "<h1>%s</h1><nav class=\"days\" aria-label=\"Days\">",
		given ? text.text : "Tonight");
	add_day_link(p, day - 1, "prev", "the day before");
	add_day_link(p, day + 1, "next", "the day after");
	add(p, "</nav>");
	if (!games) {
		add_problem(p, &p->given[0]);
		return;
	}
	yyjson_val *rows = yyjson_doc_get_root(games->doc), *game;
	size_t i, n;
	if (!yyjson_arr_size(rows)) {
		add(p, "<p class=\"empty\">No games on this day.</p>");
		return;
	}
	buf_add_format(&p->out->body,
		"<div class=\"table-wrap\"><table><caption>Games of %s</caption><thead><tr>"
		"<th scope=\"col\" class=\"text\">Game</th><th scope=\"col\">Away</th>"
		"<th scope=\"col\">Home</th><th scope=\"col\" class=\"text\">Status</th></tr></thead>"
		"<tbody>\n",
		text.text);
	yyjson_arr_foreach(rows, i, n, game) add_game_row(p, game);
	add(p, "</tbody></table></div>");
}

/* ---- a game ---- */

struct shown {
	const char *key, *title;
};

static const struct shown skater_columns[] = {{"player_position", "Position"}, {"goals", "Goals"},
	{"assists", "Assists"}, {"points", "Points"}, {"shots", "Shots"}, {"hits", "Hits"},
	{"penalty_minutes", "Penalty minutes"}, {NULL, NULL}};
static const struct shown goaltender_columns[] = {{"decision", "Decision"}, {"saves", "Saves"},
	{"shots_against", "Shots against"}, {"goals_against", "Goals against"}, {NULL, NULL}};

static void add_line_row(struct sheet *p, yyjson_val *line, const struct shown *columns)
{
	add(p, "<tr><th scope=\"row\" class=\"text\"><a ");
	add_href(p, "player", id_text(p, line, "player_id"));
	add(p, ">");
	add_text(p, text_of(line, "player_name"));
	add(p, "</a></th>");
	for (; columns->key; columns++) {
		add(p, "<td>");
		add_value(p, yyjson_obj_get(line, columns->key));
		add(p, "</td>");
	}
	add(p, "</tr>\n");
}

static void add_lines(
	struct sheet *p, yyjson_val *lines, int64_t team, struct str name, bool are_goaltenders)
{
	const struct shown *columns = are_goaltenders ? goaltender_columns : skater_columns;
	yyjson_val *line;
	size_t i, n;
	add(p, "<div class=\"table-wrap\"><table><caption>");
	add_text(p, name);
	add(p, are_goaltenders ? ", goaltenders" : ", skaters");
	add(p, "</caption><thead><tr><th scope=\"col\" class=\"text\">Player</th>");
	for (const struct shown *c = columns; c->key; c++)
		buf_add_format(&p->out->body, "<th scope=\"col\">%s</th>", c->title);
	add(p, "</tr></thead><tbody>\n");
	yyjson_arr_foreach(lines, i, n,
		line) if (yyjson_get_sint(yyjson_obj_get(line, "team_id")) == team &&
			  str_equal(text_of(line, "player_position"), STR("G")) == are_goaltenders)
		add_line_row(p, line, columns);
	add(p, "</tbody></table></div>");
}

static void add_club(
	struct sheet *p, yyjson_val *game, yyjson_val *lines, const char *id, const char *name)
{
	int64_t team = yyjson_get_sint(yyjson_obj_get(game, id));
	add(p, "<h2>");
	add_text(p, text_of(game, name));
	add(p, "</h2>");
	add_lines(p, lines, team, text_of(game, name), false);
	add_lines(p, lines, team, text_of(game, name), true);
}

static void show_game(struct sheet *p)
{
	struct arena *keep = p->context->keep;
	int64_t id = call_number(p->call, STR("game"), 0);
	const struct given *game = ask(p, str_format(keep, "/games/%" PRId64, id));
	if (!game) {
		buf_add_format(&p->out->body, "<h1>Game %" PRId64 "</h1>", id);
		add_problem(p, &p->given[0]);
		return;
	}
	const struct given *lines = ask(p, str_format(keep, "/game-stats/%" PRId64, id));
	ask(p, str_format(keep, "/games/%" PRId64 "/events?limit=1000", id));
	yyjson_val *g = yyjson_doc_get_root(game->doc);
	p->out->game_id = id;
	add(p, "<h1>");
	add_text(p, text_of(g, "away_team_name"));
	add(p, " ");
	add_value(p, yyjson_obj_get(g, "away_score"));
	add(p, " at ");
	add_text(p, text_of(g, "home_team_name"));
	add(p, " ");
	add_value(p, yyjson_obj_get(g, "home_score"));
	add(p, "</h1><p class=\"under\">");
	add_text(p, text_of(g, "game_date"));
	add(p, ", ");
	add_status(p, g);
	add(p, "</p>");
	if (!lines) {
		add_problem(p, &p->given[1]);
		return;
	}
	add_club(p, g, yyjson_doc_get_root(lines->doc), "away_team_id", "away_team_name");
	add_club(p, g, yyjson_doc_get_root(lines->doc), "home_team_id", "home_team_name");
}

/* ---- the views that want script: the same as data ---- */

static void show_data(struct sheet *p, struct str title, struct str target)
{
	add(p, "<h1>");
	add_text(p, title);
	add(p, "</h1><noscript><p>This view needs script. The same as data: <a href=\"");
	add_text(p, target);
	add(p, "\">");
	add_text(p, target);
	add(p, "</a></p></noscript>");
}

static void show_player(struct sheet *p)
{
	int64_t id = call_number(p->call, STR("player"), 0);
	show_data(p, STR("Player"),
		str_format(p->context->keep, "/players/%" PRId64 "/game-stats%s%.*s", id,
			p->delay.n ? "?delay=" : "", STR_ARG(p->delay)));
}

static void show_leaders(struct sheet *p)
{
	const struct argument *stat = call_get(p->call, STR("leaders")),
			      *season = call_get(p->call, STR("season"));
	if (p->delay.n) {
		add(p, "<h1>Leaders</h1><p class=\"empty\">Leaders are sums of now: they are not "
		       "shown while a delay is chosen.</p>");
		return;
	}
	struct buf target;
	buf_init(&target, TARGET_BYTES);
	buf_add(&target, STR("/leaders?stat="));
	call_write_text(stat->text.n ? stat->text : STR("points"), &target);
	if (season) /* else the newest is shown */
		buf_add_format(&target, "&season=%" PRId64, season->number);
	show_data(p, STR("Leaders"), buf_str(&target));
	buf_clear(&target);
}

static void show_search(struct sheet *p)
{
	struct str name = call_get(p->call, STR("search"))->text;
	struct buf target;
	buf_init(&target, TARGET_BYTES);
	buf_add(&target, STR("/players"));
	if (name.n) {
		buf_add(&target, STR("?name="));
		call_write_text(name, &target);
	}
	show_data(p, STR("Search"), buf_str(&target));
	buf_clear(&target);
}

static void show_health(struct sheet *p)
{
	show_data(p, STR("Health"), STR("/health/upstream"));
	show_data(p, STR("Upstream lag in the last hour"), STR("/health/lag"));
}

/* ---- the frame ---- */

static const struct view {
	struct str parameter; /* that asks for it; the last is what is shown otherwise */
	void (*show)(struct sheet *p);
} views[] = {
	{STR_INIT("game"), show_game},
	{STR_INIT("player"), show_player},
	{STR_INIT("leaders"), show_leaders},
	{STR_INIT("health"), show_health},
	{STR_INIT("search"), show_search},
	{STR_INIT("date"), show_day},
};
enum { VIEWS = sizeof(views) / sizeof(views[0]) };

static const struct view *view_of(const struct call *call)
{
	size_t i = 0;
	while (i < VIEWS - 1 && !call_get(call, views[i].parameter))
		i++;
	return &views[i];
}

static void add_navigation(struct sheet *p)
{
	add(p, "<header class=\"top\"><a class=\"brand\" ");
	add_home(p);
	add(p, ">rinkside</a><nav aria-label=\"Views\"><a ");
	add_home(p);
	add(p, ">Games</a><a ");
	add_href(p, "leaders", STR(""));
	add(p, ">Leaders</a><a ");
	add_href(p, "health", STR(""));
	add(p, ">Health</a></nav></header><main id=\"main\">\n");
}

static void add_head(struct sheet *p)
{
	struct str assets = assets_prefix();
	add(p, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	       "<meta name=\"color-scheme\" content=\"light dark\"><title>rinkside</title>"
	       "<meta name=\"description\" content=\"The NHL's live game statistics\">");
	buf_add_format(&p->out->body,
		"<link rel=\"stylesheet\" href=\"%.*sstyle.css\"><link rel=\"icon\" "
		"href=\"%.*sicon.svg\">",
		STR_ARG(assets), STR_ARG(assets));
	if (assets_have_script())
		buf_add_format(&p->out->body,
			"<script type=\"module\" src=\"%.*sapp.js\"></script>", STR_ARG(assets));
	add(p, "</head>\n<body><div id=\"app\">");
	add_navigation(p);
}

/* The answers, for the script: what it would ask for first. */
static void add_foot(struct sheet *p)
{
	bool any = false;
	add(p, "\n</main><footer><a href=\"/routes\">API</a> · <a href=\"/metrics\">Metrics</a>"
	       " · statistics of the NHL's public API; not affiliated with the NHL</footer></div>\n"
	       "<script type=\"application/json\" id=\"first\">{\"answers\":{");
	for (size_t i = 0; i < p->count; i++) {
		if (!p->given[i].doc)
			continue;
		add(p, any ? "," : "");
		any = true;
		struct json j = json_begin(&p->out->body);
		json_text(&j, p->given[i].target);
		add(p, ":");
		html_data(&p->out->body, buf_str(&p->given[i].answer.body));
	}
	add(p, "}}</script></body></html>\n");
}

static void add_policy(struct answer *out)
{
	answer_add_line(out, STR("Content-Security-Policy"),
		STR("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
		    "connect-src 'self'; form-action 'self'; base-uri 'none'; "
		    "frame-ancestors 'none'"));
	answer_add_line(out, STR("X-Content-Type-Options"), STR("nosniff"));
	answer_add_line(out, STR("Referrer-Policy"), STR("same-origin"));
}

bool answer_page(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	(void)err;
	enum { HOLD_MS = 30000 }; /* what is "tonight" changes with the day, and with no revision */
	const struct argument *delay = call_get(call, STR("delay"));
	struct sheet p = {.context = c, .call = call, .out = out};
	if (delay && delay->number)
		p.delay = delay->text;
	add_policy(out);
	out->freshness = FRESH_SCHEDULED;
	out->hold_ms = c->store ? HOLD_MS : -1;
	add_head(&p);
	view_of(call)->show(&p);
	add_foot(&p);
	clear(&p);
	return true;
}
