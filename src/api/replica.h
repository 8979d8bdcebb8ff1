/*
 * api/replica - which of two databases a read goes to.
 *
 * A replica that was named is read as follows; the other servers that the database's own URL names are
 * a reserve, which is read only while the database is away.
 *
 * The replica is read while it has everything that we have heard of, so that nobody sees less than
 * was shown before; else the database itself is, and the replica alone when that is away. A replica
 * that is away, or hangs, is looked at by one thread, about once a second; so is one that turns out to be
 * another database, of which a new connection is asked. One for all threads; each has a reader of its own.
 */
#ifndef API_REPLICA_H
#define API_REPLICA_H

#include "store/store.h"

struct replica;
/* named: a replica's URL, empty: none is named. NULL: there is nothing but db, which is fine below. */
struct replica *replica_new(struct str named, struct str db);
bool replica_is_named(const struct replica *r);
void replica_free(struct replica *r);
void replica_hear(struct replica *r, int64_t revision); /* the newest that the database has */

struct replica_state {
	int64_t revision, behind; /* behind: revisions that it lacks */
	int64_t behind_ms;        /* since the first look that found it behind; 0: it is not */
	int64_t passed_over;      /* reads that went to the database for that */
	bool is_away;
};
struct replica_state replica_look(const struct replica *r);

struct replica_reader { /* begins as zeros */
	struct store *store;
	bool is_compared; /* with the database: it is a replica of it */
};
/* The one to read, NULL when there is none. database NULL: it is away, and what is read may be behind. */
struct store *replica_choose(
	struct replica *r, struct replica_reader *reader, struct store *database);
/* The same for who keeps it longer than a read, and can't be told that it is behind. A database that is
 * away is not tried. */
struct store *replica_open(struct replica *r, struct str db, bool is_away, struct err *err);
void replica_reader_close(struct replica_reader *reader);

#endif
