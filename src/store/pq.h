/*
 * store/pq - a connection to PostgreSQL on which questions go out together. Private to store.
 *
 * What is queued travels with the next pq_exchange, which waits for all the answers: one way there
 * and back, however many they are. Nothing waits longer than a server that lives would take. A
 * connection that is lost is made anew by the next pq_ready. Sentences never hold a password.
 */
#ifndef STORE_PQ_H
#define STORE_PQ_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

#include <libpq-fe.h>

struct pq {
	PGconn *connection; /* NULL: lost, or not made yet */
	unsigned number;    /* of the connection; what was prepared on another is not on this */
	char *url, *password;
	enum store_mode mode;
	int64_t statement_ms; /* one may take as long; the session has told */
	int64_t limit_ms;     /* of a statement, which is then ERR_LIMIT; 0: the usual one */
	int64_t patience_ms;  /* pq_be_patient */
	struct pq_owed *owed; /* what is queued, in order */
	size_t owed_count, owed_room;
	size_t posted; /* of the owed, the first so many are sent already */
	char state[6]; /* SQLSTATE of the last failure of the server's; empty: of another kind */
};

bool pq_is_url(struct str url, struct err *err); /* for pq_open; else ERR_USAGE */
bool pq_open(struct pq *c, struct str url, enum store_mode mode, struct err *err);
void pq_close(struct pq *c);         /* half open is fine */
bool pq_has_several(struct str url); /* servers */
/* The files that a URL, its service or the environment names, `room` at most. */
size_t pq_files(struct str url, struct arena *keep, struct str *out, size_t room);

/* Connected, again if need be, with nothing queued. */
bool pq_ready(struct pq *c, struct err *err);

/* Of each statement from now on, on this connection and its successors; nothing may be queued. */
void pq_limit(struct pq *c, int64_t ms);
/* How long an exchange may take, or it has lost the connection; 0: what its statements may, and some
 * seconds. */
void pq_be_patient(struct pq *c, int64_t ms);

/* Queues; *number becomes the connection's once it has gone well. */
void pq_prepare(struct pq *c, const char *name, const char *text, unsigned *number);
/* Queues; *out is the result once exchanged and gone well, to be cleared. NULL: not of interest. */
void pq_execute(
	struct pq *c, const char *name, int count, const char *const *values, PGresult **out);
void pq_query(struct pq *c, const char *text, int count, const char *const *values, PGresult **out);
/* The result, when it comes, is no longer of interest; nor is the number. */
void pq_forget(struct pq *c, PGresult **out, unsigned *number);

/* What is queued before it and after it is done apart: a failure of one undoes nothing of the other. */
void pq_part(struct pq *c);

/* False with the first failure's sentence; what was queued after it was not done, up to where it was parted. */
bool pq_exchange(struct pq *c, struct err *err);

/* Sends what is queued and leaves its answers to the next exchange, or pq_ready; nobody is told of a failure. */
void pq_post(struct pq *c);

/* Any number of statements, without values. Nothing may be queued. */
bool pq_run(struct pq *c, const char *text, struct err *err);

#endif
