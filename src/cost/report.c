#include "cost/prices.h"

#include "base/json.h"
#include "base/time.h"
#include "cost/timeline.h"

#include <inttypes.h>
#include <stdio.h>

const struct str asked_names[ASKED_KINDS] = {
	[ASKED_WEEK] = STR_INIT("schedule"),
	[ASKED_BOARD] = STR_INIT("score"),
	[ASKED_BOX_SCORE] = STR_INIT("boxscore"),
	[ASKED_PLAY_BY_PLAY] = STR_INIT("play-by-play"),
	[ASKED_PEOPLE] = STR_INIT("people"),
};

/* ---- the figures of a policy, by name ---- */

enum { DECIMALS_WHOLE, DECIMALS_TWO = 2, DECIMALS_THREE };

struct figure {
	struct str name;
	double (*of)(const struct outcome *o, double months);
	double unit;
	const char *heading; /* in the tables for people */
	int decimals, table; /* 0: in none of them */
};

static double requests(const struct outcome *o, double months)
{
	(void)months;
	return (double)outcome_requests(o);
}

static double bytes_plain(const struct outcome *o, double months)
{
	(void)months;
	return (double)o->bytes_plain;
}

static double bytes(const struct outcome *o, double months)
{
	(void)months;
	return (double)o->bytes;
}

static double invocations(const struct outcome *o, double months)
{
	(void)months;
	return (double)o->invocations;
}

static double gb_seconds(const struct outcome *o, double months)
{
	(void)months;
	return o->gb_seconds;
}

static double lambda(const struct outcome *o, double months)
{
	return price_lambda(o, months, false);
}

static double lambda_free(const struct outcome *o, double months)
{
	return price_lambda(o, months, true);
}

static double machine(const struct outcome *o, double months)
{
	(void)o;
	(void)months;
	return prices[PRICE_MACHINE].dollars;
}

static double nat(const struct outcome *o, double months)
{
	return price_nat(o, months);
}

static double staleness_mean(const struct outcome *o, double months)
{
	(void)months;
	return o->staleness_mean_s;
}

static double staleness_p95(const struct outcome *o, double months)
{
	(void)months;
	return o->staleness_p95_s;
}

static double all_mean(const struct outcome *o, double months)
{
	(void)months;
	return o->all_mean_s;
}

static double late_mean(const struct outcome *o, double months)
{
	(void)months;
	return o->late_mean_s;
}

static double event_mean(const struct outcome *o, double months)
{
	(void)months;
	return o->event_mean_s;
}

static double missed(const struct outcome *o, double months)
{
	(void)months;
	return (double)o->missed;
}

static double share_new(const struct outcome *o, double months)
{
	(void)months;
	return o->polls ? (double)o->polls_new / (double)o->polls : 0;
}

static const struct figure figures[] = {
	{STR_INIT("requests"), requests, 1, "requests", DECIMALS_WHOLE, 1},
	{STR_INIT("bytes_plain"), bytes_plain, 1e9, "GB plain", DECIMALS_WHOLE, 1},
	{STR_INIT("bytes"), bytes, 1e9, "GB sent", DECIMALS_WHOLE, 1},
	{STR_INIT("invocations"), invocations, 1, "invocations", DECIMALS_WHOLE, 1},
	{STR_INIT("gb_seconds"), gb_seconds, 1, "GB-s", DECIMALS_WHOLE, 1},
	{STR_INIT("lambda_dollars_month"), lambda, 1, "$/month", DECIMALS_TWO, 1},
	{STR_INIT("lambda_free_tier_dollars_month"), lambda_free, 1, "$, free tier", DECIMALS_TWO,
		1},
	{STR_INIT("machine_dollars_month"), machine, 1, "$, machine", DECIMALS_TWO, 1},
	{STR_INIT("nat_gateway_dollars_month"), nat, 1, NULL, DECIMALS_TWO, 0},
	{STR_INIT("staleness_mean_s"), staleness_mean, 1, "late, s", DECIMALS_TWO, 2},
	{STR_INIT("staleness_p95_s"), staleness_p95, 1, "95 of 100", DECIMALS_TWO, 2},
	{STR_INIT("event_to_row_mean_s"), event_mean, 1, "from event", DECIMALS_TWO, 2},
	{STR_INIT("staleness_corrections_mean_s"), late_mean, 1, "corrected", DECIMALS_WHOLE, 2},
	{STR_INIT("staleness_all_mean_s"), all_mean, 1, "all", DECIMALS_TWO, 2},
	{STR_INIT("changes_missed"), missed, 1, "missed", DECIMALS_WHOLE, 2},
	{STR_INIT("polls_new_share"), share_new, 1, "news", DECIMALS_THREE, 2},
};
enum { FIGURES = sizeof(figures) / sizeof(figures[0]) };

