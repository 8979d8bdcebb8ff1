/*
 * store/raw - what came from the upstream, as it came: the ledger of polls and the bodies. Private
 * to store.
 */
#ifndef STORE_RAW_H
#define STORE_RAW_H

#include "store/changes.h"

/* At the beginning of a commit: what its end will want to know of what was noted. */
void raw_ask_noted(struct store *s);
/* Writes what was noted, within the commit; at times, what is too old goes. */
bool raw_write_noted(struct commit *c, struct err *err);

/* The SHA-256 of the body that this commit is about, as text; empty: none is kept. */
struct str raw_noted_sha256(struct store *s);

/* Whether a body as it is kept unpacks to what that size and SHA-256 say. */
bool raw_is_whole(struct str packed, int64_t size, struct str sha256, struct arena scratch);
/* Every kept body is what its SHA-256 says: ERR_INTERNAL and a sentence at the first that is not. */
bool raw_verify(struct store *s, int64_t *out_count, struct err *err);

/* Polls from that moment on have numbers from this one on. */
int64_t poll_id_at(int64_t ms);

#endif
