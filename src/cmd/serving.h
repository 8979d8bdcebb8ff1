/*
 * cmd/serving - the API on a loop until a signal ends it, perhaps with schedule and worker beside it.
 */
#ifndef CMD_SERVING_H
#define CMD_SERVING_H

#include "cmd/command.h"
#include "monitor/pair.h"

#define SERVING_OPTIONS                                                                            \
	"listen", "db-read", "token-file", "threads", "queue", "exports", "query-timeout",         \
		"cache", "max-connections", "max-connections-per-peer", "max-head", "max-target",  \
		"head-timeout", "idle-timeout", "grace"

/* pair NULL: the API alone. The exit code. */
int serving_run(const struct config *c, const struct monitor_settings *pair);

#endif
