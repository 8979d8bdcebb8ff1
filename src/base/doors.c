#include "base/doors.h"

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
static const char *const running[] = {"execve", "execveat", "fork", "vfork"};
static const char *const listening[] = {"accept", "accept4", "bind", "listen"};
static const char *const binding[] = {"bind", "listen"};
static const char *const connecting[] = {"connect", "socket"};

/* Names that this architecture, or this libseccomp, does not have are passed over. */
static void refuse(scmp_filter_ctx filter, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		if (number != __NR_SCMP_ERROR)
			seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
	}
}

/* A new process, as against a thread; clone3 hides which, and glibc then asks clone. */
static void refuse_processes(scmp_filter_ctx filter)
{
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* The internet, this machine, and what name resolution asks the kernel of its interfaces. */
static void refuse_families(scmp_filter_ctx filter)
{
	static const unsigned kept[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	_Static_assert(
		AF_UNIX == 1 && AF_INET == 2 && AF_INET6 == 10 && AF_NETLINK == 16, "ascending");
	for (unsigned family = 3; family < AF_MAX; family++) {
		bool is_kept = false;
		for (size_t i = 0; i < COUNT(kept); i++)
			is_kept |= kept[i] == family;
		if (!is_kept && family < AF_NETLINK)
			seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_EQ, family));
	}
	seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		SCMP_A0(SCMP_CMP_GT, AF_NETLINK));
}

static bool load(scmp_filter_ctx filter)
{
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	bool ok = seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok;
}

static bool shut_calls(const struct doors *d)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return false;
	refuse(filter, never, COUNT(never));
	refuse_families(filter);
	if (!d->may_run_children) {
		refuse(filter, running, COUNT(running));
		refuse_processes(filter);
	}
	if (!d->may_listen)
		refuse(filter, listening, COUNT(listening));
	return load(filter);
}

bool doors_settle(bool may_connect)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return false;
	refuse(filter, binding, COUNT(binding));
	if (!may_connect)
		refuse(filter, connecting, COUNT(connecting));
	return load(filter);
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
	TRUNCATE = 1 << 14, /* since the third version; older headers lack its name */
	TRUNCATE_SINCE = 3,
};

/* What libraries read: names, certificates, time zones, themselves. */
static const char *const read_by_libraries[] = {"/usr", "/lib", "/lib64", "/etc/ssl", "/etc/pki",
	"/etc/ca-certificates", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
	"/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/localtime",
	"/etc/ld.so.cache", "/etc/passwd", "/run/systemd/resolve", "/run/nscd", "/proc/self",
	"/sys/devices/system/cpu", "/dev/null", "/dev/urandom", "/dev/random"};
static const char *const read_by_environment[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "PGPASSFILE",
	"PGSERVICEFILE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"};
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

/* Its journals and temporary files stand beside it; where it is a link, beside what that names. */
static void allow_database(int rules, struct str database, uint64_t access)
{
	char path[PATH_MAX], target[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%.*s", STR_ARG(database));
	if (n <= 0 || (size_t)n >= sizeof(path))
		return;
	for (int turn = 0; turn < 2; turn++) {
		if (turn && !realpath(path, target))
			return;
		char *name = turn ? target : path, *slash = strrchr(name, '/');
		char kept = slash ? slash[1] : 0;
		if (slash)
			slash[1] = 0;
		allow(rules, slash ? name : ".", access);
		if (!turn) /* room for what does not fit into memory */
			setenv("SQLITE_TMPDIR", slash ? name : ".", 0);
		if (slash)
			slash[1] = kept;
	}
}

static void allow_files(int rules, const struct doors *d, uint64_t truncate)
{
	char path[PATH_MAX];
	const char *home = getenv("HOME");
	for (size_t i = 0; i < COUNT(read_by_libraries); i++)
		allow(rules, read_by_libraries[i], READ);
	for (size_t i = 0; i < COUNT(read_by_environment); i++)
		if (getenv(read_by_environment[i]))
			allow(rules, getenv(read_by_environment[i]), READ);
	for (size_t i = 0; home && i < COUNT(read_at_home); i++) {
		snprintf(path, sizeof(path), "%s/%s", home, read_at_home[i]);
		allow(rules, path, READ);
	}
	if (d->may_run_children)
		allow(rules, "/proc/self/exe", READ);
	if (d->may_read_files)
		allow(rules, "/", READ);
	if (d->database.n)
		allow_database(rules, d->database, READ | CHANGE | truncate);
	for (size_t i = 0; i < DOORS_MORE; i++) {
		snprintf(path, sizeof(path), "%.*s", STR_ARG(d->more[i]));
		if (d->more[i].n)
			allow(rules, path, READ);
	}
}

static bool shut_files(const struct doors *d)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1)
		return false;
	uint64_t truncate = version >= TRUNCATE_SINCE ? TRUNCATE : 0;
	struct landlock_ruleset_attr handled = {
		.handled_access_fs = READ | CHANGE | OTHERS | truncate};
	int rules = (int)syscall(
		SYS_landlock_create_ruleset, &handled, sizeof(handled.handled_access_fs), 0);
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
