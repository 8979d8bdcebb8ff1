#include "cmd/command.h"

#include "base/json.h"
#include "model/model.h"
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const option_names[] = {"format", "output", NULL};

enum form { AS_TEXT, AS_JSON, AS_CSV, AS_NDJSON }; /* as format_names; text is CSV */
enum { PIECE = 1 << 16 };

struct export
{
	const struct table *table;
	const struct column *columns[SELECTION_COLUMNS]; /* those that readers are shown */
	size_t count;
	enum form form;
	FILE *file;
	struct buf piece;
	int64_t rows;
};

static bool write_piece(struct export *e, struct err *err)
{
	bool ok = !e->piece.failed && fwrite(e->piece.p, 1, e->piece.n, e->file) == e->piece.n;
	buf_reset(&e->piece);
	return ok || err_set(err, ERR_STORE, "writing: %s", strerror(errno));
}

static void add_heading(struct export *e)
{
	for (size_t i = 0; i < e->count; i++) {
		buf_add(&e->piece, i ? STR(",") : STR(""));
		buf_add(&e->piece, e->columns[i]->name);
	}
	buf_add(&e->piece, STR("\r\n"));
}

static void add_csv_row(struct export *e, struct cursor *c)
{
	for (size_t i = 0; i < e->count; i++) {
		buf_add(&e->piece, i ? STR(",") : STR(""));
		value_write_csv(cursor_value(c), &e->piece);
	}
	buf_add(&e->piece, STR("\r\n"));
}

static void add_json_row(struct export *e, struct cursor *c)
{
	struct json j = json_begin(&e->piece);
	if (e->form == AS_JSON)
		buf_add(&e->piece, e->rows ? STR(",\n") : STR("\n"));
	json_open(&j, '{');
	for (size_t i = 0; i < e->count; i++) {
		json_key(&j, e->columns[i]->name);
		value_write_json(cursor_value(c), &j);
	}
	json_close(&j, '}');
	buf_add(&e->piece, e->form == AS_JSON ? STR("") : STR("\n"));
}

static bool write_rows(struct export *e, struct cursor *c, struct err *err)
{
	bool is_csv = e->form == AS_TEXT || e->form == AS_CSV;
	enum step step;
	if (is_csv)
		add_heading(e);
	else if (e->form == AS_JSON)
		buf_add_char(&e->piece, '[');
	for (; (step = cursor_next(c, err)) == STEP_ROW; e->rows++) {
		if (is_csv)
			add_csv_row(e, c);
		else
			add_json_row(e, c);
		if (e->piece.n >= PIECE && !write_piece(e, err))
			return false;
	}
	if (e->form == AS_JSON)
		buf_add(&e->piece, STR("\n]\n"));
	return step == STEP_DONE && write_piece(e, err);
}

static bool export_table(struct export *e, struct store *s, struct err *err)
{
	for (size_t i = 0; i < e->table->count; i++)
		if (!e->table->columns[i].hidden)
			e->columns[e->count++] = &e->table->columns[i];
	struct selection all = {.table = e->table, .columns = e->columns, .column_count = e->count};
	buf_init(&e->piece, 8 << 20);
	struct cursor *c = store_select(s, &all, err);
	bool ok = c && write_rows(e, c, err);
	cursor_close(c);
	buf_clear(&e->piece);
	return ok;
}

/* Beside its place and then put there, so that a file is the whole or what it was. */
static bool export_to_file(struct export *e, struct store *s, struct str path, struct err *err)
{
	char place[4096], part[4096 + 8];
	snprintf(place, sizeof(place), "%.*s", STR_ARG(path));
	snprintf(part, sizeof(part), "%s.part", place);
	if (path.n >= sizeof(place))
		return err_set(err, ERR_USAGE, "export: --output is too long");
	if (!(e->file = fopen(part, "w")))
		return err_set(err, ERR_STORE, "export: %s: %s", place, strerror(errno));
	bool ok = export_table(e, s, err);
	if (fclose(e->file) && ok)
		ok = err_set(err, ERR_STORE, "export: %s: %s", place, strerror(errno));
	if (ok && rename(part, place))
		ok = err_set(err, ERR_STORE, "export: %s: %s", place, strerror(errno));
	if (!ok)
		remove(part);
	return ok;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	struct export e = {.form = (enum form)c->report_format, .file = stdout};
	if (argc == 1)
		e.table = table_named(str_from(argv[0]));
	if (!e.table) {
		if (argc == 1)
			err_set(&err, ERR_USAGE, "export: \"%s\" is no table: " TABLE_NAMES,
				argv[0]);
		else
			err_set(&err, ERR_USAGE, "export: one table: " TABLE_NAMES);
		return command_fail(&err);
	}
	struct store *s = store_open(c->db, STORE_READ, &err);
	bool ok = s && (c->output.n ? export_to_file(&e, s, c->output, &err)
				    : export_table(&e, s, &err));
	store_close(s);
	return ok ? command_end(0) : command_fail(&err);
}

const struct command command_export = {
	.name = "export",
	.words = "TABLE",
	.summary = "a table as CSV, NDJSON or JSON, to stdout or a file",
	.help = "All rows of one table (game_stats, games, players, teams, game_events, polls) in the order of its key, as "
		"they are at one\nmoment, however many, in constant memory. CSV when no format is given. With --output the "
		"file appears whole or not at all.",
	.options = option_names,
	.shares = READS_DATABASE,
	.run = run,
};
