/*
 * pages - what a path of the API answers at a moment: the made-up league, or recordings.
 *
 * Knows: the API's paths. Does not know: HTTP, caches, the time of day.
 */
#ifndef FAKE_PAGES_H
#define FAKE_PAGES_H

#include "base/buf.h"
#include "fake/game.h"
#include "fake/recordings.h"

enum page {
	PAGE_CHANGES,   /* JSON, of this moment */
	PAGE_STAYS,     /* JSON, the same at every moment */
	PAGE_ELSEWHERE, /* the path at which it is */
	PAGE_BAD,       /* an empty part of a path, or an at= that is no time */
	PAGE_MISSING,
};

/* In which shape a box score comes, and from which moment on. */
enum shape { SHAPE_FLAT, SHAPE_NESTED, SHAPE_LEGACY };
enum { SHAPES_MAX = 8 };
struct shapes {
	struct {
		int64_t from_ms;
		enum shape shape;
	} list[SHAPES_MAX];
	size_t count;
};

/* "nested,2026-01-15T12:00:00Z=flat"; empty: flat. ERR_USAGE names the part that is wrong. */
bool shapes_parse(struct str spec, struct shapes *out, struct err *err);

struct pages {
	struct shapes shapes;
	const struct league *league;         /* one without games beside recordings */
	const struct recordings *recordings; /* NULL: none */
	bool is_replay;                      /* of them the one that was newest at the moment */
	const struct match **matches;        /* a night's, played once; NULL for a season */
	struct arena keep, scratch;
};

/* What is counted apart: the routes, by their own names, and all other paths. */
enum { PAGES_COUNTED = 12 };
extern const char *const page_names[PAGES_COUNTED];
int pages_endpoint(struct str path);

/* The league and the recordings outlive the pages. */
void pages_init(struct pages *p, const struct league *l, const struct recordings *r);
void pages_clear(struct pages *p);

/* "at=2025-10-08T02:00:00Z" in a query: another moment than now. False without one, or for what is none. */
bool pages_asked_at(struct str query, int64_t *out_ms);

/*
 * Fills *out with the body, or the path of an ELSEWHERE. `nth` chooses among recorded
 * bodies as recordings_find does. at_ms is what the body shows, now_ms decides which day
 * is today.
 */
enum page pages_render(struct pages *p, struct str path, struct str query, int64_t nth,
	int64_t at_ms, int64_t now_ms, struct buf *out);

#endif
