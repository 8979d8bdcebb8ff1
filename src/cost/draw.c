#include "cost/cost.h"

enum { WIDTH = 820, LABEL = 190, BAR_HEIGHT = 20, ROW = 30, TOP = 64, GAP = 64, ROOM = 120 };

static const char *const colours[POLICIES] = {
	"#9aa5b1", "#52606d", "#5a8dc8", "#86a83c", "#c8503c"};

struct chart {
	const char *title;
	double (*of)(const struct outcome *o);
};

static double million_requests(const struct outcome *o)
{
	return (double)outcome_requests(o) / 1e6;
}

static double staleness(const struct outcome *o)
{
	return o->staleness_mean_s;
}

static const struct chart charts[] = {
	{"Requests of a season, million", million_requests},
	{"Mean seconds from a body to the row, while games are played", staleness},
};
enum { CHARTS = sizeof(charts) / sizeof(charts[0]) };

static void draw_bar(struct buf *out, const struct chart *c, const struct outcome *o, size_t i,
	double most, int y)
{
	double length = most > 0 ? c->of(o) / most * (WIDTH - LABEL - ROOM) : 0;
	buf_add_format(out,
		"<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n"
		"<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/>\n"
		"<text x=\"%.1f\" y=\"%d\">%.2f</text>\n",
		LABEL - 10, y + 15, o->policy, LABEL, y, length, BAR_HEIGHT, colours[i % POLICIES],
		LABEL + length + 8, y + 15, c->of(o));
}

static void draw_chart(
	struct buf *out, const struct chart *c, const struct outcome *o, size_t count, int y)
{
	double most = 0;
	for (size_t i = 0; i < count; i++)
		most = c->of(&o[i]) > most ? c->of(&o[i]) : most;
	buf_add_format(out, "<text x=\"%d\" y=\"%d\" font-weight=\"bold\">%s</text>\n", LABEL,
		y - 12, c->title);
	for (size_t i = 0; i < count; i++)
		draw_bar(out, c, &o[i], i, most, y + (int)i * ROW);
}

void cost_draw(
	const struct cost_title *title, const struct outcome *o, size_t count, struct buf *out)
{
	int chart_height = (int)count * ROW + GAP, height = TOP + CHARTS * chart_height;
	buf_add_format(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"font-family=\"sans-serif\" font-size=\"14\" fill=\"#1f2933\">\n"
		"<title>Requests and staleness by policy</title>\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n"
		"<text x=\"%d\" y=\"24\" font-size=\"12\">%s%.*s",
		WIDTH, height, WIDTH, height, LABEL, title->is_made_up ? "Season " : "",
		STR_ARG(title->season));
	cost_title_more(title, out);
	buf_add(out, STR("</text>\n"));
	for (int i = 0; i < CHARTS; i++)
		draw_chart(out, &charts[i], o, count, TOP + i * chart_height);
	buf_add(out, STR("</svg>\n"));
}
