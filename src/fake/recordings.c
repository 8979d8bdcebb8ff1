#include "fake/recordings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What a file's name begins with. */
enum naming { NUMBER, DAY, CLUB_AND_SEASON, CLUB_AND_DAY, WHOLE, ANYTHING };

static const struct kind {
	const char *folder;
	const char *path; /* {} is what the name says, its parts in turn */
	enum naming naming;
	int weight; /* of two kinds at one path the heavier is the later one */
} kinds[] = {
	{"web/boxscore", "/v1/gamecenter/{}/boxscore", NUMBER, 1},
	{"web/landing", "/v1/gamecenter/{}/landing", NUMBER, 1},
	{"web/play-by-play", "/v1/gamecenter/{}/play-by-play", NUMBER, 1},
	{"web/right-rail", "/v1/gamecenter/{}/right-rail", NUMBER, 1},
	{"web/score", "/v1/score/{}", DAY, 1},
	{"web/schedule", "/v1/schedule/{}", DAY, 1},
	{"web/scoreboard", "/v1/scoreboard/now", ANYTHING, 1},
	{"web/roster", "/v1/roster/{}/{}", CLUB_AND_SEASON, 1},
	{"web/club-schedule-season", "/v1/club-schedule-season/{}/{}", CLUB_AND_SEASON, 1},
	{"web/club-schedule-week", "/v1/club-schedule/{}/week/{}", CLUB_AND_DAY, 1},
	{"web/player", "/v1/player/{}/landing", NUMBER, 1},
	{"web/season", "/v1/season", ANYTHING, 1},
	{"stats-rest/team", "/stats/rest/en/team", ANYTHING, 1},
	{"statsapi/live", "/api/v1/game/{}/feed/live", NUMBER, 1},
	{"statsapi/live", "/v1/gamecenter/{}/boxscore", NUMBER, 0},
	{"statsapi/schedule", "/api/v1/schedule/{}", DAY, 1},
	{"statsapi/schedule", "/api/v1/schedule/{}", WHOLE, 1},
};

struct recording {
	char *path, *file;
	int rank;
	int64_t written_ms; /* the file's own time: for a replay, when the body was seen */
};

struct recordings {
	struct recording *list; /* by path, then rank */
	size_t count, capacity, paths;
};

static size_t span(struct str s, const char *set)
{
	size_t n = 0;
	while (n < s.n && strchr(set, s.p[n]))
		n++;
	return n;
}

static bool is_day(struct str s)
{
	return s.n >= 10 && span(s, "0123456789-") >= 10 && s.p[4] == '-' && s.p[7] == '-';
}

/* What the name says, one part or two; false: not a name of this kind. */
static bool parse_name(enum naming naming, struct str stem, struct str parts[static 2])
{
	struct str_cut cut = str_cut(stem, '-');
	switch (naming) {
	case NUMBER:
		parts[0] = str_bytes(stem, span(stem, "0123456789"));
		return parts[0].n > 0;
	case DAY:
		parts[0] = str_bytes(stem, 10);
		return is_day(stem);
	case CLUB_AND_SEASON:
		parts[0] = cut.head;
		parts[1] = str_cut(cut.tail, '-').head;
		return cut.head.n == 3 && parts[1].n > 0;
	case CLUB_AND_DAY:
		parts[0] = cut.head;
		parts[1] = str_bytes(cut.tail, 10);
		return cut.head.n == 3 && is_day(cut.tail);
	case WHOLE:
		parts[0] = stem;
		return !is_day(stem);
	case ANYTHING:
		return true;
	}
	return false;
}

static char *make_path(const char *pattern, const struct str parts[static 2])
{
	struct buf out;
	buf_init(&out, 512);
	for (int part = 0; *pattern;) {
		if (pattern[0] == '{') {
			buf_add(&out, parts[part++]);
			pattern += 2;
		} else {
			buf_add_char(&out, *pattern++);
		}
	}
	buf_add_char(&out, 0);
	return out.p;
}

/* The later the state that the name tells, the higher; then the number at its end. */
static int rank(struct str stem)
{
	static const char *const states[][2] = {{"-FUT", "-Preview"}, {"-PRE", "-Pre"},
		{"-LIVE", "-In_Progress"}, {"-CRIT", "-Critical"}, {"-OVER", "-OVER"},
		{"-FINAL", "-Final"}, {"-OFF", "-OFF"}};
	enum { STATES = sizeof(states) / sizeof(states[0]) };
	int state = STATES - 1;
	int64_t number = 0;
	char name[256];
	snprintf(name, sizeof(name), "%.*s", STR_ARG(stem));
	for (int i = STATES; i-- > 0;)
		if (strstr(name, states[i][0]) || strstr(name, states[i][1])) {
			state = i;
			break;
		}
	if (stem.n > 3 && stem.p[stem.n - 3] == '-' &&
		!str_to_i64(str_skip(stem, stem.n - 2), &number))
		number = 0;
	return state * 100 + (int)number;
}

