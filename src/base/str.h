/*
 * str - views of text.
 *
 * A view is never owned and never assumed to end in NUL. Parsers cut views from
 * views and copy nothing; a NUL-terminated copy is made by str_z() at the edge
 * of a C library, and only there.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

/* clang-format off */
#define STR(literal)    ((struct str){("" literal), sizeof(literal) - 1})
#define STR_INIT(literal) {("" literal), sizeof(literal) - 1}
#define STR_ARG(s)      (int)(s).n, (s).p /* for "%.*s" */
/* clang-format on */

struct str str_from(const char *z); /* NULL gives the empty view */
bool str_equal(struct str a, struct str b);
bool str_equal_nocase(struct str a, struct str b); /* ASCII */
int str_compare(struct str a, struct str b);       /* by bytes; <0, 0, >0 */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_skip(struct str s, size_t n);  /* at most all of it */
struct str str_bytes(struct str s, size_t n); /* the first n of them, at most all */
struct str str_first(struct str s, size_t n); /* the same, and no half of a character */
struct str str_trim(struct str s);            /* spaces, tabs, CR, LF at both ends */

/* For what snprintf may have cut: the half of a character at its end goes. */
void str_end_whole(char *z);

/* The text before and after the first `at`; without one, head is all and tail is empty. */
struct str_cut {
	struct str head, tail;
	bool found;
};
struct str_cut str_cut(struct str s, char at);

/* The whole of s as a decimal number, "-" allowed; false for anything else, or out of range. */
bool str_to_i64(struct str s, int64_t *out);

struct str str_copy(struct arena *keep, struct str s);
char *str_z(struct arena *keep, struct str s); /* cut at the first NUL, if s holds one */
struct str str_format(struct arena *keep, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Trimmed, and every run of white space within made one space; into room for s, which may be its own. */
struct str str_collapse(char *out, struct str s);
bool str_is_utf8(struct str s);

#endif
