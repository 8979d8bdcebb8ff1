/* fuzz - what the targets share. A check that does not hold ends the process, as a crash would. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(holds)                                                                          \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Of just that size, so that reading beyond it is seen; to be freed. */
static inline char *fuzz_copy(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* The target's one arena, empty. */
static inline struct arena *fuzz_arena(size_t room)
{
	static struct arena keep;
	if (!keep.base)
		keep = arena_reserve(room);
	arena_reset(&keep);
	return &keep;
}

#endif
