#include "api/handlers.h"

#include "base/json.h"

#include <stdio.h>
#include <string.h>

/*
 * OpenAPI 3.1, written from the tables of routes, parameters and columns: what it says of them is
 * what is checked.
 */

static void add_text(struct json *j, const char *key, struct str text)
{
	json_key(j, str_from(key));
	json_text(j, text);
}

static void open_key(struct json *j, const char *key, char bracket)
{
	json_key(j, str_from(key));
	json_open(j, bracket);
}

/* ---- schemas ---- */

static const struct {
	const char *type, *format;
} column_types[] = {
	[COLUMN_INT] = {"integer", "int64"},
	[COLUMN_REAL] = {"number", "double"},
	[COLUMN_BOOL] = {"boolean", NULL},
	[COLUMN_TEXT] = {"string", NULL},
	[COLUMN_DATE] = {"string", "date"},
	[COLUMN_TIME] = {"string", "date-time"},
};

static void add_column_schema(struct json *j, const struct table *t, size_t i)
{
	const struct column *c = &t->columns[i];
	json_key(j, c->name);
	json_open(j, '{');
	open_key(j, "type", '[');
	json_text(j, str_from(column_types[c->type].type));
	if (i >= t->key_count)
		json_text(j, STR("null"));
	json_close(j, ']');
	if (column_types[c->type].format)
		add_text(j, "format", str_from(column_types[c->type].format));
	add_text(j, "description", str_from(c->help));
	json_close(j, '}');
}

static bool has_parameter(const struct route *r, struct str name)
{
	for (size_t i = 0; r->parameters && r->parameters[i]; i++)
		if (str_equal(r->parameters[i]->name, name))
			return true;
	return false;
}

/* Whether a reader can ask for some of its columns alone. */
static bool comes_in_parts(const struct table *t)
{
	for (size_t i = 0; i < route_count; i++)
		if (routes[i].rows == t && has_parameter(&routes[i], STR("fields")))
			return true;
	return false;
}

static void add_required(struct json *j, const struct table *t)
{
	open_key(j, "required", '[');
	for (size_t i = 0; i < t->count; i++)
		if (!t->columns[i].hidden)
			json_text(j, t->columns[i].name);
	json_close(j, ']');
}

static void add_table_schema(struct json *j, const struct table *t)
{
	json_key(j, t->name);
	json_open(j, '{');
	add_text(j, "type", STR("object"));
	if (!comes_in_parts(t))
		add_required(j, t);
	open_key(j, "properties", '{');
	for (size_t i = 0; i < t->count; i++)
		if (!t->columns[i].hidden)
			add_column_schema(j, t, i);
	json_close(j, '}');
	json_key(j, STR("additionalProperties"));
	json_bool(j, false);
	json_close(j, '}');
}

/* What is no table. Names in single quotes here, which JSON has doubled. */
#define OBJECT(required, properties)                                                               \
	"{'type':'object','required':[" required "],'properties':{" properties                     \
	"},'additionalProperties':false}"
#define REFERENCE(name) "{'$ref':'#/components/schemas/" name "'}"
#define WHOLE_NUMBER    "{'type':'integer','format':'int64'}"
#define COMMIT          "'revision','observed_at'"
#define COMMIT_OF       "'revision':" WHOLE_NUMBER ",'observed_at':{'type':'string','format':'date-time'}"
#define KIND            "'kind','phase'"
#define KIND_OF                                                                                    \
	"'kind':{'enum':['insert','update','delete']},'phase':{'description':'how final the "      \
	"game was before','enum':['scheduled','live','provisional','official','settled']}"
#define COLUMNS           "'before','after'"
#define COLUMNS_OF(table) "'before':" REFERENCE(table) ",'after':" REFERENCE(table)
#define GAME              "'game_id'," KIND "," COLUMNS
#define GAME_OF           "'game_id':" WHOLE_NUMBER "," KIND_OF "," COLUMNS_OF("games")
#define LINE              "'game_id','player_id'," KIND ",'correction'," COLUMNS
#define LINE_OF                                                                                    \
	"'game_id':" WHOLE_NUMBER ",'player_id':" WHOLE_NUMBER "," KIND_OF                         \
	",'correction':{'type':'boolean','description':'it changed after the horn'}," COLUMNS_OF(  \
		"game_stats")
