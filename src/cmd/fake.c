#include "cmd/command.h"

#include "base/time.h"
#include "fake/serve.h"
#include "fake/truth.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const option_names[] = {"listen", "seed", "games", "speed", "ttl", "latency",
	"season", "recordings", "faults", "deadline", "truth", NULL};

enum { LEAGUE_ARENA = 4 * 1024 * 1024 };

/* NULL: err says why. */
static const struct league *make_league(const struct config *c, struct arena *keep, struct err *err)
{
	uint64_t seed = (uint64_t)c->seed;
	int64_t first = c->season / 10000;
	if (!c->season)
		return league_night(
			keep, seed, c->recordings.n ? 0 : (int)c->games, time_now_ms(), c->speed);
	if (c->recordings.n)
		err_set(err, ERR_USAGE, "fake: --season or --recordings, not both");
	else if (c->season % 10000 != first + 1 || first < 1917 || first > 2199)
		err_set(err, ERR_USAGE,
			"fake: --season: %" PRId64 " is no season: two years, such as 20252026",
			c->season);
	else
		return league_season(keep, seed, (int)first);
	return NULL;
}

static int print_truth(const struct league *l)
{
	struct arena arena = arena_reserve(2 * MATCH_BYTES);
	struct buf out;
	buf_init(&out, 1 << 20);
	bool ok = true;
	for (size_t i = 0; i < l->count && ok; i++) {
		struct arena scratch = arena;
		buf_reset(&out);
		truth_game(&out, match_play(&scratch, l, &l->fixtures[i]));
		ok = fwrite(out.p, 1, out.n, stdout) == out.n;
	}
	buf_clear(&out);
	arena_release(&arena);
	return ok && fflush(stdout) == 0 ? 0 : 1;
}

static void say_what(const struct league *l, const struct recordings *r)
{
	if (r)
		log_info("%zu paths with recorded bodies", recordings_count(r));
	else if (l->is_over)
		log_info("games %" PRId64 " to %" PRId64 ", all of them over", l->fixtures[0].id,
			l->fixtures[l->count - 1].id);
	else
		log_info("games %" PRId64 " to %" PRId64 " on %s, %g times as fast as life",
			l->fixtures[0].id, l->fixtures[l->count - 1].id,
			day_format(l->fixtures[0].day).text, l->speed);
}

static bool serve_league(const struct config *c, const struct league *l, struct err *err)
{
	struct serve_settings settings = {.listen = c->listen,
		.speed = l->is_over ? 1 : c->speed,
		.ttl_s = c->ttl_s,
		.latency_ms = c->latency_ms,
		.deadline_ms = c->deadline_ms};
	struct recordings *recordings = NULL;
	if (!faults_parse(c->faults, (uint64_t)c->seed, &settings.faults, err) ||
		(c->recordings.n && !(recordings = recordings_open(c->recordings, err))))
		return err_wrap(err, "fake");
	say_what(l, recordings);
	struct pages pages;
	pages_init(&pages, l, recordings);
	bool ok = serve(&settings, &pages, err) || err_wrap(err, "fake");
	pages_clear(&pages);
	recordings_close(recordings);
	return ok;
}

static int run(const struct config *c, int argc, char **argv)
{
	struct err err;
	if (argc) {
		err_set(&err, ERR_USAGE, "fake: \"%s\": there is nothing to name", argv[0]);
		return command_fail(&err);
	}
	struct arena keep = arena_reserve(LEAGUE_ARENA);
	const struct league *league = make_league(c, &keep, &err);
	int code = 0;
	if (league && c->truth)
		code = print_truth(league);
	else if (!league || !serve_league(c, league, &err))
		code = command_fail(&err);
	arena_release(&keep);
	return code;
}

const struct command command_fake = {
	.name = "fake",
	.words = "",
	.summary = "serves a made-up NHL API: a night, a season, or recorded bodies",
	.help = "Serves a made-up night of hockey in the shapes and with the headers of the NHL's "
		"API, from a\nseed, until it is told to end: some of its games are on when it "
		"begins. At --speed 60 a night\ntakes four minutes. With --season it is a past "
		"season "
		"of 1,312 games, all of them official; with\n--recordings real bodies from a "
		"directory (its path /at/2/v1/… has the second body of each).\n\n--faults makes it "
		"misbehave: kind=chance, separated by commas, out of status-NNN (400 to 599), "
		"slow\n"
		"(one to three seconds), drop and torn (the connection breaks off), cut (half of "
		"the "
		"JSON), empty,\nhtml, gzip (damaged), stale (an older body with its older ETag). "
		"The "
		"same seed and the same questions\ngive the same faults.\n\nGET "
		"/fake/truth/GAME_ID "
		"is what the game's lines come to in the end, a JSON object a player.",
	.options = option_names,
	.run = run,
};
