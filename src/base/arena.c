#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static _Noreturn void arena_die(const char *why)
{
	fprintf(stderr, "rinkside: out of memory: %s\n", why);
	abort();
}

struct arena arena_reserve(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		arena_die("the kernel refuses to reserve an arena");
	return (struct arena){.base = p, .at = p, .end = (char *)p + size};
}

void arena_release(struct arena *a)
{
	if (a->base)
		munmap(a->base, (size_t)(a->end - a->base));
	*a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
	a->at = a->base;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
	size_t align = _Alignof(max_align_t);
	size_t pad = (size_t)(-(uintptr_t)a->at & (align - 1));
	size_t left = (size_t)(a->end - a->at);
	if (left < pad || (size && count > (left - pad) / size))
		arena_die("an arena is smaller than the input that was let in");
	char *p = a->at + pad;
	a->at = p + count * size;
	/* The range is used again after a reset, so a fresh page's zeros can't be relied on. */
	return memset(p, 0, count * size);
}
