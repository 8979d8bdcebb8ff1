#include "base/buf.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_clear(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

struct str buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

char *buf_more_room(struct buf *b, size_t n)
{
	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return NULL;
	}
	if (n > b->capacity - b->n) {
		size_t capacity = b->capacity < 256 ? 256 : b->capacity * 2;
		while (capacity - b->n < n)
			capacity *= 2;
		if (capacity > b->max)
			capacity = b->max;
		char *p = realloc(b->p, capacity);
		if (!p) {
			fprintf(stderr, "rinkside: out of memory\n");
			abort();
		}
		b->p = p;
		b->capacity = capacity;
	}
	return b->p + b->n;
}

char *i64_write_long(char room[I64_BYTES], int64_t value)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	size_t n = 1;
	if (value < 0)
		*room++ = '-';
	for (uint64_t above = 10; n < I64_BYTES - 1 && rest >= above; above *= 10)
		n++;
	for (size_t i = n; i--; rest /= 10)
		room[i] = (char)('0' + rest % 10);
	return room + n;
}

void buf_add_format(struct buf *b, const char *format, ...)
{
	char most[128], *room; /* most fit: they are formatted once */
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(most, sizeof(most), format, args);
	va_end(args);
	assert(n >= 0);
	if ((size_t)n < sizeof(most)) {
		buf_add(b, (struct str){most, (size_t)n});
	} else if ((room = buf_room(b, (size_t)n + 1))) {
		vsnprintf(room, (size_t)n + 1, format, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

/* Most of our reals are rates of at most six places: those are printed as integers, twenty times faster. */
static bool add_short_real(struct buf *b, double value)
{
	if (!(fabs(value) < 1e6))
		return false;
	int64_t millionths = llround(value * 1e6);
	if ((double)millionths / 1e6 != value)
		return false;
	if (millionths < 0 || (millionths == 0 && signbit(value))) {
		buf_add_char(b, '-');
		millionths = -millionths;
	}
	buf_add_i64(b, millionths / 1000000);
	char digits[7] = ".000000";
	int rest = (int)(millionths % 1000000);
	for (size_t i = 6; rest; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	size_t n = sizeof(digits);
	while (n > 2 && digits[n - 1] == '0')
		n--;
	buf_add(b, (struct str){digits, n});
	return true;
}

void buf_add_real(struct buf *b, double value)
{
	if (!isfinite(value)) {
		buf_add(b, STR("null"));
		return;
	}
	if (add_short_real(b, value))
		return;
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_add(b, str_from(text));
}
