#include "fake/cache.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a */
uint64_t cache_hash(struct str key)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 0x100000001b3u;
	return h;
}

static struct cached *find(struct cache *c, struct str key, int64_t variant, uint64_t hash)
{
	struct cached *e = c->slots[hash % CACHE_SLOTS];
	while (e && !(e->hash == hash && e->variant == variant &&
			    str_equal(key, (struct str){e->key, e->key_length})))
		e = e->next;
	return e;
}

struct cached *cache_find(struct cache *c, struct str key, int64_t variant, int64_t at_ms)
{
	struct cached *e = find(c, key, variant, cache_hash(key));
	return e && (e->stays || e->at_ms == at_ms) ? e : NULL;
}

static void drop_body(struct cache *c, struct cached *e, enum form form)
{
	if (e->bodies[form])
		c->bytes -= blob_str(e->bodies[form]).n;
	blob_unref(e->bodies[form]);
	e->bodies[form] = NULL;
}

static struct cached *make(struct cache *c, struct str key, int64_t variant, uint64_t hash)
{
	struct cached *e = calloc(1, sizeof(*e) + key.n);
	if (!e)
		abort();
	e->hash = hash;
	e->variant = variant;
	e->key_length = key.n;
	memcpy(e->key, key.p, key.n);
	e->next = c->slots[hash % CACHE_SLOTS];
	c->slots[hash % CACHE_SLOTS] = e;
	c->bytes += sizeof(*e) + key.n;
	return e;
}

struct cached *cache_put(struct cache *c, struct str key, int64_t variant, bool stays,
	int64_t at_ms, enum form form, struct blob *body)
{
	uint64_t hash = cache_hash(key);
	if (c->bytes + blob_str(body).n > CACHE_BYTES)
		cache_clear(c);
	struct cached *e = find(c, key, variant, hash);
	if (!e)
		e = make(c, key, variant, hash);
	if (!e->stays && e->at_ms != at_ms) {
		drop_body(c, e, FORM_PLAIN);
		drop_body(c, e, FORM_GZIP);
		e->at_ms = at_ms;
	}
	drop_body(c, e, form);
	e->stays = stays;
	e->bodies[form] = body;
	c->bytes += blob_str(body).n;
	return e;
}

void cache_clear(struct cache *c)
{
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		for (struct cached *e = c->slots[i], *next; e; e = next) {
			next = e->next;
			drop_body(c, e, FORM_PLAIN);
			drop_body(c, e, FORM_GZIP);
			free(e);
		}
	*c = (struct cache){0};
}
