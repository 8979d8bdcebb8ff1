#include "cmd/pairing.h"

#include "cmd/signals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUESTS_IN_A_LEASE = 4, TO_GIVE_BACK_MS = 1000 };

bool child_options_fill(
	struct child_options *o, const struct config *c, const char *command, struct err *err)
{
	if (c->db.n >= sizeof(o->db) || c->upstream.n >= sizeof(o->upstream))
		return err_set(err, ERR_USAGE, "%s: --db or --upstream is too long", command);
	snprintf(o->db, sizeof(o->db), "%.*s", STR_ARG(c->db));
	snprintf(o->upstream, sizeof(o->upstream), "%.*s", STR_ARG(c->upstream));
	snprintf(o->timeout, sizeof(o->timeout), "%" PRId64 "ms", c->timeout_ms);
	snprintf(o->retries, sizeof(o->retries), "%" PRId64, c->retries);
	snprintf(o->rate, sizeof(o->rate), "%.17g", c->rate);
	snprintf(o->keep_raw, sizeof(o->keep_raw), "%" PRId64 "ms", c->keep_raw_ms);
	snprintf(o->keep_polls, sizeof(o->keep_polls), "%" PRId64 "ms", c->keep_polls_ms);
	/* Where everybody on the machine could read it, a password has no place. */
	if (setenv("RINKSIDE_DB", o->db, 1))
		return err_set(err, ERR_INTERNAL, "out of memory");
	const char *words[] = {"--upstream", o->upstream, "--timeout", o->timeout, "--retries",
		o->retries, "--rate", o->rate, "--log-level", log_level_names[c->log_level].p,
		"--log-format", log_format_names[c->log_format].p, "--keep-raw", o->keep_raw,
		"--keep-polls", o->keep_polls, c->no_sandbox ? "--no-sandbox" : NULL, NULL};
	memcpy(o->words, words, sizeof(words));
	return true;
}

enum policy pairing_policy(const struct config *c, enum policy usual)
{
	return c->policy ? (enum policy)(c->policy - 1) : usual;
}

/* A child that has to be killed is over, and its game given back, before another may take that. */
static int64_t child_deadline(const struct config *c)
{
	int64_t most = c->lease_ms - KILL_AFTER_MS - TO_GIVE_BACK_MS;
	if (most < c->lease_ms / 2) /* a lease so short that only one that ends when asked is */
		most = c->lease_ms / 2;
	return c->child_deadline_ms < most ? c->child_deadline_ms : most;
}

struct monitor_settings pairing_settings(const struct config *c)
{
	struct source_settings source = command_source(c);
	source.is_long_lived = !c->once;
	/* A box score, its events and two rosters end before the lease does. */
	source.patience_ms = c->lease_ms / REQUESTS_IN_A_LEASE;
	return (struct monitor_settings){.db = c->db,
		.source = source,
		.every_ms = c->every_ms,
		.child_deadline_ms = child_deadline(c),
		.max_children = c->max_children,
		.once = c->once,
		.is_inline = true,
		.policy = (int)pairing_policy(c, POLICY_ADAPTIVE),
		.speed = c->speed,
		.lease_ms = c->lease_ms};
}

/* ---- a loop of its own ---- */

struct running {
	struct pair *pair;
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
	pair_stop(r->pair);
}

static int run_loop(int parts, const struct monitor_settings *settings)
{
	struct running running = {0};
	struct err err;
	uv_loop_t loop;
	uv_loop_init(&loop);
	signals_open(&running.signals, &loop, end, &running);
	running.pair = pair_open(&loop, parts, settings, on_over, &running, &err);
	if (!running.pair)
		signals_close(&running.signals);
	uv_run(&loop, UV_RUN_DEFAULT);
	int code = running.pair ? 0 : command_fail(&err);
	if (running.pair && settings->once)
		code = pair_exit_code(running.pair);
	pair_close(running.pair);
	uv_loop_close(&loop);
	return code;
}

static const struct {
	const char *command;
	int parts;
} pairings[] = {
	{"schedule", PAIR_SCHEDULE}, {"worker", PAIR_WORK}, {"monitor", PAIR_SCHEDULE | PAIR_WORK}};

static int parts_of(const char *command)
{
	for (size_t i = 0; i < sizeof(pairings) / sizeof(pairings[0]); i++)
		if (!strcmp(pairings[i].command, command))
			return pairings[i].parts;
	return 0;
}

int pairing_run(const struct config *c, const char *command, int argc, char **argv)
{
	struct err err;
	struct child_options options;
	struct monitor_settings settings = pairing_settings(c);
	int parts = parts_of(command);
	if (argc) {
		err_set(&err, ERR_USAGE, "%s: takes no words, got \"%s\"", command, argv[0]);
		return command_fail(&err);
	}
	if (!child_options_fill(&options, c, command, &err))
		return command_fail(&err);
	settings.child_options = options.words;
	if (parts & PAIR_WORK)
		settings.is_inline = parts & PAIR_SCHEDULE ? c->is_inline : !c->in_children;
	return run_loop(parts, &settings);
}
