#include "cmd/command.h"

#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>

static void tell(struct str table, int64_t written)
{
	if (written)
		log_info("copy: %.*s: %" PRId64 " rows written", STR_ARG(table), written);
}

/* As `check` does, without a line for what holds. */
static bool check(const char *url, struct err *err)
{
	struct store_verified seen;
	struct store *store = store_open(str_from(url), STORE_READ, err);
	bool ok = store && store_verify(store, &seen, err);
	store_close(store);
	return ok;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	struct store_copied copied;
	(void)c;
	if (argc != 2) {
		err_set(&err, ERR_USAGE, "copy: wants two databases, FROM and TO");
		return command_fail(&err);
	}
	if (!store_is_url(str_from(argv[0]), "copy: FROM", &err) ||
		!store_is_url(str_from(argv[1]), "copy: TO", &err))
		return command_fail(&err);
	if (!store_copy(str_from(argv[0]), str_from(argv[1]), tell, &copied, &err))
		return command_fail(&err);
	if (!check(argv[0], &err)) {
		err_wrap(&err, "copied, but of the first database not all holds");
		return command_fail(&err);
	}
	if (!check(argv[1], &err)) {
		err_wrap(&err, "copied, but of the second database not all holds");
		return command_fail(&err);
	}
	printf("copied up to revision %" PRId64 ": %" PRId64 " rows written, %" PRId64
	       " deleted; all holds in both\n",
		copied.revision, copied.written, copied.deleted);
	return command_end(0);
}

const struct command command_copy = {
	.name = "copy",
	.words = "FROM TO",
	.summary = "copies a database into another, SQLite or PostgreSQL either way",
	.help = "FROM and TO are URLs as --db takes them. TO is made if there is none, and in the "
		"end "
		"holds what FROM held at the\nbeginning, revisions and all, so that readers' "
		"cursors "
		"and streams go on there. Rows that are the same already are\nnot written: a copy "
		"that "
		"broke off goes on where it was, and a second one brings over what has come since. "
		"FROM "
		"may be\nwritten to meanwhile; to move, copy, end what writes, copy again, and "
		"start it "
		"on TO. In the end both are checked as\n`check` does. A TO with changes that FROM "
		"does "
		"not have is left alone, and a copy ends, unfinished, as soon as somebody\nelse "
		"changes "
		"TO.\n\nExit code: 0 copied; 1 a database does not hold; 2 TO has changes of its "
		"own; "
		"5 a database.",
	.options = NULL,
	.run = run,
};
