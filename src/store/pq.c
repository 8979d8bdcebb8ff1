#include "store/pq.h"

#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server ends a statement after STATEMENT_MS, or what the URL says (queue_settings); when it says
 * nothing for MARGIN_MS more it hangs, or is cut off. Many short ones go out together. */
enum { STATEMENT_MS = 15000, MARGIN_MS = 5000 };

/* A writer whose machine was lost or stands still within a transaction holds its locks no longer than
 * this: shorter than a statement's limit, so that who waits for them gets its turn. */
#define WRITER_PAUSE "10s"

struct pq_owed {
	PGresult **out;   /* may be NULL */
	unsigned *number; /* of a statement being prepared; may be NULL */
	bool is_mark;     /* no answer, but the end of what was sent together */
	bool is_vital;    /* a connection on which it fails is of no use */
	bool tells_limit; /* its first value is how long a statement may take */
};

/* ---- sentences ---- */

/* libpq's own messages end in a newline and may quote what it was given. */
static bool fail(struct pq *c, struct err *err, const char *message)
{
	char text[400];
	size_t n = 0, secret = c->password ? strlen(c->password) : 0;
	while (*message && n + 4 < sizeof(text)) {
		if (secret && !strncmp(message, c->password, secret)) {
			memcpy(text + n, "***", 3);
			n += 3;
			message += secret;
			continue;
		}
		char ch = *message++;
		text[n++] = (char)(ch == '\n' || ch == '\t' ? ' ' : ch);
	}
	while (n && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	return err_set(err, ERR_STORE, "database: %s", text);
}

static void drop(struct pq *c)
{
	for (size_t i = 0; i < c->owed_count; i++)
		if (c->owed[i].number)
			*c->owed[i].number = 0;
	c->owed_count = c->posted = 0;
	c->state[0] = '\0';
	PQfinish(c->connection);
	c->connection = NULL;
}

static bool lose(struct pq *c, struct err *err, const char *message)
{
	fail(c, err, message);
	drop(c);
	return false;
}

static void take_failure(struct pq *c, const PGresult *r, struct err *err)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	snprintf(c->state, sizeof(c->state), "%s", state ? state : "");
	fail(c, err, text ? text : PQresultErrorMessage(r));
	if (c->limit_ms && !strcmp(c->state, "57014")) /* query_canceled */
		err->kind = ERR_LIMIT;
}

/* ---- connecting ---- */

static const char *said(const PQconninfoOption *options, const char *keyword)
{
	for (const PQconninfoOption *o = options; o && o->keyword; o++)
		if (!strcmp(o->keyword, keyword))
			return o->val;
	return NULL;
}

/*
 * Of a password with a '/' or an '@' that is not escaped, libpq takes a part for the port, the host or
 * the database, and says so: none of it is asked.
 */
static bool holds_slip(const char *url, const PQconninfoOption *options)
{
	const char *port = said(options, "port"), *host = said(options, "host");
	const char *server = strstr(url, "://"), *path = server ? strchr(server + 3, '/') : NULL;
	if (port && port[strspn(port, "0123456789, ")])
		return true;
	if (host && *host && *host != '/' && strchr(host + 1, '@')) /* sockets may have one */
		return true;
	return path && path[strcspn(path, "@?")] == '@';
}

bool pq_is_url(struct str url, struct err *err)
{
	char *text = strndup(url.p, url.n);
	PQconninfoOption *options = text ? PQconninfoParse(text, NULL) : NULL;
	bool ok = options && !holds_slip(text, options);
	PQconninfoFree(options);
	free(text);
	return ok || err_set(err, ERR_USAGE,
			     "not a URL that libpq understands; it looks like "
			     "postgresql://USER@HOST:PORT/DATABASE?sslmode=require");
}

/*
 * All that libpq takes from the URL, from the service that it names and from the environment. There is
 * no call for it: a connection tells, which here ends before it has looked for any host, as there is
 * no such channel binding. One whose service cannot be read tells nothing.
 */
