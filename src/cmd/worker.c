#include "cmd/pairing.h"

static const char *const option_names[] = {"once", "children", "max-children", "child-deadline",
	"lease", "policy", "every", "speed", "keep-raw", "keep-polls", NULL};

static int run(const struct config *c, int argc, char **argv)
{
	return pairing_run(c, "worker", argc, argv);
}

const struct command command_worker = {
	.name = "worker",
	.words = "",
	.summary = "ingests the games that are due, beside any number of others",
	.help = "Takes games that are due out of the database under a lease, ingests them on "
		"threads over "
		"kept connections or with\n--children in a process each, and writes when each is "
		"due again. "
		"Any number may run, here and on other machines:\nno two are at one game. One that "
		"dies gives "
		"its games back when the lease ends. `schedule` says which games there\nare. "
		"--once ends when "
		"nothing is due.",
	.options = option_names,
	.shares = READS_DATABASE | ASKS_UPSTREAM,
	.run = run,
};
