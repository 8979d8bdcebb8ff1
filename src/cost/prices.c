#include "cost/prices.h"

const char prices_read[] = "2026-11-24";

/*
 * US East, without tax. The live pages fill their figures in by script and were not to be read
 * that day: these are from public copies of them, named with each.
 */
const struct price prices[PRICES] = {
	[PRICE_REQUEST] = {"Lambda, a million requests", "1e6", 0.20,
		"AWS Lambda pricing, copy of 2026-09-20; the first million a month is free"},
	[PRICE_GB_SECOND] = {"Lambda x86, a GB-second", "1", 0.0000166667,
		"AWS Lambda pricing and the whitepaper How AWS Pricing Works; the first 400,000 a "
		"month "
		"are free"},
	[PRICE_MACHINE] = {"a small machine, a month", "730 h", 6.72,
		"EC2 t4g.nano at $0.0042 an hour and its public IPv4 address at $0.005, undated "
		"copies"},
	[PRICE_NAT_HOUR] = {"NAT gateway, a month", "730 h", 32.85,
		"$0.045 an hour, copies of the VPC pricing page, 2026"},
	[PRICE_NAT_GB] = {"NAT gateway, a GB through it", "1", 0.045, "the same"},
};

double invocation_gb_seconds(int requests)
{
	return INVOCATION_GB * (INVOCATION_OWN_MS + INVOCATION_REQUEST_MS * requests) / 1000.0;
}

static double above(double n, double free)
{
	return n > free ? n - free : 0;
}

double price_lambda(const struct outcome *o, double months, bool with_free_tier)
{
	double requests = (double)o->invocations / months, seconds = o->gb_seconds / months;
	if (with_free_tier) {
		requests = above(requests, FREE_REQUESTS);
		seconds = above(seconds, FREE_GB_SECONDS);
	}
	return requests * prices[PRICE_REQUEST].dollars / 1e6 +
	       seconds * prices[PRICE_GB_SECOND].dollars;
}

double price_nat(const struct outcome *o, double months)
{
	return prices[PRICE_NAT_HOUR].dollars +
	       (double)o->bytes / 1e9 / months * prices[PRICE_NAT_GB].dollars;
}

double season_months(const struct season *s)
{
	double months = (double)(s->to_ms - s->from_ms) / 86400000 / 30.4375;
	return months > 0.01 ? months : 0.01;
}