static PQconninfoOption *resolve(const char *url)
{
	static const char *const names[] = {"dbname", "channel_binding", NULL};
	const char *const values[] = {url, "-", NULL};
	PGconn *never = PQconnectStartParams(names, values, 1);
	PQconninfoOption *options = PQconninfo(never);
	PQfinish(never);
	return options;
}

bool pq_open(struct pq *c, struct str url, enum store_mode mode, struct err *err)
{
	*c = (struct pq){.url = strndup(url.p, url.n), .mode = mode, .statement_ms = STATEMENT_MS};
	if (!c->url)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return pq_ready(c, err);
}

void pq_close(struct pq *c)
{
	PQfinish(c->connection);
	free(c->owed);
	free(c->url);
	free(c->password);
	*c = (struct pq){0};
}

static bool names_file(const PQconninfoOption *o)
{
	static const char *const keywords[] = {
		"passfile", "sslcert", "sslcrl", "sslcrldir", "sslkey", "sslrootcert"};
	bool names = false;
	for (size_t i = 0; o->val && i < sizeof(keywords) / sizeof(keywords[0]); i++)
		names |= !strcmp(o->keyword, keywords[i]);
	return names;
}

size_t pq_files(struct str url, struct arena *keep, struct str *out, size_t room)
{
	size_t count = 0;
	PQconninfoOption *options = resolve(str_z(keep, url));
	for (PQconninfoOption *o = options; o && o->keyword && count < room; o++)
		if (names_file(o))
			out[count++] = str_copy(keep, str_from(o->val));
	PQconninfoFree(options);
	return count;
}

static bool names_several(const PQconninfoOption *options)
{
	const char *host = said(options, "host"), *address = said(options, "hostaddr");
	return (host && strchr(host, ',')) || (address && strchr(address, ','));
}

bool pq_has_several(struct str url)
{
	char *text = strndup(url.p, url.n);
	PQconninfoOption *options = text ? resolve(text) : NULL;
	bool several = names_several(options);
	PQconninfoFree(options);
	free(text);
	return several;
}

/*
 * Of several servers the one that is written to is the database: the others may be behind, and who
 * reads is not to take one of them for it. One alone is what it is. A reader's role may be one that
 * never writes.
 */
static const char *wanted_server(const struct pq *c, const PQconninfoOption *options)
{
	enum { KNOWS_PRIMARY = 140000 };
	if (c->mode == STORE_READ_ANY || (c->mode == STORE_READ && !names_several(options)))
		return "any";
	return c->mode == STORE_WRITE || PQlibVersion() < KNOWS_PRIMARY ? "read-write" : "primary";
}

/* "any" is what libpq takes where nobody says anything. */
static bool is_said(const PQconninfoOption *options, const char *keyword)
{
	const char *value = said(options, keyword);
	return value && *value && strcmp(value, "any") != 0;
}

static void keep_password(struct pq *c, const PQconninfoOption *options)
{
	const char *password = said(options, "password");
	free(c->password);
	c->password = password ? strdup(password) : NULL;
}

/* What URL, service and environment do not say. A cut line is noticed. Who may read of any server has
 * another to ask when one hangs. */
