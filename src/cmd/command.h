/*
 * cmd - one file per subcommand, each a row of the table in command.c.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "base/options.h"
#include "base/log.h"
#include "source/source.h"

/* Every setting of every command; a command reads those that its row names. */
struct config {
	struct str db, upstream;
	int64_t timeout_ms, retries;
	double rate;
	int log_level, log_format;
	bool no_sandbox;
	bool help, version, columns;
	int64_t every_ms, child_deadline_ms, max_children;
	bool once, is_inline;
	int policy;
	bool is_file;
	struct str observed_at;
	int64_t jobs;
	bool only_missing, events;
	struct str game_types;
	struct str listen;
	struct str db_read;
	struct str token_file, delay_queue;
	int64_t threads, queue, exports, cache_mib, query_timeout_ms;
	int64_t max_connections, max_connections_per_peer, max_head, max_target;
	int64_t head_timeout_ms, idle_timeout_ms, grace_ms;
	struct str recordings, faults;
	double speed;
	int64_t seed, games, latency_ms, ttl_s;
	int64_t season;      /* fake: 20252026; 0: a night */
	int64_t deadline_ms; /* fake ends by itself; 0: never */
	struct str from, truth, shape, replay;
	bool playoffs;
	int report_format;
	struct str svg, began;
	int64_t length_ms, after_ms;
	bool from_ledger, in_children;
	int64_t lease_ms;
	struct str output;
	int64_t keep_raw_ms, keep_polls_ms;
};

/* Which of the settings that commands share mean something to one; all take them all. */
enum { READS_DATABASE = 1, ASKS_UPSTREAM = 2 };

struct command {
	const char *name;
	const char *words;          /* "GAME_ID…", for the usage; "" for none */
	const char *summary;        /* a line, for the list of commands */
	const char *help;           /* paragraphs, for --help */
	const char *const *options; /* names, ended by NULL; the common ones are added */
	unsigned shares;            /* READS_DATABASE, ASKS_UPSTREAM: in its help */
	int (*run)(const struct config *c, int argc,
		char **argv); /* the words only; returns the exit code */
};

extern const struct command command_ingest, command_monitor, command_season, command_api,
	command_up, command_fake, command_migrate, command_completion, command_man, command_cost;
extern const struct command command_check, command_copy, command_reparse, command_coverage,
	command_export;
extern const struct command command_schedule, command_worker;
extern const struct command command_lambda, command_health;

/* The program itself: finds the command in the table and calls it. */
int command_main(int argc, char **argv);

/* What commands have in common: "20232024", both years; "2,3" as bits; a line for what became of a game. */
bool command_parse_season(const char *word, int64_t *out);
bool command_parse_types(const char *command, struct str list, unsigned *out, struct err *err);
struct put_result;
void command_print_put(int64_t game_id, const struct put_result *put);

/* The usual end of a failed command: the sentence on stderr, the kind's exit code. */
int command_fail(const struct err *err);

/* The usual end of one that has printed: the code, or, when not all of it could be written, a sentence and ERR_STORE's. */
int command_end(int code);

/* How the upstream is asked, by the common options. */
struct source_settings command_source(const struct config *c);

#endif
