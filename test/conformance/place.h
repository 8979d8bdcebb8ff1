/*
 * place - where the tests of a store are run: in SQLite, then all of them again in a PostgreSQL of
 * their own (test/cluster.py).
 */
#include "cmocka_all.h"

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

static void stamp_file(const struct database *d, int number)
{
	sqlite3 *db;
	char text[60];
	assert_int_equal(sqlite3_open(path_of(d), &db), SQLITE_OK);
	snprintf(text, sizeof(text), "PRAGMA user_version = %d", number);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
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

static void stamp_in_cluster(const struct database *d, int number)
{
	char text[60];
	snprintf(text, sizeof(text), "UPDATE schema_stamp SET stamp = %d", number);
	run_sql(d->url, text);
}

static void remove_in_cluster(const struct database *d)
{
	char text[120];
	snprintf(text, sizeof(text), "DROP DATABASE %s WITH (FORCE)", strrchr(d->url, '/') + 1);
	run_sql(cluster.url, text);
}

/* ---- all tests in all places ---- */

static const struct place places[] = {
	{"SQLite", 10000, new_file, new_in_memory, stamp_file, remove_file},
	{"PostgreSQL", 200, new_in_cluster, new_in_cluster, stamp_in_cluster, remove_in_cluster},
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
