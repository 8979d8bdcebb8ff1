/*
 * ingest - one game, once: fetch, decode, put.
 *
 * Knows the way from a request to rows, and what else a row wants to be whole (full
 * names, birth dates, the play-by-play). Does not know who is due, nor the command line.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "decode/decode.h"
#include "source/source.h"
#include "store/store.h"

/* An arena of this size holds all of an ingest: a body of the largest size and what is decoded of
 * it. */
enum { INGEST_ARENA = 256 * 1024 * 1024 };

/* Ten digits: the season's first year, the game's type, its number. */
bool ingest_parse_game_id(struct str text, int64_t *out);

/*
 * The two halves, so that the first may run on many threads while one writer stores.
 * Everything in *out lives in *keep.
 */
struct ingest_fetched {
	int64_t game_id;
	struct source_reply reply;
	struct snapshot snapshot;
	bool is_good; /* else: failure. With reply.is_unchanged the snapshot names the game alone */
	struct err failure;
};
/* `known` is asked for the ETag of what it holds; NULL: nobody is. */
void ingest_fetch(struct source *source, struct store *known, int64_t game_id, struct arena *keep,
	struct ingest_fetched *out);

/*
 * A fetch that was no good fails with its own error; of a game that is known already the
 * failure is noted (last_error) and nothing else is written.
 */
bool ingest_store(struct store *store, const struct ingest_fetched *fetched, struct put_result *out,
	struct err *err);

/* Into the ledger, and the body among those that are kept, with the store's next commit. */
void ingest_note(
	struct store *store, const struct source_request *q, const struct source_reply *reply);

/* The order key's lower members are the snapshot's own; its time is the reply's unless the body
 * told it. */
void ingest_set_order(struct snapshot *s, const struct source_reply *reply);

/* Both, for one game. */
bool ingest_game(struct source *source, struct store *store, int64_t game_id, struct arena *keep,
	struct put_result *out, struct err *err);

/*
 * What the lines of a game that was just put still lack, as far as it is due: the play-by-play
 * when the store finds it due, rosters, players and club names that
 * are not known or older than a day. The game's lines are in the database by then; a failure
 * here is worth a warning and no more. What does not exist is remembered, and asked for again
 * after a day.
 */
enum { COMPLETE_NAMES = 1, COMPLETE_EVENTS = 2, COMPLETE_ALL = 3 };
bool ingest_complete(struct source *source, struct store *store,
	const struct ingest_fetched *fetched, const struct put_result *put, unsigned parts,
	struct arena *keep, struct err *err);

/*
 * A body of any kind, recognised by its shape, in place of a file's: what a kept one is decoded
 * by again. The reply's order and arrival are those that it had.
 */
struct ingest_report;
bool ingest_body(struct store *store, const struct source_reply *body, struct arena *keep,
	struct ingest_report *out, struct err *err);

/* What became of a file. */
struct ingest_report {
	enum body_kind kind;
	int64_t game_id;       /* 0: not about one game */
	struct put_result put; /* of one game */
	const char *warning;   /* the first thing left out of it, or new in it; NULL: nothing */
	size_t changed; /* of a schedule or score: games written; of people and clubs: records taken
			 */
};

/*
 * A body from a file, of either API, its kind recognised by its shape. observed_at 0: the
 * file's own time; a legacy feed's metaData.timeStamp comes before both.
 */
bool ingest_file(struct store *store, const char *path, int64_t observed_at, struct arena *keep,
	struct ingest_report *out, struct err *err);

#endif