/* ---- what was played ---- */

/* A game that was put off is two in the season: on its first day it was shown, and not played. */
struct played {
	size_t games, put_off;
	int32_t first_day, last_day;
};

static struct played count_played(const struct season *s)
{
	struct played p = {0};
	for (size_t i = 0; i < s->count; i++) {
		const struct timeline *t = &s->games[i];
		if (t->put_off_ms) {
			p.put_off++;
			continue;
		}
		p.first_day = p.games ? p.first_day : t->day;
		p.last_day = t->day;
		p.games++;
	}
	return p;
}

/* ---- forms ---- */

static void write_figure(
	struct buf *out, const struct figure *f, const struct outcome *o, double months)
{
	buf_add_format(out, "%.*f", f->decimals, f->of(o, months));
}

static void write_json_policy(struct json *j, const struct outcome *o, double months)
{
	json_open(j, '{');
	json_key(j, STR("policy"));
	json_text(j, str_from(o->policy));
	for (size_t i = 0; i < FIGURES; i++) {
		char room[48];
		struct buf text;
		buf_init(&text, sizeof(room));
		write_figure(&text, &figures[i], o, months);
		json_key(j, figures[i].name);
		json_raw(j, buf_str(&text));
		buf_clear(&text);
	}
	json_key(j, STR("requests_by_endpoint"));
	json_open(j, '{');
	for (int kind = 0; kind < ASKED_KINDS; kind++) {
		json_key(j, asked_names[kind]);
		json_i64(j, o->requests[kind]);
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void write_json_prices(struct json *j)
{
	json_key(j, STR("prices"));
	json_open(j, '[');
	for (int i = 0; i < PRICES; i++) {
		json_open(j, '{');
		json_key(j, STR("of"));
		json_text(j, str_from(prices[i].name));
		json_key(j, STR("dollars"));
		json_real(j, prices[i].dollars);
		json_key(j, STR("source"));
		json_text(j, str_from(prices[i].source));
		json_close(j, '}');
	}
	json_close(j, ']');
	json_key(j, STR("prices_read"));
	json_text(j, str_from(prices_read));
}

static void write_json(const struct season *s, const struct cost_title *title,
	const struct outcome *o, size_t count, struct buf *out)
{
	const struct played played = count_played(s);
	struct json j = json_begin(out);
	json_open(&j, '{');
	json_key(&j, STR("season"));
	json_text(&j, title->season);
	json_key(&j, STR("games"));
	json_i64(&j, (int64_t)played.games);
	json_key(&j, STR("games_put_off"));
	json_i64(&j, (int64_t)played.put_off);
	if (s->left_out) {
		json_key(&j, STR("games_left_out"));
		json_i64(&j, (int64_t)s->left_out);
	}
	if (title->is_made_up) {
		json_key(&j, STR("seed"));
		json_i64(&j, title->seed);
	}
	json_key(&j, STR("ttl_s"));
	json_i64(&j, title->ttl_s);
	json_key(&j, STR("months"));
	json_raw(&j, STR(""));
	buf_add_format(out, "%.2f", season_months(s));
	json_key(&j, STR("policies"));
	json_open(&j, '[');
	for (size_t i = 0; i < count; i++)
		write_json_policy(&j, &o[i], season_months(s));
	json_close(&j, ']');
	write_json_prices(&j);
	json_close(&j, '}');
	buf_add_char(out, '\n');
}

/* A line a policy. */
static void write_ndjson(
	const struct season *s, const struct outcome *o, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		struct json j = json_begin(out);
		write_json_policy(&j, &o[i], season_months(s));
		buf_add_char(out, '\n');
	}
}

static void write_csv(
	const struct season *s, const struct outcome *o, size_t count, struct buf *out)
{
	buf_add(out, STR("policy"));
	for (size_t i = 0; i < FIGURES; i++)
		buf_add_format(out, ",%.*s", STR_ARG(figures[i].name));
	for (size_t p = 0; p < count; p++) {
		buf_add_format(out, "\n%s", o[p].policy);
		for (size_t i = 0; i < FIGURES; i++) {
			buf_add_char(out, ',');
			write_figure(out, &figures[i], &o[p], season_months(s));
		}
	}
	buf_add_char(out, '\n');
}

static void write_cell(
	struct buf *out, const struct figure *f, const struct outcome *o, double months)
{
	char text[48];
	int decimals = f->unit > 1 ? DECIMALS_TWO : f->decimals;
	snprintf(text, sizeof(text), "%.*f", decimals, f->of(o, months) / f->unit);
	buf_add_format(out, "  %12s", text);
}

static void write_table(
	int table, const struct outcome *o, size_t count, double months, struct buf *out)
{
	buf_add_format(out, "%-21s", "policy");
	for (size_t i = 0; i < FIGURES; i++)
		if (figures[i].table == table)
			buf_add_format(out, "  %12s", figures[i].heading);
	for (size_t p = 0; p < count; p++) {
		buf_add_format(out, "\n%-21s", o[p].policy);
		for (size_t i = 0; i < FIGURES; i++)
			if (figures[i].table == table)
				write_cell(out, &figures[i], &o[p], months);
	}
	buf_add(out, STR("\n\n"));
}

static void write_policies(const struct outcome *o, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		buf_add_format(out, "%-21s  %s:", o[i].policy, o[i].help);
		for (int kind = 0; kind < ASKED_KINDS; kind++)
			if (o[i].requests[kind])
				buf_add_format(out, " %.*s %" PRId64, STR_ARG(asked_names[kind]),
					o[i].requests[kind]);
		buf_add_char(out, '\n');
	}
}

