/*
 * cost/prices - what a cloud takes for it. Private to cost.
 */
#ifndef COST_PRICES_H
#define COST_PRICES_H

#include "cost/cost.h"

/* An ingest or a look as a function: memory, what it takes beside waiting, a request's wait. */
#define INVOCATION_GB 0.25
enum { INVOCATION_OWN_MS = 100, INVOCATION_REQUEST_MS = 200, INVOCATION_MAX_S = 900 };

double invocation_gb_seconds(int requests);

struct price {
	const char *name, *of;
	double dollars;
	const char *source;
};
enum { PRICE_REQUEST, PRICE_GB_SECOND, PRICE_MACHINE, PRICE_NAT_HOUR, PRICE_NAT_GB, PRICES };
extern const struct price prices[PRICES];
extern const char prices_read[];                            /* the day */
enum { FREE_REQUESTS = 1000000, FREE_GB_SECONDS = 400000 }; /* a month, for ever */

/* A month's share of what is given for all of the season. */
double price_lambda(const struct outcome *o, double months, bool with_free_tier);
double price_nat(const struct outcome *o, double months);

double season_months(const struct season *s);

#endif
