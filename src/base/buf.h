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

#include <assert.h>
#include <string.h>

struct buf {
	char *p; /* malloc'd, NULL while empty */
	size_t n, capacity, max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b); /* frees; the buffer may be used again with the same maximum */
void buf_reset(struct buf *b); /* empties, keeps the memory */
struct str buf_str(const struct buf *b);

static inline void buf_add(struct buf *b, struct str s);
static inline void buf_add_char(struct buf *b, char c);
static inline void buf_add_i64(struct buf *b, int64_t value);
void buf_add_format(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The shortest decimal that reads back as the same double. Not a number, infinite: "null". */
void buf_add_real(struct buf *b, double value);

/* Room for n more bytes to be written at the returned place, then kept by buf_grew(); NULL when full. */
static inline char *buf_room(struct buf *b, size_t n);
static inline void buf_grew(struct buf *b, size_t n);

/* The decimal digits of a number, without an end; where they end. */
enum { I64_BYTES = 20 };
static inline char *i64_write(char room[I64_BYTES], int64_t value);

/* ---- inside: an answer is thousands of small additions, nearly all of which find room ---- */

char *buf_more_room(struct buf *b, size_t n);
char *i64_write_long(char room[I64_BYTES], int64_t value);

static inline char *buf_room(struct buf *b, size_t n)
{
	return n <= b->capacity - b->n && !b->failed ? b->p + b->n : buf_more_room(b, n);
}

static inline void buf_grew(struct buf *b, size_t n)
{
	assert(n <= b->capacity - b->n);
	b->n += n;
}

static inline void buf_add(struct buf *b, struct str s)
{
	char *room = s.n ? buf_room(b, s.n) : NULL;
	if (!room)
		return;
	memcpy(room, s.p, s.n);
	b->n += s.n;
}

static inline void buf_add_char(struct buf *b, char c)
{
	char *room = buf_room(b, 1);
	if (!room)
		return;
	*room = c;
	b->n++;
}

static inline char *i64_write(char room[I64_BYTES], int64_t value)
{
	if (value < 0 || value > 99)
		return i64_write_long(room, value);
	if (value > 9)
		*room++ = (char)('0' + value / 10);
	*room++ = (char)('0' + value % 10); /* as most counts of a line are */
	return room;
}

static inline void buf_add_i64(struct buf *b, int64_t value)
{
	char digits[I64_BYTES];
	buf_add(b, (struct str){digits, (size_t)(i64_write(digits, value) - digits)});
}

#endif
