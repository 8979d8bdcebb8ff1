#include "source/source.h"

#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_all(int fd, const char *path, struct arena *keep, struct str *out, struct err *err)
{
	size_t room, n = 0;
	char *p = arena_open(keep, SOURCE_MAX_BODY + SOURCE_PADDING, &room);
	size_t max = room - SOURCE_PADDING;
	for (;;) {
		/* At the limit one byte more is asked for: there is room for it in the padding. */
		ssize_t got = read(fd, p + n, n < max ? max - n : 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
		n += (size_t)got;
		if (n > max)
			return err_set(err, ERR_DECODE, "%s: larger than %d MiB", path,
				SOURCE_MAX_BODY >> 20);
		if (!got)
			break;
	}
	memset(p + n, 0, SOURCE_PADDING);
	arena_take(keep, n + SOURCE_PADDING);
	*out = (struct str){p, n};
	return true;
}

bool source_read_file(
	const char *path, struct arena *keep, struct source_reply *out, struct err *err)
{
	struct stat about;
	struct str body;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
	bool ok =
		fstat(fd, &about) == 0 || err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
	ok = ok && read_all(fd, path, keep, &body, err);
	close(fd);
	if (!ok)
		return false;
	int64_t changed_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000;
	int64_t now = time_now_ms();
	if (changed_ms > now) /* of a clock that went wrong: all that comes would be older */
		changed_ms = now;
	*out = (struct source_reply){.body = body,
		.status = 200,
		.order_time = changed_ms / 1000,
		.arrival_ms = now,
		.observed_at = changed_ms,
		.max_age_s = -1,
		.wire_bytes = (int64_t)body.n};
	return true;
}
