#include "monitor/missed.h"

#include "base/log.h"
#include "base/time.h"

#include <inttypes.h>

void missed_say(int32_t *said, const struct game *games, size_t count, int64_t now)
{
	const struct game *first = NULL, *last = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct game *g = &games[i];
		if (!plan_is_missed(g, now))
			continue;
		first = !first || g->game_date < first->game_date ? g : first;
		last = !last || g->game_date > last->game_date ? g : last;
	}
	if (!last || last->game_date == *said)
		return;
	*said = last->game_date;
	log_warning("games of %s to %s should have ended while nobody looked, too long ago for the "
		    "week's schedule: `rinkside season %" PRId64 " --only-missing` brings them",
		day_format(first->game_date).text, day_format(last->game_date).text, last->season);
}
