#include "cmd/shut.h"

#include "base/doors.h"
#include "store/store.h"

#include <string.h>

static const struct shut {
	const char *command;
	bool listens, writes;
	bool is_brief; /* a line a run about a kernel's lack would be noise */
} table[] = {
	{"ingest", false, true, true},
	{"season", false, true, true},
	{"monitor", false, true, false},
	{"schedule", false, true, false},
	{"worker", false, true, false},
	{"api", true, false, false},
	{"up", true, true, false},
	{"lambda", false, true, true},
};

static unsigned in_force;

static struct str file_of(struct str db)
{
	static const struct str scheme = STR_INIT("sqlite:");
	return str_starts(db, scheme) ? str_skip(db, scheme.n) : STR("");
}

/* Read again at each connection. */
static void add_files(struct doors *d, const struct config *c, struct arena *keep)
{
	size_t count = store_files(c->db, keep, d->more, DOORS_MORE);
	store_files(c->db_read, keep, d->more + count, DOORS_MORE - count);
}

static bool runs_children(const char *command, const struct config *c)
{
	return (!strcmp(command, "monitor") && !c->is_inline) ||
	       (!strcmp(command, "worker") && c->in_children);
}

/* A server's socket may be a file; a database in a file is reached by no socket. */
static bool has_server(const struct config *c)
{
	return !file_of(c->db).n || (c->db_read.n && !file_of(c->db_read).n);
}

static void say(const struct shut *s, unsigned shut)
{
	static const char *const lacks[] = {
		[0] = "this system offers neither seccomp nor Landlock: the process is not shut in",
		[DOORS_CALLS] =
			"this kernel has no Landlock: which files may be opened is not limited",
		[DOORS_FILES] =
			"this kernel has no seccomp, or not all of it: which system calls may be made is not limited",
		[DOORS_CALLS | DOORS_FILES] = NULL,
	};
	if (!lacks[shut])
		log_debug("shut in: the database's files, no programs%s",
			s->listens ? "" : ", no listening");
	else if (s->is_brief)
		log_debug("%s", lacks[shut]);
	else
		log_info("%s", lacks[shut]);
}

void shut_doors(const struct command *command, const struct config *c)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && !c->no_sandbox; i++) {
		if (strcmp(table[i].command, command->name))
			continue;
		struct doors d = {.may_run_children = runs_children(command->name, c),
			.may_listen = table[i].listens,
			.may_read_files = c->is_file,
			.may_meet_locals = has_server(c),
			.only_reads = !table[i].writes,
			.database = file_of(c->db),
			.once = c->token_file};
		struct arena keep = arena_reserve(1 << 20);
		add_files(&d, c, &keep);
		in_force = doors_shut(&d);
		say(&table[i], in_force);
		arena_release(&keep);
	}
}

void shut_sockets(const struct config *c, bool has_upstream)
{
	bool is_settled = c->no_sandbox || doors_settle(has_upstream || has_server(c));
	if (!is_settled && in_force & DOORS_CALLS)
		log_warning(
			"sockets can still be made and bound: the kernel took no second filter");
}
