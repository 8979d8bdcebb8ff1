/*
 * cost/upstream - which moment a body shows, until when, and how large it is. Private to cost.
 */
#ifndef COST_UPSTREAM_H
#define COST_UPSTREAM_H

#include "cost/cost.h"
#include "cost/timeline.h"

struct window {
	int64_t from_ms, to_ms; /* the body shows the first; its ETag is the second */
};

/* Of the body that is served now; `of` is the game or the day that it is about. */
struct window upstream_window(const struct season *s, enum asked kind, int64_t of, int64_t now_ms);
/* The first body of that kind that shows what happened then. */
int64_t upstream_shows(const struct season *s, enum asked kind, int64_t of, int64_t happened_ms);

struct size upstream_size_of_game(enum asked kind, const struct view *v);
struct size upstream_size_of_days(enum asked kind, int64_t games);
struct size upstream_size_of_people(bool is_clubs);

#endif
