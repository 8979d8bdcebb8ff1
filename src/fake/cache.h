/*
 * cache - replies by path, each of one moment: rendered once and compressed once.
 *
 * The two forms of a body are held apart, and only those that were asked for: a season's
 * box scores, compressed, are 3 MB. What is held has a limit; past it all is forgotten.
 */
#ifndef FAKE_CACHE_H
#define FAKE_CACHE_H

#include "base/str.h"
#include "http/server.h"

enum form { FORM_PLAIN, FORM_GZIP, FORMS };

struct cached {
	struct cached *next;
	uint64_t hash;
	int64_t variant;
	bool stays;        /* of every moment */
	int64_t at_ms;     /* the moment that the bodies show */
	int64_t filled_ms; /* when the cache took them from the origin; the caller's */
	struct blob *bodies[FORMS];
	size_t key_length;
	char key[];
};

enum { CACHE_SLOTS = 4096, CACHE_BYTES = 64 * 1024 * 1024 };

struct cache {
	struct cached *slots[CACHE_SLOTS];
	size_t bytes;
};

uint64_t cache_hash(struct str key);

/* NULL: none of that moment. */
struct cached *cache_find(struct cache *c, struct str key, int64_t variant, int64_t at_ms);

/* Takes the reference. Bodies of another moment go. */
struct cached *cache_put(struct cache *c, struct str key, int64_t variant, bool stays,
	int64_t at_ms, enum form form, struct blob *body);
void cache_clear(struct cache *c);

#endif
