/*
 * options - settings from the command line and the environment.
 *
 * A setting is one row: name, type, default, range, help, and where its value
 * goes. `--db URL` is RINKSIDE_DB in the environment; the command line wins. The
 * usage, --help and the parser are all read from the same rows. A variable that is empty
 * counts as absent; a text that is empty on the command line is a mistake.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/buf.h"
#include "base/err.h"

enum option_type {
	OPTION_TEXT,     /* struct str */
	OPTION_INTEGER,  /* int64_t */
	OPTION_REAL,     /* double */
	OPTION_DURATION, /* int64_t, milliseconds: "500ms", "10s", "5m", "30d" */
	OPTION_FLAG,     /* bool; takes no value on the command line */
	OPTION_CHOICE,   /* int, an index into choices */
};

struct option {
	const char *name; /* without the dashes */
	enum option_type type;
	size_t offset;
	const char *fallback; /* as it would be typed; NULL: zero, and absent from --help */
	double min, max; /* of a number or a duration (in ms); both 0: any that is not negative */
	const struct str *choices;
	size_t choice_count;
	const char *argument; /* "URL", for --help */
	const char *help;
	bool is_typed; /* on the command line alone: no variable sets it */
	bool guards; /* without it more is allowed: an empty variable is a mistake, not an absent one */
};

/*
 * Fills the struct at `values` from defaults, environment and argv, in that order of
 * growing weight, and moves the words that are no options to the front of argv, whose
 * new length is *argc. After "--" everything is a word; -h is --help. Texts point into argv and the
 * environment. A mistake gives ERR_USAGE and a sentence that names the option.
 */
bool options_parse(const struct option *const *options, size_t count, void *values, int *argc,
	char **argv, struct err *err);

/* A line or two an option, as --help shows them. */
void options_describe(const struct option *const *options, size_t count, struct buf *out);

#endif
