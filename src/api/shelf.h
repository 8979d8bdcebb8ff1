/*
 * api/shelf - answers rendered once and kept, ready to be sent, in bounded memory.
 *
 * An entry may be empty: its answer is being rendered for the first time. One that is outdated is
 * not shown any more, unless the database is away. Loop only.
 */
#ifndef API_SHELF_H
#define API_SHELF_H

#include "api/answer.h"

/* One encoding of an answer. */
struct face {
	struct blob *head, *body; /* NULL: there is none of this encoding */
	struct blob *unchanged;   /* the head of its 304; NULL for a problem */
	struct etag etag;
};
/* On any thread. The face that is not gzip comes last: it takes the answer's body. */
void face_make(struct face *out, struct answer *a, bool gzip);
void face_clear(struct face *f);

struct page {
	int status;           /* 0: nothing rendered yet */
	struct face faces[2]; /* as it is, and gzip */
	bool has_tried_gzip;  /* else whoever takes gzip has it rendered anew */
	bool shows_polls;
	const char *cache_control;    /* a literal */
	int64_t observed_at, game_id; /* as of its answer */
	int64_t expires_at_ms;        /* monotonic; 0: never by time */
};
void page_clear(struct page *p);

struct entry {
	struct entry *next;          /* of its bucket */
	struct entry *newer, *older; /* by last use */
	struct page page;
	void *under_way; /* whoever renders it anew; such an entry stays */
	bool is_outdated;
	size_t bytes;
	uint64_t hash;
	size_t key_bytes;
	char key[];
};

struct shelf;
struct shelf *shelf_new(size_t bytes);
void shelf_free(struct shelf *c);
struct entry *shelf_find(struct shelf *c, struct str key, unsigned kind); /* NULL: none */
struct entry *shelf_add(struct shelf *c, struct str key, unsigned kind);
/* The page becomes the entry's; older ones give way. */
void shelf_fill(struct shelf *c, struct entry *e, struct page *take);
void shelf_remove(struct shelf *c, struct entry *e);
/* Outdated: whatever shows what has changed. visit: each that became so while under way. */
void shelf_outdate(struct shelf *c, const struct store_change *change, bool has_revision,
	void (*visit)(struct entry *e));
size_t shelf_bytes(const struct shelf *c);
size_t shelf_count(const struct shelf *c);

#endif
