/*
 * cmd/pairing - what schedule, worker, up and an adaptive monitor have in common: the settings of
 * the pair, and a loop that a signal ends.
 */
#ifndef CMD_PAIRING_H
#define CMD_PAIRING_H

#include "cmd/command.h"
#include "monitor/pair.h"
#include "plan/plan.h"

/* What a child is told, as words of its command line; the database stands in its environment. */
struct child_options {
	char db[1024], upstream[512], timeout[32], retries[16], rate[32];
	char keep_raw[32], keep_polls[32];
	const char *words[20];
};
bool child_options_fill(
	struct child_options *o, const struct config *c, const char *command, struct err *err);

enum policy pairing_policy(const struct config *c, enum policy usual);

/* Settings without children; the texts are the config's. */
struct monitor_settings pairing_settings(const struct config *c);

/* The command of that name, whole. The exit code. */
int pairing_run(const struct config *c, const char *command, int argc, char **argv);

#endif
