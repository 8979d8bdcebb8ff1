/*
 * buf - bytes that grow to a maximum given at birth.
 *
 * Once an append fails (the maximum is reached) the buffer stays failed and
 * further appends do nothing, so a page of JSON is written straight through and
 * checked once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	char *p; /* malloc'd, NULL while empty */
	size_t n, capacity, max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees; the buffer may be used again with the same maximum */
void buf_reset(struct buf *b); /* empties, keeps the memory */
struct str buf_str(const struct buf *b);

void buf_add(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_add_i64(struct buf *b, int64_t value);
void buf_add_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The shortest decimal that reads back as the same double. Not a number, infinite: "null". */
void buf_add_real(struct buf *b, double value);

/* Room for n more bytes to be written at the returned place, then kept by buf_grew(); NULL when full. */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

#endif
