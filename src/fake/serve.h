/*
 * serve - the fake API over HTTP, with the manners of the real one.
 *
 * Time is cut into windows, as the NHL's cache cuts it: within one a body does not change,
 * and its ETag is the second at which the window ends. A window is `ttl_s` of the game's
 * time, so that a night at thirty times its speed shows as much as one at its own.
 *
 * Knows: HTTP, the CDN's headers, late and wrong replies. Does not know: what is served.
 */
#ifndef FAKE_SERVE_H
#define FAKE_SERVE_H

#include "base/err.h"
#include "fake/faults.h"
#include "fake/pages.h"

struct serve_settings {
	struct str listen;
	double speed;        /* of the league's time */
	int64_t ttl_s;       /* a window of it, at least a real second */
	int64_t latency_ms;  /* before each reply */
	int64_t deadline_ms; /* ends by itself; 0: never */
	struct faults faults;
};

/*
 * Says "listening on http://…" on standard output, serves until SIGINT, SIGTERM or the
 * deadline, and says how often which endpoint was asked and which fault met. False: could not
 * begin.
 */
bool serve(const struct serve_settings *s, struct pages *pages, struct err *err);

#endif
