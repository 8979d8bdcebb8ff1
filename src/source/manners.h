/*
 * manners - how one host is treated by all that ask it, whatever their thread.
 *
 * A turn is the right to send one request: it waits for the caps, for a Retry-After
 * that was given to anyone, and for another request about the same game to end. A
 * host that fails again and again is left alone for a while (the breaker), and then
 * asked by one request alone, whose answer decides.
 */
#ifndef SOURCE_MANNERS_H
#define SOURCE_MANNERS_H

#include "source/source.h"

enum turn {
	TURN_GIVEN,
	TURN_TOO_LATE, /* would come past the deadline */
	TURN_BROKEN,   /* the breaker is open */
	TURN_STOPPED,
};

/*
 * Blocks until it is our turn, at most to the deadline (monotonic ms). game 0: about no
 * game. On TURN_TOO_LATE and TURN_BROKEN *wait_ms is what would still have to pass. A turn
 * given is handed back by one manners_end().
 */
enum turn manners_begin(struct manners *m, int64_t game, int64_t deadline_ms, int64_t *wait_ms);

enum verdict {
	VERDICT_GOOD,    /* the host answered, with whatever */
	VERDICT_BAD,     /* it did not, or not sensibly: one more towards the breaker */
	VERDICT_NOTHING, /* given up by ourselves */
};
/* retry_after_ms: what the host asked for; 0: nothing. */
void manners_end(struct manners *m, int64_t game, enum verdict verdict, int64_t retry_after_ms);

/* False: stopped meanwhile. */
bool manners_sleep(struct manners *m, int64_t ms);
bool manners_is_stopped(struct manners *m);

/* Full jitter: anything from 0 to BACK_OFF_FIRST_MS doubled with each failed try, at most
 * BACK_OFF_MAX_MS. */
int64_t manners_back_off_ms(struct manners *m, int failed_tries);

enum {
	BACK_OFF_FIRST_MS = 400,
	BACK_OFF_MAX_MS = 20000,
	BREAKER_FAILURES = 8,    /* running, before the host is left alone */
	BREAKER_FIRST_MS = 5000, /* doubled each time that the probe fails too */
	BREAKER_MAX_MS = 5 * 60000,
	RETRY_AFTER_MAX_MS = 15 * 60000, /* a host that asks for more is asked again after this */
};

#endif
