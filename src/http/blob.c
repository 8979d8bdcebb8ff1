#include "http/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct blob {
	size_t references, n;
	char *p;      /* malloc'd */
	size_t asked; /* how often for its file */
	int file;     /* -1: none */
};

/* The kernel sends a file's pages without copying them, which is worth its while for larger bodies alone.
 * They take memory once more: 16 MiB at most. */
enum { OFTEN = 64, LEAST_BYTES = 8 << 10, MOST_BYTES = 256 << 10, MOST_FILES = 64 };
static int file_count; /* the loop's thread alone makes them, and ends those who have one */

static struct blob *make(char *p, size_t n)
{
	struct blob *b = malloc(sizeof(*b));
	if (!b)
		abort(); /* a few bytes: the machine is beyond help */
	*b = (struct blob){.references = 1, .n = n, .p = p, .file = -1};
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
	if (b->file >= 0) {
		close(b->file);
		file_count--;
	}
	free(b->p);
	free(b);
}

struct str blob_str(const struct blob *b)
{
	return (struct str){b->p, b->n};
}

#ifdef __linux__
static int make_file(struct str bytes)
{
	int file = memfd_create("rinkside-body", MFD_CLOEXEC);
	if (file >= 0 && write(file, bytes.p, bytes.n) == (ssize_t)bytes.n)
		return file;
	if (file >= 0)
		close(file);
	return -1;
}
#else
static int make_file(struct str bytes)
{
	(void)bytes;
	return -1;
}
#endif

int blob_file(struct blob *b)
{
	if (b->n < LEAST_BYTES || b->n > MOST_BYTES || b->asked > OFTEN)
		return b->file;
	if (++b->asked > OFTEN && file_count < MOST_FILES) {
		b->file = make_file(blob_str(b));
		file_count += b->file >= 0;
	}
	return b->file;
}
