#include "ingest/worker.h"

#include "base/log.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

struct workshop {
	struct workshop_settings settings;
	struct manners *manners;
	/* One puts at a time: waiting here is cheaper than in the database, and what one
	 * connection has written it need not read again. */
	pthread_mutex_t writing;
	struct store *writer; /* under it; NULL: not asked for yet, or the database was away */
};

struct worker {
	struct workshop *shop;
	struct source *source;
	struct store *store; /* to see what is lacking, and for that */
	struct arena keep;
};

struct workshop *workshop_open(const struct workshop_settings *s, struct err *err)
{
	struct workshop *w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->settings = *s;
	w->manners = manners_new(&s->source);
	pthread_mutex_init(&w->writing, NULL);
	struct source *probe = source_open(&s->source, w->manners, err);
	if (!probe) {
		workshop_close(w);
		return NULL;
	}
	source_close(probe);
	return w;
}

void workshop_stop(struct workshop *w)
{
	manners_stop(w->manners);
}

void workshop_close(struct workshop *w)
{
	if (!w)
		return;
	store_close(w->writer);
	manners_free(w->manners);
	pthread_mutex_destroy(&w->writing);
	free(w);
}

struct worker *worker_open(struct workshop *shop, struct err *err)
{
	struct worker *w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->shop = shop;
	w->keep = arena_reserve(INGEST_ARENA);
	w->source = source_open(&shop->settings.source, shop->manners, err);
	if (w->source)
		w->store = store_open(shop->settings.db, STORE_WRITE, err);
	if (w->store)
		return w;
	worker_close(w);
	return NULL;
}

void worker_close(struct worker *w)
{
	if (!w)
		return;
	source_close(w->source);
	store_close(w->store);
	arena_release(&w->keep);
	free(w);
}

/* NULL, and nothing is held, when the database is away. */
static struct store *take_writer(struct workshop *w, struct err *err)
{
	pthread_mutex_lock(&w->writing);
	if (!w->writer)
		w->writer = store_open(w->settings.db, STORE_WRITE, err);
	/* Another thread's open may come as soon as it is let go. */
	struct store *writer = w->writer;
	if (!writer)
		pthread_mutex_unlock(&w->writing);
	return writer;
}

static void give_writer(struct workshop *w)
{
	pthread_mutex_unlock(&w->writing);
}

bool worker_ingest(struct worker *w, int64_t game_id, struct put_result *out, struct err *err)
{
	struct ingest_fetched fetched;
	struct err late;
	arena_reset(&w->keep);
	ingest_fetch(w->source, w->store, game_id, &w->keep, &fetched);
	struct store *writer = take_writer(w->shop, err);
	if (!writer)
		return false;
	bool ok = ingest_store(writer, &fetched, out, err);
	give_writer(w->shop);
	if (!ok)
		return false;
	if (fetched.snapshot.warning)
		log_warning("game %" PRId64 ": %s", game_id, fetched.snapshot.warning);
	if (!ingest_complete(
		    w->source, w->store, &fetched, out, w->shop->settings.parts, &w->keep, &late))
		log_warning("game %" PRId64
			    ": its lines are stored, but names or events may lack: %s",
			game_id, late.text);
	return true;
}

bool worker_fetch_week(struct worker *w, int32_t day, struct schedule *out, struct err *err)
{
	struct source_request q = {.endpoint = ENDPOINT_SCHEDULE, .day = day};
	struct source_reply reply;
	size_t ignored;
	arena_reset(&w->keep);
	bool is_good = source_fetch(w->source, &q, &w->keep, &reply, err) &&
		       decode_schedule(reply.body, &w->keep, out, err);
	if (is_good && out->warning)
		log_warning("schedule: %s", out->warning);
	struct err late;
	struct store *writer = take_writer(w->shop, err);
	if (!writer)
		return false;
	ingest_note(writer, &q, &reply);
	bool ok = is_good ? store_put_schedule(writer, out->games, out->count, reply.order_time,
				    reply.observed_at, &ignored, err)
			  : store_flush(writer, &late);
	give_writer(w->shop);
	return is_good && ok;
}
