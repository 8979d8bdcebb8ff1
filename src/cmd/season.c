#include "cmd/command.h"

#include "base/time.h"
#include "season/season.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const option_names[] = {
	"jobs", "only-missing", "events", "game-types", "keep-raw", "keep-polls", NULL};

static volatile sig_atomic_t was_told_to_end;

static void on_signal(int number)
{
	(void)number;
	was_told_to_end = 1;
}

struct progress {
	int64_t season, begun_ms, said_ms;
	bool is_terminal;
};

enum { LINE_MS = 10000 }; /* between two lines of progress that nobody watches */

/* Without the schedule's weeks nothing is known to be counted. */
static void say_progress(const struct season_report *now, const struct progress *p)
{
	size_t to_do = now->played - now->known;
	int64_t seconds = (time_monotonic_ms() - p->begun_ms) / 1000;
	if (!now->weeks)
		return;
	const char *start = p->is_terminal ? "\r\033[K" : "", *end = p->is_terminal ? "" : "\n";
	if (now->weeks_done < now->weeks)
		fprintf(stderr, "%sseason %" PRId64 ": %zu of %zu weeks of the schedule%s", start,
			p->season, now->weeks_done, now->weeks, end);
	else
		fprintf(stderr,
			"%sseason %" PRId64
			": %zu of %zu games, %zu were stored already, %zu missing, %" PRId64 " s%s",
			start, p->season, now->tried, to_do, now->known, now->missing, seconds,
			end);
	fflush(stderr);
}

static bool on_progress(const struct season_report *now, void *context)
{
	struct progress *p = context;
	int64_t clock = time_monotonic_ms();
	if (p->is_terminal || clock - p->said_ms >= LINE_MS) {
		p->said_ms = clock;
		say_progress(now, p);
	}
	return !was_told_to_end;
}

bool command_parse_season(const char *word, int64_t *out)
{
	struct str text = str_from(word);
	return text.n == 8 && str_to_i64(text, out) && *out / 10000 + 1 == *out % 10000 &&
	       *out >= 19171918 && *out <= 21992200;
}

static bool parse_season(const char *word, int64_t *out, struct err *err)
{
	return command_parse_season(word, out) ||
	       err_set(err, ERR_USAGE, "season: \"%s\" is no season: both its years, like 20232024",
		       word);
}

bool command_parse_types(const char *command, struct str list, unsigned *out, struct err *err)
{
	*out = 0;
	for (struct str_cut cut = {.tail = list, .found = true}; cut.found;) {
		int64_t type;
		cut = str_cut(cut.tail, ',');
		if (!str_to_i64(cut.head, &type) || type < 1 || type > 20)
			return err_set(err, ERR_USAGE,
				"%s: --game-types \"%.*s\": wanted numbers like 2,3", command,
				STR_ARG(list));
		*out |= 1u << type;
	}
	return true;
}

/* One season; its exit code. */
static int run_one(
	const struct season_settings *settings, int64_t season, struct season_report *report)
{
	struct progress progress = {.season = season,
		.begun_ms = time_monotonic_ms(),
		.said_ms = time_monotonic_ms(),
		.is_terminal = isatty(STDERR_FILENO)};
	struct err err;
	bool ok = season_run(settings, season, on_progress, &progress, report, &err);
	say_progress(report, &progress);
	if (progress.is_terminal && report->weeks)
		fputc('\n', stderr);
	for (size_t i = 0; i < report->missing; i++)
		if (report->list[i].game_id)
			printf("%" PRId64 " %s\n", report->list[i].game_id, report->list[i].reason);
		else
			printf("%" PRId64 " %s\n", season, report->list[i].reason);
	fflush(stdout);
	if (!ok)
		return command_fail(&err);
	return report->missing ? err_exit_code(ERR_NETWORK) : 0;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct season_settings settings = {.db = c->db,
		.source = command_source(c),
		.jobs = c->jobs,
		.only_missing = c->only_missing,
		.events = c->events};
	struct err err;
	int64_t season = 0;
	settings.source.is_long_lived = true;
	if (!argc) {
		err_set(&err, ERR_USAGE, "season: which one? rinkside season 20232024");
		return command_fail(&err);
	}
	if (!command_parse_types("season", c->game_types, &settings.game_types, &err))
		return command_fail(&err);
	for (int i = 0; i < argc; i++)
		if (!parse_season(argv[i], &season, &err))
			return command_fail(&err);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	struct season_report *report = calloc(1, sizeof(*report));
	if (!report)
		abort();
	int code = 0;
	for (int i = 0; i < argc && !was_told_to_end; i++) {
		parse_season(argv[i], &season, &err);
		int result = run_one(&settings, season, report);
		code = code ? code : result;
	}
	free(report);
	return code;
}

const struct command command_season = {
	.name = "season",
	.words = "SEASON…",
	.summary = "ingests past seasons, and says what is missing",
	.help = "Every game of a season that has been played: 20232024. What is stored in its "
		"official form "
		"is not asked for\nagain, so the same command goes on where it was broken off; "
		"with "
		"--only-missing the lines of its end are enough, official or not.\nAt the end every game that could not "
		"be had is a "
		"line of the output, its id and why, and the exit code is 3.",
	.options = option_names,
	.shares = READS_DATABASE | ASKS_UPSTREAM,
	.run = run,
};
