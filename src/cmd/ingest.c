#include "cmd/command.h"

#include "base/time.h"
#include "ingest/ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const option_names[] = {
	"file", "observed-at", "keep-raw", "keep-polls", "columns", NULL};

static void print_columns(const struct table *t)
{
	static const char *const types[] = {
		[COLUMN_INT] = "integer",
		[COLUMN_REAL] = "real",
		[COLUMN_BOOL] = "boolean",
		[COLUMN_TEXT] = "text",
		[COLUMN_DATE] = "date",
		[COLUMN_TIME] = "time",
	};
	for (size_t i = 0; i < t->count; i++) {
		const struct column *c = &t->columns[i];
		if (!c->hidden)
			printf("%.*s\t%s\t%s\n", STR_ARG(c->name), types[c->type], c->help);
	}
}

/* Of game_stats, or of the one table that is named. */
static int describe_columns(int argc, char **argv)
{
	const struct table *t = argc ? table_named(str_from(argv[0])) : &stat_table;
	struct err err;
	if (argc > 1)
		err_set(&err, ERR_USAGE, "ingest: --columns: one table at a time");
	else if (!t)
		err_set(&err, ERR_USAGE, "ingest: --columns: \"%s\" is no table: " TABLE_NAMES,
			argv[0]);
	if (argc > 1 || !t)
		return command_fail(&err);
	print_columns(t);
	return command_end(0);
}

void command_print_put(int64_t game_id, const struct put_result *put)
{
	char counts[96] = "the game alone";
	switch (put->outcome) {
	case PUT_STORED:
		if (put->inserted + put->updated + put->deleted)
			snprintf(counts, sizeof(counts), "%zu inserted, %zu updated, %zu deleted",
				put->inserted, put->updated, put->deleted);
		printf("%" PRId64 " stored revision %" PRId64 ": %s%s\n", game_id, put->revision,
			counts, put->correction ? ", a correction" : "");
		return;
	case PUT_UNCHANGED:
		printf("%" PRId64 " unchanged\n", game_id);
		return;
	case PUT_OLDER:
		printf("%" PRId64 " older than what is stored, nothing changed: %s\n", game_id,
			put->reason);
		return;
	case PUT_QUARANTINED:
		return; /* an error: told as such */
	}
}

/* A body that was kept aside is one that could not be understood: the old rows stay, exit 4. */
static int finish_put(int64_t game_id, const struct put_result *put)
{
	struct err err;
	command_print_put(game_id, put);
	if (put->outcome != PUT_QUARANTINED)
		return 0;
	err_set(&err, ERR_DECODE, "game %" PRId64 ": kept aside, the last good lines stay: %s",
		game_id, put->reason);
	return command_fail(&err);
}

static int ingest_one_game(
	struct source *source, struct store *store, int64_t game_id, struct arena *keep)
{
	struct ingest_fetched fetched;
	struct put_result put;
	struct err err;
	ingest_fetch(source, store, game_id, keep, &fetched);
	if (!ingest_store(store, &fetched, &put, &err))
		return command_fail(&err);
	if (fetched.snapshot.warning)
		log_warning("game %" PRId64 ": %s", game_id, fetched.snapshot.warning);
	int code = finish_put(game_id, &put);
	fflush(stdout); /* told before anything else is asked for */
	if (!ingest_complete(source, store, &fetched, &put, COMPLETE_ALL, keep, &err))
		log_warning("game %" PRId64
			    ": its lines are stored, but names or events may lack: %s",
			game_id, err.text);
	return code;
}

static int ingest_games(const struct config *c, struct store *store, int count,
	const int64_t *game_ids, struct arena *keep)
{
	struct source_settings settings = command_source(c);
	struct manners *manners = manners_new(&settings);
	struct err err;
	int code = 0;
	struct source *source = source_open(&settings, manners, &err);
	if (!source)
		code = command_fail(&err);
	for (int i = 0; source && i < count; i++) {
		arena_reset(keep);
		int one = ingest_one_game(source, store, game_ids[i], keep);
		code = code ? code : one;
	}
	source_close(source);
	manners_free(manners);
	return code;
}

