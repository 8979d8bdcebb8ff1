#include "cmd/command.h"

#include "lambda/lambda.h"

#include <stdlib.h>

static const char *const option_names[] = {
	"every", "jobs", "token-file", "delay-queue", "keep-raw", "keep-polls", NULL};

static int run(const struct config *c, int argc, char **argv)
{
	const char *address = getenv("AWS_LAMBDA_RUNTIME_API");
	struct function_settings settings = {.db = c->db,
		.source = command_source(c),
		.token_file = c->token_file,
		.delay_queue = c->delay_queue,
		.every_ms = c->every_ms,
		.jobs = c->jobs};
	struct err err;
	settings.source.is_long_lived = true;
	if (argc)
		err_set(&err, ERR_USAGE, "lambda: takes no words, got \"%s\"", argv[0]);
	else if (!address || !*address)
		err_set(&err, ERR_USAGE,
			"lambda: AWS_LAMBDA_RUNTIME_API is not set: this command runs within a "
			"function");
	else if (!lambda_run(&settings, address, &err))
		err_wrap(&err, "lambda");
	return command_fail(&err);
}

const struct command command_lambda = {
	.name = "lambda",
	.words = "",
	.summary = "answers events as an AWS Lambda function, as container image or zip",
	.help = "Speaks the runtime interface that AWS_LAMBDA_RUNTIME_API names. Events are\n\n"
		"  {\"command\": \"ingest\", \"game_id\": 2023020204}\n"
		"  {\"command\": \"monitor\"}     ticks until shortly before the deadline; "
		"\"once\": true for one\n"
		"  {\"command\": \"schedule\"}    looks at the schedule when it is worth it; answers "
		"with what is due\n"
		"  {\"command\": \"worker\"}      ingests what is due by the database\n"
		"  {\"command\": \"follow\", \"game_id\": 2023020204}   ingests the game if it is due\n"
		"  {\"command\": \"season\", \"season\": 20232024}   as far as it comes; ask again "
		"to go on\n\n"
		"a schedule of EventBridge (a monitor), a batch of SQS whose messages are such "
		"commands, and "
		"requests of API Gateway,\nfunction URLs and load balancers, answered as `api` "
		"does. Each answer "
		"of an ingest says when it wants to be called\nnext. With --delay-queue a schedule "
		"sends a follow "
		"for each game that is due, and each follow sends the next, to come when\nthe game "
		"is due again. "
		"Connections and statements are kept from one event to the next.",
	.options = option_names,
	.shares = READS_DATABASE | ASKS_UPSTREAM,
	.run = run,
};
