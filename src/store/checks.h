/*
 * store/checks - whether a snapshot is worse than what is stored. Private to store.
 *
 * One table of checks, with what each forgives. A snapshot that fails one is kept aside and
 * counted; what comes back the same in kind often enough, for long enough, is accepted with a
 * warning, so that quarantine never becomes a stop.
 */
#ifndef STORE_CHECKS_H
#define STORE_CHECKS_H

#include "store/sql.h"

/* The new lines as the body gave them, and the stored ones; both by player. */
struct candidate {
	struct store *store;
	const struct snapshot *snapshot;
	const struct game *old; /* known 0: nothing stored */
	const struct stat_line *old_lines;
	size_t old_count;
	const struct stat_line *lines;
	size_t count;
	const struct event *old_events; /* none where the snapshot's are older, or it brings none */
	size_t old_event_count;
};

/* How every reason begins that is about the events alone. */
#define EVENTS_WARNING "the play-by-play"

struct verdict {
	bool is_good;
	char reason[200];   /* why it is not */
	bool holds_columns; /* what lines have lost is to stay as it is stored: checks_held */
	bool holds_events;  /* the stored ones stay, though the lines are good */
	bool holds_state;   /* what the game's row has lost stays: checks_held_of_game */
	char warning[200];  /* what was forgiven; empty: nothing */
};

/* Counts in the quarantine table, so it is called within the transaction. */
bool checks_run(const struct candidate *c, struct verdict *out, struct err *err);

/* The columns that a line is to keep from the stored one, where the verdict holds columns. */
uint64_t checks_held(
	const struct candidate *c, const struct stat_line *old, const struct stat_line *new);

/* What a box score tells no more of a game that is on or over; its state, of any. */
uint64_t checks_held_of_game(const struct game *old, const struct game *new);

/*
 * Whether stored lines hold by themselves what the checks ask of a body: the candidate's old lines
 * are empty then. What was accepted because it kept coming holds. False with a reason, or on an
 * error of the database with err->kind set.
 */
bool checks_hold(const struct candidate *c, char *reason, size_t size, struct err *err);

#endif
