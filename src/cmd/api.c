#include "cmd/serving.h"

#include <stdio.h>

static int run(const struct config *c, int argc, char **argv)
{
	if (argc) {
		struct err err;
		err_set(&err, ERR_USAGE, "api: takes no words, got \"%s\"", argv[0]);
		return command_fail(&err);
	}
	return serving_run(c, NULL);
}

static const char *const option_names[] = {SERVING_OPTIONS, NULL};

const struct command command_api = {
	.name = "api",
	.words = "",
	.summary = "serves what is stored over HTTP",
	.help = "Serves the tables over HTTP, as JSON, CSV and NDJSON; GET /routes lists the routes and "
		"GET /openapi.json describes\nthem. It only reads the database, which may come later, "
		"go away and come back: meanwhile the last answers are shown,\nmarked, or 503.\n\n"
		"It listens on loopback unless told otherwise; --token-file asks every reader for one of "
		"the file's tokens. A browser has\nnone to send: the page then needs a proxy that adds "
		"one. SIGTERM and SIGINT let what is under way come to its end.",
	.options = option_names,
	.shares = READS_DATABASE,
	.run = run,
};
