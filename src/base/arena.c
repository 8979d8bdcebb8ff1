#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GAPS 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_GAPS 1
#endif

#ifdef ARENA_GAPS
#include <sanitizer/asan_interface.h>
enum { RANGE_TIMES = 2, HEAD = 16, LEAST_GAP = 16, LARGEST_GAP = 4096 };
/* How far it was ever filled, by a copy of it as well, stands before its beginning; NULL: not at all. */
static char **filled(const struct arena *a)
{
	return (char **)(void *)(a->base - HEAD);
}
static void forbid(const struct arena *a, char *from, size_t n)
{
	ASAN_POISON_MEMORY_REGION(from, n);
	if (n && from + n > *filled(a))
		*filled(a) = from + n;
}
static void allow_all(const struct arena *a)
{
	if (*filled(a))
		ASAN_UNPOISON_MEMORY_REGION(a->base, (size_t)(*filled(a) - a->base));
}
/* One more element, as what runs over is mostly the next one. */
static size_t gap_behind(size_t size)
{
	size_t gap = size < LEAST_GAP ? LEAST_GAP : size;
	return gap < LARGEST_GAP ? gap : LARGEST_GAP;
}
#define allow(from, n) ASAN_UNPOISON_MEMORY_REGION((from), (n))
#else
enum { RANGE_TIMES = 1, HEAD = 0 };
#define gap_behind(size)   ((size_t)0)
#define forbid(a, from, n) ((void)(a), (void)(from), (void)(n))
#define allow(from, n)     ((void)(from), (void)(n))
#define allow_all(a)       ((void)(a))
#endif

static const char too_small[] = "an arena is smaller than the input that was let in";

static _Noreturn void arena_die(const char *why)
{
	fprintf(stderr, "rinkside: out of memory: %s\n", why);
	abort();
}

struct arena arena_reserve(size_t size)
{
	size = size * RANGE_TIMES + HEAD;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		arena_die("the kernel refuses to reserve an arena");
	return (struct arena){.base = p + HEAD, .at = p + HEAD, .end = p + size};
}

void arena_release(struct arena *a)
{
	if (a->base) {
		allow_all(a); /* to whoever gets these addresses next */
		munmap(a->base - HEAD, (size_t)(a->end - a->base) + HEAD);
	}
	*a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
	forbid(a, a->base, (size_t)(a->at - a->base));
	a->at = a->base;
}

/* To where any type may stand. */
static size_t pad_of(const struct arena *a)
{
	return (size_t)(-(uintptr_t)a->at & (_Alignof(max_align_t) - 1));
}

char *arena_open(struct arena *a, size_t max, size_t *out_room)
{
	size_t pad = pad_of(a);
	size_t left = (size_t)(a->end - a->at);
	if (left < pad)
		arena_die(too_small);
	*out_room = left - pad < max ? left - pad : max;
	a->at += pad;
	allow(a->at, *out_room);
	return a->at;
}

void arena_take(struct arena *a, size_t n)
{
	a->at += n;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
	size_t pad = pad_of(a), left = (size_t)(a->end - a->at), gap = gap_behind(size);
	if (left < pad + gap || (size && count > (left - pad - gap) / size))
		arena_die(too_small);
	char *p = a->at + pad;
	allow(p, count * size);
	forbid(a, p + count * size, gap);
	a->at = p + count * size + gap;
	/* The range is used again after a reset, so a fresh page's zeros can't be relied on. */
	return memset(p, 0, count * size);
}
