/*
 * place - where the tests of a store are run: in SQLite, then all of them again in a PostgreSQL of
 * their own (test/cluster.py).
 */
#include "cmocka_all.h"

#include "base/time.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct database {
	char url[160];
	const struct place *place;
};

struct place {
	const char *name;
	int schedules; /* as many as there is time for */
	struct database (*new_one)(void);
	struct database (*new_in_memory)(
		void); /* of one store alone, where there is such a thing */
	void (*stamp)(const struct database *d, int number);
	int (*get_stamp)(const struct database *d);
	/* From hold to release who changes something waits with its commit, and who takes games finds this
	 * one in another's hands, as are the bodies kept of it. NULL: one who writes has everything there, and nothing happens. */
	void *(*hold)(const struct database *d, int64_t game_id);
	void (*await)(void *held); /* until somebody waits */
	void (*release)(void *held);
	void (*cut)(
		const struct database *d); /* everybody's connection to it; NULL: there are none */
	void (*run)(const struct database *d, const char *text);
	void (*remove)(const struct database *d);
};
static const struct place *place;

static struct database place_new(void)
{
	struct database d = place->new_one();
	d.place = place;
	return d;
}

__attribute__((unused)) static struct database place_new_in_memory(void)
{
	struct database d = place->new_in_memory();
	d.place = place;
	return d;
}

/* As a program of the future would leave it. */
__attribute__((unused)) static void place_stamp(const struct database *d, int number)
{
	d->place->stamp(d, number);
}

__attribute__((unused)) static int place_get_stamp(const struct database *d)
{
	return d->place->get_stamp(d);
}

__attribute__((unused)) static void *place_hold(const struct database *d, int64_t game_id)
{
	return d->place->hold ? d->place->hold(d, game_id) : NULL;
}

__attribute__((unused)) static void place_await(const struct database *d, void *held)
{
	if (d->place->await)
		d->place->await(held);
}

__attribute__((unused)) static void place_release(const struct database *d, void *held)
{
	if (d->place->release)
		d->place->release(held);
}

__attribute__((unused)) static void place_cut(const struct database *d)
{
	if (d->place->cut)
		d->place->cut(d);
}

/* By somebody who knows nothing of us. */
__attribute__((unused)) static void place_run(const struct database *d, const char *text)
{
	d->place->run(d, text);
}

/* Whoever has it open is to notice. */
static void place_remove(struct database *d)
{
	if (d->place)
		d->place->remove(d);
	*d = (struct database){0};
}

/* ---- SQLite ---- */

static const char *path_of(const struct database *d)
{
	return d->url + strlen("sqlite:");
}

static struct database new_file(void)
{
	struct database d = {.url = "sqlite:/tmp/rinkside-store-XXXXXX"};
	int fd = mkstemp(d.url + strlen("sqlite:"));
	assert_true(fd >= 0);
	close(fd);
	unlink(path_of(&d)); /* so that the schema is made by whoever is first */
	return d;
}

static struct database new_in_memory(void)
{
	return (struct database){.url = "sqlite::memory:"};
}

