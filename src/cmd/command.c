#include "cmd/command.h"

#include "base/time.h"
#include "cmd/table.h"
#include "cmd/shut.h"
#include "cmd/version.h"
#include "cost/cost.h"
#include "model/model.h"
#include "plan/plan.h"
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTING(name_, type_, member, fallback_, argument_, help_)                                 \
	{                                                                                          \
		.name = name_, .type = OPTION_##type_, .offset = offsetof(struct config, member),  \
		.fallback = fallback_, .argument = argument_, .help = help_                        \
	}
#define RANGE(name_, type_, member, fallback_, low, high, argument_, help_)                        \
	{                                                                                          \
		.name = name_, .type = OPTION_##type_, .offset = offsetof(struct config, member),  \
		.fallback = fallback_, .min = low, .max = high, .argument = argument_,             \
		.help = help_                                                                      \
	}
#define CHOICE(name_, member, fallback_, names, argument_, help_)                                  \
	{                                                                                          \
		.name = name_, .type = OPTION_CHOICE, .offset = offsetof(struct config, member),   \
		.fallback = fallback_, .choices = names,                                           \
		.choice_count = sizeof(names) / sizeof((names)[0]), .argument = argument_,         \
		.help = help_                                                                      \
	}
/* What asks for something else than the command's work is for who types it. */
#define TYPED(name_, member, help_)                                                                \
	{                                                                                          \
		.name = name_, .type = OPTION_FLAG, .offset = offsetof(struct config, member),     \
		.help = help_, .is_typed = true                                                    \
	}

static const struct str policy_choices[] = {
	STR_INIT("usual"), STR_INIT("fixed"), STR_INIT("adaptive")};

/* As enum report has them; coverage's are the first two. */
static const struct str format_names[] = {
	STR_INIT("text"), STR_INIT("json"), STR_INIT("csv"), STR_INIT("ndjson")};

