/*
 * reader - a walk over JSON that knows where it is. Private to decode/.
 *
 * A place is a value and the way to it. What is absent, or null, is a place without a
 * value, and everything got out of it is absent too. The first fault stays and its
 * sentence names the place; a decoder is written straight through and asks once, at the
 * end, with reader_close().
 */
#ifndef DECODE_READER_H
#define DECODE_READER_H

#include "base/arena.h"
#include "base/err.h"
#include "model/column.h"

enum {
	BODY_BYTES = 8 << 20, /* a larger body is refused */
	BODY_DEPTH = 64,      /* and one nested deeper */
};

struct yyjson_val;
struct yyjson_doc;

struct reader {
	struct yyjson_doc *doc;
	struct arena *keep;
	struct err *err;
	bool failed;
	bool is_lenient;     /* what is wrong is left out, with a warning */
	size_t left_out;     /* how often something was */
	const char *warning; /* the first thing never seen before that was kept */
};

struct place {
	struct reader *reader;
	const struct place *parent; /* outlives its children; NULL at the root */
	struct str key;             /* within an object, dots and all */
	size_t index, left;         /* within a list; how many follow */
	struct yyjson_val *value;   /* NULL: absent or null */
};

/* False, and nothing to close, for what is no JSON, too large or too deep. */
bool reader_open(struct reader *r, struct str body, struct arena *keep, struct err *err,
	struct place *out_root);
/* Gives the JSON back; false when a fault was met on the way. */
bool reader_close(struct reader *r);
/* What is wrong from here on is left out, with a warning, or is a fault; returns how it was. */
bool reader_be_lenient(struct reader *r, bool is_lenient);
/* Remembers something never seen before that was kept, unless there was one before. */
void reader_warn(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes what is wrong at a place, unless something was wrong before; always false. */
bool place_fault(const struct place *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "playerByGameStats.awayTeam.forwards[7].goals"; "the body" at the root. */
struct str place_path(const struct place *p, struct arena *keep);

/* A dotted key goes down several objects at once. */
struct place place_get(const struct place *p, const char *key);
bool place_is_object(const struct place *p);
/* A fault when it is none. */
bool place_need_object(const struct place *p);
bool place_is_list(const struct place *p);

/* for (struct place e = place_first(&list); e.value; place_next(&e)) - of a list or an object. */
struct place place_first(const struct place *p);
void place_next(struct place *element);
size_t place_count(const struct place *p);

/*
 * Around a walk over entries of which each stands for itself: one that is wrong costs itself, with
 * a warning. Begins with what was left out before; ends in a fault when no entry could be kept.
 */
size_t entries_begin(struct reader *r);
void entries_end(const struct place *list, size_t left_out_before, size_t kept);

/* How a value is read; what it may be, and what it becomes. */
enum reading {
	READ_INT,      /* within ±999,999,999 */
	READ_COUNT,    /* 0 to 999,999,999 */
	READ_ROUND,    /* any number in that range, to the nearest int */
	READ_ID,       /* above 0 */
	READ_INT_TEXT, /* an int, also within text; text that is none is absent */
	READ_SHARE,    /* 0 to 1, also as text */
	READ_PERCENT,  /* 0 to 100, becomes 0 to 1 */
	READ_CLOCK,    /* "MM:SS", becomes seconds */
	READ_PAIR,     /* "saves/shots": this column and the next */
	READ_BOOL,
	READ_TEXT, /* trimmed, collapsed; also {"default": text}; empty is absent */
	READ_DAY,
	READ_INSTANT,
};

struct field {
	const char *key; /* dotted, as for place_get */
	enum reading as;
	size_t column;
};

/* Sets the columns of a record that the object has; the others are left as they are. */
void place_read(const struct place *p, const struct field *fields, size_t count,
	const struct table *t, void *record);

/* The same where one that is wrong costs itself and nothing else. */
void place_read_leniently(const struct place *p, const struct field *fields, size_t count,
	const struct table *t, void *record);

/* One value; false when it is absent or wrong. */
bool place_int(const struct place *p, const char *key, int64_t *out);
bool place_id(const struct place *p, const char *key, int64_t *out);
bool place_text(const struct place *p, const char *key, struct str *out);
bool place_clock(const struct place *p, const char *key, int64_t *out_s);
bool place_day(const struct place *p, const char *key, int32_t *out);

/* The place's own value, without a fault when it is something else. */
bool place_as_int(const struct place *p, int64_t *out);
/* firstName and lastName, in that order. */
bool place_full_name(const struct place *p, struct str *out);

/* The same, and a fault when it is absent. */
bool place_need_id(const struct place *p, const char *key, int64_t *out);

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PLACE_READ_LENIENTLY(place, fields, table, record)                                         \
	place_read_leniently((place), (fields), COUNT(fields), (table), (record))
#define PLACE_READ(place, fields, table, record)                                                   \
	place_read((place), (fields), COUNT(fields), (table), (record))

#endif
