#include "cmd/command.h"

#include "ingest/reparse.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const option_names[] = {"season", NULL};

static int take(struct store *store, int64_t game_id, struct reparse_report *report)
{
	struct err err;
	if (reparse_game(store, game_id, command_print_put, report, &err))
		return 0;
	err_wrap(&err, "reparse");
	return command_fail(&err);
}

/* Of a season when it is given: its games' numbers begin with its first year. */
static int take_all(struct store *store, int64_t season, struct reparse_report *report)
{
	int64_t year = season / 10000, game = season ? year * 1000000 : -1;
	struct err err;
	int code = 0;
	for (;;) {
		if (!store_next_body_game(store, game, &game, &err))
			return command_fail(&err);
		if (game < 0 || (season && game / 1000000 != year))
			return code;
		int one = take(store, game, report);
		code = code ? code : one;
	}
}

static int take_games(struct store *store, int argc, char **argv, struct reparse_report *report)
{
	int code = 0;
	for (int i = 0; i < argc; i++) {
		int64_t game;
		ingest_parse_game_id(str_from(argv[i]), &game);
		int64_t before = report->games;
		int one = take(store, game, report);
		if (!one && report->games == before)
			fprintf(stderr, "rinkside: reparse: no body of game %s is kept\n", argv[i]);
		code = code ? code : one;
	}
	return code;
}

static bool check_words(const struct config *c, int argc, char **argv, struct err *err)
{
	int64_t game;
	if (argc && c->season)
		return err_set(err, ERR_USAGE, "reparse: games or --season, not both");
	if (c->season && c->season / 10000 + 1 != c->season % 10000)
		return err_set(err, ERR_USAGE, "reparse: --season: both its years, like 20232024");
	for (int i = 0; i < argc; i++)
		if (!ingest_parse_game_id(str_from(argv[i]), &game))
			return err_set(err, ERR_USAGE,
				"reparse: \"%s\" is no game id: ten digits, such as 2023020204",
				argv[i]);
	return true;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	struct reparse_report report = {0};
	struct store *store = NULL;
	if (!check_words(c, argc, argv, &err) || !(store = store_open(c->db, STORE_WRITE, &err)))
		return command_fail(&err);
	int code =
		argc ? take_games(store, argc, argv, &report) : take_all(store, c->season, &report);
	store_close(store);
	printf("%" PRId64 " bodies of %" PRId64 " games: %" PRId64 " changed something, %" PRId64
	       " were refused\n",
		report.bodies, report.games, report.changed, report.refused);
	return command_end(code);
}

const struct command command_reparse = {
	.name = "reparse",
	.words = "[GAME_ID…]",
	.summary = "decodes the kept bodies again, and stores what comes out differently",
	.help = "Takes what --keep-raw has kept of the games, of a season, or of everything, in the order in which it came, "
		"through the\nsame door. A decoder that has learned something changes the rows that it gives otherwise by "
		"now, with a revision as\never; all else stays unwritten. Nothing is asked of the upstream.\n\nExit code: 0 "
		"done; 4 a body that was understood is not any more; 5 the database.",
	.options = option_names,
	.shares = READS_DATABASE,
	.run = run,
};
