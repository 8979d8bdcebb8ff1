#include "monitor/scheduler.h"

#include "base/time.h"
#include "monitor/looks.h"

#include <stdlib.h>

struct scheduler {
	uv_loop_t *loop;
	struct monitor_settings settings;
	struct scheduler_calls calls;
	struct looks *looks; /* asked on the pool, stored on the loop */
	uv_timer_t timer;
	uv_work_t work;
	bool is_working, is_stopping, has_looked;
};

int scheduler_exit_code(const struct scheduler *s)
{
	return err_exit_code(looks_failure(s->looks)->kind);
}

/* ---- time ---- */

static void on_timer_closed(uv_handle_t *h)
{
	struct scheduler *s = h->data;
	s->calls.on_over(s->calls.context);
}

static void end_if_over(struct scheduler *s)
{
	bool is_last = s->is_stopping || (s->settings.once && s->has_looked);
	if (is_last && !s->is_working && !uv_is_closing((uv_handle_t *)&s->timer))
		uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

static void on_timer(uv_timer_t *t);

static void wait_until(struct scheduler *s, int64_t at)
{
	uv_update_time(s->loop);
	if (!uv_is_closing((uv_handle_t *)&s->timer))
		uv_timer_start(&s->timer, on_timer, (uint64_t)time_until_ms(at), 0);
}

static void look(uv_work_t *w)
{
	struct scheduler *s = w->data;
	looks_ask(s->looks);
}

static void after_looking(uv_work_t *w, int status)
{
	struct scheduler *s = w->data;
	(void)status;
	s->is_working = false;
	if (!s->is_stopping && looks_put(s->looks) && s->calls.on_planned)
		s->calls.on_planned(s->calls.context);
	s->has_looked = true;
	end_if_over(s);
	wait_until(s, time_now_ms());
}

static void on_timer(uv_timer_t *t)
{
	struct scheduler *s = t->data;
	int64_t next;
	if (s->is_working)
		return;
	if (!looks_are_due(s->looks, time_now_ms(), &next)) {
		wait_until(s, next);
		return;
	}
	s->is_working = true;
	s->work.data = s;
	uv_queue_work(s->loop, &s->work, look, after_looking);
}

/* ---- opening and closing ---- */

struct scheduler *scheduler_open(uv_loop_t *loop, const struct monitor_settings *settings,
	const struct scheduler_calls *calls, struct err *err)
{
	struct scheduler *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	*s = (struct scheduler){.loop = loop, .settings = *settings, .calls = *calls};
	const struct looks_settings looks = {.db = settings->db,
		.source = &s->settings.source,
		.plan = {(enum policy)settings->policy, settings->every_ms, settings->speed}};
	s->looks = looks_open(&looks, !settings->once, err);
	if (!s->looks) {
		scheduler_close(s);
		return NULL;
	}
	s->timer.data = s;
	uv_timer_init(loop, &s->timer);
	uv_timer_start(&s->timer, on_timer, 0, 0);
	return s;
}

void scheduler_stop(struct scheduler *s)
{
	s->is_stopping = true;
	looks_stop(s->looks);
	end_if_over(s);
}

void scheduler_close(struct scheduler *s)
{
	if (!s)
		return;
	looks_close(s->looks);
	free(s);
}
