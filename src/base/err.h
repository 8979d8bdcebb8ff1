/*
 * err - what went wrong: a kind and a sentence.
 *
 * A function that can fail returns false and fills the struct err of its caller.
 * Each level adds what only it knows, so the text reads from the outside in:
 * "game 2024020113: box score: players[7].goals: wanted a number, found text".
 * There is a kind for each thing that a caller does differently.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err_kind {
	ERR_NONE,
	ERR_INTERNAL,  /* the machine: no descriptors, no processes, a full disk */
	ERR_USAGE,     /* the command line, a parameter, a file that can't be read */
	ERR_NETWORK,   /* the upstream was not reached, or broke off */
	ERR_STATUS,    /* the upstream answered with a status that is no answer */
	ERR_DECODE,    /* the body could not be understood */
	ERR_STORE,     /* the database */
	ERR_NOT_FOUND, /* what was asked for does not exist */
	ERR_LIMIT,     /* the database was given no more time for it, and is well */
};

struct err {
	enum err_kind kind;
	char text[480];
};

/* Both return false, so that a failing function can return them. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
bool err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

int err_exit_code(enum err_kind kind);
int err_http_status(enum err_kind kind);
bool err_may_retry(enum err_kind kind); /* the same call could go well later */

#endif
