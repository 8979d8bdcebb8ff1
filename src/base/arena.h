/*
 * arena - memory with one end of life.
 *
 * An arena is a reserved range of addresses, a cursor and an end. Pages cost
 * memory only once touched, so it is reserved for the largest input that the
 * caller lets in. One that runs out is our own bug and ends the process.
 *
 * A function that keeps its result takes `struct arena *keep`; one that needs
 * room to think takes `struct arena scratch`, a copy, and gives everything back
 * by returning.
 *
 * Under address sanitizer a gap lies behind everything that is given out, and what was taken back
 * is out of bounds, so that an overrun is found here as it is on the heap.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena {
	char *base;
	char *at;
	char *end;
};

struct arena arena_reserve(size_t size); /* ends the process when the kernel refuses */
void arena_release(struct arena *a);     /* an arena of zeros is fine */
void arena_reset(struct arena *a);       /* everything in it is gone, the range stays */

/* Zeroed, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *a, size_t count, size_t size);

/*
 * The rest of it, at most max bytes, for who does not know how much will come: aligned, not zeroed,
 * filled from the front. arena_take() keeps the first n; without it nothing was given out.
 */
char *arena_open(struct arena *a, size_t max, size_t *out_room);
void arena_take(struct arena *a, size_t n);

#define ARENA_NEW(a, type, count) ((type *)arena_alloc((a), (size_t)(count), sizeof(type)))

#endif