static PGconn *start(struct pq *c)
{
	const char *connect_s = c->mode == STORE_READ_ANY ? "2" : "5";
	PQconninfoOption *options = resolve(c->url);
	const char *const names[] = {"fallback_application_name", "connect_timeout",
		"keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"target_session_attrs", "dbname", "client_encoding", NULL};
	const char *values[] = {"rinkside", connect_s, "10", "5", "3", "20000",
		wanted_server(c, options), c->url, "UTF8", NULL};
	for (size_t i = 0; strcmp(names[i], "dbname") != 0; i++)
		if (is_said(options, names[i]))
			values[i] = NULL;
	keep_password(c, options);
	PQconninfoFree(options);
	return PQconnectdbParams(names, values, 1);
}

/* ---- questions ---- */

static void owe(struct pq *c, struct pq_owed owed)
{
	if (c->owed_count == c->owed_room) {
		c->owed_room = c->owed_room * 2 + 64;
		c->owed = realloc(c->owed, c->owed_room * sizeof(*c->owed));
		if (!c->owed)
			abort();
	}
	c->owed[c->owed_count++] = owed;
}

/* One that could not be sent has broken the connection, which the exchange tells. */
void pq_prepare(struct pq *c, const char *name, const char *text, unsigned *number)
{
	owe(c, (struct pq_owed){.number = number});
	*number = c->number;
	if (c->connection)
		PQsendPrepare(c->connection, name, text, 0, NULL);
}

void pq_execute(
	struct pq *c, const char *name, int count, const char *const *values, PGresult **out)
{
	owe(c, (struct pq_owed){.out = out});
	if (c->connection)
		PQsendQueryPrepared(c->connection, name, count, values, NULL, NULL, 0);
}

void pq_query(struct pq *c, const char *text, int count, const char *const *values, PGresult **out)
{
	owe(c, (struct pq_owed){.out = out});
	if (c->connection)
		PQsendQueryParams(c->connection, text, count, NULL, values, NULL, NULL, 0);
}

void pq_forget(struct pq *c, PGresult **out, unsigned *number)
{
	for (size_t i = 0; i < c->owed_count; i++) {
		if (c->owed[i].out == out)
			c->owed[i].out = NULL;
		if (c->owed[i].number == number)
			c->owed[i].number = NULL;
	}
}

static bool send_mark(struct pq *c, struct err *err)
{
	if (!c->connection || !PQpipelineSync(c->connection))
		return lose(c, err,
			c->connection ? PQerrorMessage(c->connection) : "the connection was lost");
	owe(c, (struct pq_owed){.is_mark = true});
	return true;
}

void pq_part(struct pq *c)
{
	struct err ignored; /* the next one that asks is told */
	if (c->owed_count && !c->owed[c->owed_count - 1].is_mark)
		send_mark(c, &ignored);
}

/* ---- a session's settings ---- */

/* A session without them would read times as nothing: there is none. */
static void queue_vital(struct pq *c, const char *text, int count, const char *const *values)
{
	pq_query(c, text, count, values, NULL);
	c->owed[c->owed_count - 1].is_vital = true;
}

/* A shorter one that the URL's own options set stays. */
static void queue_limit(struct pq *c)
{
	char limit[24];
	snprintf(limit, sizeof(limit), "%lld", (long long)c->limit_ms);
	const char *const values[] = {limit};
	queue_vital(c,
		"SELECT set_config('statement_timeout', least($1::bigint, "
		"coalesce(nullif(reset_val::bigint, 0), $1::bigint))::text, false) "
		"FROM pg_settings WHERE name = 'statement_timeout'",
		1, values);
}

/*
 * Travels with the first question. Whatever the server's ways are: who waits for another writer is
 * ended by the statement's limit alone, which stays where the URL's own options set one. Who reads
 * may pause as long as its own reader does.
 */
static void queue_settings(struct pq *c)
{
	static const char *const text =
		"SELECT coalesce(nullif(setting, '0'), $2), set_config('TimeZone', 'UTC', false), "
		"set_config('DateStyle', 'ISO', false), "
		"set_config('extra_float_digits', '1', false), "
		"set_config('bytea_output', 'hex', false), set_config('array_nulls', 'on', false), "
		"set_config('lock_timeout', '0', false), "
		"set_config('tcp_keepalives_idle', '10', false), "
		"set_config('tcp_keepalives_interval', '5', false), "
		"set_config('tcp_keepalives_count', '3', false), "
		"set_config('idle_in_transaction_session_timeout', $3, false), "
		"set_config('default_transaction_isolation', 'read committed', false), "
		"set_config('default_transaction_read_only', $1, false), "
		"set_config('statement_timeout', coalesce(nullif(setting, '0'), $2), false) "
		"FROM pg_settings WHERE name = 'statement_timeout'";
	char limit[20];
	snprintf(limit, sizeof(limit), "%d", STATEMENT_MS);
	bool writes = c->mode == STORE_WRITE;
	const char *const values[] = {writes ? "off" : "on", limit, writes ? WRITER_PAUSE : "0"};
	queue_vital(c, text, 3, values);
	c->owed[c->owed_count - 1].tells_limit = true;
	if (c->limit_ms)
		queue_limit(c);
}

/* ---- being connected ---- */

/* Somebody reads what comes of something that is queued. */
static bool is_awaited(const struct pq *c)
{
	for (size_t i = 0; i < c->owed_count; i++)
		if (c->owed[i].out)
			return true;
	return false;
}

/*
 * A server that went away while nobody asked has said so: its last words, and then the end, which
 * is read only once the words are.
 */
static void drop_if_cut(struct pq *c)
{
	struct pollfd fd = {.events = POLLIN};
	struct err ignored; /* of what was posted */
	if (c->posted && c->posted == c->owed_count)
		pq_exchange(c, &ignored);
	if (!c->connection || is_awaited(c))
		return;
	fd.fd = PQsocket(c->connection);
	while (poll(&fd, 1, 0) > 0) {
		if (PQconsumeInput(c->connection) && PQstatus(c->connection) == CONNECTION_OK)
			continue;
		drop(c);
		return;
	}
}

void pq_be_patient(struct pq *c, int64_t ms)
{
	c->patience_ms = ms;
}

void pq_limit(struct pq *c, int64_t ms)
{
	if (c->limit_ms == ms)
		return;
	c->limit_ms = ms;
	pq_be_patient(c, 0);
	drop_if_cut(c);
	if (c->connection)
		queue_limit(c);
	pq_part(c);
}

/* "relation already exists, skipping" and the like. */
static void ignore_notice(void *c, const PGresult *notice)
{
	(void)c;
	(void)notice;
}

/*
 * Names have letters of many alphabets, and are searched for by them. Who does not say which encoding
 * it has, as an engine of another kind may not, passes.
 */
static bool is_encoded(struct pq *c, struct err *err)
{
	const char *encoding = PQparameterStatus(c->connection, "server_encoding");
	char text[160];
	if (!encoding || !strcmp(encoding, "UTF8"))
		return true;
	snprintf(text, sizeof(text),
		"its encoding is %s, which cannot hold all names: make it with `createdb -E UTF8 "
		"-T template0`",
		encoding);
	return lose(c, err, text);
}

static bool connect_anew(struct pq *c, struct err *err)
{
	static unsigned connections; /* of the process: a number is never given twice */
	c->connection = start(c);
	c->number = __atomic_add_fetch(&connections, 1, __ATOMIC_RELAXED);
	c->state[0] = '\0';
	if (!c->connection)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (PQstatus(c->connection) != CONNECTION_OK)
		return lose(c, err, PQerrorMessage(c->connection));
	if (!is_encoded(c, err))
		return false;
	PQsetNoticeReceiver(c->connection, ignore_notice, NULL);
	if (PQsetnonblocking(c->connection, 1) || !PQenterPipelineMode(c->connection))
		return lose(c, err, PQerrorMessage(c->connection));
	queue_settings(c);
	return send_mark(c, err);
}

bool pq_ready(struct pq *c, struct err *err)
{
	drop_if_cut(c);
	return c->connection || connect_anew(c, err);
}

/* ---- answers ---- */

/* What is left of an exchange's time, which the first answer of a session may prolong. */
static int64_t time_left(const struct pq *c, int64_t began)
{
	int64_t statement_ms = c->limit_ms ? c->limit_ms : c->statement_ms;
	int64_t patience_ms = c->patience_ms ? c->patience_ms : statement_ms + MARGIN_MS;
	return began + patience_ms - time_monotonic_ms();
}

/* Until libpq can give a result without waiting. */
static bool wait_answer(struct pq *c, int64_t began, struct err *err)
{
	for (;;) {
		int left = PQflush(c->connection);
		if (left < 0)
			return lose(c, err, PQerrorMessage(c->connection));
		if (!left && !PQisBusy(c->connection))
			return true;
		int64_t wait_ms = time_left(c, began);
		if (wait_ms <= 0)
			return lose(c, err, "no answer within the time that a query has");
		struct pollfd fd = {.fd = PQsocket(c->connection),
			.events = (short)(POLLIN | (left ? POLLOUT : 0))};
		if (poll(&fd, 1, wait_ms < INT_MAX ? (int)wait_ms : INT_MAX) < 0 && errno != EINTR)
			return lose(c, err, strerror(errno));
		if (fd.revents && !PQconsumeInput(c->connection))
			return lose(c, err, PQerrorMessage(c->connection));
	}
}

static void take_limit(struct pq *c, const PGresult *r)
{
	int64_t ms = PQntuples(r) ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
	c->statement_ms = ms > STATEMENT_MS ? ms : STATEMENT_MS;
}

/* All that came of one question. */
static bool take_answer(struct pq *c, struct pq_owed owed, int64_t began, struct err *err)
{
	bool ok = true;
	for (;;) {
		if (!wait_answer(c, began, err))
			return false;
		PGresult *r = PQgetResult(c->connection);
		if (!r)
			break;
		ExecStatusType status = PQresultStatus(r);
		bool is_well = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
		if (status == PGRES_FATAL_ERROR)
			take_failure(c, r, err);
		ok &= is_well;
		if (is_well && owed.tells_limit)
			take_limit(c, r);
		if (is_well && owed.out) {
			PQclear(*owed.out);
			*owed.out = r;
		} else {
			PQclear(r);
		}
	}
	if (!ok && owed.number)
		*owed.number = 0;
	if (!ok && owed.is_vital)
		drop(c);
	return ok;
}

static bool take_owed(struct pq *c, struct pq_owed owed, int64_t began, struct err *err)
{
	if (!owed.is_mark)
		return take_answer(c, owed, began, err);
	if (!wait_answer(c, began, err))
		return false;
	PQclear(PQgetResult(c->connection));
	return true;
}

void pq_post(struct pq *c)
{
	struct err ignored; /* the next one that asks is told */
	if (!send_mark(c, &ignored))
		return;
	if (PQflush(c->connection) < 0)
		lose(c, &ignored, "");
	c->posted = c->owed_count;
}

bool pq_exchange(struct pq *c, struct err *err)
{
	int64_t began = time_monotonic_ms();
	bool ok = true;
	if (!c->owed_count)
		return true;
	c->state[0] = '\0';
	if (c->owed_count > c->posted && !send_mark(c, err))
		return false;
	for (size_t i = 0; i < c->owed_count; i++) {
		struct err one = {0};
		bool is_posted = i < c->posted;
		if (take_owed(c, c->owed[i], began, &one))
			continue;
		if (is_posted && c->connection)
			continue;
		if (ok && one.text[0]) /* those after it are not done, and say nothing */
			*err = one;
		ok = false;
		if (!c->connection)
			return false;
		if (PQstatus(c->connection) != CONNECTION_OK)
			return lose(c, &(struct err){0}, "");
	}
	c->owed_count = c->posted = 0;
	return ok;
}

static bool take_script(struct pq *c, struct err *err)
{
	int64_t began = time_monotonic_ms();
	bool ok = true;
	for (;;) {
		if (!wait_answer(c, began, err))
			return false;
		PGresult *r = PQgetResult(c->connection);
		if (!r)
			return ok;
		if (PQresultStatus(r) == PGRES_FATAL_ERROR) {
			take_failure(c, r, err);
			ok = false;
		}
		PQclear(r);
	}
}

bool pq_run(struct pq *c, const char *text, struct err *err)
{
	if (!pq_exchange(c, err))
		return false;
	if (!PQexitPipelineMode(c->connection) || !PQsendQuery(c->connection, text))
		return lose(c, err, PQerrorMessage(c->connection));
	bool ok = take_script(c, err);
	if (c->connection && !PQenterPipelineMode(c->connection))
		return lose(c, err, PQerrorMessage(c->connection));
	return ok;
}
