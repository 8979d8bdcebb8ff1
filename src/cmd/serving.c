#include "cmd/serving.h"

#include "api/api.h"
#include "cmd/shut.h"
#include "cmd/signals.h"
#include "monitor/apart.h"
#include "store/store.h"

#include <stdio.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

struct serving {
	struct api *api;
	struct apart *pair; /* NULL: none */
	int64_t grace_ms;
	struct signals signals;
	int parts; /* still running */
};

static void end_part(void *context)
{
	struct serving *s = context;
	if (!--s->parts)
		signals_close(&s->signals);
}

static void stop(void *context)
{
	struct serving *s = context;
	if (s->pair)
		apart_stop(s->pair);
	if (s->api)
		api_stop(s->api, s->grace_ms, end_part, s);
}

/* By itself, where it could not be opened: then the API ends as well. */
static void on_pair_over(void *context)
{
	stop(context);
	end_part(context);
}

static struct api_settings settings_of(const struct config *c)
{
	struct api_settings s = {.db = c->db,
		.db_read = c->db_read,
		.listen = c->listen,
		.token_file = c->token_file,
		.limits = http_default_limits,
		.threads = c->threads,
		.queue = c->queue,
		.exports = c->exports,
		.query_ms = c->query_timeout_ms,
		.cache_bytes = c->cache_mib * MIB};
	s.limits.connections = c->max_connections;
	s.limits.connections_per_peer = c->max_connections_per_peer;
	s.limits.head_bytes = c->max_head;
	s.limits.target_bytes = c->max_target;
	s.limits.head_ms = c->head_timeout_ms;
	s.limits.idle_ms = c->idle_timeout_ms;
	return s;
}

static void say_where(struct str listen, int port)
{
	struct str host = listen;
	while (host.n && host.p[host.n - 1] != ':')
		host.n--;
	if (host.n)
		printf("listening on http://%.*s%d\n", STR_ARG(host), port);
	else
		printf("listening on the socket that was handed over, port %d\n", port);
	fflush(stdout);
}

/* Made by who writes, before those who read look for it. */
static bool make_database(const struct config *c, struct err *err)
{
	struct store *store;
	bool ok = store_open_or_wait(c->db, true, &store, err);
	store_close(store);
	return ok;
}

static bool check_databases(const struct config *c, struct err *err)
{
	return store_is_url(c->db, "--db", err) &&
	       (!c->db_read.n || store_is_url(c->db_read, "--db-read", err));
}

static bool start(struct serving *s, uv_loop_t *loop, const struct config *c,
	const struct monitor_settings *pair, struct err *err)
{
	struct api_settings settings = settings_of(c);
	if (!check_databases(c, err) || (pair && !make_database(c, err)))
		return false;
	s->api = api_open(loop, &settings, err);
	if (!s->api)
		return false;
	s->parts++;
	if (pair) {
		s->pair = apart_open(loop, PAIR_SCHEDULE | PAIR_WORK, pair, on_pair_over, s);
		s->parts++;
	}
	shut_sockets(c, pair != NULL);
	say_where(c->listen, api_port(s->api));
	return true;
}

int serving_run(const struct config *c, const struct monitor_settings *pair)
{
	struct serving s = {.grace_ms = c->grace_ms, .parts = 1}; /* one of them: the start */
	struct err err;
	uv_loop_t loop;
	uv_loop_init(&loop);
	signals_open(&s.signals, &loop, stop, &s);
	bool ok = start(&s, &loop, c, pair, &err);
	if (!ok)
		stop(&s);
	end_part(&s);
	uv_run(&loop, UV_RUN_DEFAULT);
	ok = ok && (!s.pair || apart_check(s.pair, &err));
	api_close(s.api);
	uv_run(&loop, UV_RUN_DEFAULT);
	int code = ok ? 0 : command_fail(&err);
	if (!apart_close(s.pair)) /* its thread is not to meet what exit() takes down */
		_exit(code);
	uv_loop_close(&loop);
	return code;
}
