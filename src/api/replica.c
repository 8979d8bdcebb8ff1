#include "api/replica.h"

#include "base/log.h"
#include "base/time.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { RETRY_MS = 1000, HANGS_MS = 2000 };

struct replica {
	struct str url;
	bool is_reserve;
	_Atomic int64_t newest;   /* of the database */
	_Atomic int64_t revision; /* of the replica, when last looked at */
	_Atomic int64_t behind_since, passed_over;
	_Atomic int64_t identity; /* of the database, when last asked; 0: it was not */
	_Atomic bool is_away, is_strange;
	_Atomic int64_t look_at; /* one thread's turn while it is away; 0: all may */
};

struct replica *replica_new(struct str named, struct str db)
{
	if (!named.n && !store_has_several(db))
		return NULL;
	struct replica *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	r->is_reserve = !named.n;
	r->url = r->is_reserve ? db : named;
	return r;
}

bool replica_is_named(const struct replica *r)
{
	return r && !r->is_reserve;
}

void replica_free(struct replica *r)
{
	free(r);
}

void replica_hear(struct replica *r, int64_t revision)
{
	if (r)
		r->newest = revision;
}

struct replica_state replica_look(const struct replica *r)
{
	int64_t newest = r->newest, revision = r->revision, since = r->behind_since;
	bool is_behind = revision < newest;
	return (struct replica_state){.revision = revision,
		.behind = is_behind ? newest - revision : 0,
		.behind_ms = is_behind && since ? time_monotonic_ms() - since : 0,
		.passed_over = r->passed_over,
		.is_away = r->is_away};
}

void replica_reader_close(struct replica_reader *reader)
{
	store_close(reader->store);
	*reader = (struct replica_reader){0};
}

/* A look at one that hangs takes seconds, which the others need not spend too. */
static bool may_look(struct replica *r)
{
	int64_t at = r->look_at;
	return !at || (at <= time_monotonic_ms() &&
			      atomic_compare_exchange_strong(&r->look_at, &at, INT64_MAX));
}

static bool is_strange(struct replica *r, int64_t identity)
{
	int64_t wanted = r->identity;
	bool strange = wanted && identity && identity != wanted;
	if (strange && !atomic_exchange(&r->is_strange, true))
		log_warning("api: --db-read is another database than --db, not a replica of it: it "
			    "is not read");
	if (!strange)
		r->is_strange = false;
	return strange;
}

/*
 * A database of its own may have as many revisions, of other games. Asked of each connection, again
 * as long as the database was never there to be compared with.
 */
static bool compare(struct replica *r, struct replica_reader *reader, struct store *database)
{
	int64_t identity;
	struct err ignored; /* the database's is as it was, then */
	if (reader->is_compared)
		return true;
	if (database && store_get_identity(database, &identity, &ignored))
		r->identity = identity;
	if (!store_get_identity(reader->store, &identity, &ignored) || is_strange(r, identity))
		return false;
	reader->is_compared = r->identity != 0;
	return true;
}

static bool ask_revision(
	struct replica *r, struct replica_reader *reader, struct store *database, int64_t *revision)
{
	struct err ignored;
	if (!reader->store && !(reader->store = store_open(r->url, STORE_READ_ANY, &ignored)))
		return false;
	store_be_patient(reader->store, HANGS_MS);
	bool ok = compare(r, reader, database) &&
		  store_get_revision(reader->store, revision, &ignored);
	store_be_patient(reader->store, 0);
	return ok;
}

/* Whether it can be read, and what it has. */
static bool look_at(
	struct replica *r, struct replica_reader *reader, struct store *database, int64_t *revision)
{
	if (!may_look(r))
		return false;
	bool ok = ask_revision(r, reader, database, revision);
	if (!ok)
		replica_reader_close(reader);
	r->is_away = !ok;
	r->look_at = ok ? 0 : time_monotonic_ms() + RETRY_MS;
	return ok;
}

struct store *replica_choose(
	struct replica *r, struct replica_reader *reader, struct store *database)
{
	int64_t revision = 0, newest;
	if (database && !replica_is_named(r)) {
		if (r)
			replica_reader_close(reader); /* by then it is far behind */
		return database;
	}
	if (!r || !look_at(r, reader, database, &revision))
		return database;
	r->revision = revision;
	newest = r->newest;
	if (revision >= newest) {
		r->behind_since = 0;
		return reader->store;
	}
	if (!r->behind_since)
		r->behind_since = time_monotonic_ms();
	r->passed_over++;
	return database ? database : reader->store;
}

struct store *replica_open(struct replica *r, struct str db, bool is_away, struct err *err)
{
	struct replica_reader reader = {0};
	int64_t revision;
	if (replica_is_named(r) && look_at(r, &reader, NULL, &revision) && revision >= r->newest)
		return reader.store;
	replica_reader_close(&reader);
	if (!is_away)
		return store_open(db, STORE_READ, err);
	err_set(err, ERR_STORE, "database: it is away");
	return NULL;
}
