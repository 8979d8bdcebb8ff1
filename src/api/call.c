#include "api/call.h"

#include "api/route.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct format_kind format_kinds[FORMATS] = {
	[FORMAT_JSON] = {STR_INIT("json"), STR_INIT("application/json"),
		STR_INIT("application/json")},
	[FORMAT_CSV] = {STR_INIT("csv"), STR_INIT("text/csv"), STR_INIT("text/csv; charset=utf-8")},
	[FORMAT_NDJSON] = {STR_INIT("ndjson"), STR_INIT("application/x-ndjson"),
		STR_INIT("application/x-ndjson")},
	[FORMAT_HTML] = {STR_INIT("html"), STR_INIT("text/html"),
		STR_INIT("text/html; charset=utf-8")},
	[FORMAT_METRICS] = {STR_INIT("text"), STR_INIT("text/plain"),
		STR_INIT("text/plain; version=0.0.4; charset=utf-8")},
	[FORMAT_EVENTS] = {STR_INIT("events"), STR_INIT("text/event-stream"),
		STR_INIT("text/event-stream")},
	[FORMAT_FILE] = {STR_INIT("file"), STR_INIT("application/octet-stream"),
		STR_INIT("application/octet-stream")},
};

bool problem_set(struct problem *p, int status, struct str parameter, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	p->status = status;
	p->parameter = parameter;
	vsnprintf(p->detail, sizeof(p->detail), format, args);
	va_end(args);
	return false;
}

/* ---- paths ---- */

/* Segment by segment; {name} takes whatever stands there, {name...} all that is left. */
static bool matches(struct str pattern, struct str path, struct str *out_name, struct str *out_id,
	struct str *out_rest)
{
	while (pattern.n && path.n) {
		struct str_cut p = str_cut(str_skip(pattern, 1), '/');
		struct str_cut s = str_cut(str_skip(path, 1), '/');
		if (path.p[0] != '/')
			return false;
		if (str_ends(p.head, STR("...}"))) {
			*out_rest = str_skip(path, 1);
			return true;
		}
		if (p.found != s.found)
			return false;
		if (p.head.n && p.head.p[0] == '{') {
			*out_name = (struct str){p.head.p + 1, p.head.n - 2};
			*out_id = s.head;
		} else if (!str_equal(p.head, s.head)) {
			return false;
		}
		pattern = p.found ? (struct str){p.tail.p - 1, p.tail.n + 1} : p.tail;
		path = s.found ? (struct str){s.tail.p - 1, s.tail.n + 1} : s.tail;
	}
	return !pattern.n && !path.n;
}

/* Ten digits are the longest number that the NHL gives anything. */
static bool is_id(struct str s, int64_t *out)
{
	enum { DIGITS = 10 };
	if (!s.n || s.n > DIGITS)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return str_to_i64(s, out) && *out > 0;
}

bool call_find_route(struct str path, struct call *out, struct problem *problem)
{
	for (size_t i = 0; i < route_count; i++) {
		struct str name = {0}, id = {0}, rest = {0};
		if (!matches(routes[i].pattern, path, &name, &id, &rest))
			continue;
		*out = (struct call){.route = &routes[i], .rest = rest};
		if (name.n && !is_id(id, &out->id))
			return problem_set(problem, 400, name,
				"%.*s: wants a whole number of at most ten digits, got \"%.*s\"",
				STR_ARG(name), STR_ARG(str_first(id, 40)));
		return true;
	}
	return problem_set(problem, 404, STR(""),
		"nothing is served at %.*s; /routes lists what is", STR_ARG(str_first(path, 120)));
}

/* ---- formats ---- */

static enum format default_format(const struct route *r)
{
	return (enum format)__builtin_ctz(r->formats);
}

/* How well a media range fits: 0 not at all, 3 exactly. */
static int fit(struct str range, enum format f)
{
	struct str type = format_kinds[f].media_type;
	if (str_equal_nocase(range, type) ||
		(f == FORMAT_NDJSON && (str_equal_nocase(range, STR("application/ndjson")) ||
					       str_equal_nocase(range, STR("application/jsonl")))))
		return 3;
	if (str_equal(range, STR("*/*")))
		return 1;
	struct str_cut cut = str_cut(type, '/');
	return range.n == cut.head.n + 2 && str_ends(range, STR("/*")) &&
			       str_equal_nocase(str_bytes(range, cut.head.n), cut.head)
		       ? 2
		       : 0;
}

/* "q=0.8" among a range's parameters, in thousandths. */
static int64_t quality(struct str parameters)
{
	while (parameters.n) {
		struct str_cut cut = str_cut(parameters, ';');
		struct str_cut pair = str_cut(cut.head, '=');
		struct str value = str_trim(pair.tail);
		parameters = cut.tail;
		if (!str_equal_nocase(str_trim(pair.head), STR("q")) || !value.n)
			continue;
		int64_t q = value.p[0] == '1' ? 1000 : 0, unit = 100;
		for (size_t i = 2; value.p[0] == '0' && i < value.n && unit; i++, unit /= 10)
			if (value.p[i] >= '0' && value.p[i] <= '9')
				q += (value.p[i] - '0') * unit;
		return q;
	}
	return 1000;
}

