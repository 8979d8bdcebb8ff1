#include "cmd/signals.h"

#include "base/log.h"

#include <signal.h>

static void on_signal(uv_signal_t *h, int number)
{
	struct signals *s = h->data;
	log_info("signal %d: ending", number);
	s->end(s->context);
}

void signals_open(struct signals *s, uv_loop_t *loop, void (*end)(void *context), void *context)
{
	static const int numbers[ENDING_SIGNALS] = {SIGTERM, SIGINT};
	s->end = end;
	s->context = context;
	for (size_t i = 0; i < ENDING_SIGNALS; i++) {
		uv_signal_init(loop, &s->handles[i]);
		s->handles[i].data = s;
		uv_signal_start(&s->handles[i], on_signal, numbers[i]);
	}
}

void signals_close(struct signals *s)
{
	for (size_t i = 0; i < ENDING_SIGNALS; i++)
		if (!uv_is_closing((uv_handle_t *)&s->handles[i]))
			uv_close((uv_handle_t *)&s->handles[i], NULL);
}
