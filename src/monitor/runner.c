#include "monitor/runner.h"

#include "base/log.h"
#include "ingest/worker.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, MAX_WAITING = 4096, CHILD_OPTIONS = 32 };

struct run {
	struct run *next;
	struct runner *runner;
	int64_t game_id;
	bool is_started;
	/* a child */
	uv_process_t process;
	uv_timer_t deadline;
	int handles; /* that are still open */
	bool was_asked;
	int exit_code; /* its own; of one that a signal ended, or that never was, as if it were */
	/* a thread's */
	uv_work_t work;
	struct worker *worker;
	struct put_result result;
	struct err err;
	bool ok;
};

struct runner {
	uv_loop_t *loop;
	struct monitor_settings settings;
	struct runner_calls calls;
	struct run *runs; /* in the order in which they came; the first `started` of them are under
			     way */
	int64_t started, count;
	bool is_stopping;
	int exit_code;
	struct workshop *shop; /* NULL: children */
	struct worker *idle[THREADS];
	size_t idle_count;
};

static bool open_workers(struct runner *r, struct err *err)
{
	struct workshop_settings settings = {
		.source = r->settings.source, .db = r->settings.db, .parts = COMPLETE_ALL};
	r->shop = workshop_open(&settings, err);
	return r->shop != NULL;
}

struct runner *runner_open(uv_loop_t *loop, const struct monitor_settings *s,
	const struct runner_calls *calls, struct err *err)
{
	struct runner *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	*r = (struct runner){.loop = loop, .settings = *s, .calls = *calls};
	if (s->is_inline && !open_workers(r, err)) {
		runner_close(r);
		return NULL;
	}
	return r;
}

void runner_close(struct runner *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->idle_count; i++)
		worker_close(r->idle[i]);
	workshop_close(r->shop);
	free(r);
}

bool runner_is_idle(const struct runner *r)
{
	return !r->runs;
}

int runner_exit_code(const struct runner *r)
{
	return r->exit_code;
}

static void start_waiting(struct runner *r);

/* Out of the list; the next one that waits takes its place. */
static void finish(struct run *run, int exit_code)
{
	struct runner *r = run->runner;
	struct run **at = &r->runs;
	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	r->started -= run->is_started;
	r->count--;
	if (!r->exit_code)
		r->exit_code = exit_code;
	if (r->calls.on_done)
		r->calls.on_done(r->calls.context, run->game_id, exit_code ? &run->err : NULL);
	free(run);
	start_waiting(r);
	if (!r->runs)
		r->calls.on_idle(r->calls.context);
}

/* ---- a child each ---- */

static void on_handle_closed(uv_handle_t *h)
{
	struct run *run = h->data;
	if (--run->handles == 0)
		finish(run, run->exit_code);
}

static void close_child(struct run *run)
{
	uv_close((uv_handle_t *)&run->deadline, on_handle_closed);
	uv_close((uv_handle_t *)&run->process, on_handle_closed);
}

/* The child has said itself what went wrong; only what it cannot say is said here. */
static void on_exit_of_child(uv_process_t *process, int64_t status, int signal_number)
{
	struct run *run = process->data;
	run->exit_code = signal_number ? err_exit_code(ERR_NETWORK) : (int)status;
	if (run->exit_code)
		run->err.kind = ERR_NETWORK; /* of some kind; what it was has its line */
	if (signal_number && !run->runner->is_stopping)
		log_warning("game %" PRId64 ": its ingest was ended by signal %d%s", run->game_id,
			signal_number, run->was_asked ? ", its deadline had passed" : "");
	close_child(run);
}

static void on_deadline(uv_timer_t *t)
{
	struct run *run = t->data;
	uv_process_kill(&run->process, run->was_asked ? SIGKILL : SIGTERM);
	run->was_asked = true;
	uv_timer_start(t, on_deadline, KILL_AFTER_MS, 0);
}

