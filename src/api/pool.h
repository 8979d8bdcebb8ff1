/*
 * api/pool - threads with a store each, and a bounded queue before them.
 *
 * What asks the database is done here, so that the loop never waits for one. Long jobs leave one of
 * the threads to the others, if there is more than one: so what is found at once, and what has just
 * been committed, never waits for a search. Nobody tries a database that is said to be away. One
 * that cannot be opened all the same is tried again with the next job, by one thread, not more often
 * than a few times a second.
 */
#ifndef API_POOL_H
#define API_POOL_H

#include "api/replica.h"

#include <uv.h>

struct pool_job {
	/* On a thread; on the loop, without a store, when the threads have ended. store NULL: the database is away, or refuses, which has been said. Once more, from its beginning and with
	 * the database, if it has failed with a replica. */
	void (*work)(struct pool_job *job, struct store *store);
	void (*done)(struct pool_job *job); /* on the loop, once, also when the pool closes */
	bool is_of_newest; /* it goes by the order of commits: never to a replica */
	bool is_long;      /* it may search for long */
	bool is_alone;     /* set for work: the database is away, and what is read may be behind */
	bool has_failed;   /* set by work: the store may have gone bad, and is opened anew */
	struct pool_job *next;
	uint64_t ticket;
};

struct pool;
/* replica may be NULL. */
struct pool *pool_open(
	uv_loop_t *loop, struct str db, struct replica *replica, int64_t threads, int64_t queue);
bool pool_queue(struct pool *p, struct pool_job *job); /* false: the queue is full */
/* The same, also when it is full: for what goes on with work that has begun. */
void pool_continue(struct pool *p, struct pool_job *job);
int64_t pool_depth(struct pool *p);
/* Nobody tries it until it is back, perhaps as another one: every thread then opens it anew. */
void pool_set_away(struct pool *p, bool is_away);
bool pool_is_refused(const struct pool *p); /* it is there, and has no connection for us */
/* Ends the threads once the queue is empty; jobs still get their done. The loop must run on
 * until on_closed, which may be NULL. */
void pool_close(struct pool *p, void (*on_closed)(void *context), void *context);

#endif
