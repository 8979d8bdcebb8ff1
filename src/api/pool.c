#include "api/pool.h"

#include "base/log.h"
#include "base/time.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { RETRY_MS = 250 };

struct queue {
	struct pool_job *first, **last;
	int64_t count;
};

struct pool {
	uv_async_t async; /* something is done */
	uv_mutex_t mutex;
	uv_cond_t waiting;
	struct queue quick, longer, over; /* under the mutex, as what follows */
	uint64_t tickets;                 /* the older job goes first */
	int64_t running_long, most_long;
	int64_t generation;      /* of the database; under the mutex */
	_Atomic bool is_away;    /* as the watcher says: nobody tries */
	_Atomic bool is_refused; /* said to be, since the database was last opened */
	_Atomic int64_t try_at;  /* one thread's turn after a try that failed; 0: all may */
	bool is_closing;         /* under the mutex */
	struct str db;
	struct replica *replica; /* NULL: none */
	int64_t limit, thread_count;
	uv_thread_t *threads;
	void (*on_closed)(void *context);
	void *context;
};

static void push(struct queue *q, struct pool_job *job)
{
	job->next = NULL;
	*(q->first ? q->last : &q->first) = job;
	q->last = &job->next;
	q->count++;
}

static struct pool_job *pop(struct queue *q)
{
	struct pool_job *job = q->first;
	q->first = job->next;
	q->count--;
	return job;
}

/* ---- what is next ---- */

static bool may_take_long(const struct pool *p)
{
	const struct pool_job *first = p->longer.first;
	return first && p->running_long < p->most_long &&
	       (!p->quick.first || first->ticket < p->quick.first->ticket);
}

/* NULL: nothing that this thread may do now. Whoever ends a long job looks again. */
static struct pool_job *take(struct pool *p)
{
	if (!may_take_long(p))
		return p->quick.first ? pop(&p->quick) : NULL;
	p->running_long++;
	return pop(&p->longer);
}

/* ---- threads ---- */

struct worker {
	struct pool *pool;
	struct store *store;
	struct replica_reader replica;
	int64_t generation;
	struct err why; /* there is none */
};

static void close_store(struct worker *w)
{
	store_close(w->store);
	w->store = NULL;
	replica_reader_close(&w->replica);
}

/* A try at a server that hangs takes seconds, which the others need not spend too. */
static bool may_try(struct pool *p)
{
	int64_t at = p->try_at;
	return !p->is_away &&
	       (!at || (at <= time_monotonic_ms() &&
			       atomic_compare_exchange_strong(&p->try_at, &at, INT64_MAX)));
}

/* Of a database that is away the watcher tells; it may have the one connection that there is. */
static void tell(struct worker *w)
{
	struct pool *p = w->pool;
	bool is_refused = !w->store && !p->is_away;
	if (is_refused && !atomic_exchange(&p->is_refused, true))
		log_warning("api: no connection for readers: %s", w->why.text);
	else if (w->store && atomic_exchange(&p->is_refused, false))
		log_info("api: there is a connection for readers again");
}

static void keep_store_open(struct worker *w, int64_t generation)
{
	struct pool *p = w->pool;
	if (w->generation != generation)
		close_store(w);
	w->generation = generation;
	if (w->store || !may_try(p))
		return;
	w->store = store_open(p->db, STORE_READ, &w->why);
	p->try_at = w->store ? 0 : time_monotonic_ms() + RETRY_MS;
	tell(w);
}

/* A replica may cancel what it is asked, for what it has to replay; the database is well for all that. */
static void work_again(struct worker *w, struct pool_job *job)
{
	replica_reader_close(&w->replica);
	job->has_failed = false;
	job->work(job, w->store);
}

static void work_on(struct worker *w, struct pool_job *job, int64_t generation)
{
	keep_store_open(w, generation);
	struct store *store = job->is_of_newest
				      ? w->store
				      : replica_choose(w->pool->replica, &w->replica, w->store);
	job->is_alone = store && !w->store;
	job->work(job, store);
	if (job->has_failed && w->store && store != w->store)
		work_again(w, job);
	if (job->has_failed && store)
		close_store(w); /* perhaps it is there again at once */
}

/* Of a file that has gone nobody may keep a hold: SQLite shares what a process has open, the index of
 * the log too, with whoever opens the file that takes its place. */
static void leave_old(struct worker *w)
{
	if (w->generation != w->pool->generation)
		close_store(w);
}

