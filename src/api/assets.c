#include "api/assets.h"

#include "api/handlers.h"
#include "base/embed.h"
#include "base/json.h"
#include "model/model.h"

#include <pthread.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { MOST_ASSETS = 64 };

static struct {
	struct asset list[MOST_ASSETS];
	size_t count;
	char prefix[40];
} all;

static struct str type_of(struct str name)
{
	static const struct {
		struct str ending, type;
	} types[] = {
		{STR_INIT(".js"), STR_INIT("text/javascript; charset=utf-8")},
		{STR_INIT(".css"), STR_INIT("text/css; charset=utf-8")},
		{STR_INIT(".svg"), STR_INIT("image/svg+xml")},
		{STR_INIT(".json"), STR_INIT("application/json")},
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_ends(name, types[i].ending))
			return types[i].type;
	return STR("application/octet-stream");
}

/* What each column means, for the headings of tables. */
static struct str columns_json(void)
{
	static struct buf out; /* for as long as the program runs */
	buf_init(&out, 1 << 16);
	struct json j = json_begin(&out);
	json_open(&j, '{');
	for (size_t i = 0; i < stat_table.count; i++) {
		json_key(&j, stat_table.columns[i].name);
		json_text(&j, str_from(stat_table.columns[i].help));
	}
	json_close(&j, '}');
	return buf_str(&out);
}

static void add(struct str name, struct str body)
{
	if (all.count < MOST_ASSETS)
		all.list[all.count++] =
			(struct asset){.name = name, .type = type_of(name), .body = body};
}

static void collect(void)
{
	XXH64_hash_t hash = 0;
	for (size_t i = 0; web_files[i].name.n; i++)
		add(web_files[i].name, web_files[i].text);
	add(STR("columns.json"), columns_json());
	for (size_t i = 0; i < all.count; i++) {
		hash = XXH3_64bits_withSeed(all.list[i].name.p, all.list[i].name.n, hash);
		hash = XXH3_64bits_withSeed(all.list[i].body.p, all.list[i].body.n, hash);
	}
	snprintf(all.prefix, sizeof(all.prefix), "/assets/%016llx/", (unsigned long long)hash);
}

static void collect_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, collect);
}

struct str assets_prefix(void)
{
	collect_once();
	return str_from(all.prefix);
}

const struct asset *assets_find(struct str path)
{
	struct str prefix = assets_prefix();
	if (!str_starts(path, prefix))
		return NULL;
	for (size_t i = 0; i < all.count; i++)
		if (str_equal(all.list[i].name, str_skip(path, prefix.n)))
			return &all.list[i];
	return NULL;
}

bool assets_have_script(void)
{
	collect_once();
	for (size_t i = 0; i < all.count; i++)
		if (str_equal(all.list[i].name, STR("app.js")))
			return true;
	return false;
}

bool answer_asset(struct context *c, const struct call *call, struct answer *out, struct err *err)
{
	struct str path = str_format(c->keep, "/assets/%.*s", STR_ARG(call->rest));
	const struct asset *a = assets_find(path);
	(void)err;
	if (!a)
		return answer_problem(out, 404, STR(""),
			"no such file of the page: it has become a newer one, load it again");
	out->freshness = FRESH_FIXED;
	out->content_type = a->type;
	answer_add_line(out, STR("X-Content-Type-Options"), STR("nosniff"));
	buf_add(&out->body, a->body);
	return true;
}
