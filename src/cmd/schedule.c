#include "cmd/pairing.h"

static const char *const option_names[] = {
	"once", "policy", "every", "speed", "keep-raw", "keep-polls", NULL};

static int run(const struct config *c, int argc, char **argv)
{
	struct config own = *c;
	own.lease_ms = 60000; /* it takes none */
	return pairing_run(&own, "schedule", argc, argv);
}

const struct command command_schedule = {
	.name = "schedule",
	.words = "",
	.summary = "keeps the games in the database fresh, and writes when each is due",
	.help = "Looks at the schedule hourly, at the day's score board more and more often as its "
		"next "
		"start nears, and every\nminute around starts and while something is on; writes "
		"into games "
		"when each is to be asked. `worker` asks.\nIt keeps no state: it may be killed and "
		"begun "
		"again, and two do no harm. With --policy fixed it looks at every\ninterval. "
		"--once looks "
		"once and ends.",
	.options = option_names,
	.shares = READS_DATABASE | ASKS_UPSTREAM,
	.run = run,
};
