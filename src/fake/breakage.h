/*
 * breakage - replies that do not come whole: late, in drops, broken off, or never.
 */
#ifndef FAKE_BREAKAGE_H
#define FAKE_BREAKAGE_H

#include "http/server.h"

/* The first n bytes of a body that never ends. */
void breakage_break_off(struct http_exchange *x, const struct http_header_line *head, size_t count,
	struct str body, size_t n);

/* The body in drops, or nothing at all, until the peer has gone or *is_stopping. */
void breakage_drip(uv_loop_t *loop, struct http_exchange *x, const struct http_header_line *head,
	size_t count, struct blob *body, const bool *is_stopping);
void breakage_hang(uv_loop_t *loop, struct http_exchange *x, const bool *is_stopping);

#endif
