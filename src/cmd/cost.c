#include "cost/cost.h"

#include "base/time.h"
#include "cmd/command.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const option_names[] = {"season", "seed", "ttl", "from-ledger", "format", "svg",
	"began", "after", "length", "games", "speed", NULL};

enum {
	SEASON_IF_NOT_SAID = 20252026,
	SEED_IF_NOT_SAID = 1,
	GAMES_IF_NOT_SAID = 8,
	LENGTH_IF_NOT_SAID = 3600000,
	REPORT_BYTES = 1 << 20,
};

static bool write_file(struct str path, struct str text, struct err *err)
{
	struct arena arena = arena_reserve(1 << 16);
	FILE *f = path.n < 4096 ? fopen(str_z(&arena, path), "w") : NULL;
	arena_release(&arena);
	bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
	if (f)
		ok = !fclose(f) && ok;
	return ok || err_set(err, ERR_STORE, "cost: --svg: %.*s cannot be written", STR_ARG(path));
}

static bool open_ledger(const struct config *c, struct season *out, struct err *err)
{
	struct store *store = store_open(c->db, STORE_READ, err);
	bool ok = store && season_of_ledger(store, c->ttl_s, out, err);
	store_close(store);
	return ok || err_wrap(err, "cost");
}

/*
 * What is said and would have no part in it is a mistake of whoever said it. A value that is the
 * usual one, as command.c has it, changes nothing.
 */
static bool check_options(const struct config *c, struct err *err)
{
	bool is_night = c->began.n != 0;
	const struct {
		bool is_said, fits;
		const char *option, *with;
	} rows[] = {
		{is_night, !c->from_ledger, "began", "without --from-ledger"},
		{c->season != 0, !c->from_ledger, "season", "without --from-ledger"},
		{c->season != 0, !is_night, "season", "without --began"},
		{c->seed != SEED_IF_NOT_SAID, !c->from_ledger, "seed", "without --from-ledger"},
		{c->after_ms != 0, is_night, "after", "with --began"},
		{c->length_ms != LENGTH_IF_NOT_SAID, is_night, "length", "with --began"},
		{c->games != GAMES_IF_NOT_SAID, is_night, "games", "with --began"},
		{c->speed != 1, is_night, "speed", "with --began"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_said && !rows[i].fits)
			return err_set(err, ERR_USAGE, "cost: --%s has a meaning only %s",
				rows[i].option, rows[i].with);
	return true;
}

static bool open_season(const struct config *c, struct season *out, struct err *err)
{
	if (c->from_ledger)
		return open_ledger(c, out, err);
	int64_t years = c->season ? c->season : SEASON_IF_NOT_SAID, first = years / 10000, began;
	if (c->began.n && !time_parse(c->began, &began))
		return err_set(err, ERR_USAGE, "cost: --began: \"%.*s\" is no RFC 3339 time",
			STR_ARG(c->began));
	if (years % 10000 != first + 1 || first < 1917 || first > 2199)
		return err_set(err, ERR_USAGE,
			"cost: --season: %" PRId64 " is no season: two years, such as 20252026",
			years);
	*out = c->began.n ? season_night((uint64_t)c->seed, (int)c->games, c->speed, began,
				    c->ttl_s, c->after_ms, c->length_ms)
			  : season_made_up((uint64_t)c->seed, (int)first, c->ttl_s);
	return true;
}

static size_t play(const struct config *c, const struct season *s, struct outcome *out)
{
	const struct plan plan = {.policy = POLICY_ADAPTIVE, .speed = c->speed};
	if (!c->began.n) {
		cost_play(s, out);
		return POLICIES;
	}
	out[0] = cost_play_plan(s, &plan);
	return 1;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct season season;
	struct outcome outcomes[POLICIES];
	struct buf report, picture;
	struct err err;
	char name[64];
	if (argc) {
		err_set(&err, ERR_USAGE, "cost: takes no words, got \"%s\"", argv[0]);
		return command_fail(&err);
	}
	if (!check_options(c, &err) || !open_season(c, &season, &err))
		return command_fail(&err);
	snprintf(name, sizeof(name), "%" PRId64, c->season ? c->season : SEASON_IF_NOT_SAID);
	struct str season_name = c->from_ledger ? STR("the ledger")
				 : c->began.n   ? STR("a night")
						: str_from(name);
	const struct cost_title title = {.season = season_name,
		.is_made_up = !c->from_ledger,
		.seed = c->seed,
		.ttl_s = c->ttl_s};
	size_t count = play(c, &season, outcomes);
	buf_init(&report, REPORT_BYTES);
	buf_init(&picture, REPORT_BYTES);
	cost_report(&season, &title, outcomes, count, (enum report)c->report_format, &report);
	cost_draw(&title, outcomes, count, &picture);
	bool ok = !c->svg.n || write_file(c->svg, buf_str(&picture), &err);
	int code = ok ? 0 : command_fail(&err);
	if (ok) {
		fwrite(report.p, 1, report.n, stdout);
		code = command_end(code);
	}
	buf_clear(&picture);
	buf_clear(&report);
	season_clear(&season);
	return code;
}

const struct command command_cost = {
	.name = "cost",
	.words = "",
	.summary = "plays polling policies against a season: requests, bytes, staleness, dollars",
	.help = "Plays five ways of asking against a made-up season (20252026 if not said) in "
		"simulated "
		"time, with the same plan\nthat the program obeys, and prints what each costs and "
		"how late "
		"its rows are. Nothing is asked of any upstream.\nThe model's upstream turns its "
		"bodies "
		"over every --ttl seconds, has intermissions, postponements and late\nofficial "
		"ends.\n\n"
		"With --from-ledger it is the games that --db has polls of: what was new in them and "
		"when, the sizes of what came, the\nplay-by-plays, and intermissions where nothing was "
		"new for twelve minutes. A clock that stood is in no ledger.\n"
		"Games that were first asked for more than 12 hours after their start were fetched, not followed: they\n"
		"are left out, and how many is said.\n\n"
		"With --began it is the night of `fake --games --seed --speed` that began then, "
		"and only "
		"what `up` beside it\nshould have asked within --length.\n\n"
		"Exit code: 0 done; 2 usage; 5 the database, or a file that cannot be written; 6 the ledger has no game that\n"
		"was followed.",
	.options = option_names,
	.shares = READS_DATABASE,
	.run = run,
};
