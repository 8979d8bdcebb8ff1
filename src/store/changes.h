/*
 * store/changes - a transaction, the revision that it may take, and the record of what it changed.
 * Private to store.
 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "store/sql.h"

struct commit {
	struct store *store;
	struct arena *keep; /* the store's scratch, emptied at the start */
	/* 0 until something that readers see has changed; may be REVISION_TO_COME until the end */
	int64_t revision;
	int64_t observed_at; /* of what is being stored; 0: the time of now stands in */
};

/* Alone among all who write; or among those who write this game, of which nothing else is touched.
 */
bool commit_begin(struct commit *c, struct store *s, int64_t observed_at, struct err *err);
bool commit_begin_game(
	struct commit *c, struct store *s, int64_t game_id, int64_t observed_at, struct err *err);
/* ok: commits; otherwise rolls back and returns false, err untouched. */
bool commit_end(struct commit *c, bool ok, struct err *err);

/* The next revision, at the first call of a commit. */
bool commit_take_revision(struct commit *c, struct err *err);

/*
 * The columns whose changes are recorded: all that readers see of game_stats or games, but for
 * what tells of the commit itself (revision, observed_at) and for the bookkeeping of polls
 * (last_poll_at, next_poll_at, last_error).
 */
uint64_t change_content(const struct table *t);

/* One row of stat_changes or game_changes. */
struct change {
	const struct table *table;
	int64_t game_id, player_id;
	const void *old, *new; /* old NULL: an insert; new NULL: a delete */
	uint64_t columns;      /* bits of those that differ */
	struct str phase;      /* of the game before it */
	bool is_correction;
	int64_t observed_at; /* Unix ms: when the upstream showed what it is now */
};
/* A row of stat_changes, or without the player of game_changes. */
struct recorded_row {
	uint64_t known;
	int64_t revision, game_id, player_id;
	struct str kind, before, after, phase;
	int64_t correction, observed_at;
};
extern const struct table stat_change_table, game_change_table;
bool commit_record(struct commit *c, const struct change *change, struct err *err);

#endif
