/*
 * api/moment - as_of and delay: the time whose tables a call asks for.
 */
#ifndef API_MOMENT_H
#define API_MOMENT_H

#include "api/answer.h"

/* Unix ms; 0: now. False: both are given, or a time that is yet to come. */
bool moment_read(const struct call *call, int64_t *out_as_of, struct problem *problem);

/* What shows a moment that moves on by itself is held for a step of it. */
void moment_hold(const struct call *call, struct answer *out);

#endif
