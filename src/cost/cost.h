/*
 * cost - what it costs to ask, and how late one learns: polling policies played over a season
 * in simulated time, with the plan that the program itself obeys.
 *
 * The upstream is a model of the NHL's: bodies that turn over every ttl at moments of their
 * own, sizes that grow with a game, intermissions, late official ends, postponements.
 */
#ifndef COST_COST_H
#define COST_COST_H

#include "base/buf.h"
#include "base/err.h"
#include "plan/plan.h"

struct timeline;

/* What is played: the games, and how the upstream shows them. */
struct season {
	struct arena keep;
	struct timeline *games; /* by start */
	size_t count, left_out; /* left_out: of a ledger, fetched long after they were played */
	int64_t from_ms, to_ms;
	int64_t ttl_ms;
	bool is_in_step; /* all bodies turn over at the same moments, as the fake's do */
	bool is_night;   /* one program beside one upstream: nobody rests at night */
};

/* A season of the fake's, from a seed; some games are postponed, some are official late. */
struct season season_made_up(uint64_t seed, int first_year, int64_t ttl_s);
/* The fake's night that began then, as `fake --seed --games --speed` does, looked at from a moment
 * on. */
struct season season_night(uint64_t seed, int games, double speed, int64_t began_ms, int64_t ttl_s,
	int64_t after_ms, int64_t length_ms);
/*
 * What the polls of a database say of the games that were asked: when there was something new and
 * how large it was, when a play-by-play was worth asking for, and where nothing happened for as
 * long as an intermission. Between two polls the clock runs. Too many of them are a failure. Games
 * that were first asked for more than 12 hours after their start are left out, and counted.
 */
struct store;
bool season_of_ledger(struct store *store, int64_t ttl_s, struct season *out, struct err *err);
void season_clear(struct season *s);

enum asked {
	ASKED_WEEK,
	ASKED_BOARD,
	ASKED_BOX_SCORE,
	ASKED_PLAY_BY_PLAY,
	ASKED_PEOPLE,
	ASKED_KINDS
};
extern const struct str asked_names[ASKED_KINDS]; /* as the upstream's paths have them */

/* A policy, and what came of it. */
struct outcome {
	const char *policy, *help;
	int64_t requests[ASKED_KINDS];
	int64_t bytes_plain, bytes; /* of bodies; as they travel: compressed, or not sent at all */
	int64_t invocations;
	double gb_seconds;
	int64_t polls, polls_new; /* of box scores; those that showed something else than before */
	int64_t changes, missed;  /* of statistics; those that never got into a row */
	/* From when a body shows a change to the row. Corrections apart: nobody announces them,
	 * every policy waits for them alike, and their hours would hide the seconds. */
	double staleness_mean_s, staleness_p95_s; /* of what happened before the horn */
	double event_mean_s;                      /* the same, from when it happened */
	double late_mean_s;                       /* of what was corrected after the horn */
	double all_mean_s;
};

enum { POLICIES = 5 };

/* All policies over the season, in the order of the table; out has POLICIES places. */
void cost_play(const struct season *s, struct outcome *out);
/* Only what the program itself does, with that plan. */
struct outcome cost_play_plan(const struct season *s, const struct plan *plan);

int64_t outcome_requests(const struct outcome *o); /* all kinds */

enum report { REPORT_TEXT, REPORT_JSON, REPORT_CSV, REPORT_NDJSON };

/* What the run was, for the head of a report. */
struct cost_title {
	struct str season; /* "20252026", or what else it is */
	bool is_made_up;   /* from the seed */
	int64_t seed, ttl_s;
};
/* The seed, if it was made from one, and the bodies' life; the same in a table and a picture. */
void cost_title_more(const struct cost_title *title, struct buf *out);
void cost_report(const struct season *s, const struct cost_title *title, const struct outcome *o,
	size_t count, enum report form, struct buf *out);
/* Requests and staleness by policy, as a picture. */
void cost_draw(
	const struct cost_title *title, const struct outcome *o, size_t count, struct buf *out);

#endif