static int ingest_one_file(
	struct store *store, const char *path, int64_t observed_at, struct arena *keep)
{
	struct ingest_report report;
	struct err err;
	if (!ingest_file(store, path, observed_at, keep, &report, &err))
		return command_fail(&err);
	if (report.warning)
		log_warning("%s: %s", path, report.warning);
	if (report.game_id)
		return finish_put(report.game_id, &report.put);
	printf("%s %.*s: %zu taken\n", path, STR_ARG(body_kind_names[report.kind]), report.changed);
	return 0;
}

static int ingest_files(
	struct store *store, int count, char **paths, int64_t observed_at, struct arena *keep)
{
	int code = 0;
	for (int i = 0; i < count; i++) {
		arena_reset(keep);
		int one = ingest_one_file(store, paths[i], observed_at, keep);
		code = code ? code : one;
	}
	return code;
}

/* Not opened: a pipe can be read once. */
static bool check_file(const char *path, struct err *err)
{
	struct stat about;
	if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
		errno = EISDIR;
	else if (access(path, R_OK) == 0)
		return true;
	return err_set(err, ERR_USAGE, "ingest: %s: %s", path, strerror(errno));
}

/* Everything that can be wrong with the words, before anything is opened. */
static bool check_words(const struct config *c, int argc, char **argv, int64_t *game_ids,
	int64_t *observed_at, struct err *err)
{
	*observed_at = 0;
	if (!argc)
		return err_set(
			err, ERR_USAGE, "ingest: which game? give its id, or --file and a file");
	if (c->observed_at.n && !c->is_file)
		return err_set(err, ERR_USAGE, "ingest: --observed-at is for --file");
	if (c->observed_at.n && !time_parse(c->observed_at, observed_at))
		return err_set(err, ERR_USAGE,
			"ingest: --observed-at: wants a time such as 2023-11-29T23:02:19Z, got "
			"\"%.*s\"",
			STR_ARG(c->observed_at));
	if (*observed_at > time_now_ms() + CLOCKS_APART_MS)
		return err_set(err, ERR_USAGE,
			"ingest: --observed-at: \"%.*s\" is yet to come; all that comes before it "
			"would be older",
			STR_ARG(c->observed_at));
	for (int i = 0; c->is_file && i < argc; i++)
		if (!check_file(argv[i], err))
			return false;
	for (int i = 0; !c->is_file && i < argc; i++)
		if (!ingest_parse_game_id(str_from(argv[i]), &game_ids[i]))
			return err_set(err, ERR_USAGE,
				"ingest: \"%s\" is no game id: ten digits, such as 2023020204",
				argv[i]);
	return true;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	int64_t observed_at;
	if (c->columns)
		return describe_columns(argc, argv);
	struct arena keep = arena_reserve(INGEST_ARENA),
		     words = arena_reserve((size_t)argc * 16 + 64);
	int64_t *game_ids = ARENA_NEW(&words, int64_t, argc);
	struct store *store = NULL;
	int code = 0;
	if (!check_words(c, argc, argv, game_ids, &observed_at, &err) ||
		!(store = store_open(c->db, STORE_WRITE, &err)))
		code = command_fail(&err);
	else if (c->is_file)
		code = ingest_files(store, argc, argv, observed_at, &keep);
	else
		code = ingest_games(c, store, argc, game_ids, &keep);
	store_close(store);
	arena_release(&words);
	arena_release(&keep);
	return code;
}

const struct command command_ingest = {
	.name = "ingest",
	.words = "GAME_ID… | --file BODY.json…",
	.summary = "fetches games' box scores and stores them, once",
	.help = "Fetches the box score of each game, puts it into the database, and says in a line "
		"what changed. "
		"With --file\nthe bodies come from files, of today's API or the one before, and "
		"their kind "
		"is seen by their shape. The newer\nof two snapshots wins, in whatever order they "
		"come: an "
		"older one changes nothing and is no error.\n\nExit code: 0 done; 2 usage; 3 the "
		"upstream "
		"did not answer; 4 the body could not be understood; 5 the database;\n6 no such "
		"game. Of "
		"several games all are tried, and the first failure gives the code.",
	.options = option_names,
	.shares = READS_DATABASE | ASKS_UPSTREAM,
	.run = run,
};
