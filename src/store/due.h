/*
 * store/due - the games as a queue: who is due, taken by one worker at a time under a lease.
 *
 * A lease ends by itself: what a worker that died had taken is due again then.
 */
#ifndef STORE_DUE_H
#define STORE_DUE_H

#include "store/store.h"

/* A lease that ends later than this from now was given by another clock, and counts for nothing. */
enum { STORE_LEASE_MAX_MS = 10 * 60 * 1000 };

/* Takes up to max games that are due, the longest waiting first: no other gets one of them. */
bool store_take_due(struct store *s, int64_t now_ms, int64_t lease_ms, struct str owner, size_t max,
	int64_t *out, size_t *out_count, struct err *err);

/* The one game, if it is due and nobody has it; *out_taken says whether. */
bool store_take_game(struct store *s, int64_t game_id, int64_t now_ms, int64_t lease_ms,
	struct str owner, bool *out_taken, struct err *err);

/* When the first game that nobody has is due; INT64_MAX: none ever. */
bool store_next_due(struct store *s, int64_t now_ms, int64_t *out, struct err *err);

/*
 * Ends our lease: next_poll_at (INT64_MAX: never) is written, and last_poll_at and last_error as g
 * has them. Nothing happens when the lease had ended and another has the game.
 */
bool store_give_back(
	struct store *s, const struct game *g, struct str owner, int64_t next_ms, struct err *err);

/* Writes next_poll_at, and board_at as g has it, unless the game was asked since g was read or is
 * being asked now. */
bool store_put_due(
	struct store *s, const struct game *g, int64_t next_ms, int64_t now_ms, struct err *err);

/* Another next_poll_at, where it is still what it was when the row was read. */
bool store_move_due(
	struct store *s, int64_t game_id, int64_t from_ms, int64_t to_ms, struct err *err);

#endif