#define LIST_OF(name) "{'type':'array','items':" REFERENCE(name) "}"

static const struct {
	const char *name, *schema;
} shapes[] = {
	{"problem", "{'type':'object','description':'RFC 9457','required':['type','title','status',"
		    "'detail'],'properties':{'type':{'type':'string'},'title':{'type':'string'},"
		    "'status':{'type':'integer'},'detail':{'type':'string'},'parameter':{'type':"
		    "'string','description':'what the problem is with'}}}"},
	{"changed_game", OBJECT(GAME, GAME_OF)},
	{"changed_line", OBJECT(LINE, LINE_OF)},
	{"revision",
		OBJECT(COMMIT ",'games','lines'", COMMIT_OF
			",'games':" LIST_OF("changed_game") ",'lines':" LIST_OF("changed_line"))},
	{"correction", OBJECT(COMMIT "," LINE, COMMIT_OF "," LINE_OF)},
	{"live", OBJECT("'status'", "'status':{'const':'live'}")},
	{"ready",
		OBJECT("'status','revision'", "'status':{'const':'ready'},'revision':" WHOLE_NUMBER
					      ",'replica':" REFERENCE("replica"))},
	{"replica", OBJECT("'away','revision','behind'",
			    "'away':{'type':'boolean'},'revision':" WHOLE_NUMBER
			    ",'behind':" WHOLE_NUMBER)},
	{"openapi", "{'type':'object','required':['openapi','info','paths','components']}"},
};

static void add_shape(struct json *j, const char *name, const char *schema)
{
	struct buf text;
	buf_init(&text, 4096);
	for (; *schema; schema++)
		buf_add_char(&text, *schema == '\'' ? '"' : *schema);
	json_key(j, str_from(name));
	json_raw(j, buf_str(&text));
	buf_clear(&text);
}

/* Each table once, in the order of the routes that show it. */
static void add_schemas(struct json *j)
{
	open_key(j, "schemas", '{');
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		add_shape(j, shapes[i].name, shapes[i].schema);
	for (size_t i = 0; i < route_count; i++) {
		bool is_first = routes[i].rows != NULL;
		for (size_t k = 0; k < i; k++)
			is_first &= routes[k].rows != routes[i].rows;
		if (is_first)
			add_table_schema(j, routes[i].rows);
	}
	json_close(j, '}');
}

/* ---- parameters ---- */

static void add_bounds(struct json *j, const struct parameter *p, const char *low, const char *high)
{
	json_key(j, str_from(low));
	json_i64(j, p->min);
	json_key(j, str_from(high));
	json_i64(j, p->max);
}

static void add_parameter_type(struct json *j, const struct parameter *p)
{
	switch (p->type) {
	case PARAMETER_NUMBER:
		add_text(j, "type", STR("integer"));
		add_bounds(j, p, "minimum", "maximum");
		return;
	case PARAMETER_SEASON:
		add_text(j, "type", STR("string"));
		add_text(j, "pattern", STR("^[0-9]{8}$"));
		return;
	case PARAMETER_DATE:
		add_text(j, "type", STR("string"));
		add_text(j, "format", STR("date"));
		return;
	case PARAMETER_TIME:
		add_text(j, "type", STR("string"));
		add_text(j, "format", STR("date-time"));
		return;
	case PARAMETER_DURATION:
		add_text(j, "type", STR("string"));
		add_text(j, "pattern", STR("^[0-9]+(ms|s|m|h|d)$"));
		return;
	case PARAMETER_CHOICE:
		add_text(j, "type", STR("string"));
		open_key(j, "enum", '[');
		for (size_t i = 0; i < p->choice_count; i++)
			json_text(j, p->choices[i]);
		json_close(j, ']');
		return;
	case PARAMETER_TEAM:
		add_text(j, "type", STR("string"));
		add_text(j, "pattern", STR("^([A-Z]{3}|[0-9]{1,10})$"));
		return;
	case PARAMETER_TEXT:
		add_text(j, "type", STR("string"));
		add_bounds(j, p, "minLength", "maxLength");
		return;
	}
}

