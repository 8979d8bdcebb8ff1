#include "base/doors.h"

#include "base/log.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DOORS_OPEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define DOORS_OPEN 1
#endif
#endif

#if defined(__linux__) && !defined(DOORS_OPEN)

#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- system calls ---- */

/* What no command of ours ever asks of the kernel, and who has taken it over would. */
static const char *const never[] = {"acct", "add_key", "bpf", "chroot", "clock_adjtime",
	"clock_settime", "delete_module", "fanotify_init", "finit_module", "init_module", "ioperm",
	"iopl", "io_uring_enter", "io_uring_register", "io_uring_setup", "kcmp", "kexec_file_load",
	"kexec_load", "keyctl", "mknod", "mknodat", "mount", "mount_setattr", "move_mount",
	"name_to_handle_at", "open_by_handle_at", "open_tree", "perf_event_open", "personality",
	"pidfd_getfd", "pivot_root", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl",
	"reboot", "request_key", "setdomainname", "setgid", "setgroups", "sethostname", "setns",
	"setregid", "setresgid", "setresuid", "setreuid", "settimeofday", "setuid", "swapoff",
	"swapon", "syslog", "umount2", "unshare", "userfaultfd", "vhangup"};
/* Other people's files: what they are called, who may read them. SQLite sets the mode and the owner
 * of its journals by their descriptors, when it has made them. */
static const char *const marking[] = {"chmod", "chown", "creat", "fchmodat", "fchownat",
	"fremovexattr", "fsetxattr", "futimesat", "lchown", "lremovexattr", "lsetxattr",
	"removexattr", "setxattr", "truncate", "utime", "utimensat", "utimes"};
static const char *const marking_own[] = {"fchmod", "fchown"};
/* The same by newer names, which libseccomp may not know; new calls have one number everywhere. */
static const int marking_newer[] = {
	452 /* fchmodat2 */, 463 /* setxattrat */, 466 /* removexattrat */, 469 /* file_setattr */};
static const char *const running[] = {"execve", "execveat", "fork", "vfork"};
static const char *const listening[] = {"accept", "accept4", "bind", "listen"};
static const char *const binding[] = {"bind", "listen"};
static const char *const connecting[] = {"connect", "socket"};

static bool refuse_call(scmp_filter_ctx filter, int number)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0) == 0;
}

static bool refuse_where(scmp_filter_ctx filter, int number, struct scmp_arg_cmp argument)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 1, argument) == 0;
}

/* Names that this architecture, or this libseccomp, does not have are passed over. */
static bool refuse(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	bool ok = true;
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		ok &= number == __NR_SCMP_ERROR || refuse_call(filter, number);
	}
	return ok;
}

/* A new process, as against a thread; clone3 hides which, and glibc then asks clone. */
static bool refuse_processes(scmp_filter_ctx filter)
{
	return refuse(filter, running, COUNT(running)) &&
	       refuse_where(
		       filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

/* The kernel takes a command's lower half, whatever is above it. */
static bool refuse_command(scmp_filter_ctx filter, int call, unsigned command)
{
	return refuse_where(filter, call, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, command));
}

/* To any process but this one, which aborts so; nor by way of a descriptor that tells its owner. */
static bool refuse_signals(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp others = SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid());
	return refuse_where(filter, SCMP_SYS(kill), others) &&
	       refuse_where(filter, SCMP_SYS(tgkill), others) &&
	       refuse_where(filter, SCMP_SYS(rt_sigqueueinfo), others) &&
	       refuse_where(filter, SCMP_SYS(rt_tgsigqueueinfo), others) &&
	       refuse_where(filter, SCMP_SYS(prlimit64), SCMP_A0(SCMP_CMP_NE, 0)) &&
	       refuse_command(filter, SCMP_SYS(fcntl), F_SETOWN) &&
	       refuse_command(filter, SCMP_SYS(fcntl), F_SETOWN_EX) &&
	       refuse_command(filter, SCMP_SYS(ioctl), FIOSETOWN) &&
	       refuse_command(filter, SCMP_SYS(ioctl), SIOCSPGRP) &&
	       refuse_call(filter, SCMP_SYS(tkill)) &&
	       refuse_call(filter, SCMP_SYS(pidfd_send_signal));
}

/* Landlock asks who empties a file since its third version only; openat2 hides its flags. */
static bool refuse_marking(scmp_filter_ctx filter, bool own_too)
{
	bool ok = refuse(filter, marking, COUNT(marking));
	for (size_t i = 0; i < COUNT(marking_newer); i++)
		ok &= refuse_call(filter, marking_newer[i]);
	if (own_too)
		ok &= refuse(filter, marking_own, COUNT(marking_own));
	return ok &&
	       refuse_where(
		       filter, SCMP_SYS(open), SCMP_A1(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)) &&
	       refuse_where(
		       filter, SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)) &&
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0) == 0;
}