void cost_title_more(const struct cost_title *title, struct buf *out)
{
	if (title->is_made_up)
		buf_add_format(out, ", seed %" PRId64, title->seed);
	buf_add_format(out, ", bodies turn over every %" PRId64 " s", title->ttl_s);
}

static void write_text(const struct season *s, const struct cost_title *title,
	const struct outcome *o, size_t count, struct buf *out)
{
	double months = season_months(s);
	const struct played played = count_played(s);
	buf_add_format(out, "%.*s: %zu games from %s to %s", STR_ARG(title->season), played.games,
		day_format(played.first_day).text, day_format(played.last_day).text);
	if (played.put_off)
		buf_add_format(out, ", %zu of them put off", played.put_off);
	cost_title_more(title, out);
	if (s->left_out)
		buf_add_format(out,
			"\n%zu more are left out: first asked for more than 12 hours after the start",
			s->left_out);
	buf_add(out, STR("\n\n"));
	write_table(1, o, count, months, out);
	write_table(2, o, count, months, out);
	write_policies(o, count, out);
	buf_add_format(out,
		"\nlate: mean seconds from when a body shows a change of a statistic to its row, "
		"of what "
		"happened before the horn;\nfrom event: since it happened; corrected: of what was "
		"corrected "
		"after the horn, all: of both, missed: what never\ngot there. news: the share of "
		"box scores "
		"that showed something else than the one before. A season is %.1f\nmonths; an "
		"invocation has "
		"%d MB and takes %d ms, and %d ms for each request. Prices of %s, US East:\n",
		months, (int)(INVOCATION_GB * 1024), INVOCATION_OWN_MS, INVOCATION_REQUEST_MS,
		prices_read);
	for (int i = 0; i < PRICES; i++)
		buf_add_format(out, "  %-28s  $%-13.10g %s\n", prices[i].name, prices[i].dollars,
			prices[i].source);
}

void cost_report(const struct season *s, const struct cost_title *title, const struct outcome *o,
	size_t count, enum report form, struct buf *out)
{
	switch (form) {
	case REPORT_TEXT:
		write_text(s, title, o, count, out);
		return;
	case REPORT_JSON:
		write_json(s, title, o, count, out);
		return;
	case REPORT_CSV:
		write_csv(s, o, count, out);
		return;
	case REPORT_NDJSON:
		write_ndjson(s, o, count, out);
		return;
	}
}
