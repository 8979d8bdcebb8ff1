#include "monitor/taken.h"

#include "base/time.h"
#include "store/due.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

/* Functions have host names and process ids in common. */
void taken_name_owner(char out[static 64])
{
	char host[32] = "";
	uint64_t chance = uv_hrtime();
	gethostname(host, sizeof(host) - 1);
	uv_random(NULL, NULL, &chance, sizeof(chance), 0, NULL);
	snprintf(out, 64, "%s:%ld:%" PRIx64, host, (long)getpid(), chance);
}

/*
 * What an ingest leaves unsaid when it stored nothing: that the game was asked since it was
 * taken, and what went wrong.
 */
static void note_poll(const struct taken *t, struct game *g, const struct err *err, int64_t now)
{
	bool failed = err && err->kind != ERR_NONE;
	bool is_noted = g->last_poll_at >= g->lease_until - t->lease_ms && g->last_poll_at <= now;
	if (failed && !(is_noted && KNOWS(g, GAME, last_error)))
		plan_note_failure(g, now);
	else if (!is_noted)
		SET(g, GAME, last_poll_at, now);
	if (failed && !KNOWS(g, GAME, last_error))
		SET(g, GAME, last_error,
			*err->text ? str_from(err->text) : STR("its ingest was ended"));
}

bool taken_give_back(struct store *s, const struct taken *t, int64_t game_id,
	const struct err *failure, struct arena scratch, int64_t *out_next, struct err *err)
{
	struct game g;
	bool is_found;
	int64_t now = time_now_ms();
	*out_next = PLAN_NEVER;
	if (!store_get_game(s, game_id, &scratch, &g, &is_found, err))
		return false;
	if (!is_found)
		return true;
	note_poll(t, &g, failure, now);
	*out_next = plan_after_poll(&t->plan, &g, now);
	return store_give_back(s, &g, t->owner, *out_next, err);
}