static void run_in_file(const struct database *d, const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path_of(d), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void stamp_file(const struct database *d, int number)
{
	char text[60];
	snprintf(text, sizeof(text), "PRAGMA user_version = %d", number);
	run_in_file(d, text);
}

static int get_stamp_of_file(const struct database *d)
{
	sqlite3 *db;
	sqlite3_stmt *q;
	assert_int_equal(sqlite3_open(path_of(d), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	int stamp = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return stamp;
}

static void remove_file(const struct database *d)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char path[200];
		snprintf(path, sizeof(path), "%s%s", path_of(d), ends[i]);
		unlink(path);
	}
}

/* ---- PostgreSQL ---- */

static struct {
	pid_t pid;
	FILE *ask, *answer;
	char url[160];
} cluster;

static void read_url(char url[160])
{
	if (!fgets(url, 160, cluster.answer))
		fail_msg("test/cluster.py has no server to offer");
	url[strcspn(url, "\n")] = '\0';
}

static void start_cluster(void)
{
	int ask[2], answer[2];
	assert_int_equal(pipe(ask), 0);
	assert_int_equal(pipe(answer), 0);
	if (!(cluster.pid = fork())) {
		dup2(ask[0], 0);
		dup2(answer[1], 1);
		for (int i = 0; i < 2; i++) {
			close(ask[i]);
			close(answer[i]);
		}
		execlp("python3", "python3", "test/cluster.py", (char *)NULL);
		_exit(127);
	}
	close(ask[0]);
	close(answer[1]);
	cluster.ask = fdopen(ask[1], "w");
	cluster.answer = fdopen(answer[0], "r");
	read_url(cluster.url);
}

/* Its input ends, as it also does when the test crashes. */
static void stop_cluster(void)
{
	if (!cluster.pid)
		return;
	fclose(cluster.ask);
	waitpid(cluster.pid, NULL, 0);
	fclose(cluster.answer);
}

static struct database new_in_cluster(void)
{
	struct database d = {.place = NULL};
	if (!cluster.pid)
		start_cluster();
	fputs("one more\n", cluster.ask);
	fflush(cluster.ask);
	read_url(d.url);
	return d;
}

static void run_sql(const char *url, const char *text)
{
	PGconn *c = PQconnectdb(url);
	PGresult *r = PQexec(c, text);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", text, PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
}

static void run_in_cluster(const struct database *d, const char *text)
{
	run_sql(d->url, text);
}

static void run_on(PGconn *c, const char *text)
{
	PGresult *r = PQexec(c, text);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", text, PQerrorMessage(c));
	PQclear(r);
}

static void *hold_in_cluster(const struct database *d, int64_t game_id)
{
	char text[240];
	PGconn *c = PQconnectdb(d->url);
	snprintf(text, sizeof(text),
		"BEGIN; SELECT revision FROM revisions FOR UPDATE; "
		"SELECT game_id FROM games WHERE game_id = %lld FOR UPDATE; "
		"SELECT body_id FROM raw_bodies WHERE game_id = %lld FOR UPDATE",
		(long long)game_id, (long long)game_id);
	run_on(c, text);
	return c;
}

static void await_in_cluster(void *held)
{
	for (int waited = 0; waited < 10000; waited += 10) {
		run_on(held, "SELECT pg_stat_clear_snapshot()");
		PGresult *r = PQexec(held,
			"SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
			"current_database()");
		int waiting = PQntuples(r);
		PQclear(r);
		if (waiting)
			return;
		usleep(10000);
	}
	fail_msg("nobody waits");
}

static void release_in_cluster(void *held)
{
	run_on(held, "COMMIT");
	PQfinish(held);
}

/* Their processes are gone when this returns, so that everybody's end of the line has said so. */
static void cut_in_cluster(const struct database *d)
{
	PGconn *c = PQconnectdb(d->url);
	PGresult *r = PQexec(c,
		"SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
		"current_database() AND pid <> pg_backend_pid()");
	assert_int_equal(PQresultStatus(r), PGRES_TUPLES_OK);
	int64_t deadline = time_monotonic_ms() + 10000;
	for (int i = 0; i < PQntuples(r); i++)
		while (!kill(atoi(PQgetvalue(r, i, 0)), 0) || errno != ESRCH) {
			assert_true(time_monotonic_ms() < deadline);
			usleep(1000);
		}
	PQclear(r);
	PQfinish(c);
}

static void stamp_in_cluster(const struct database *d, int number)
{
	char text[60];
	snprintf(text, sizeof(text), "UPDATE schema_stamp SET stamp = %d", number);
	run_sql(d->url, text);
}

static int get_stamp_in_cluster(const struct database *d)
{
	PGconn *c = PQconnectdb(d->url);
	PGresult *r = PQexec(c, "SELECT stamp FROM schema_stamp");
	assert_int_equal(PQntuples(r), 1);
	int stamp = atoi(PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(c);
	return stamp;
}

static void remove_in_cluster(const struct database *d)
{
	char text[120];
	snprintf(text, sizeof(text), "DROP DATABASE %s WITH (FORCE)", strrchr(d->url, '/') + 1);
	run_sql(cluster.url, text);
}

/* ---- all tests in all places ---- */

static const struct place places[] = {
	{.name = "SQLite",
		.schedules = 10000,
		.new_one = new_file,
		.new_in_memory = new_in_memory,
		.stamp = stamp_file,
		.get_stamp = get_stamp_of_file,
		.run = run_in_file,
		.remove = remove_file},
	{.name = "PostgreSQL",
		.schedules = 200,
		.new_one = new_in_cluster,
		.new_in_memory = new_in_cluster,
		.stamp = stamp_in_cluster,
		.get_stamp = get_stamp_in_cluster,
		.hold = hold_in_cluster,
		.await = await_in_cluster,
		.release = release_in_cluster,
		.cut = cut_in_cluster,
		.run = run_in_cluster,
		.remove = remove_in_cluster},
};

static int go_to_place(void **state)
{
	place = *state;
	return 0;
}

static int place_run_everywhere(const struct CMUnitTest *tests, size_t count)
{
	enum { PLACES = sizeof(places) / sizeof(places[0]) };
	struct CMUnitTest *all = calloc(count * PLACES, sizeof(*all));
	char(*names)[120] = calloc(count * PLACES, sizeof(*names));
	for (size_t i = 0; i < count * PLACES; i++) {
		const struct place *p = &places[i / count];
		all[i] = tests[i % count];
		snprintf(names[i], sizeof(names[i]), "%s: %s", p->name, all[i].name);
		all[i].name = names[i];
		all[i].setup_func = go_to_place;
		all[i].initial_state = (void *)(uintptr_t)p;
	}
	signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	int failed = _cmocka_run_group_tests("store", all, count * PLACES, NULL, NULL);
	stop_cluster();
	free(names);
	free(all);
	return failed;
}
