/*
 * api/export - a list of any length as CSV or NDJSON, in constant memory.
 *
 * A thread of the pool reads a piece at a time from a store of the export's own, all of one
 * commit; the loop sends it, and asks for the next when the reader has taken enough.
 */
#ifndef API_EXPORT_H
#define API_EXPORT_H

#include "api/serve.h"

/* The answer to whoever asked. The call's list was found too large for an ordinary one. */
void export_start(struct api *a, const struct asked *by, const struct call *call);

#endif
