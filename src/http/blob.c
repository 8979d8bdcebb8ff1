#include "http/server.h"

#include <stdlib.h>
#include <string.h>

struct blob {
	size_t references, n;
	char *p; /* malloc'd */
};

static struct blob *make(char *p, size_t n)
{
	struct blob *b = malloc(sizeof(*b));
	if (!b)
		abort(); /* a few bytes: the machine is beyond help */
	*b = (struct blob){.references = 1, .n = n, .p = p};
	return b;
}

/* A buffer grows by doubling; what it does not need goes back. */
struct blob *blob_new(struct buf *take)
{
	char *fitting =
		take->capacity - take->n > take->n / 4 ? realloc(take->p, take->n + 1) : NULL;
	struct blob *b = make(fitting ? fitting : take->p, take->n);
	take->p = NULL;
	buf_clear(take);
	return b;
}

struct blob *blob_copy(struct str bytes)
{
	char *p = malloc(bytes.n + 1);
	if (!p)
		abort();
	if (bytes.n)
		memcpy(p, bytes.p, bytes.n);
	return make(p, bytes.n);
}

struct blob *blob_ref(struct blob *b)
{
	b->references++;
	return b;
}

void blob_unref(struct blob *b)
{
	if (!b || --b->references)
		return;
	free(b->p);
	free(b);
}

struct str blob_str(const struct blob *b)
{
	return (struct str){b->p, b->n};
}
