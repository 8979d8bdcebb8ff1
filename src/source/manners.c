#include "source/manners.h"

#include "base/time.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BUSY = 256 }; /* requests about games at one time; more wait for a place */

/* Monotonic microseconds, which are the same for all processes of a machine. */
struct host {
	_Atomic int64_t next_us;     /* the cap's next free place */
	_Atomic int64_t quiet_until; /* what the host asked for */
};

struct manners {
	pthread_mutex_t mutex; /* over all that follows, but is_stopped and the host */
	pthread_cond_t changed;
	atomic_bool is_stopped;

	int64_t interval_us; /* between two requests; 0: no cap */
	struct host *host;   /* own, or memory that is shared */
	struct host own;

	int failures;    /* running */
	int64_t open_ms; /* how long the breaker was last opened for; 0: it is closed */
	int64_t open_until;
	bool is_probing; /* the one request after an open breaker is under way */

	int64_t in_flight, parallel; /* requests, and how many there may be; 0: any number */
	int64_t busy[MAX_BUSY];
	size_t busy_count;

	uint64_t random;
};

static uint64_t seed_of_the_machine(void)
{
	uint64_t seed;
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)time_now_ms() ^ (uint64_t)(uintptr_t)&seed;
	return seed;
}

/* ---- memory shared with other processes ---- */

static int given_fd(void)
{
	const char *text = getenv(HOST_FD_VARIABLE);
	struct stat st;
	if (!text || fstat(HOST_FD_OF_CHILD, &st) || st.st_size != sizeof(struct host))
		return 0;
	return HOST_FD_OF_CHILD;
}

int manners_host_fd(void)
{
	static int known;
	char number[4];
	if (known || (known = given_fd()))
		return known;
#ifdef __linux__
	int fd = memfd_create("rinkside-host", MFD_CLOEXEC);
#else
	int fd = -1;
#endif
	if (fd < 0)
		return 0;
	snprintf(number, sizeof(number), "%d", HOST_FD_OF_CHILD);
	if (ftruncate(fd, sizeof(struct host)) || setenv(HOST_FD_VARIABLE, number, 1)) {
		close(fd);
		return 0;
	}
	return known = fd;
}

static struct host *map_host(int fd)
{
	void *p =
		fd > 0 ? mmap(NULL, sizeof(struct host), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
		       : MAP_FAILED;
	return p == MAP_FAILED ? NULL : p;
}

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* False: another has taken the place that was seen. Who wakes a little late does not make the others late. */
static bool take_place(struct manners *m, int64_t seen_us, int64_t now)
{
	int64_t place = seen_us > now - m->interval_us ? seen_us : now;
	return !m->interval_us ||
	       atomic_compare_exchange_strong(&m->host->next_us, &seen_us, place + m->interval_us);
}

static void keep_quiet(struct manners *m, int64_t until_us)
{
	int64_t was = m->host->quiet_until;
	while (was < until_us &&
		!atomic_compare_exchange_weak(&m->host->quiet_until, &was, until_us))
		;
}

/* ---- opening and closing ---- */

struct manners *manners_new(const struct source_settings *s)
{
	struct manners *m = calloc(1, sizeof(*m));
	if (!m) {
		fprintf(stderr, "rinkside: out of memory\n");
		abort();
	}
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&m->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&m->mutex, NULL);
	m->interval_us = s->rate > 0 ? (int64_t)(1000000 / s->rate) : 0;
	m->host = map_host(s->host_fd);
	if (!m->host)
		m->host = &m->own;
	m->parallel = s->parallel;
	m->random = s->seed ? s->seed : seed_of_the_machine();
	return m;
}

void manners_free(struct manners *m)
{
	if (!m)
		return;
	if (m->host != &m->own)
		munmap(m->host, sizeof(*m->host));
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->mutex);
	free(m);
}

void manners_stop(struct manners *m)
{
	pthread_mutex_lock(&m->mutex);
	m->is_stopped = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->mutex);
}

bool manners_is_stopped(struct manners *m)
{
	return m->is_stopped;
}

static void wait_until(struct manners *m, int64_t at_us)
{
	struct timespec at = {
		.tv_sec = (time_t)(at_us / 1000000), .tv_nsec = (long)(at_us % 1000000) * 1000};
	pthread_cond_timedwait(&m->changed, &m->mutex, &at);
}

