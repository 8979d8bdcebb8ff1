#include "monitor/pair.h"

#include "monitor/crew.h"
#include "monitor/scheduler.h"

#include <stdlib.h>

struct pair {
	struct scheduler *scheduler; /* NULL: not of this process */
	struct crew *crew;           /* the same */
	void (*on_over)(void *context);
	void *context;
	int running;
	bool once, is_open;
};

static void end_part(struct pair *p)
{
	if (--p->running == 0 && p->is_open)
		p->on_over(p->context);
}

static void on_planned(void *context)
{
	struct pair *p = context;
	if (p->crew)
		crew_look(p->crew);
}

static void on_scheduler_over(void *context)
{
	struct pair *p = context;
	if (p->once && p->crew)
		crew_finish(p->crew);
	end_part(p);
}

static void on_crew_over(void *context)
{
	end_part(context);
}

static bool open_parts(struct pair *p, uv_loop_t *loop, int parts, const struct monitor_settings *s,
	struct err *err)
{
	const struct scheduler_calls calls = {on_planned, on_scheduler_over, p};
	if (parts & PAIR_WORK) {
		p->crew = crew_open(loop, s, on_crew_over, p, err);
		if (!p->crew)
			return false;
		p->running++;
	}
	if (parts & PAIR_SCHEDULE) {
		p->scheduler = scheduler_open(loop, s, &calls, err);
		if (!p->scheduler)
			return false;
		p->running++;
	} else if (s->once) {
		crew_finish(p->crew);
	}
	return true;
}

struct pair *pair_open(uv_loop_t *loop, int parts, const struct monitor_settings *s,
	void (*on_over)(void *context), void *context, struct err *err)
{
	struct pair *p = calloc(1, sizeof(*p));
	if (!p)
		abort();
	p->on_over = on_over;
	p->context = context;
	p->once = s->once;
	p->is_open = open_parts(p, loop, parts, s, err);
	if (p->is_open)
		return p;
	if (p->running)
		crew_stop(p->crew);
	while (p->running) /* its timer is still on the loop */
		uv_run(loop, UV_RUN_ONCE);
	pair_close(p);
	return NULL;
}

void pair_stop(struct pair *p)
{
	if (p->scheduler)
		scheduler_stop(p->scheduler);
	if (p->crew)
		crew_stop(p->crew);
}

int pair_exit_code(const struct pair *p)
{
	int code = p->scheduler ? scheduler_exit_code(p->scheduler) : 0;
	return code || !p->crew ? code : crew_exit_code(p->crew);
}

void pair_close(struct pair *p)
{
	if (!p)
		return;
	scheduler_close(p->scheduler);
	crew_close(p->crew);
	free(p);
}
