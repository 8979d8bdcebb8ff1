#include "cmd/command.h"

#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	int64_t from, to;
	if (argc) {
		err_set(&err, ERR_USAGE, "migrate: takes no words, got \"%s\"", argv[0]);
		return command_fail(&err);
	}
	if (!store_migrate(c->db, &from, &to, &err))
		return command_fail(&err);
	if (from == to)
		printf("schema %" PRId64 ", the newest: nothing to do\n", to);
	else
		printf("schema %" PRId64 " to %" PRId64 "\n", from, to);
	return 0;
}

const struct command command_migrate = {
	.name = "migrate",
	.words = "",
	.summary = "brings a database up to the newest schema",
	.help = "Makes the database if there is none, and brings an older one up to this program's "
		"schema; says from which version to\nwhich. Every command that writes does the same "
		"on first use; those that only read wait for it.",
	.options = NULL,
	.shares = READS_DATABASE,
	.run = run,
};
