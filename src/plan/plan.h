/*
 * plan - who is due, and when. Pure: no clock, no I/O, no memory of its own.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "model/model.h"

enum plan_policy { PLAN_FIXED, PLAN_ADAPTIVE };
extern const struct str plan_policy_names[2];

struct plan {
	enum plan_policy policy;
	int64_t every_ms; /* of a live game, PLAN_FIXED */
};

#define PLAN_NEVER INT64_MAX

/*
 * When the game is to be asked next, Unix ms; at or before now: it is due. `stored` is what
 * the database holds of it, NULL when nothing or when the database is away; `seen` is what
 * the schedule says now.
 */
int64_t plan_game(const struct plan *p, const struct game *seen, const struct game *stored,
	int64_t now_ms);

#endif
