#include "api/shelf.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { BUCKETS = 1 << 14 };

struct shelf {
	struct entry *buckets[BUCKETS];
	struct entry *newest, *oldest;
	size_t bytes, limit, count;
};

/* ---- faces and pages ---- */

void face_make(struct face *out, struct answer *a, bool gzip)
{
	struct rendition r;
	struct buf unchanged;
	*out = (struct face){0};
	if (!rendition_make(&r, a, gzip))
		return;
	out->etag = r.etag;
	if (a->status == 200) {
		buf_init(&unchanged, 1 << 16);
		rendition_write_304(&r, a, &unchanged);
		out->unchanged = blob_new(&unchanged);
	}
	out->head = blob_new(&r.head);
	out->body = blob_new(&r.body);
}

void face_clear(struct face *f)
{
	blob_unref(f->head);
	blob_unref(f->body);
	blob_unref(f->unchanged);
	*f = (struct face){0};
}

void page_clear(struct page *p)
{
	face_clear(&p->faces[0]);
	face_clear(&p->faces[1]);
	*p = (struct page){0};
}

static size_t blob_bytes(const struct blob *b)
{
	return b ? blob_str(b).n : 0;
}

static size_t page_bytes(const struct page *p)
{
	size_t n = 0;
	for (size_t i = 0; i < 2; i++) {
		const struct face *f = &p->faces[i];
		n += blob_bytes(f->head) + blob_bytes(f->body) + blob_bytes(f->unchanged);
	}
	return n;
}

/* ---- by last use ---- */

static void unlink_entry(struct shelf *c, struct entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct shelf *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

/* ---- entries ---- */

static uint64_t hash_key(struct str key, unsigned kind)
{
	return XXH3_64bits_withSeed(key.p, key.n, kind);
}

struct shelf *shelf_new(size_t bytes)
{
	struct shelf *c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->limit = bytes;
	return c;
}

void shelf_free(struct shelf *c)
{
	if (!c)
		return;
	while (c->newest)
		shelf_remove(c, c->newest);
	free(c);
}

struct entry *shelf_find(struct shelf *c, struct str key, unsigned kind)
{
	uint64_t hash = hash_key(key, kind);
	struct entry *e = c->buckets[hash % BUCKETS];
	while (e && (e->hash != hash || !str_equal(key, (struct str){e->key, e->key_bytes})))
		e = e->next;
	if (e && e != c->newest) {
		unlink_entry(c, e);
		link_newest(c, e);
	}
	return e;
}

static void set_bytes(struct shelf *c, struct entry *e, size_t bytes)
{
	c->bytes += bytes - e->bytes;
	e->bytes = bytes;
}

struct entry *shelf_add(struct shelf *c, struct str key, unsigned kind)
{
	struct entry *e = calloc(1, sizeof(*e) + key.n);
	if (!e)
		abort();
	e->hash = hash_key(key, kind);
	e->key_bytes = key.n;
	memcpy(e->key, key.p, key.n);
	e->next = c->buckets[e->hash % BUCKETS];
	c->buckets[e->hash % BUCKETS] = e;
	link_newest(c, e);
	set_bytes(c, e, sizeof(*e) + key.n);
	c->count++;
	return e;
}

void shelf_remove(struct shelf *c, struct entry *e)
{
	struct entry **p = &c->buckets[e->hash % BUCKETS];
	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	unlink_entry(c, e);
	set_bytes(c, e, 0);
	c->count--;
	page_clear(&e->page);
	free(e);
}

static void make_room(struct shelf *c, const struct entry *except)
{
	for (struct entry *e = c->oldest, *newer; e && c->bytes > c->limit; e = newer) {
		newer = e->newer;
		if (e != except && !e->under_way)
			shelf_remove(c, e);
	}
}

void shelf_fill(struct shelf *c, struct entry *e, struct page *take)
{
	page_clear(&e->page);
	e->page = *take;
	*take = (struct page){0};
	set_bytes(c, e, sizeof(*e) + e->key_bytes + page_bytes(&e->page));
	make_room(c, e);
}

static bool is_changed(const struct entry *e, const struct store_change *change, bool has_revision)
{
	if (change->is_any || e->page.shows_polls || !e->page.status)
		return true;
	if (!e->page.game_id)
		return has_revision;
	for (size_t i = 0; i < change->count; i++)
		if (change->games[i] == e->page.game_id)
			return true;
	return false;
}

void shelf_outdate(struct shelf *c, const struct store_change *change, bool has_revision,
	void (*visit)(struct entry *e))
{
	for (struct entry *e = c->newest; e; e = e->older) {
		if (!is_changed(e, change, has_revision))
			continue;
		e->is_outdated = true;
		if (e->under_way)
			visit(e);
	}
}

size_t shelf_bytes(const struct shelf *c)
{
	return c->bytes;
}

size_t shelf_count(const struct shelf *c)
{
	return c->count;
}
