/*
 * faults - what goes wrong on request, and how often: "status-503=0.02,slow=0.01".
 *
 * Which fault a request meets depends on the seed, its path and how many times that path
 * was asked before, and on nothing else: the same questions meet the same faults, however
 * many connections carry them.
 */
#ifndef FAKE_FAULTS_H
#define FAKE_FAULTS_H

#include "base/err.h"
#include "base/str.h"

enum fault {
	FAULT_NONE,
	FAULT_STATUS, /* an error page with the status */
	FAULT_SLOW,   /* one to three seconds late */
	FAULT_DROP,   /* the connection breaks off where the body should begin */
	FAULT_TORN,   /* the connection breaks off in the middle of the body */
	FAULT_CUT,    /* half of the JSON, in a reply that is whole as HTTP */
	FAULT_EMPTY,  /* no body */
	FAULT_HTML,   /* 200, and a page for people */
	FAULT_GZIP,   /* compressed bytes that are damaged */
	FAULT_STALE,  /* another cache's older body, with its older ETag */
};

enum { FAULTS_MAX = 16 };

struct faults {
	struct {
		enum fault fault;
		int status;
		double chance;
	} list[FAULTS_MAX];
	size_t count;
	uint64_t seed;
};

/* "kind=chance,…", empty for none; ERR_USAGE names the part that is wrong. */
bool faults_parse(struct str spec, uint64_t seed, struct faults *out, struct err *err);

/* For the nth time (from 0) that the path is asked; *out_status is set for FAULT_STATUS. */
enum fault faults_draw(const struct faults *f, uint64_t path_hash, uint32_t nth, int *out_status);

/* A number of the same kind of fate, 0 … n-1: how late, how old. */
int faults_below(const struct faults *f, uint64_t path_hash, uint32_t nth, int n);

#endif