/* The quality that the list gives a format: that of its best fitting range. */
static int64_t weigh(struct str accept, enum format f)
{
	int best = 0;
	int64_t q = 0;
	while (accept.n) {
		struct str_cut item = str_cut(accept, ','), cut = str_cut(item.head, ';');
		int n = fit(str_trim(cut.head), f);
		accept = item.tail;
		if (n > best) {
			best = n;
			q = quality(cut.tail);
		}
	}
	return q;
}

enum format call_accept(const struct route *route, struct str accept)
{
	enum format best = default_format(route);
	bool has_choice = route->formats != 1u << best;
	int64_t best_q = 0;
	if (!has_choice || !accept.n || str_equal(accept, STR("*/*")))
		return best;
	best = FORMATS;
	for (int f = 0; f < FORMATS; f++) {
		int64_t q = route->formats >> f & 1 ? weigh(accept, (enum format)f) : 0;
		if (q > best_q) {
			best_q = q;
			best = (enum format)f;
		}
	}
	return best;
}

/* The coding's own quality goes before that of "*", wherever either stands. */
bool request_takes_gzip(struct str accept_encoding)
{
	int64_t of_any = 0;
	while (accept_encoding.n) {
		struct str_cut item = str_cut(accept_encoding, ','), cut = str_cut(item.head, ';');
		struct str name = str_trim(cut.head);
		accept_encoding = item.tail;
		if (str_equal_nocase(name, STR("gzip")))
			return quality(cut.tail) > 0;
		if (str_equal(name, STR("*")))
			of_any = quality(cut.tail);
	}
	return of_any > 0;
}

/* ---- parameters ---- */

static bool refuse(
	struct problem *p, const struct parameter *of, struct str text, const char *wants)
{
	return problem_set(p, 400, of->name, "%.*s: wants %s, got \"%.*s\"", STR_ARG(of->name),
		wants, STR_ARG(str_first(text, 60)));
}

/* names: what may be chosen, with commas. */
static bool refuse_choice(struct problem *p, const struct parameter *of, struct str text,
	const char *names, size_t count)
{
	char wants[240];
	snprintf(wants, sizeof(wants), "%s%s", count > 1 ? "one of " : "", names);
	return refuse(p, of, text, wants);
}

static bool read_number(const struct parameter *p, struct argument *a, struct problem *problem)
{
	char wants[80];
	if (str_to_i64(a->text, &a->number) && a->number >= p->min && a->number <= p->max)
		return true;
	snprintf(wants, sizeof(wants), "a whole number from %lld to %lld", (long long)p->min,
		(long long)p->max);
	return refuse(problem, p, a->text, wants);
}

static bool is_season(struct str s, int64_t *out)
{
	return s.n == 8 && str_to_i64(s, out) && *out / 10000 >= 1917 && *out / 10000 < 2200 &&
	       *out % 10000 == *out / 10000 + 1;
}

static bool read_choice(const struct parameter *p, struct argument *a, struct problem *problem)
{
	char wants[200] = "";
	for (size_t i = 0; i < p->choice_count; i++) {
		if (str_equal(p->choices[i], a->text)) {
			a->number = (int64_t)i;
			return true;
		}
		size_t n = strlen(wants);
		snprintf(wants + n, sizeof(wants) - n, "%s%.*s", i ? ", " : "",
			STR_ARG(p->choices[i]));
	}
	return refuse_choice(problem, p, a->text, wants, p->choice_count);
}

static bool read_duration(const struct parameter *p, struct argument *a, struct problem *problem)
{
	char wants[120];
	if (time_parse_duration(a->text, &a->number) && a->number >= p->min && a->number <= p->max)
		return true;
	snprintf(wants, sizeof(wants), "a duration from %s to %s, such as 45s or 5m",
		time_format_duration(p->min).text, time_format_duration(p->max).text);
	return refuse(problem, p, a->text, wants);
}

static bool is_letters(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.n == 3;
}

static bool read_text(const struct parameter *p, struct argument *a, struct problem *problem)
{
	char wants[80];
	if ((int64_t)a->text.n >= p->min && (int64_t)a->text.n <= p->max)
		return true;
	snprintf(wants, sizeof(wants), "a text of %lld to %lld bytes", (long long)p->min,
		(long long)p->max);
	return refuse(problem, p, a->text, wants);
}

