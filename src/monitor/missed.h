/*
 * monitor/missed - says which games ended while nobody looked, too long ago for the week's schedule.
 */
#ifndef MONITOR_MISSED_H
#define MONITOR_MISSED_H

#include "plan/plan.h"

/* Once for each last day of such games: *said is 0 at first. */
void missed_say(int32_t *said, const struct game *games, size_t count, int64_t now_ms);

#endif
