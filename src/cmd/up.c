#include "cmd/pairing.h"
#include "cmd/serving.h"

static const char *const option_names[] = {
	SERVING_OPTIONS, "policy", "every", "lease", "speed", "keep-raw", "keep-polls", NULL};

enum { THREADS_AT_MOST = 32 };

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	if (argc) {
		err_set(&err, ERR_USAGE, "up: takes no words, got \"%s\"", argv[0]);
		return command_fail(&err);
	}
	struct config own = *c;
	own.child_deadline_ms = c->lease_ms;
	own.max_children = THREADS_AT_MOST;
	struct monitor_settings pair = pairing_settings(&own);
	return serving_run(c, &pair);
}

const struct command command_up = {
	.name = "up",
	.words = "",
	.summary = "all of it on one machine: watches, ingests and serves, in one process",
	.help = "Watches the schedule, ingests every game that is on, and serves what is stored "
		"over "
		"HTTP: `schedule`, `worker` and\n`api` in one process. SIGTERM and SIGINT end all "
		"three.",
	.options = option_names,
	.shares = READS_DATABASE | ASKS_UPSTREAM,
	.run = run,
};