static bool read_value(const struct parameter *p, struct argument *a, struct problem *problem)
{
	int32_t day;
	switch (p->type) {
	case PARAMETER_NUMBER:
		return read_number(p, a, problem);
	case PARAMETER_SEASON:
		return is_season(a->text, &a->number) ||
		       refuse(problem, p, a->text, "both years of a season, such as 20232024");
	case PARAMETER_DATE:
		if (!day_parse(a->text, &day))
			return refuse(problem, p, a->text, "a day such as 2026-11-24");
		a->number = day;
		return true;
	case PARAMETER_TIME:
		return time_parse(a->text, &a->number) ||
		       refuse(problem, p, a->text, "a time such as 2026-11-24T01:02:03Z");
	case PARAMETER_DURATION:
		return read_duration(p, a, problem);
	case PARAMETER_CHOICE:
		return read_choice(p, a, problem);
	case PARAMETER_TEAM:
		return is_letters(a->text) || is_id(a->text, &a->number) ||
		       refuse(problem, p, a->text,
			       "a club's number or its three letters, such as TOR");
	case PARAMETER_TEXT:
		return read_text(p, a, problem);
	}
	return false;
}

static const struct parameter format_parameter = {
	.name = STR_INIT("format"), .type = PARAMETER_TEXT};

static const struct parameter *find_parameter(const struct route *r, struct str name)
{
	for (size_t i = 0; r->parameters && r->parameters[i]; i++)
		if (str_equal(r->parameters[i]->name, name))
			return r->parameters[i];
	return str_equal(name, format_parameter.name) ? &format_parameter : NULL;
}

static bool read_format(struct call *call, struct str text, struct problem *problem)
{
	char wants[120] = "";
	size_t count = 0;
	for (int f = 0; f < FORMATS; f++) {
		if (!(call->route->formats >> f & 1))
			continue;
		if (str_equal(format_kinds[f].name, text)) {
			call->format = (enum format)f;
			return true;
		}
		size_t n = strlen(wants);
		snprintf(wants + n, sizeof(wants) - n, "%s%.*s", count++ ? ", " : "",
			STR_ARG(format_kinds[f].name));
	}
	return refuse_choice(problem, &format_parameter, text, wants, count);
}

static bool read_pair(struct call *call, const struct http_parameter *pair, struct argument *out,
	struct problem *problem)
{
	const struct parameter *p = find_parameter(call->route, pair->name);
	struct str name = str_first(pair->name, 60);
	if (!name.n)
		return problem_set(problem, 400, name,
			"a parameter without a name, with the value \"%.*s\"",
			STR_ARG(str_first(pair->value, 60)));
	if (!p)
		return problem_set(
			problem, 400, name, "%.*s: no such parameter here", STR_ARG(name));
	if (!p->may_repeat && call_get(call, p->name))
		return problem_set(problem, 400, p->name, "%.*s: given twice", STR_ARG(p->name));
	*out = (struct argument){.parameter = p, .text = pair->value};
	return p == &format_parameter ? read_format(call, pair->value, problem)
				      : read_value(p, out, problem);
}

static bool check_format(const struct call *call, struct problem *problem)
{
	return call->format != FORMATS ||
	       problem_set(problem, 406, STR("Accept"),
		       "Accept: none of what it takes is what %.*s can be",
		       STR_ARG(call->route->pattern));
}

static bool check_required(const struct call *call, struct problem *problem)
{
	const struct parameter *const *p = call->route->parameters;
	for (; p && *p; p++)
		if ((*p)->is_required && !call_get(call, (*p)->name))
			return problem_set(problem, 400, (*p)->name, "%.*s: has to be given",
				STR_ARG((*p)->name));
	return true;
}

bool call_read_query(
	struct call *call, struct str query, struct arena *keep, struct problem *problem)
{
	enum { MAX_ARGUMENTS = 100 };
	struct http_parameter *pairs;
	struct str bad;
	size_t count;
	if (!http_query_parse(query, keep, &pairs, &count, &bad))
		return problem_set(problem, 400, STR(""), "the query is badly encoded at \"%.*s\"",
			STR_ARG(str_first(bad, 60)));
	if (count > MAX_ARGUMENTS)
		return problem_set(problem, 400, STR(""), "more than %d parameters", MAX_ARGUMENTS);
	struct argument *arguments = ARENA_NEW(keep, struct argument, count + 1);
	call->arguments = arguments;
	for (call->count = 0; call->count < count; call->count++)
		if (!read_pair(call, &pairs[call->count], &arguments[call->count], problem))
			return false;
	return check_required(call, problem) && check_format(call, problem);
}

const struct argument *call_next(
	const struct call *call, struct str name, const struct argument *after)
{
	for (size_t i = after ? (size_t)(after - call->arguments) + 1 : 0; i < call->count; i++)
		if (str_equal(call->arguments[i].parameter->name, name))
			return &call->arguments[i];
	return NULL;
}

const struct argument *call_get(const struct call *call, struct str name)
{
	return call_next(call, name, NULL);
}

int64_t call_number(const struct call *call, struct str name, int64_t otherwise)
{
	const struct argument *a = call_get(call, name);
	return a ? a->number : otherwise;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '~' || c == ',' || c == ':';
}

void call_write_text(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++)
		if (is_unreserved(text.p[i]))
			buf_add_char(out, text.p[i]);
		else
			buf_add_format(out, "%%%02X", (unsigned char)text.p[i]);
}
