#include "cmd/table.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Completion is generated from the tables, so a new command or setting is known to every shell. */

static void add_choices(const struct option *o, struct buf *out)
{
	for (size_t i = 0; i < o->choice_count; i++)
		buf_add_format(out, "%s%.*s", i ? " " : "", STR_ARG(o->choices[i]));
}

static bool takes_file(const struct option *o)
{
	return o->argument && (!strcmp(o->argument, "FILE") || !strcmp(o->argument, "DIR"));
}

/* `text`, with a backslash before each of the characters in `special`, and the quote of a
 * 'shell word' written as the shell wants it. */
static void add_quoted(const char *text, const char *special, const char *quote, struct buf *out)
{
	for (const char *c = text; *c; c++)
		if (*c == '\'') {
			buf_add(out, str_from(quote));
		} else {
			if (strchr(special, *c))
				buf_add_char(out, '\\');
			buf_add_char(out, *c);
		}
}

/* ---- bash ---- */

static void add_bash_options(const struct command *c, struct buf *out)
{
	const struct option *list[MAX_OPTIONS];
	size_t count = command_options(c, list);
	buf_add_format(out, "\t%s) words='", c->name);
	for (size_t i = 0; i < count; i++)
		buf_add_format(out, "%s--%s", i ? " " : "", list[i]->name);
	buf_add(out, STR("' ;;\n"));
}

/* What may follow an option that takes a value; the same name means the same in every command. */
static void add_bash_values(struct buf *out)
{
	const struct option *list[MAX_OPTIONS], *done[4 * MAX_OPTIONS];
	const struct command *c;
	size_t done_count = 0;
	for (size_t i = 0; (c = command_at(i)); i++) {
		size_t count = command_options(c, list);
		for (size_t k = 0; k < count; k++) {
			const struct option *o = list[k];
			size_t d = 0;
			while (d < done_count && strcmp(done[d]->name, o->name))
				d++;
			if (d < done_count || o->type == OPTION_FLAG)
				continue;
			assert(done_count < 4 * MAX_OPTIONS);
			done[done_count++] = o;
			buf_add_format(out, "\t--%s) ", o->name);
			if (o->choice_count) {
				buf_add(out, STR("COMPREPLY=($(compgen -W '"));
				add_choices(o, out);
				buf_add(out, STR("' -- \"$word\")); "));
			} else if (takes_file(o)) {
				buf_add(out, STR("COMPREPLY=($(compgen -f -- \"$word\")); "));
			}
			buf_add(out, STR("return ;;\n"));
		}
	}
}

static void add_command_names(struct buf *out)
{
	const struct command *c;
	for (size_t i = 0; (c = command_at(i)); i++)
		buf_add_format(out, "%s%s", i ? " " : "", c->name);
}

static void write_bash(struct buf *out)
{
	const struct command *c;
	buf_add(out, STR("# bash completion for rinkside; written by `rinkside completion bash`\n"
			 "_rinkside()\n{\n"
			 "\tlocal word=${COMP_WORDS[COMP_CWORD]} words\n"
			 "\tCOMPREPLY=()\n"
			 "\tcase ${COMP_WORDS[COMP_CWORD-1]} in\n"));
	add_bash_values(out);
	buf_add(out, STR("\tesac\n"
			 "\tcase ${COMP_CWORD},${COMP_WORDS[1]} in\n"
			 "\t1,* | 2,help | 2,man) words='"));
	add_command_names(out);
	buf_add(out, STR(" help --help --version' ;;\n"
			 "\t*) words= ;;\n"
			 "\tesac\n"
			 "\t[[ $words ]] || case ${COMP_WORDS[1]} in\n"));
	for (size_t i = 0; (c = command_at(i)); i++)
		add_bash_options(c, out);
	buf_add(out, STR("\tesac\n"
			 "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
			 "}\n"
			 "complete -o default -F _rinkside rinkside\n"));
}

/* ---- zsh ---- */

static void add_zsh_option(const struct option *o, struct buf *out)
{
	buf_add_format(out, "\t\t\t'--%s[", o->name);
	add_quoted(o->help, "[]:\\", "'\\''", out);
	buf_add_char(out, ']');
	if (o->type != OPTION_FLAG) {
		buf_add_char(out, ':');
		add_quoted(o->argument, "[]:\\", "'\\''", out);
		buf_add_char(out, ':');
		if (o->choice_count) {
			buf_add_char(out, '(');
			add_choices(o, out);
			buf_add_char(out, ')');
		} else if (takes_file(o)) {
			buf_add(out, STR("_files"));
		}
	}
	buf_add(out, STR("' \\\n"));
}

