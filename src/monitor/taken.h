/*
 * monitor/taken - a game that was taken under a lease (store/due.h), once its ingest is over.
 */
#ifndef MONITOR_TAKEN_H
#define MONITOR_TAKEN_H

#include "plan/plan.h"
#include "store/store.h"

struct taken {
	struct plan plan;
	struct str owner; /* whose lease it is */
	int64_t lease_ms;
};

/* A name for an owner, which no other has. */
void taken_name_owner(char out[static 64]);

/*
 * Gives it back, and plans it anew: *out_next, PLAN_NEVER also when the game is not known. The
 * row says then that it was asked, and why that failed, also where the ingest stored nothing.
 * failure NULL or of kind ERR_NONE: it went well.
 */
bool taken_give_back(struct store *s, const struct taken *t, int64_t game_id,
	const struct err *failure, struct arena scratch, int64_t *out_next, struct err *err);

#endif
