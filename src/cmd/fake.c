#include "cmd/command.h"

#include "base/time.h"
#include "fake/serve.h"
#include "fake/truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const option_names[] = {"listen", "seed", "games", "after", "speed", "ttl",
	"latency", "season", "from", "playoffs", "shape", "recordings", "replay", "faults",
	"deadline", "truth", NULL};

enum { LEAGUE_ARENA = 4 * 1024 * 1024 };

static bool check_season(const struct config *c, struct err *err)
{
	int64_t first = c->season / 10000, ignored;
	if (c->season && c->after_ms)
		return err_set(
			err, ERR_USAGE, "fake: --after is for a night, --from for a --season");
	if (!c->season && (c->from.n || c->playoffs))
		return err_set(err, ERR_USAGE, "fake: --from and --playoffs are for a --season");
	if ((c->season && (c->recordings.n || c->replay.n)) || (c->recordings.n && c->replay.n))
		return err_set(err, ERR_USAGE, "fake: one of --season, --recordings and --replay");
	if (c->season && (c->season % 10000 != (first + 1) % 10000 || first < 1917 || first > 2199))
		return err_set(err, ERR_USAGE,
			"fake: --season: %" PRId64 " is no season: two years, such as 20252026",
			c->season);
	if (c->from.n && !time_parse(c->from, &ignored))
		return err_set(err, ERR_USAGE,
			"fake: --from: wants a time such as 2025-10-07T20:00:00Z, got \"%.*s\"",
			STR_ARG(c->from));
	return true;
}

/* The time that it is there, and what tells others of it. */
static bool set_clock(const struct config *c, int64_t shown_ms, struct err *err)
{
	char spec[96];
	if (getenv("RINKSIDE_CLOCK"))
		return true;
	snprintf(spec, sizeof(spec), "%" PRId64 "/%" PRId64 "/%g", time_now_ms(), shown_ms,
		c->speed);
	if (!time_rehearse(str_from(spec)))
		return err_set(err, ERR_USAGE,
			"fake: %s: no clock can be set to %s, only to 1970 to 2199",
			c->replay.n ? "--replay" : "--from", time_format(shown_ms).text);
	printf("RINKSIDE_CLOCK=%s\n", spec);
	return true;
}

/* NULL: err says why. */
static const struct league *make_league(const struct config *c, struct arena *keep, struct err *err)
{
	uint64_t seed = (uint64_t)c->seed;
	if (!check_season(c, err))
		return NULL;
	if (!c->season)
		return league_night(keep, seed, c->recordings.n || c->replay.n ? 0 : (int)c->games,
			time_now_ms() - c->after_ms, c->speed);
	struct league *l = league_season(keep, seed, (int)(c->season / 10000));
	if (c->playoffs)
		league_add_playoffs(l);
	int64_t from_ms;
	if (time_parse(c->from, &from_ms)) {
		if (!set_clock(c, from_ms, err))
			return NULL;
		league_begin(l);
	}
	return l;
}

static void say_what(const struct league *l, const struct recordings *r)
{
	if (r)
		log_info("%zu paths with recorded bodies", recordings_count(r));
	else if (l->is_over)
		log_info("games %" PRId64 " to %" PRId64 ", all of them over", l->fixtures[0].id,
			l->fixtures[l->count - 1].id);
	else if (l->is_season)
		log_info("games %" PRId64 " to %" PRId64 "; it is %s there", l->fixtures[0].id,
			l->fixtures[l->count - 1].id, time_format(time_now_ms()).text);
	else
		log_info("games %" PRId64 " to %" PRId64 " on %s, %g times as fast as life",
			l->fixtures[0].id, l->fixtures[l->count - 1].id,
			day_format(l->fixtures[0].day).text, l->speed);
}

/* Where the first window begins in which the oldest body is there. */
static int64_t first_window_ms(const struct config *c, const struct recordings *r)
{
	int64_t window_ms = c->ttl_s * 1000;
	return (recordings_first_ms(r) / window_ms + 1) * window_ms;
}

static bool serve_league(const struct config *c, const struct league *l, struct err *err)
{
	struct serve_settings settings = {.listen = c->listen,
		.speed = l->is_season ? 1 : c->speed,
		.ttl_s = c->ttl_s,
		.latency_ms = c->latency_ms,
		.deadline_ms = c->deadline_ms};
	struct recordings *recordings = NULL;
	struct shapes shapes;
	struct str directory = c->replay.n ? c->replay : c->recordings;
	if (!shapes_parse(c->shape, &shapes, err) ||
		!faults_parse(c->faults, (uint64_t)c->seed, &settings.faults, err) ||
		(directory.n && !(recordings = recordings_open(directory, err))))
		return err_wrap(err, "fake");
	if (c->replay.n) {
		if (!set_clock(c, first_window_ms(c, recordings), err)) {
			recordings_close(recordings);
			return false;
		}
		settings.speed = 1;
	}
	say_what(l, recordings);
	struct pages pages;
	pages_init(&pages, l, recordings);
	pages.shapes = shapes;
	pages.is_replay = c->replay.n > 0;
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
	if (!league || (c->truth.n && !truth_write(league, c->truth, &err)) ||
		(!str_equal(c->truth, STR("-")) && !serve_league(c, league, &err)))
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
		"season of 1,312 games, all of them official; with\n--from that season as it is at "
		"that moment, going on from there --speed times as fast. It prints\n"
		"RINKSIDE_CLOCK=…, which tells other commands the same time. With --recordings it "
		"serves real bodies\nfrom a directory (its path /at/2/v1/… has the second body of "
		"each), and with --replay plays them\nin the order of the files' own times, --speed times as fast.\n\n?at=TIME on any path shows another moment. GET /fake/truth/GAME_ID is "
		"what "
		"the game's lines come to in\nthe end, or with ?at= then, a JSON object a player. "
		"--truth FILE writes how all games end and what is\ncorrected later, in order: "
		"{\"at\":TIME,\"row\":{…}} or {\"at\":TIME,\"gone\":{…}} a line; with - it does\n"
		"nothing else. At its end it says how often which endpoint was asked, and which "
		"fault met.\n\n--faults makes it misbehave: kind=chance@condition…, separated by "
		"commas. The same seed and the same\nquestions give the same faults. Conditions: "
		"@game:NUMBER, @path:WORD, @first:N (times that a path is\nasked), @from:TIME, "
		"@to:TIME, @every:TIME and @for:TIME together (the first so much of every so "
		"much).\nAn upstream that is dead for an hour a day and forgets lines of one game: "
		"reset=1@every:24h@for:1h,\nlost-lines=0.5@game:2025020001. Kinds:\n"
#define FAULT(id, name, help) "\n  " name ": " help
#include "fake/faults.def"
#undef FAULT
	,
	.options = option_names,
	.run = run,
};
