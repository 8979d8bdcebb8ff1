/*
 * monitor/looks - what keeps `games` fresh: the week's schedule and the score boards of three days.
 *
 * Says which of them are to be looked at, looks, stores what they show, and writes next_poll_at of
 * every game that it concerns. Nothing is kept but when it last looked: another one does the same,
 * and two do no harm.
 *
 * Knows nothing of loops and time's passing: whoever calls waits.
 */
#ifndef MONITOR_LOOKS_H
#define MONITOR_LOOKS_H

#include "plan/plan.h"
#include "source/source.h"

struct looks_settings {
	struct str db;
	const struct source_settings *source; /* the opener's, for as long as it is open */
	struct plan plan;
};

enum { LOOKS_MOST = 4 }; /* at a time, one request each */

struct looks;

/* may_wait: a database that is a server may be away yet. */
struct looks *looks_open(const struct looks_settings *s, bool may_wait, struct err *err);
void looks_stop(struct looks *l);  /* requests under way end early; any thread */
void looks_close(struct looks *l); /* NULL is fine */

/* Whether any is due, which looks_ask then asks for; when to come back otherwise. */
bool looks_are_due(struct looks *l, int64_t now_ms, int64_t *out_next);
void looks_ask(struct looks *l); /* blocks, and touches no database: on any thread */
bool looks_put(struct looks *l); /* true: games have other times now. What failed is in the log */

/* What went wrong since looks_put began; ERR_NONE: nothing. */
const struct err *looks_failure(const struct looks *l);

#endif
