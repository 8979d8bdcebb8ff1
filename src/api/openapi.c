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

static void add_table_schema(struct json *j, const struct table *t)
{
	json_key(j, t->name);
	json_open(j, '{');
	add_text(j, "type", STR("object"));
	open_key(j, "properties", '{');
	for (size_t i = 0; i < t->count; i++)
		if (!t->columns[i].hidden)
			add_column_schema(j, t, i);
	json_close(j, '}');
	json_key(j, STR("additionalProperties"));
	json_bool(j, false);
	json_close(j, '}');
}

static void add_problem_schema(struct json *j)
{
	json_key(j, STR("problem"));
	json_raw(j,
		STR("{\"type\":\"object\",\"description\":\"RFC 9457\",\"required\":[\"type\","
		    "\"title\",\"status\",\"detail\"],\"properties\":{\"type\":{\"type\":\"string\"},"
		    "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},\"detail\":"
		    "{\"type\":\"string\"},\"parameter\":{\"type\":\"string\",\"description\":\"what "
		    "the problem is with\"}}}"));
}

/* Each table once, in the order of the routes that show it. */
static void add_schemas(struct json *j)
{
	open_key(j, "schemas", '{');
	add_problem_schema(j);
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

static void add_parameters(struct json *j, const struct route *r)
{
	open_key(j, "parameters", '[');
	add_id_parameter(j, r);
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
	if (!r->rows) {
		json_raw(j, r->is_list ? STR("\"type\":\"array\",\"items\":{\"type\":\"object\"}")
				       : STR("\"type\":\"object\""));
		return;
	}
	if (!r->is_list) {
		add_reference(j, r->rows->name);
		return;
	}
	add_text(j, "type", STR("array"));
	open_key(j, "items", '{');
	add_reference(j, r->rows->name);
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

static void add_problem(struct json *j, const char *status, const char *why)
{
	open_key(j, status, '{');
	add_text(j, "description", str_from(why));
	json_key(j, STR("content"));
	json_raw(j, STR("{\"application/problem+json\":{\"schema\":{\"$ref\":"
			"\"#/components/schemas/problem\"}}}"));
	json_close(j, '}');
}

static void add_responses(struct json *j, const struct route *r)
{
	open_key(j, "responses", '{');
	open_key(j, "200", '{');
	add_text(j, "description", str_from(r->summary));
	add_content(j, r);
	json_close(j, '}');
	if (r->kind != ROUTE_STREAM) {
		open_key(j, "304", '{');
		add_text(j, "description", STR("unchanged since the ETag in If-None-Match"));
		json_close(j, '}');
	}
	add_problem(j, "400", "a parameter that is unknown, given twice, or not what it may be");
	if (!r->is_open)
		add_problem(j, "401", "the server asks for a token, and this is none");
	if (id_name(r).n)
		add_problem(j, "404", "nothing is known by this number");
	add_problem(j, "503", "the database is away, or too much is asked: Retry-After says when");
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
