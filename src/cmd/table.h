/*
 * cmd/table - the rows of the command and settings tables, for those who print them: help, manual
 * pages, completions. Private to cmd.
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include "cmd/command.h"

enum { MAX_OPTIONS = 48 };

/* The commands in the order of --help; NULL behind the last. */
const struct command *command_at(size_t i);
const struct command *command_find(struct str name); /* NULL: none of that name */

/* The command's own settings, then the common ones that mean something to it; all common ones. How many. */
size_t command_options(const struct command *c, const struct option *out[static MAX_OPTIONS]);
size_t command_common_options(const struct option *out[static MAX_OPTIONS]);

/* To stdout, and the buffer is cleared; the exit code. */
int command_print(struct buf *text);

#endif
