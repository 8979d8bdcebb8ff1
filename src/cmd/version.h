/* version - what --version and the User-Agent say. */
#ifndef CMD_VERSION_H
#define CMD_VERSION_H

#include "base/buf.h"

const char *version_number(void);       /* "0.1.0" */
const char *version_date(void);         /* of that version: "2026-11-24" */
void version_describe(struct buf *out); /* number, commit, libraries with theirs */

#endif
