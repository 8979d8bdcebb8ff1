/*
 * ingest/worker - all that one thread needs to ingest one game after the other: a source with
 * its kept connections, a store, room.
 *
 * Workers of one process share the manners towards the upstream, and take turns at writing.
 */
#ifndef INGEST_WORKER_H
#define INGEST_WORKER_H

#include "ingest/ingest.h"

struct workshop; /* what its workers share */

struct workshop_settings {
	struct source_settings source;
	struct str db;
	unsigned parts; /* of ingest_complete */
};

/* The texts of the settings outlive it. Checks the upstream's URL. */
struct workshop *workshop_open(const struct workshop_settings *s, struct err *err);
void workshop_stop(struct workshop *w);  /* requests under way end early; any thread */
void workshop_close(struct workshop *w); /* after its workers; NULL is fine */

struct worker;
struct worker *worker_open(struct workshop *w, struct err *err);
void worker_close(struct worker *w); /* NULL is fine */

/* Fetch, decode, put, complete. A completion that fails is a warning in the log and no more. */
bool worker_ingest(struct worker *w, int64_t game_id, struct put_result *out, struct err *err);

/* A week of the schedule from that day, stored; *out lives until the worker's next call. */
bool worker_fetch_week(struct worker *w, int32_t day, struct schedule *out, struct err *err);

#endif