static void add_parameter(struct json *j, const struct parameter *p)
{
	json_open(j, '{');
	add_text(j, "name", p->name);
	add_text(j, "in", STR("query"));
	add_text(j, "description", str_from(p->help));
	json_key(j, STR("required"));
	json_bool(j, p->is_required);
	open_key(j, "schema", '{');
	if (p->may_repeat) {
		add_text(j, "type", STR("array"));
		open_key(j, "items", '{');
	}
	add_parameter_type(j, p);
	if (p->may_repeat)
		json_close(j, '}');
	json_close(j, '}');
	if (p->may_repeat) {
		json_key(j, STR("explode"));
		json_bool(j, true);
	}
	json_close(j, '}');
}

static void add_format_parameter(struct json *j, const struct route *r)
{
	if (!(r->formats & (r->formats - 1)))
		return;
	json_open(j, '{');
	add_text(j, "name", STR("format"));
	add_text(j, "in", STR("query"));
	add_text(j, "description", STR("in place of Accept"));
	open_key(j, "schema", '{');
	add_text(j, "type", STR("string"));
	open_key(j, "enum", '[');
	for (int f = 0; f < FORMATS; f++)
		if (r->formats >> f & 1)
			json_text(j, format_kinds[f].name);
	json_close(j, ']');
	json_close(j, '}');
	json_close(j, '}');
}

static struct str id_name(const struct route *r)
{
	struct str_cut cut = str_cut(r->pattern, '{');
	return cut.found ? str_cut(cut.tail, '}').head : (struct str){0};
}

static void add_id_parameter(struct json *j, const struct route *r)
{
	struct str name = id_name(r);
	if (!name.n)
		return;
	json_open(j, '{');
	add_text(j, "name", name);
	add_text(j, "in", STR("path"));
	json_key(j, STR("required"));
	json_bool(j, true);
	open_key(j, "schema", '{');
	add_text(j, "type", STR("integer"));
	json_raw(j, STR("\"minimum\":1,\"maximum\":9999999999"));
	json_close(j, '}');
	json_close(j, '}');
}

/* What browsers send by themselves when they come back. */
static void add_last_event_parameter(struct json *j)
{
	json_open(j, '{');
	add_text(j, "name", STR("Last-Event-ID"));
	add_text(j, "in", STR("header"));
	add_text(j, "description", STR("goes on after this event; goes before the query's after"));
	json_key(j, STR("schema"));
	json_raw(j, STR("{\"type\":\"string\",\"pattern\":\"^[0-9]+$\"}"));
	json_close(j, '}');
}

static void add_parameters(struct json *j, const struct route *r)
{
	open_key(j, "parameters", '[');
	add_id_parameter(j, r);
	if (r->kind == ROUTE_STREAM)
		add_last_event_parameter(j);
	for (size_t i = 0; r->parameters && r->parameters[i]; i++)
		add_parameter(j, r->parameters[i]);
	add_format_parameter(j, r);
	json_close(j, ']');
}

/* ---- answers ---- */

static void add_reference(struct json *j, struct str name)
{
	char text[80];
	snprintf(text, sizeof(text), "#/components/schemas/%.*s", STR_ARG(name));
	add_text(j, "$ref", str_from(text));
}

static void add_json_schema(struct json *j, const struct route *r)
{
	if (r->is_list) {
		add_text(j, "type", STR("array"));
		open_key(j, "items", '{');
	}
	add_reference(j, r->rows ? r->rows->name : str_from(r->shape));
	if (r->is_list)
		json_close(j, '}');
}

