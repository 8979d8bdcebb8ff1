#include "cmd/command.h"

#include "base/json.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const option_names[] = {"format", "game-types", NULL};

enum { PAGE = 512 };

/* Of the wanted kinds of game together. */
static bool add_up(
	struct store *s, int64_t season, unsigned types, struct coverage *out, struct err *err)
{
	struct arena keep = arena_reserve(1 << 20);
	struct coverage *list;
	size_t count = 0;
	bool ok = store_get_coverage(s, season, &keep, &list, &count, err);
	*out = (struct coverage){.season = season};
	for (size_t i = 0; ok && i < count; i++)
		if (list[i].game_type < 32 && types >> list[i].game_type & 1) {
			out->expected += list[i].expected;
			out->stored += list[i].stored;
			out->official += list[i].official;
		}
	arena_release(&keep);
	return ok;
}

static bool add_missing(struct store *s, int64_t season, unsigned types, struct buf *out,
	bool is_json, struct err *err)
{
	int64_t page[PAGE], after = 0;
	size_t count;
	struct json j = json_begin(out);
	do {
		if (!store_get_missing(s, season, after, page, PAGE, &count, err))
			return false;
		for (size_t i = 0; i < count; i++) {
			after = page[i];
			if (!(types >> after / 10000 % 100 & 1))
				continue;
			if (is_json)
				json_i64(&j, after);
			else
				buf_add_format(out, "%" PRId64 "\n", after);
		}
	} while (count == PAGE);
	return true;
}

static void write_sums(const struct coverage *c, struct buf *out, bool is_json)
{
	if (!is_json) {
		buf_add_format(out,
			"%" PRId64 ": %" PRId64 " games expected, %" PRId64 " stored, %" PRId64
			" official\n",
			c->season, c->expected, c->stored, c->official);
		return;
	}
	buf_add_format(out,
		"{\"season\":%" PRId64 ",\"expected\":%" PRId64 ",\"stored\":%" PRId64
		",\"official\":%" PRId64 ",\"missing\":[",
		c->season, c->expected, c->stored, c->official);
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	int64_t season;
	unsigned types;
	struct coverage sums;
	struct buf out;
	bool is_json = c->report_format == 1;
	if (argc != 1 || !command_parse_season(argv[0], &season)) {
		err_set(&err, ERR_USAGE, "coverage: of which season? rinkside coverage 20232024");
		return command_fail(&err);
	}
	if (c->report_format > 1) {
		err_set(&err, ERR_USAGE, "coverage: --format: text or json");
		return command_fail(&err);
	}
	if (!command_parse_types("coverage", c->game_types, &types, &err))
		return command_fail(&err);
	struct store *store = store_open(c->db, STORE_READ, &err);
	if (!store)
		return command_fail(&err);
	buf_init(&out, 1 << 20);
	bool ok = store_hold(store, &err) && add_up(store, season, types, &sums, &err);
	if (ok)
		write_sums(&sums, &out, is_json);
	ok = ok && add_missing(store, season, types, &out, is_json, &err);
	buf_add(&out, ok && is_json ? STR("]}\n") : STR(""));
	store_close(store);
	int code = ok ? 0 : command_fail(&err);
	if (ok) {
		fwrite(out.p, 1, out.n, stdout);
		code = command_end(code);
	}
	buf_clear(&out);
	return code;
}

const struct command command_coverage = {
	.name = "coverage",
	.words = "SEASON",
	.summary = "what a season has, and the games that it lacks",
	.help = "How many games of the season (20232024) are expected, stored with lines, and official, as far as the "
		"schedule is known\nhere; then a line for each game that has ended and has no lines of its end. `season SEASON "
		"--only-missing` fetches those.",
	.options = option_names,
	.shares = READS_DATABASE,
	.run = run,
};