/* Every setting there is. */
static const struct option settings[] = {
	SETTING("db", TEXT, db, "sqlite:rinkside.db", "URL",
		"the database: sqlite:FILE or postgresql://USER@HOST/DATABASE"),
	SETTING("upstream", TEXT, upstream, "https://api-web.nhle.com", "URL",
		"base of the NHL's API, without /v1"),
	RANGE("timeout", DURATION, timeout_ms, "10s", 10, 3600000, "TIME",
		"for one request, whole"),
	RANGE("retries", INTEGER, retries, "3", 0, 20, "N",
		"further tries after a failure that may pass"),
	SETTING("rate", REAL, rate, "300", "R",
		"at most so many requests a second of the upstream; 0: no limit"),
	CHOICE("log-level", log_level, "info", log_level_names, "LEVEL",
		"error, warning, info or debug"),
	CHOICE("log-format", log_format, "text", log_format_names, "FORMAT", "text or json"),
	SETTING("file", FLAG, is_file, NULL, NULL,
		"the words are files: bodies of either API of the NHL's"),
	SETTING("observed-at", TEXT, observed_at, NULL, "TIME",
		"when the upstream showed the files' bodies, RFC 3339; their own time when not given"),
	RANGE("every", DURATION, every_ms, "10s", 100, 86400000, "TIME",
		"between two looks at the schedule"),
	SETTING("once", FLAG, once, NULL, NULL, "one look, and the ingests that are due"),
	SETTING("inline", FLAG, is_inline, NULL, NULL,
		"ingest within the process, over kept connections"),
	CHOICE("policy", policy, "usual", policy_choices, "POLICY",
		"fixed: at every interval; adaptive: when something new is there; usual: fixed for "
		"monitor, else adaptive"),
	RANGE("lease", DURATION, lease_ms, "60s", 1000, 600000, "TIME",
		"how long a game taken stays with who took it; then another may"),
	SETTING("children", FLAG, in_children, NULL, NULL, "ingest in a child process each"),
	RANGE("child-deadline", DURATION, child_deadline_ms, "60s", 100, 3600000, "TIME",
		"for one ingest, then it is ended; never longer than the lease allows: 3 s less"),
	RANGE("max-children", INTEGER, max_children, "32", 1, 1000, "N",
		"ingests at a time; the others wait"),
	RANGE("jobs", INTEGER, jobs, "4", 1, 64, "N", "requests at a time"),
	SETTING("only-missing", FLAG, only_missing, NULL, NULL,
		"only games of which no line of the end is stored"),
	SETTING("events", FLAG, events, NULL, NULL,
		"the play-by-play too: a second request for each game"),
	SETTING("game-types", TEXT, game_types, "2,3", "LIST",
		"1 preseason, 2 regular season, 3 play-offs"),
	TYPED("columns", columns,
		"print the columns of game_stats, or of the table named: name, type, help"),
	SETTING("listen", TEXT, listen, "127.0.0.1:8080", "ADDRESS:PORT",
		"where to listen; port 0: any free one; systemd: the socket that it hands over"),
	SETTING("db-read", TEXT, db_read, NULL, "URL",
		"a replica of --db, read while it has all that is known of; streams never are"),
	{.name = "token-file",
		.type = OPTION_TEXT,
		.offset = offsetof(struct config, token_file),
		.argument = "FILE",
		.help = "ask readers for a bearer token: a line each in the file",
		.guards = true},
	SETTING("delay-queue", TEXT, delay_queue, NULL, "URL",
		"a queue of SQS that gives each game back to the function when it is due"),
	RANGE("threads", INTEGER, threads, "3", 1, 64, "N",
		"that ask the database for readers; searches leave one of them to the others"),
	RANGE("queue", INTEGER, queue, "1000", 1, 1000000, "N",
		"answers that may wait for a thread; more are told to come again"),
	RANGE("exports", INTEGER, exports, "16", 1, 10000, "N",
		"whole results streamed at a time, as CSV or NDJSON"),
	RANGE("query-timeout", DURATION, query_timeout_ms, "10s", 1, 3600000, "TIME",
		"for the database to find an answer; what is streamed takes as long as it takes"),
	RANGE("cache", INTEGER, cache_mib, "64", 1, 65536, "MIB", "of answers kept ready"),
	RANGE("max-connections", INTEGER, max_connections, "20000", 1, 1000000, "N", "in all"),
	RANGE("max-connections-per-peer", INTEGER, max_connections_per_peer, "1000", 1, 1000000,
		"N", "from one address"),
	RANGE("max-head", INTEGER, max_head, "16384", 256, 1048576, "BYTES", "of a request"),
	RANGE("max-target", INTEGER, max_target, "8192", 64, 1048576, "BYTES",
		"of a request's path and query"),
	RANGE("head-timeout", DURATION, head_timeout_ms, "10s", 10, 3600000, "TIME",
		"from the first byte of a head to its last"),
	RANGE("idle-timeout", DURATION, idle_timeout_ms, "60s", 10, 86400000, "TIME",
		"between two requests"),
	RANGE("grace", DURATION, grace_ms, "10s", 0, 3600000, "TIME",
		"for what is under way when told to end"),
	RANGE("seed", INTEGER, seed, "1", 0, 0, "N", "of the league, its games and the faults"),
	RANGE("games", INTEGER, games, "8", 1, 16, "N", "in the made-up night"),
	RANGE("speed", REAL, speed, "1", 0.1, 100000, "N", "times as fast as life"),
	RANGE("ttl", INTEGER, ttl_s, "15", 1, 3600, "S",
		"how long a body holds, in the game's seconds; never less than a real one"),
	RANGE("latency", DURATION, latency_ms, "0ms", 0, 60000, "TIME", "before each reply"),
	RANGE("season", INTEGER, season, NULL, 0, 0, "YEARS",
		"a whole season in place of a night: 20252026"),
	SETTING("recordings", TEXT, recordings, NULL, "DIR",
		"real bodies in place of made-up ones"),
	SETTING("replay", TEXT, replay, NULL, "DIR",
		"the same, in the order of the files' own times, --speed times as fast"),
	SETTING("faults", TEXT, faults, NULL, "SPEC",
		"what goes wrong, how often: slow=0.01,html=0.01"),
	RANGE("deadline", DURATION, deadline_ms, NULL, 0, 0, "TIME", "end after it; else never"),
	SETTING("truth", TEXT, truth, NULL, "FILE",
		"write there how all games end and what is corrected later; -: print it, and serve nothing"),
	SETTING("from", TEXT, from, NULL, "TIME",
		"the season is on, and it is that time: 2025-10-07T20:00:00Z"),
	SETTING("shape", TEXT, shape, NULL, "SHAPES",
		"of box scores: flat, nested (2023-24), legacy (the feed before); nested,2026-01-15T12:00:00Z=flat changes then"),
	SETTING("playoffs", FLAG, playoffs, NULL, NULL, "the season's play-offs too"),
	SETTING("from-ledger", FLAG, from_ledger, NULL, NULL,
		"the games that --db was asked for, in place of made-up ones"),
	CHOICE("format", report_format, "text", format_names, "FORM", "text, json, csv or ndjson"),
	SETTING("output", TEXT, output, NULL, "FILE", "in place of stdout"),
	SETTING("svg", TEXT, svg, NULL, "FILE", "a picture of it, into a file"),
	SETTING("began", TEXT, began, NULL, "TIME",
		"a night of the fake's that began then, in place of a season; RFC 3339"),
	RANGE("after", DURATION, after_ms, "0s", 0, 86400000, "TIME",
		"what was over of that night when it was first looked at"),
	RANGE("length", DURATION, length_ms, "1h", 1000, 86400000, "TIME",
		"how long it was looked at"),
	RANGE("keep-raw", DURATION, keep_raw_ms, "30d", 0, 0, "TIME",
		"the bodies that came, each distinct one once, for so long; 0: none"),
	RANGE("keep-polls", DURATION, keep_polls_ms, "30d", 0, 0, "TIME",
		"a line for each fetch, for so long; 0: none"),
	SETTING("no-sandbox", FLAG, no_sandbox, NULL, NULL,
		"keep the rights that the command does not need; docs/security.md"),
	TYPED("help", help, "this"),
	TYPED("version", version, "the program's version and its libraries'"),
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

/* What says something else in one command than the settings do, or has another default. */
#define FORMAT(fallback_, count, help_)                                                            \
	{                                                                                          \
		.name = "format", .type = OPTION_CHOICE,                                           \
		.offset = offsetof(struct config, report_format), .fallback = fallback_,           \
		.choices = format_names, .choice_count = count, .argument = "FORM", .help = help_  \
	}
static const struct {
	const char *command;
	struct option option;
} special[] = {
	{"cost", RANGE("season", INTEGER, season, NULL, 0, 0, "YEARS",
			 "the season that is made up: 20252026 if not given")},
	{"coverage", FORMAT("text", 2, "text or json")},
	{"export", FORMAT("csv", 4, "csv, ndjson or json")},
	{"health", SETTING("listen", TEXT, listen, "127.0.0.1:8080", "ADDRESS:PORT",
			   "where the API listens that is asked")},
	{"reparse", RANGE("season", INTEGER, season, NULL, 0, 0, "YEARS",
			    "only the games of that season: 20232024")},
	{"schedule", SETTING("once", FLAG, once, NULL, NULL, "one look, then the end")},
	{"worker",
		SETTING("once", FLAG, once, NULL, NULL, "the ingests that are due, then the end")},
};

static const char *const of_database[] = {"db", NULL};
static const char *const of_upstream[] = {"upstream", "timeout", "retries", "rate", NULL};
static const char *const of_all[] = {
	"log-level", "log-format", "no-sandbox", "help", "version", NULL};

static const struct command *const commands[] = {
	&command_ingest,
	&command_monitor,
	&command_season,
	&command_api,
	&command_up,
	&command_check,
	&command_copy,
	&command_coverage,
	&command_reparse,
	&command_export,
	&command_schedule,
	&command_worker,
	&command_fake,
	&command_migrate,
	&command_cost,
	&command_lambda,
	&command_health,
	&command_completion,
	&command_man,
};

/* As the command has it; NULL: the program. */
static const struct option *find_option(const struct command *c, const char *name)
{
	for (size_t i = 0; c && i < sizeof(special) / sizeof(special[0]); i++)
		if (!strcmp(special[i].command, c->name) && !strcmp(special[i].option.name, name))
			return &special[i].option;
	for (size_t i = 0; i < SETTINGS; i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

static size_t add_options(
	const struct command *c, const struct option **list, size_t count, const char *const *names)
{
	for (; names && *names; names++) {
		const struct option *o = find_option(c, *names);
		assert(o && count < MAX_OPTIONS);
		list[count++] = o;
	}
	return count;
}

static size_t add_shared(
	const struct command *c, const struct option **list, size_t count, unsigned shares)
{
	count = add_options(c, list, count, shares & READS_DATABASE ? of_database : NULL);
	count = add_options(c, list, count, shares & ASKS_UPSTREAM ? of_upstream : NULL);
	return add_options(c, list, count, of_all);
}

const struct command *command_at(size_t i)
{
	return i < sizeof(commands) / sizeof(commands[0]) ? commands[i] : NULL;
}

const struct command *command_find(struct str name)
{
	const struct command *c;
	for (size_t i = 0; (c = command_at(i)); i++)
		if (str_equal(str_from(c->name), name))
			return c;
	return NULL;
}

struct source_settings command_source(const struct config *c)
{
	return (struct source_settings){.upstream = c->upstream,
		.timeout_ms = c->timeout_ms,
		.retries = c->retries,
		.rate = c->rate,
		.host_fd = manners_host_fd(),
		.version = version_number()};
}

size_t command_common_options(const struct option *out[static MAX_OPTIONS])
{
	return add_shared(NULL, out, 0, READS_DATABASE | ASKS_UPSTREAM);
}

size_t command_options(const struct command *c, const struct option *out[static MAX_OPTIONS])
{
	return add_shared(c, out, add_options(c, out, 0, c->options), c->shares);
}

int command_print(struct buf *text)
{
	fwrite(text->p, 1, text->n, stdout);
	buf_clear(text);
	return command_end(0);
}

static int print_commands(void)
{
	struct buf out;
	buf_init(&out, 1 << 16);
	buf_add(&out, STR("rinkside: the NHL's live game statistics in a database and over HTTP\n\n"
			  "usage: rinkside COMMAND [OPTION…] [WORD…]\n\n"));
	const struct command *c;
	for (size_t i = 0; (c = command_at(i)); i++)
		buf_add_format(&out, "  %-10s %s\n", c->name, c->summary);
	buf_add(&out, STR("\nrinkside help COMMAND says more. Every setting is also an environment "
			  "variable: --db is RINKSIDE_DB.\n"));
	return command_print(&out);
}

static int print_help(const struct command *c)
{
	const struct option *list[MAX_OPTIONS];
	struct buf out;
	buf_init(&out, 1 << 16);
	buf_add_format(&out, "usage: rinkside %s [OPTION…]%s%s\n\n%s\n", c->name,
		*c->words ? " " : "", c->words, c->help);
	size_t count = add_options(c, list, 0, c->options);
	if (count)
		buf_add_char(&out, '\n');
	options_describe(list, count, &out);
	buf_add(&out, STR("\nand as other commands do:\n"));
	options_describe(list, add_shared(c, list, 0, c->shares), &out);
	return command_print(&out);
}

static int print_version(void)
{
	struct buf out;
	buf_init(&out, 1 << 12);
	version_describe(&out);
	return command_print(&out);
}

int command_fail(const struct err *err)
{
	fprintf(stderr, "rinkside: %s\n", err->text);
	return err_exit_code(err->kind);
}

int command_end(int code)
{
	struct err err;
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	err_set(&err, ERR_STORE, "standard output: %s",
		errno ? strerror(errno) : "not all of it could be written");
	int failed = command_fail(&err);
	return code ? code : failed;
}

/* What a rehearsal says the time is; docs/reliability.md. */
static bool set_clock(struct err *err)
{
	const char *clock = getenv("RINKSIDE_CLOCK");
	return !clock || !*clock || time_rehearse(str_from(clock)) ||
	       err_set(err, ERR_USAGE,
		       "RINKSIDE_CLOCK: wants REAL/SHOWN/SPEED, two instants in Unix milliseconds and "
		       "a number, got \"%s\"",
		       clock);
}

static int run(const struct command *command, int argc, char **argv)
{
	const struct option *list[MAX_OPTIONS];
	size_t count = add_options(command, list, 0, command->options);
	count = add_shared(command, list, count, READS_DATABASE | ASKS_UPSTREAM);
	struct config config = {0};
	struct err err;
	if (!set_clock(&err))
		return command_fail(&err);
	if (!options_parse(list, count, &config, &argc, argv, &err)) {
		err_wrap(&err, "%s", command->name);
		return command_fail(&err);
	}
	if (config.help)
		return print_help(command);
	if (config.version)
		return print_version();
	log_open((enum log_level)config.log_level, (enum log_format)config.log_format);
	store_keep(&(struct store_keeping){config.keep_raw_ms, config.keep_polls_ms});
	shut_doors(command, &config);
	return command->run(&config, argc, argv);
}

static int no_such_command(const char *name)
{
	fprintf(stderr,
		*name == '-'
			? "rinkside: %s: options come after the command; rinkside --help lists "
			  "the commands\n"
			: "rinkside: no command \"%s\"; rinkside --help lists them\n",
		name);
	return err_exit_code(ERR_USAGE);
}

static int help(int argc, char **argv)
{
	if (!argc)
		return print_commands();
	const struct command *command = command_find(str_from(argv[0]));
	return command ? print_help(command) : no_such_command(argv[0]);
}

int command_main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error from write, not a death */
	if (argc < 2) {
		fprintf(stderr, "rinkside: which command? rinkside --help lists them\n");
		return err_exit_code(ERR_USAGE);
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(argc - 2, argv + 2);
	if (!strcmp(argv[1], "--version"))
		return print_version();
	const struct command *command = command_find(str_from(argv[1]));
	return command ? run(command, argc - 2, argv + 2) : no_such_command(argv[1]);
}