static void add_content(struct json *j, const struct route *r)
{
	open_key(j, "content", '{');
	for (int f = 0; f < FORMATS; f++) {
		if (!(r->formats >> f & 1))
			continue;
		json_key(j, format_kinds[f].media_type);
		json_open(j, '{');
		open_key(j, "schema", '{');
		if (f == FORMAT_JSON)
			add_json_schema(j, r);
		else
			add_text(j, "type", STR("string"));
		json_close(j, '}');
		json_close(j, '}');
	}
	json_close(j, '}');
}

enum head_line {
	HEAD_ETAG,
	HEAD_LINK,
	HEAD_OBSERVED,
	HEAD_AGE,
	HEAD_STALE,
	HEAD_TOTAL,
	HEAD_RETRY,
	HEAD_AUTHENTICATE,
	HEAD_LINES
};
#define HEAD(line) (1u << HEAD_##line)

static const struct {
	const char *name, *type, *help;
} head_lines[HEAD_LINES] = {
	[HEAD_ETAG] = {"ETag", "string", "strong, for If-None-Match"},
	[HEAD_LINK] = {"Link", "string", "the next page, rel=next; absent on the last"},
	[HEAD_OBSERVED] = {"X-Observed-At", "string",
		"when the upstream showed the newest of what is shown; absent where nothing has "
		"such a time, and where a whole result is streamed, whose head goes before its "
		"rows"},
	[HEAD_AGE] = {"X-Upstream-Age", "integer", "seconds since then"},
	[HEAD_STALE] = {"X-Stale", "string",
		"true: the database is away, and this is the last answer"},
	[HEAD_TOTAL] = {"X-Total-Count", "integer", "with count=exact: how many there are in all"},
	[HEAD_RETRY] = {"Retry-After", "integer", "seconds"},
	[HEAD_AUTHENTICATE] = {"WWW-Authenticate", "string", "Bearer"},
};

static unsigned head_of_answer(const struct route *r)
{
	unsigned lines = HEAD(ETAG);
	if (r->kind == ROUTE_STREAM)
		return 0;
	if (r->kind == ROUTE_STORE)
		lines |= HEAD(STALE) | HEAD(OBSERVED) | HEAD(AGE);
	if (r->is_list && has_parameter(r, STR("limit")) && r->rows != &leader_table)
		lines |= HEAD(LINK);
	if (has_parameter(r, STR("count")))
		lines |= HEAD(TOTAL);
	return lines;
}

static void add_head(struct json *j, unsigned lines)
{
	if (!lines)
		return;
	open_key(j, "headers", '{');
	for (int i = 0; i < HEAD_LINES; i++) {
		if (!(lines >> i & 1))
			continue;
		json_key(j, str_from(head_lines[i].name));
		json_open(j, '{');
		add_text(j, "description", str_from(head_lines[i].help));
		open_key(j, "schema", '{');
		add_text(j, "type", str_from(head_lines[i].type));
		json_close(j, '}');
		json_close(j, '}');
	}
	json_close(j, '}');
}

static bool is_any(const struct route *r)
{
	return r != NULL;
}

static bool asks_token(const struct route *r)
{
	return !r->is_open;
}

static bool has_id(const struct route *r)
{
	return id_name(r).n > 0;
}

static bool comes_whole(const struct route *r)
{
	return list_of_route(r) != NULL;
}

static bool is_stream(const struct route *r)
{
	return r->kind == ROUTE_STREAM;
}

static bool has_choice(const struct route *r)
{
	return r->formats & (r->formats - 1);
}

static bool has_etag(const struct route *r)
{
	return r->kind != ROUTE_STREAM;
}

static const struct {
	const char *status, *why;
	bool (*has)(const struct route *r);
	unsigned head;
} problems[] = {
	{"400", "a parameter that is unknown, given twice, or not what it may be", is_any, 0},
	{"401", "the server asks for a token, and this is none", asks_token, HEAD(AUTHENTICATE)},
	{"404", "nothing is known by this number", has_id, 0},
	{"406", "nothing that Accept names can be had here", has_choice, 0},
	{"412", "another ETag than those in If-Match", has_etag, 0},
	{"413", "all of it as CSV or NDJSON, from a function: it has pages alone", comes_whole, 0},
	{"500", "a mistake of the server's, which its log tells of", is_any, 0},
	{"501", "a stream, from a function: it has no connection that lasts", is_stream, 0},
	{"503", "the database is away, or too much is asked", is_any, HEAD(RETRY)},
};

