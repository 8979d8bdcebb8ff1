/*
 * embed - files carried inside the program, written by scripts/embed when it is built.
 * Each list ends with a row whose name is empty.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include "base/str.h"

struct embedded {
	struct str name, text;
};

extern const struct embedded schema_files[]; /* src/store/schema/, in order */
extern const struct embedded
	web_files[]; /* the page: style.css, and with npm app.js and what it imports */

#endif
