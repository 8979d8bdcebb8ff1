/*
 * faults - what goes wrong on request, when, where and how often:
 *
 *   status-503=0.02,stale=0.05@path:boxscore,reset=1@every:24h@for:1h,lost-lines=1@game:2025020001@first:3
 *
 * kind=chance, and conditions after "@", all of which must hold: `game` (its number), `path`
 * (a word in the path), `first` (so many times that a path is asked), `from` and `to`
 * (instants), `every` and `for` (the first so much of every so much). The times are those
 * of the bodies: of a season that is being played, its own. Rules with a condition are drawn before
 * those without, each group in its order, so that a chance of 1 is one where it is met.
 *
 * Which fault a request meets depends on the seed, its path and how many times that path
 * was asked before (and on the time, where a condition names it), and on nothing else: the
 * same questions meet the same faults, however many connections carry them.
 */
#ifndef FAKE_FAULTS_H
#define FAKE_FAULTS_H

#include "base/err.h"
#include "base/str.h"

enum fault {
	FAULT_NONE,
#define FAULT(id, name, help) FAULT_##id,
#include "fake/faults.def"
#undef FAULT
	FAULT_COUNT
};
extern const struct str fault_names[FAULT_COUNT];

enum { FAULTS_MAX = 64 };

struct fault_rule {
	enum fault fault;
	int number; /* of status-NNN and retry-after-N */
	double chance;
	int64_t game;    /* 0: any */
	struct str path; /* empty: any; a view of the specification */
	int64_t first;   /* 0: at any time */
	int64_t from_ms, to_ms;
	int64_t every_ms, for_ms; /* 0: always */
};

struct faults {
	struct fault_rule rules[FAULTS_MAX];
	size_t count;
	uint64_t seed;
};

/* Empty for none; ERR_USAGE names the part that is wrong. The specification outlives *out. */
bool faults_parse(struct str spec, uint64_t seed, struct faults *out, struct err *err);

/* For the nth time (from 0) that the path is asked; NULL: all goes well. */
const struct fault_rule *faults_draw(
	const struct faults *f, struct str path, uint64_t path_hash, uint32_t nth, int64_t now_ms);

/* A number of the same kind of fate, 0 … n-1: how late, how old. */
int faults_below(const struct faults *f, uint64_t path_hash, uint32_t nth, int n);

#endif
