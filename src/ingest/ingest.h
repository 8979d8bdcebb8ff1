/*
 * ingest - one game, once: fetch, decode, put.
 */
#ifndef INGEST_INGEST_H
#define INGEST_INGEST_H

#include "decode/decode.h"
#include "source/source.h"
#include "store/store.h"

/*
 * The two halves, so that the first may run on many threads while one writer stores.
 * Everything in *out lives in *keep.
 */
struct ingest_fetched {
	int64_t game_id;
	struct source_reply reply;
	struct snapshot snapshot;
	bool is_good; /* else: failure */
	struct err failure;
};
void ingest_fetch(struct source *source, int64_t game_id, struct arena *keep,
	struct ingest_fetched *out);
bool ingest_store(struct store *store, const struct ingest_fetched *fetched,
	struct put_result *out, struct err *err);

/* Both, for one game. */
bool ingest_game(struct source *source, struct store *store, int64_t game_id, struct arena *keep,
	struct put_result *out, struct err *err);

/* A body from a file, of either API, its kind recognised by its shape. observed_at 0: the file's own. */
bool ingest_file(struct store *store, const char *path, int64_t observed_at, struct arena *keep,
	struct put_result *out, struct err *err);

#endif
