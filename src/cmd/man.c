#include "cmd/table.h"
#include "cmd/version.h"

#include <stdio.h>
#include <string.h>

/* ---- roff ---- */

/* A line of text: no character of it means anything to roff. */
static void add_text(struct buf *out, struct str text)
{
	if (text.n && (text.p[0] == '.' || text.p[0] == '\''))
		buf_add(out, STR("\\&"));
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\\')
			buf_add(out, STR("\\e"));
		else if (text.p[i] == '-')
			buf_add(out, STR("\\-"));
		else
			buf_add_char(out, text.p[i]);
}

static void add_line(struct buf *out, struct str text)
{
	add_text(out, text);
	buf_add_char(out, '\n');
}

/* Paragraphs of a help text: an empty line parts them, indented lines stay as they are. */
static void add_paragraphs(struct buf *out, struct str text)
{
	bool is_literal = false;
	for (struct str_cut cut = {.tail = text, .found = true}; cut.found;) {
		cut = str_cut(cut.tail, '\n');
		bool is_indented = str_starts(cut.head, STR("  "));
		if (is_indented != is_literal)
			buf_add(out, is_indented ? STR(".nf\n") : STR(".fi\n"));
		is_literal = is_indented;
		if (!cut.head.n && cut.found)
			buf_add(out, STR(".PP\n"));
		else
			add_line(out, cut.head);
	}
	if (is_literal)
		buf_add(out, STR(".fi\n"));
}

static void add_option(struct buf *out, const struct option *o)
{
	buf_add(out, STR(".TP\n\\fB\\-\\-"));
	add_text(out, str_from(o->name));
	buf_add(out, STR("\\fR"));
	if (o->argument) {
		buf_add(out, STR(" \\fI"));
		add_text(out, str_from(o->argument));
		buf_add(out, STR("\\fR"));
	}
	buf_add_char(out, '\n');
	add_text(out, str_from(o->help));
	if (o->fallback && *o->fallback && o->type != OPTION_FLAG) {
		buf_add(out, STR(" ("));
		add_text(out, str_from(o->fallback));
		buf_add_char(out, ')');
	}
	buf_add_char(out, '\n');
}

static void add_options(struct buf *out, const struct option *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_option(out, list[i]);
}

/* `command` is empty for the program's own page. */
static void add_title(struct buf *out, const char *command, const char *summary)
{
	const char *space = *command ? " " : "", *dash = *command ? "\\-" : "";
	buf_add_format(out, ".\\\" written by `rinkside man%s%s`\n", space, command);
	buf_add_format(out, ".TH RINKSIDE%s%s 1 %s \"rinkside %s\" rinkside\n", dash, command,
		version_date(), version_number());
	buf_add_format(out, ".SH NAME\nrinkside%s%s \\- ", dash, command);
	add_line(out, str_from(summary));
}

/* ---- pages ---- */

/* A command with codes of its own says so in the last paragraph of its help. */
static void add_exit_codes(struct buf *out, unsigned shares)
{
	static const struct {
		enum err_kind kind;
		unsigned of; /* who shares it; 0: all */
		const char *text;
	} rows[] = {
		{ERR_NONE, 0, "done"},
		{ERR_USAGE, 0, "a mistake on the command line, or what it names cannot be used"},
		{ERR_NETWORK, ASKS_UPSTREAM,
			"the upstream: not reached, or a status that is no answer"},
		{ERR_DECODE, ASKS_UPSTREAM, "the body could not be understood"},
		{ERR_STORE, 0,
			"the database; or a place for what is printed that took not all of it"},
		{ERR_NOT_FOUND, ASKS_UPSTREAM, "what was asked for does not exist"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!rows[i].of || rows[i].of & shares)
			buf_add_format(out, ".TP\n%d\n%s\n",
				rows[i].kind == ERR_NONE ? 0 : err_exit_code(rows[i].kind),
				rows[i].text);
}

static void write_command(struct buf *out, const struct command *c)
{
	const char *codes = strstr(c->help, "\n\nExit code: ");
	struct str help = str_from(c->help);
	if (codes)
		help.n = (size_t)(codes - c->help);
	const struct option *list[MAX_OPTIONS];
	add_title(out, c->name, c->summary);
	buf_add_format(out, ".SH SYNOPSIS\n.B rinkside %s\n[\\fIOPTION\\fR…] ", c->name);
	add_text(out, str_from(c->words));
	buf_add(out, STR("\n.SH DESCRIPTION\n"));
	add_paragraphs(out, help);
	buf_add(out, STR(".SH OPTIONS\n"));
	add_options(out, list, command_options(c, list));
	buf_add(out, STR(".SH ENVIRONMENT\nEvery setting is also a variable: "
			 "\\fB\\-\\-log\\-level\\fR is "
			 "\\fBRINKSIDE_LOG_LEVEL\\fR.\nThe command line wins.\n"
			 ".SH \"EXIT STATUS\"\n"));
	if (codes)
		add_paragraphs(out, str_from(codes + 2));
	else
		add_exit_codes(out, c->shares);
	buf_add(out, STR(".SH SEE ALSO\n.BR rinkside (1)\n"));
}

static void write_program(struct buf *out)
{
	const struct option *list[MAX_OPTIONS];
	const struct command *c;
	add_title(out, "", "the NHL's live game statistics in a database and over HTTP");
	buf_add(out,
		STR(".SH SYNOPSIS\n.B rinkside\n\\fICOMMAND\\fR [\\fIOPTION\\fR…] [\\fIWORD\\fR…]\n"
		    ".SH DESCRIPTION\nWatches the NHL's schedule, ingests every live game into a "
		    "database within seconds,\nfollows it past the horn to its official end and "
		    "its "
		    "late corrections, and serves it over HTTP.\n.SH COMMANDS\n"));
	for (size_t i = 0; (c = command_at(i)); i++) {
		buf_add_format(out, ".TP\n.BR rinkside\\-%s (1)\n", c->name);
		add_line(out, str_from(c->summary));
	}
	buf_add(out,
		STR(".SH OPTIONS\nThose that commands share, each where it means something:\n"));
	add_options(out, list, command_common_options(list));
	buf_add(out, STR(".SH ENVIRONMENT\nEvery setting is also a variable: \\fB\\-\\-db\\fR is "
			 "\\fBRINKSIDE_DB\\fR. The command line wins.\n.SH \"EXIT STATUS\"\n"));
	add_exit_codes(out, ASKS_UPSTREAM);
	buf_add(out, STR("A command that failed changed nothing.\n"));
}

/* ---- the command ---- */

static int run(const struct config *config, int argc, char **argv)
{
	struct buf out;
	struct err err;
	(void)config;
	const struct command *c = argc == 1 ? command_find(str_from(argv[0])) : NULL;
	if (argc && !c) {
		err_set(&err, ERR_USAGE, "man: no command \"%s\"; rinkside --help lists them",
			argv[argc - 1]);
		return command_fail(&err);
	}
	buf_init(&out, 1 << 20);
	if (c)
		write_command(&out, c);
	else
		write_program(&out);
	return command_print(&out);
}

const struct command command_man = {
	.name = "man",
	.words = "[COMMAND]",
	.summary = "prints a manual page, as man reads it",
	.help = "Prints the manual page of the program, or of one command:\n\n"
		"  rinkside man ingest | man -l -",
	.run = run,
};
