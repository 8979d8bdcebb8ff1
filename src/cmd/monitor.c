#include "cmd/pairing.h"

#include "cmd/signals.h"
#include "monitor/monitor.h"

static const char *const option_names[] = {"every", "once", "inline", "child-deadline",
	"max-children", "policy", "speed", "lease", "keep-raw", "keep-polls", NULL};

struct running {
	struct monitor *monitor;
	struct signals signals;
};

static void on_over(void *context)
{
	struct running *r = context;
	signals_close(&r->signals);
}

static void end(void *context)
{
	struct running *r = context;
	monitor_stop(r->monitor);
}

static int run_loop(const struct monitor_settings *settings)
{
	struct running running = {0};
	struct err err;
	uv_loop_t loop;
	uv_loop_init(&loop);
	signals_open(&running.signals, &loop, end, &running);
	running.monitor = monitor_open(&loop, settings, on_over, &running, &err);
	if (!running.monitor)
		signals_close(&running.signals);
	uv_run(&loop, UV_RUN_DEFAULT);
	int code = running.monitor ? 0 : command_fail(&err);
	if (running.monitor && settings->once)
		code = monitor_exit_code(running.monitor);
	monitor_close(running.monitor);
	uv_loop_close(&loop);
	return code;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	struct child_options options;
	if (pairing_policy(c, POLICY_FIXED) == POLICY_ADAPTIVE)
		return pairing_run(c, "monitor", argc, argv);
	if (argc) {
		err_set(&err, ERR_USAGE, "monitor: takes no words, got \"%s\"", argv[0]);
		return command_fail(&err);
	}
	if (!child_options_fill(&options, c, "monitor", &err))
		return command_fail(&err);
	struct monitor_settings settings = {.db = c->db,
		.source = command_source(c),
		.every_ms = c->every_ms,
		.child_deadline_ms = c->child_deadline_ms,
		.max_children = c->max_children,
		.once = c->once,
		.is_inline = c->is_inline,
		.child_options = options.words};
	settings.source.is_long_lived = !c->once;
	return run_loop(&settings);
}

const struct command command_monitor = {
	.name = "monitor",
	.words = "",
	.summary = "watches the schedule and ingests every game that is on",
	.help = "Asks for the schedule of yesterday to tomorrow (Eastern), at an interval, and "
		"starts an "
		"ingest for each game that\nis due: in a child process each, or with --inline on "
		"threads "
		"over kept connections. A game is followed past its\nend until it is official, and "
		"then at "
		"growing intervals for a week.\n\nIt keeps no state: it may be killed, or run "
		"twice. "
		"SIGTERM and SIGINT end it and its children. With --once the\nexit code is that of "
		"what went "
		"wrong first, if anything did.\n\nWith --policy adaptive it does what `schedule` and `worker` "
		"do together, children and all: what is due stands in\nthe database, and --every is of no "
		"account.",
	.options = option_names,
	.shares = READS_DATABASE | ASKS_UPSTREAM,
	.run = run,
};
