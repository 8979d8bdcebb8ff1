/*
 * cmd/signals - SIGTERM and SIGINT, which ask what runs on a loop to end.
 */
#ifndef CMD_SIGNALS_H
#define CMD_SIGNALS_H

#include <uv.h>

enum { ENDING_SIGNALS = 2 };

struct signals {
	uv_signal_t handles[ENDING_SIGNALS];
	void (*end)(void *context);
	void *context;
};

/* The loop runs until they are closed; end is called on its thread, once a signal. */
void signals_open(struct signals *s, uv_loop_t *loop, void (*end)(void *context), void *context);
void signals_close(struct signals *s); /* twice is fine */

#endif
