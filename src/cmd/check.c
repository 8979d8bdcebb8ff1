#include "cmd/command.h"

#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	struct store_verified seen;
	(void)argv;
	if (argc) {
		err_set(&err, ERR_USAGE, "check: takes no words; the database is --db");
		return command_fail(&err);
	}
	struct store *store = store_open(c->db, STORE_READ, &err);
	bool ok = store && store_verify(store, &seen, &err);
	store_close(store);
	if (!ok) {
		err_wrap(&err, "check");
		return command_fail(&err);
	}
	printf("all holds: %" PRId64 " games, %" PRId64 " lines, %" PRId64
	       " changes up to revision %" PRId64 ", %" PRId64 " bodies\n",
		seen.games, seen.lines, seen.changes, seen.revision, seen.bodies);
	return command_end(0);
}

const struct command command_check = {
	.name = "check",
	.words = "",
	.summary = "proves that a database holds what is promised of it",
	.help = "Replays every change from empty and compares what that gives with game_stats and games; holds each "
		"game's lines\nagainst the rules that bodies go through (points are goals and assists, both clubs, "
		"nothing negative, a goaltender\nin a finished game); and the revisions against each other, none "
		"missing, none twice. Nothing is written, and\ningests may go on.\n\nExit code: 0 all of it holds; "
		"1 it does not, and the first row that does not is named; 5 the database.",
	.options = NULL,
	.shares = READS_DATABASE,
	.run = run,
};