static bool refuse_family(scmp_filter_ctx filter, enum scmp_compare how, unsigned family)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		       SCMP_CMP(0, how, family)) == 0;
}

/* The internet, and what name resolution asks the kernel of its interfaces. */
static bool refuse_families(scmp_filter_ctx filter, bool with_locals)
{
	static const unsigned kept[] = {AF_INET, AF_INET6, AF_NETLINK};
	bool ok = refuse_family(filter, SCMP_CMP_GT, AF_NETLINK);
	for (unsigned family = 0; family < AF_NETLINK; family++) {
		bool is_kept = with_locals && family == AF_UNIX;
		for (size_t i = 0; i < COUNT(kept); i++)
			is_kept |= kept[i] == family;
		ok &= is_kept || refuse_family(filter, SCMP_CMP_EQ, family);
	}
	return ok;
}

/* What could be refused is in force even when something could not be. */
static bool load(scmp_filter_ctx filter, bool is_whole)
{
	bool ok = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
		  seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok && is_whole;
}

static bool shut_calls(const struct doors *d)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return false;
	bool ok = refuse(filter, never, COUNT(never));
	ok &= refuse_families(filter, d->may_meet_locals);
	ok &= refuse_marking(filter, d->only_reads);
	if (!d->may_run_children) {
		ok &= refuse_processes(filter);
		ok &= refuse_signals(filter);
	}
	if (!d->may_listen)
		ok &= refuse(filter, listening, COUNT(listening));
	return load(filter, ok);
}

bool doors_settle(bool may_connect)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return false;
	bool ok = refuse(filter, binding, COUNT(binding));
	if (!may_connect)
		ok &= refuse(filter, connecting, COUNT(connecting));
	return load(filter, ok);
}

/* ---- files ---- */

enum {
	READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	CHANGE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
		 LANDLOCK_ACCESS_FS_MAKE_REG,
	OTHERS = LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR |
		 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
		 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		 LANDLOCK_ACCESS_FS_MAKE_SYM,
	OF_A_FILE = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE,
	/* Since later versions; older headers lack their names. */
	TRUNCATE = 1 << 14,
	TRUNCATE_SINCE = 3,
	NO_SIGNALS_OUT = 1 << 1,
	NO_ABSTRACT_SOCKETS_OUT = 1 << 0,
	SCOPES_SINCE = 6,
};

/* The kernel's, as of its sixth version. */
struct handled {
	uint64_t files, ports, scopes;
};

