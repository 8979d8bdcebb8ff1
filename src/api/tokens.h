/* api/tokens - who may ask: bearer tokens, a line of a file each. */
#ifndef API_TOKENS_H
#define API_TOKENS_H

#include "base/err.h"
#include "base/str.h"

struct tokens;
/* Empty lines and those that begin with # are skipped; a file without tokens is a mistake. */
struct tokens *tokens_open(struct str path, struct err *err);
void tokens_close(struct tokens *t); /* NULL is fine */
/* "Bearer TOKEN". Takes as long for a wrong token as for a right one of its length. */
bool tokens_match(const struct tokens *t, struct str authorization);

#endif
