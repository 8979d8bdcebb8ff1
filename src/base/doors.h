/*
 * doors - what a process gives up once it knows what it has to do.
 *
 * After doors_shut() it can gain no privileges, run nothing, trace and signal nobody, and open no
 * files but the database's and what name resolution and certificates need; after doors_settle() it opens
 * no listening socket any more. Threads that are started later inherit all of it, so it comes
 * before the first one. A kernel without the means (seccomp, Landlock) shuts less.
 *
 * Knows: system calls and paths. Does not know: what the process is for.
 */
#ifndef BASE_DOORS_H
#define BASE_DOORS_H

#include "base/str.h"

enum { DOORS_MORE = 16 };

struct doors {
	bool may_run_children; /* this same program */
	bool may_listen;
	bool may_read_files;         /* any: they are named on the command line */
	bool may_meet_locals;        /* by sockets of this machine, as PostgreSQL's may be */
	bool only_reads;             /* the database: nothing of it is written or removed */
	struct str database;         /* a file, which may not be there yet; empty: none */
	struct str once;             /* a file to read as it is; empty: none */
	struct str more[DOORS_MORE]; /* others, read again when they are replaced; empty: none */
};

enum {
	DOORS_CALLS = 1, /* seccomp is in force, all of it */
	DOORS_FILES = 2, /* Landlock is */
};

/* What is in force. A build under a sanitizer shuts nothing: sanitizers trace themselves. */
unsigned doors_shut(const struct doors *d);

/* No socket is bound any more; without may_connect none is made. All threads. False: not so. */
bool doors_settle(bool may_connect);

#endif