/* What libraries read: names, certificates, time zones, themselves. */
static const char *const read_by_libraries[] = {"/usr", "/lib", "/lib64", "/etc/ssl", "/etc/pki",
	"/etc/ca-certificates", "/etc/postgresql-common", "/etc/resolv.conf", "/etc/hosts",
	"/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
	"/etc/localtime", "/etc/ld.so.cache", "/etc/passwd", "/run/systemd/resolve", "/run/nscd",
	"/proc/self", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom", "/dev/random"};
static const char *const read_by_environment[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "PGPASSFILE",
	"PGSERVICEFILE", "PGSYSCONFDIR", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL",
	"PGSSLCRLDIR"};
static const char *const read_at_home[] = {".pgpass", ".pg_service.conf", ".postgresql"};

static void allow(int rules, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	struct stat status;
	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return;
	if (fstat(rule.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		rule.allowed_access &= OF_A_FILE | TRUNCATE;
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

/* Too much would be open with them, as all that lies below a directory is. */
static bool is_crowded(const char *directory)
{
	const char *home = getenv("HOME");
	return !strcmp(directory, "/") || !strcmp(directory, "/etc") ||
	       (home && !strcmp(directory, home));
}

static void cut_place(const char *file, char place[PATH_MAX])
{
	snprintf(place, PATH_MAX, "%s", file);
	char *slash = strrchr(place, '/');
	if (slash)
		slash[slash == place] = 0; /* "/" itself keeps its own */
	else
		memcpy(place, ".", sizeof("."));
}

static void allow_beside(int rules, const char *file)
{
	char place[PATH_MAX], real[PATH_MAX];
	cut_place(file, place);
	if (realpath(place, real) && !is_crowded(real))
		allow(rules, real, LANDLOCK_ACCESS_FS_READ_FILE);
}

/*
 * It is opened again and again, and who replaces it gives its name to another file, which a rule for the
 * first one does not allow: its directory is allowed, and where it is a link, that of what it names.
 */
static void allow_replaced(int rules, const char *file)
{
	char target[PATH_MAX];
	struct stat status;
	allow(rules, file, READ);
	if (stat(file, &status) == 0 && S_ISDIR(status.st_mode))
		return;
	allow_beside(rules, file);
	if (realpath(file, target))
		allow_beside(rules, target);
}

static bool is_ours_alone(const char *directory)
{
	struct stat status;
	return lstat(directory, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == geteuid() && !(status.st_mode & (S_IRWXG | S_IRWXO));
}

/*
 * Room for what does not fit into memory: beside the database, or, for who may write nothing there, in
 * a directory below. The files have no names: SQLite removes them when it has opened them.
 */
static void allow_temporary(int rules, const char *place, bool only_reads, uint64_t access)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/.rinkside-%u", place, (unsigned)geteuid());
	const char *chosen = getenv("SQLITE_TMPDIR");
	if (chosen) {
		allow(rules, chosen, access);
	} else if (!only_reads) {
		setenv("SQLITE_TMPDIR", place, 1);
	} else if (n < (int)sizeof(path) && (mkdir(path, S_IRWXU) == 0 || is_ours_alone(path))) {
		allow(rules, path, access);
		setenv("SQLITE_TMPDIR", path, 1);
	}
}

static void allow_place(
	int rules, const char *file, bool only_reads, uint64_t access, uint64_t temporary)
{
	char place[PATH_MAX];
	cut_place(file, place);
	allow(rules, place, access);
	allow_temporary(rules, place, only_reads, temporary);
}

/*
 * The index of its log, which readers share with writers: as SQLite would make it, with the
 * database's mode and owner.
 */
static void allow_index(int rules, const char *database, uint64_t access)
{
	char path[PATH_MAX];
	struct stat of, status;
	int n = snprintf(path, sizeof(path), "%s-shm", database);
	if (n >= (int)sizeof(path) || stat(database, &of) || !S_ISREG(of.st_mode))
		return;
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, of.st_mode & 0777);
	if (fd < 0)
		return;
	bool is_new = fstat(fd, &status) == 0 && !status.st_size;
	if (is_new && (fchmod(fd, of.st_mode & 0777) || fchown(fd, of.st_uid, of.st_gid)))
		log_debug("%s: its mode and owner are not the database's", path);
	close(fd);
	allow(rules, path, access);
}

/*
 * Its journals stand beside it; where it is a link, beside what that names.
 *
 * Who writes the log writes the database, so a reader may not. SQLite only needs it to be
 * there, and makes it when it is not: refused to write it then, it reads it. So it does with the index, at
 * the price of its pages in memory, when that is another than at the start and nobody writes.
 */
static void allow_database(int rules, struct str database, bool only_reads, uint64_t change)
{
	uint64_t access = READ | (only_reads ? LANDLOCK_ACCESS_FS_MAKE_REG : change);
	char path[PATH_MAX], target[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s", STR_ARG(database));
	if (n <= 0 || (size_t)n >= sizeof(path))
		return;
	allow_place(rules, path, only_reads, access, READ | change);
	if (!realpath(path, target))
		return;
	allow_place(rules, target, only_reads, access, READ | change);
	if (only_reads)
		allow_index(rules, target, READ | change);
}

static void allow_files(int rules, const struct doors *d, uint64_t truncate)
{
	char path[PATH_MAX];
	const char *home = getenv("HOME");
	for (size_t i = 0; i < COUNT(read_by_libraries); i++)
		allow(rules, read_by_libraries[i], READ);
	for (size_t i = 0; i < COUNT(read_by_environment); i++)
		if (getenv(read_by_environment[i]))
			allow_replaced(rules, getenv(read_by_environment[i]));
	for (size_t i = 0; home && i < COUNT(read_at_home); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, read_at_home[i]);
		allow(rules, path, READ);
	}
	if (d->may_run_children)
		allow(rules, "/proc/self/exe", READ);
	if (d->may_read_files)
		allow(rules, "/", READ);
	if (d->database.n)
		allow_database(rules, d->database, d->only_reads, CHANGE | truncate);
	snprintf(path, sizeof(path), "%.*s", STR_ARG(d->once));
	if (d->once.n)
		allow(rules, path, READ);
	for (size_t i = 0; i < DOORS_MORE; i++) {
		snprintf(path, sizeof(path), "%.*s", STR_ARG(d->more[i]));
		if (d->more[i].n)
			allow_replaced(rules, path);
	}
}

static bool shut_files(const struct doors *d)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return false;
	uint64_t truncate = version >= TRUNCATE_SINCE ? TRUNCATE : 0;
	struct handled handled = {.files = READ | CHANGE | OTHERS | truncate};
	if (version >= SCOPES_SINCE)
		handled.scopes = NO_SIGNALS_OUT | NO_ABSTRACT_SOCKETS_OUT;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &handled,
		version >= SCOPES_SINCE ? sizeof(handled) : sizeof(handled.files), 0);
	if (rules < 0)
		return false;
	allow_files(rules, d, truncate);
	bool ok = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return ok;
}

unsigned doors_shut(const struct doors *d)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return 0;
	unsigned shut = shut_files(d) ? DOORS_FILES : 0;
	return shut | (shut_calls(d) ? DOORS_CALLS : 0);
}

#else

unsigned doors_shut(const struct doors *d)
{
	(void)d;
	return 0;
}

bool doors_settle(bool may_connect)
{
	(void)may_connect;
	return false;
}

#endif