/* The page says in its own form that the database is away; a problem it is all the same where too much is asked. */
static void add_problem(
	struct json *j, const struct route *r, const char *status, const char *why, unsigned head)
{
	bool is_page = r->can_do_without && r->formats & AS(HTML) && head & HEAD(RETRY);
	open_key(j, status, '{');
	add_text(j, "description", str_from(why));
	add_head(j, head);
	json_key(j, STR("content"));
	json_open(j, '{');
	json_key(j, STR("application/problem+json"));
	json_raw(j, STR("{\"schema\":{\"$ref\":\"#/components/schemas/problem\"}}"));
	if (is_page) {
		json_key(j, STR("text/html"));
		json_raw(j, STR("{\"schema\":{\"type\":\"string\"}}"));
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void add_responses(struct json *j, const struct route *r)
{
	unsigned head = head_of_answer(r);
	open_key(j, "responses", '{');
	open_key(j, "200", '{');
	add_text(j, "description", str_from(r->summary));
	add_head(j, head);
	add_content(j, r);
	json_close(j, '}');
	if (r->kind != ROUTE_STREAM) {
		open_key(j, "304", '{');
		add_text(j, "description", STR("unchanged since the ETag in If-None-Match"));
		add_head(j, head);
		json_close(j, '}');
	}
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		if (problems[i].has(r))
			add_problem(j, r, problems[i].status, problems[i].why, problems[i].head);
	json_close(j, '}');
}

/* "/games/{game_id}/events" is get_games_game_id_events. */
static void add_operation_id(struct json *j, const struct route *r)
{
	char text[100] = "get";
	size_t n = 3;
	bool was_letter = false;
	for (size_t i = 0; i < r->pattern.n && n < sizeof(text) - 2; i++) {
		char c = r->pattern.p[i];
		bool is_letter = c >= 'a' && c <= 'z';
		if (is_letter && !was_letter)
			text[n++] = '_';
		if (is_letter)
			text[n++] = c;
		was_letter = is_letter;
	}
	json_key(j, STR("operationId"));
	json_text(j, (struct str){text, n});
}

static void add_route(struct json *j, const struct route *r)
{
	json_key(j, r->pattern);
	json_open(j, '{');
	open_key(j, "get", '{');
	add_operation_id(j, r);
	add_text(j, "summary", str_from(r->summary));
	if (r->is_open)
		json_raw(j, STR("\"security\":[]"));
	add_parameters(j, r);
	add_responses(j, r);
	json_close(j, '}');
	json_close(j, '}');
}

bool answer_openapi(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	struct json j = json_begin(&out->body);
	(void)c, (void)call, (void)err;
	out->freshness = FRESH_PROVISIONAL;
	out->game_id = FIXED_ANSWER;
	json_open(&j, '{');
	add_text(&j, "openapi", STR("3.1.0"));
	json_key(&j, STR("info"));
	json_raw(&j,
		STR("{\"title\":\"rinkside\",\"version\":\"1\",\"summary\":\"The NHL's game "
		    "statistics, seconds after they happen\",\"license\":{\"name\":\"Apache 2.0\","
		    "\"identifier\":\"Apache-2.0\"}}"));
	json_key(&j, STR("servers"));
	json_raw(&j, STR("[{\"url\":\"/\"}]"));
	json_key(&j, STR("security"));
	json_raw(&j, STR("[{},{\"token\":[]}]"));
	open_key(&j, "paths", '{');
	for (size_t i = 0; i < route_count; i++)
		if (!routes[i].is_hidden)
			add_route(&j, &routes[i]);
	json_close(&j, '}');
	open_key(&j, "components", '{');
	add_schemas(&j);
	json_key(&j, STR("securitySchemes"));
	json_raw(&j, STR("{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
	json_close(&j, '}');
	json_close(&j, '}');
	buf_add_char(&out->body, '\n');
	return true;
}