static void add(struct recordings *r, char *path, const char *folder, const char *name, int order)
{
	if (r->count == r->capacity) {
		r->capacity = r->capacity ? 2 * r->capacity : 256;
		r->list = realloc(r->list, r->capacity * sizeof(r->list[0]));
		if (!r->list)
			abort();
	}
	struct recording *one = &r->list[r->count++];
	*one = (struct recording){.path = path, .rank = order};
	if (asprintf(&one->file, "%s/%s", folder, name) < 0)
		abort();
	struct stat status;
	if (stat(one->file, &status) == 0)
		one->written_ms =
			(int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
}

static void add_folder(struct recordings *r, struct str directory, const struct kind *kind)
{
	char folder[2048];
	snprintf(folder, sizeof(folder), "%.*s/%s", STR_ARG(directory), kind->folder);
	DIR *d = opendir(folder);
	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));) {
		struct str stem = str_from(e->d_name), parts[2] = {0};
		if (!str_ends(stem, STR(".json")) || strstr(e->d_name, "modified"))
			continue;
		stem.n -= 5;
		if (parse_name(kind->naming, stem, parts))
			add(r, make_path(kind->path, parts), folder, e->d_name,
				kind->weight * 1000 + rank(stem));
	}
	closedir(d);
}

static int compare(const void *left, const void *right)
{
	const struct recording *a = left, *b = right;
	int by_path = strcmp(a->path, b->path);
	int by_rank = a->rank != b->rank ? (a->rank > b->rank) - (a->rank < b->rank)
					 : strcmp(a->file, b->file);
	return by_path ? by_path : by_rank;
}

struct recordings *recordings_open(struct str directory, struct err *err)
{
	struct recordings *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		add_folder(r, directory, &kinds[i]);
	if (!r->count) {
		recordings_close(r);
		err_set(err, ERR_USAGE,
			"--recordings: \"%.*s\" holds no recorded bodies (web/boxscore/*.json, …)",
			STR_ARG(directory));
		return NULL;
	}
	qsort(r->list, r->count, sizeof(r->list[0]), compare);
	for (size_t i = 0; i < r->count; i++)
		r->paths += !i || strcmp(r->list[i].path, r->list[i - 1].path) != 0;
	return r;
}

void recordings_close(struct recordings *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		free(r->list[i].path);
		free(r->list[i].file);
	}
	free(r->list);
	free(r);
}

size_t recordings_count(const struct recordings *r)
{
	return r->paths;
}

const char *recordings_find(const struct recordings *r, struct str path, int64_t nth)
{
	const char *found = NULL;
	for (size_t i = 0; i < r->count; i++) {
		if (!str_equal(path, str_from(r->list[i].path)))
			continue;
		found = r->list[i].file;
		if (--nth == 0)
			break;
	}
	return found;
}

const char *recordings_at(const struct recordings *r, struct str path, int64_t at_ms)
{
	const struct recording *found = NULL;
	for (size_t i = 0; i < r->count; i++) {
		const struct recording *one = &r->list[i];
		if (one->written_ms <= at_ms && str_equal(path, str_from(one->path)) &&
			(!found || one->written_ms >= found->written_ms))
			found = one;
	}
	return found ? found->file : NULL;
}

int64_t recordings_first_ms(const struct recordings *r)
{
	int64_t first = r->list[0].written_ms;
	for (size_t i = 1; i < r->count; i++)
		first = r->list[i].written_ms < first ? r->list[i].written_ms : first;
	return first;
}

bool recordings_read(const char *file, struct buf *out, struct err *err)
{
	FILE *f = fopen(file, "rb");
	if (!f)
		return err_set(err, ERR_INTERNAL, "%s: %s", file, strerror(errno));
	size_t n;
	for (char *room; (room = buf_room(out, 1 << 16)) && (n = fread(room, 1, 1 << 16, f));)
		buf_grew(out, n);
	bool ok = !ferror(f) && !out->failed;
	fclose(f);
	return ok || err_set(err, ERR_INTERNAL, "%s: can't be read whole", file);
}
