/*
 * api/moment - as_of and delay: the time whose tables a call asks for.
 */
#ifndef API_MOMENT_H
#define API_MOMENT_H

#include "api/answer.h"

/* Unix ms; 0: now. False: both are given, or a time that is yet to come. */
bool moment_read(const struct call *call, int64_t *out_as_of, struct problem *problem);

/* What may be shown so late; it moves on in steps. And when something is shown at last. */
int64_t moment_of_delay(int64_t delay_ms);
int64_t moment_shown_after(int64_t observed_at, int64_t delay_ms);

/* What shows a moment that moves on by itself is held for a step of it. */
void moment_hold(const struct call *call, struct answer *out);

#endif