static bool start_child(struct run *run)
{
	struct runner *r = run->runner;
	char id[24];
	char *args[CHILD_OPTIONS + 4] = {"rinkside", "ingest", id};
	size_t n = 3;
	snprintf(id, sizeof(id), "%" PRId64, run->game_id);
	for (const char *const *o = r->settings.child_options; *o; o++) {
		assert(n < CHILD_OPTIONS + 3);
		args[n++] = (char *)(uintptr_t)*o;
	}
	int host = r->settings.source.host_fd;
	uv_stdio_container_t io[] = {{.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 1},
		{.flags = UV_INHERIT_FD, .data.fd = 2},
		[HOST_FD_OF_CHILD] = {.flags = UV_INHERIT_FD, .data.fd = host}};
	uv_process_options_t options = {.file = "/proc/self/exe",
		.args = args,
		.stdio = io,
		.stdio_count = host ? HOST_FD_OF_CHILD + 1 : HOST_FD_OF_CHILD,
		.exit_cb = on_exit_of_child};
	run->process.data = run->deadline.data = run;
	run->handles = 2;
	uv_timer_init(r->loop, &run->deadline);
	int code = uv_spawn(r->loop, &run->process, &options);
	if (code) {
		log_warning("game %" PRId64
			    ": its ingest could not be started: %s; the next tick tries again",
			run->game_id, uv_strerror(code));
		run->err.kind = ERR_INTERNAL;
		run->exit_code = err_exit_code(ERR_INTERNAL);
		close_child(run);
		return false;
	}
	uv_timer_start(&run->deadline, on_deadline, (uint64_t)r->settings.child_deadline_ms, 0);
	return true;
}

/* ---- threads ---- */

static void work(uv_work_t *w)
{
	struct run *run = w->data;
	if (!run->worker)
		run->worker = worker_open(run->runner->shop, &run->err);
	run->ok = run->worker && worker_ingest(run->worker, run->game_id, &run->result, &run->err);
}

static void say_result(const struct run *run)
{
	if (!run->ok)
		log_error("%s", run->err.text);
	else if (run->result.outcome == PUT_QUARANTINED)
		log_error("game %" PRId64 ": kept aside, the last good lines stay: %s",
			run->game_id, run->result.reason);
	else if (run->result.outcome == PUT_STORED)
		log_info("game %" PRId64 ": revision %" PRId64
			 ": %zu inserted, %zu updated, %zu deleted%s",
			run->game_id, run->result.revision, run->result.inserted,
			run->result.updated, run->result.deleted,
			run->result.correction ? ", a correction" : "");
	else
		log_debug("game %" PRId64 ": %.*s", run->game_id,
			STR_ARG(put_outcome_names[run->result.outcome]));
}

static void after_work(uv_work_t *w, int status)
{
	struct run *run = w->data;
	struct runner *r = run->runner;
	int code = 0;
	if (!r->is_stopping && status == 0)
		say_result(run);
	if (!run->ok)
		code = err_exit_code(run->err.kind);
	else if (run->result.outcome == PUT_QUARANTINED)
		code = err_exit_code(ERR_DECODE);
	/* After a failure of the database a new one is opened next time. */
	if (run->worker && !run->ok && run->err.kind == ERR_STORE)
		worker_close(run->worker);
	else if (run->worker)
		r->idle[r->idle_count++] = run->worker;
	finish(run, code);
}

static void start_thread(struct run *run)
{
	struct runner *r = run->runner;
	run->worker = r->idle_count ? r->idle[--r->idle_count] : NULL;
	run->work.data = run;
	uv_queue_work(r->loop, &run->work, work, after_work);
}

/* ---- one after the other ---- */

static int64_t room_of(const struct runner *r)
{
	int64_t room = r->settings.max_children;
	return r->shop && room > THREADS ? THREADS : room;
}

size_t runner_room(const struct runner *r)
{
	int64_t left = room_of(r) - r->count;
	return left > 0 && !r->is_stopping ? (size_t)left : 0;
}

static void start_waiting(struct runner *r)
{
	int64_t room = room_of(r);
	for (struct run *run = r->runs, *next; run && r->started < room && !r->is_stopping;
		run = next) {
		next = run->next;
		if (run->is_started)
			continue;
		run->is_started = true;
		r->started++;
		if (r->shop)
			start_thread(run);
		else if (!start_child(run))
			return; /* no room on the machine: the others wait with it */
	}
}

void runner_add(struct runner *r, int64_t game_id)
{
	struct run **at = &r->runs;
	for (; *at; at = &(*at)->next)
		if ((*at)->game_id == game_id)
			return;
	if (r->is_stopping || r->count == MAX_WAITING)
		return;
	struct run *run = calloc(1, sizeof(*run));
	if (!run)
		return;
	run->runner = r;
	run->game_id = game_id;
	*at = run;
	r->count++;
	start_waiting(r);
}

static void forget_waiting(struct runner *r)
{
	for (struct run **at = &r->runs; *at;) {
		struct run *run = *at;
		if (run->is_started) {
			at = &run->next;
			continue;
		}
		*at = run->next;
		r->count--;
		free(run);
	}
}

void runner_stop(struct runner *r)
{
	r->is_stopping = true;
	forget_waiting(r);
	if (r->shop)
		workshop_stop(r->shop);
	for (struct run *run = r->runs; run && !r->shop; run = run->next)
		if (!uv_is_closing((uv_handle_t *)&run->deadline))
			on_deadline(&run->deadline);
}