static void on_thread(void *argument)
{
	struct pool *p = argument;
	struct worker w = {.pool = p};
	uv_mutex_lock(&p->mutex);
	for (;;) {
		struct pool_job *job;
		while (!(job = take(p)) && !p->is_closing) {
			leave_old(&w);
			uv_cond_wait(&p->waiting, &p->mutex);
		}
		if (!job)
			break;
		bool is_long = job->is_long;
		int64_t generation = p->generation;
		uv_mutex_unlock(&p->mutex);
		work_on(&w, job, generation);
		uv_mutex_lock(&p->mutex);
		p->running_long -= is_long;
		bool is_first = !p->over.first;
		push(&p->over, job);
		if (is_first)
			uv_async_send(&p->async);
	}
	uv_mutex_unlock(&p->mutex);
	close_store(&w);
}

/* ---- the loop ---- */

static void finish(struct pool *p)
{
	uv_mutex_lock(&p->mutex);
	struct pool_job *job = p->over.first;
	p->over = (struct queue){0};
	uv_mutex_unlock(&p->mutex);
	for (struct pool_job *next; job; job = next) {
		next = job->next;
		job->done(job);
	}
}

static void on_async(uv_async_t *async)
{
	finish(async->data);
}

static void queue_job(struct pool *p, struct pool_job *job)
{
	job->ticket = p->tickets++;
	push(job->is_long ? &p->longer : &p->quick, job);
	uv_cond_signal(&p->waiting);
}

bool pool_queue(struct pool *p, struct pool_job *job)
{
	uv_mutex_lock(&p->mutex);
	bool has_room = p->quick.count + p->longer.count < p->limit && !p->is_closing;
	if (has_room)
		queue_job(p, job);
	uv_mutex_unlock(&p->mutex);
	return has_room;
}

void pool_continue(struct pool *p, struct pool_job *job)
{
	uv_mutex_lock(&p->mutex);
	queue_job(p, job);
	uv_mutex_unlock(&p->mutex);
}

int64_t pool_depth(struct pool *p)
{
	uv_mutex_lock(&p->mutex);
	int64_t count = p->quick.count + p->longer.count;
	uv_mutex_unlock(&p->mutex);
	return count;
}

void pool_set_away(struct pool *p, bool is_away)
{
	bool was_away = atomic_exchange(&p->is_away, is_away);
	if (is_away || was_away)
		p->try_at = 0;
	if (!is_away)
		return;
	uv_mutex_lock(&p->mutex);
	p->generation++;
	uv_cond_broadcast(&p->waiting);
	uv_mutex_unlock(&p->mutex);
}

bool pool_is_refused(const struct pool *p)
{
	return p->is_refused;
}

struct pool *pool_open(
	uv_loop_t *loop, struct str db, struct replica *replica, int64_t threads, int64_t queue)
{
	struct pool *p = calloc(1, sizeof(*p));
	if (p)
		p->threads = calloc((size_t)threads, sizeof(*p->threads));
	if (!p || !p->threads)
		abort();
	p->db = db;
	p->replica = replica;
	p->limit = queue;
	p->most_long = threads > 1 ? threads - 1 : 1;
	uv_mutex_init(&p->mutex);
	uv_cond_init(&p->waiting);
	uv_async_init(loop, &p->async, on_async);
	p->async.data = p;
	for (; p->thread_count < threads; p->thread_count++)
		if (uv_thread_create(&p->threads[p->thread_count], on_thread, p))
			abort();
	return p;
}

/* The last ones may have something to give back, for which there is no thread any more. */
static void end_jobs(struct pool *p)
{
	finish(p);
	while (p->quick.first || p->longer.first) {
		struct pool_job *job = pop(p->quick.first ? &p->quick : &p->longer);
		job->work(job, NULL);
		job->done(job);
	}
}

static void on_async_closed(uv_handle_t *h)
{
	struct pool *p = h->data;
	void (*on_closed)(void *) = p->on_closed;
	void *context = p->context;
	uv_cond_destroy(&p->waiting);
	uv_mutex_destroy(&p->mutex);
	free(p->threads);
	free(p);
	if (on_closed)
		on_closed(context);
}

void pool_close(struct pool *p, void (*on_closed)(void *context), void *context)
{
	p->on_closed = on_closed;
	p->context = context;
	uv_mutex_lock(&p->mutex);
	p->is_closing = true;
	uv_cond_broadcast(&p->waiting);
	uv_mutex_unlock(&p->mutex);
	for (int64_t i = 0; i < p->thread_count; i++)
		uv_thread_join(&p->threads[i]);
	end_jobs(p);
	uv_close((uv_handle_t *)&p->async, on_async_closed);
}
