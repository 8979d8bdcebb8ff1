#include "cmd/serving.h"

#include "cmd/version.h"

static const char *const option_names[] = {SERVING_OPTIONS, "every", NULL};

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	if (argc) {
		err_set(&err, ERR_USAGE, "up: takes no words, got \"%s\"", argv[0]);
		return command_fail(&err);
	}
	struct monitor_settings monitor = {.db = c->db,
		.source = {.upstream = c->upstream,
			.timeout_ms = c->timeout_ms,
			.retries = c->retries,
			.is_long_lived = true,
			.version = version_number()},
		.every_ms = c->every_ms,
		.child_deadline_ms = 60000,
		.max_children = 32,
		.is_inline = true};
	return serving_run(c, &monitor);
}

const struct command command_up = {
	.name = "up",
	.words = "",
	.summary = "all of it on one machine: watches, ingests and serves, in one process",
	.help = "Watches the schedule, ingests every game that is on, and serves what is stored over "
		"HTTP: `monitor --inline` and\n`api` in one process. SIGTERM and SIGINT end both.",
	.options = option_names,
	.run = run,
};