bool manners_sleep(struct manners *m, int64_t ms)
{
	int64_t until = now_us() + ms * 1000;
	pthread_mutex_lock(&m->mutex);
	while (!m->is_stopped && now_us() < until)
		wait_until(m, until);
	pthread_mutex_unlock(&m->mutex);
	return !m->is_stopped;
}

static bool is_busy(const struct manners *m, int64_t game)
{
	if ((game && m->busy_count == MAX_BUSY) || (m->parallel && m->in_flight == m->parallel))
		return true;
	for (size_t i = 0; i < m->busy_count; i++)
		if (m->busy[i] == game)
			return true;
	return false;
}

static bool breaker_is_open(const struct manners *m, int64_t now)
{
	return m->open_ms && (now < m->open_until || m->is_probing);
}

static void take(struct manners *m, int64_t game)
{
	m->in_flight++;
	if (game)
		m->busy[m->busy_count++] = game;
	m->is_probing = m->open_ms != 0;
}

enum turn manners_begin(struct manners *m, int64_t game, int64_t deadline_ms, int64_t *wait_ms)
{
	enum turn turn = TURN_STOPPED;
	pthread_mutex_lock(&m->mutex);
	while (!m->is_stopped) {
		int64_t now = now_us(), now_ms = now / 1000;
		int64_t place = m->host->next_us, quiet = m->host->quiet_until;
		int64_t ready = quiet > place ? quiet : place;
		*wait_ms = (ready - now + 999) / 1000;
		if (breaker_is_open(m, now_ms)) {
			*wait_ms = m->open_until > now_ms ? m->open_until - now_ms : 0;
			turn = TURN_BROKEN;
			break;
		}
		if (ready > deadline_ms * 1000 || now_ms > deadline_ms) {
			turn = TURN_TOO_LATE;
			break;
		}
		if (ready <= now && !is_busy(m, game)) {
			if (!take_place(m, place, now))
				continue;
			take(m, game);
			turn = TURN_GIVEN;
			break;
		}
		/* One that waits for another's end is woken by it; the deadline is for the case
		 * that it is not. */
		wait_until(m, ready > now ? ready : (deadline_ms + 1) * 1000);
	}
	pthread_mutex_unlock(&m->mutex);
	return turn;
}

static uint64_t next_random(struct manners *m) /* splitmix64 */
{
	uint64_t z = m->random += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void judge(struct manners *m, enum verdict verdict)
{
	m->is_probing = false;
	switch (verdict) {
	case VERDICT_GOOD:
		m->failures = 0;
		m->open_ms = 0;
		return;
	case VERDICT_NOTHING:
		return;
	case VERDICT_BAD:
		break;
	}
	m->failures++;
	if (!m->open_ms && m->failures < BREAKER_FAILURES)
		return;
	int64_t now = time_monotonic_ms();
	if (now < m->open_until)
		return; /* one that was under way when the breaker opened */
	m->open_ms = m->open_ms ? m->open_ms * 2 : BREAKER_FIRST_MS;
	if (m->open_ms > BREAKER_MAX_MS)
		m->open_ms = BREAKER_MAX_MS;
	/* A half of it is jitter, so that several processes do not come back together. */
	m->open_until =
		now + m->open_ms / 2 + (int64_t)(next_random(m) % (uint64_t)(m->open_ms / 2 + 1));
}

void manners_end(struct manners *m, int64_t game, enum verdict verdict, int64_t retry_after_ms)
{
	pthread_mutex_lock(&m->mutex);
	for (size_t i = 0; game && i < m->busy_count; i++)
		if (m->busy[i] == game) {
			m->busy[i] = m->busy[--m->busy_count];
			break;
		}
	m->in_flight--;
	judge(m, verdict);
	if (retry_after_ms)
		keep_quiet(m, now_us() + retry_after_ms * 1000);
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->mutex);
}

int64_t manners_back_off_ms(struct manners *m, int failed_tries)
{
	assert(failed_tries > 0);
	int64_t most = BACK_OFF_FIRST_MS;
	for (int i = 1; i < failed_tries && most < BACK_OFF_MAX_MS; i++)
		most *= 2;
	if (most > BACK_OFF_MAX_MS)
		most = BACK_OFF_MAX_MS;
	pthread_mutex_lock(&m->mutex);
	int64_t ms = (int64_t)(next_random(m) % (uint64_t)(most + 1));
	pthread_mutex_unlock(&m->mutex);
	return ms;
}
