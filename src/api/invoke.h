/*
 * api/invoke - one request answered on the spot: no socket, no thread, nothing kept.
 *
 * The same routes, checks and bytes as over HTTP. What can only be served on a connection that
 * lasts (a stream, a whole table) is refused with a sentence.
 */
#ifndef API_INVOKE_H
#define API_INVOKE_H

#include "api/call.h"
#include "api/tokens.h"
#include "store/store.h"

struct api_reply {
	int status;
	struct str
		head; /* lines with their CRLF, Content-Length included; no Date, no empty line */
	struct str body; /* empty for HEAD */
	bool is_binary;  /* not text as it is: gzip */
};

/* store NULL: the database is away, and why. tokens NULL: nobody is asked for one. *out lives in
 * *keep. */
void api_invoke(struct store *store, const struct err *why, const struct tokens *tokens,
	const struct api_request *q, struct arena *keep, struct api_reply *out);

/* A problem that the caller has found, as the reply that it is. */
void api_invoke_refuse(const struct api_request *q, const struct problem *p, struct arena *keep,
	struct api_reply *out);

#endif
