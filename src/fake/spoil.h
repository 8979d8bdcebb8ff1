/*
 * spoil - a body of the API in which something is wrong that HTTP cannot see.
 */
#ifndef FAKE_SPOIL_H
#define FAKE_SPOIL_H

#include "base/buf.h"
#include "fake/faults.h"
#include "fake/random.h"

/* Whether the fault is one of a body's. */
bool spoil_can(enum fault fault);

/* Adds the body to *out, spoiled; as it is where there is nothing in it to spoil. */
void spoil(enum fault fault, struct str body, struct random *r, struct buf *out);

#endif