static void add_zsh_command(const struct command *c, struct buf *out)
{
	const struct option *list[MAX_OPTIONS];
	size_t count = command_options(c, list);
	buf_add_format(out, "\t%s)\n\t\t_arguments \\\n", c->name);
	for (size_t i = 0; i < count; i++)
		add_zsh_option(list[i], out);
	buf_add(out, STR("\t\t\t'*:word:_files' ;;\n"));
}

static void write_zsh(struct buf *out)
{
	const struct command *c;
	buf_add(out, STR("#compdef rinkside\n"
			 "# zsh completion for rinkside; written by `rinkside completion zsh`\n"
			 "_rinkside()\n{\n\tlocal -a commands\n\tcommands=(\n"));
	for (size_t i = 0; (c = command_at(i)); i++) {
		buf_add_format(out, "\t\t'%s:", c->name);
		add_quoted(c->summary, ":\\", "'\\''", out);
		buf_add(out, STR("'\n"));
	}
	buf_add(out, STR("\t\t'help:what a command does'\n\t)\n"
			 "\tif (( CURRENT == 2 )) || [[ $words[2] == (help|man) ]]; then\n"
			 "\t\t_describe command commands\n\t\treturn\n\tfi\n"
			 "\tshift words\n\t(( CURRENT-- ))\n"
			 "\tcase $words[1] in\n"));
	for (size_t i = 0; (c = command_at(i)); i++)
		add_zsh_command(c, out);
	buf_add(out, STR("\tesac\n}\n\n_rinkside \"$@\"\n"));
}

/* ---- fish ---- */

static void add_fish_option(const struct command *c, const struct option *o, struct buf *out)
{
	buf_add_format(out, "complete -c rinkside -n '__fish_seen_subcommand_from %s' -l %s",
		c->name, o->name);
	if (o->choice_count) {
		buf_add(out, STR(" -xa '"));
		add_choices(o, out);
		buf_add_char(out, '\'');
	} else if (o->type != OPTION_FLAG) {
		buf_add(out, takes_file(o) ? STR(" -rF") : STR(" -x"));
	}
	buf_add(out, STR(" -d '"));
	add_quoted(o->help, "\\", "\\'", out);
	buf_add(out, STR("'\n"));
}

static void write_fish(struct buf *out)
{
	const struct option *list[MAX_OPTIONS];
	const struct command *c;
	buf_add(out, STR("# fish completion for rinkside; written by `rinkside completion fish`\n"
			 "complete -c rinkside -n __fish_use_subcommand -f\n"
			 "complete -c rinkside -n '__fish_seen_subcommand_from help man' -xa '"));
	add_command_names(out);
	buf_add(out, STR("'\n"));
	for (size_t i = 0; (c = command_at(i)); i++) {
		buf_add_format(
			out, "complete -c rinkside -n __fish_use_subcommand -a %s -d '", c->name);
		add_quoted(c->summary, "\\", "\\'", out);
		buf_add(out, STR("'\n"));
		size_t count = command_options(c, list);
		for (size_t k = 0; k < count; k++)
			add_fish_option(c, list[k], out);
	}
}

/* ---- the command ---- */

static const struct shell {
	struct str name;
	void (*write)(struct buf *out);
} shells[] = {
	{STR_INIT("bash"), write_bash},
	{STR_INIT("zsh"), write_zsh},
	{STR_INIT("fish"), write_fish},
};

static int run(const struct config *config, int argc, char **argv)
{
	struct err err;
	(void)config;
	for (size_t i = 0; argc == 1 && i < sizeof(shells) / sizeof(shells[0]); i++)
		if (str_equal(shells[i].name, str_from(argv[0]))) {
			struct buf out;
			buf_init(&out, 1 << 20);
			shells[i].write(&out);
			return command_print(&out);
		}
	err_set(&err, ERR_USAGE, "completion: for which shell? bash, zsh or fish");
	return command_fail(&err);
}

const struct command command_completion = {
	.name = "completion",
	.words = "bash | zsh | fish",
	.summary = "prints the completion of a shell",
	.help = "Prints what makes that shell complete the commands and options:\n\n"
		"  rinkside completion bash "
		">~/.local/share/bash-completion/completions/rinkside\n\n"
		"`make install` and the Debian package put all three where the shells look.",
	.run = run,
};
