/*
 * model - what a game, a stat line and a snapshot are.
 *
 * Plain data that everyone may read. Texts are views into whatever arena the
 * producer was given.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "model/column.h"

/* The spelling of a type in the .def files, to its C type. */
#define COLUMN_MEMBER_INT  column_int
#define COLUMN_MEMBER_REAL column_real
#define COLUMN_MEMBER_BOOL column_bool
#define COLUMN_MEMBER_TEXT column_text
#define COLUMN_MEMBER_DATE column_date
#define COLUMN_MEMBER_TIME column_time

/* One player in one game. */
struct stat_line {
	uint64_t known; /* bit STAT_x is set when x is not NULL */
#define COLUMN(name, type, help) COLUMN_MEMBER_##type name;
#include "model/stat_columns.def"
#undef COLUMN
};

enum stat_column {
#define COLUMN(name, type, help) STAT_##name,
#include "model/stat_columns.def"
#undef COLUMN
	STAT_COLUMNS
};

struct game {
	uint64_t known; /* bit GAME_x is set when x is not NULL */
#define COLUMN(name, type, help) COLUMN_MEMBER_##type name;
#define HIDDEN(name, type, help) COLUMN_MEMBER_##type name;
#include "model/game_columns.def"
#undef COLUMN
#undef HIDDEN
};

enum game_column {
#define COLUMN(name, type, help) GAME_##name,
#define HIDDEN(name, type, help) GAME_##name,
#include "model/game_columns.def"
#undef COLUMN
#undef HIDDEN
	GAME_COLUMNS
};

struct player {
	uint64_t known;
#define COLUMN(name, type, help) COLUMN_MEMBER_##type name;
#include "model/player_columns.def"
#undef COLUMN
};

enum player_column {
#define COLUMN(name, type, help) PLAYER_##name,
#include "model/player_columns.def"
#undef COLUMN
	PLAYER_COLUMNS
};

struct team {
	uint64_t known;
#define COLUMN(name, type, help) COLUMN_MEMBER_##type name;
#include "model/team_columns.def"
#undef COLUMN
};

enum team_column {
#define COLUMN(name, type, help) TEAM_##name,
#include "model/team_columns.def"
#undef COLUMN
	TEAM_COLUMNS
};

struct event {
	uint64_t known;
#define COLUMN(name, type, help) COLUMN_MEMBER_##type name;
#include "model/event_columns.def"
#undef COLUMN
};

enum event_column {
#define COLUMN(name, type, help) EVENT_##name,
#include "model/event_columns.def"
#undef COLUMN
	EVENT_COLUMNS
};

struct poll {
	uint64_t known;
#define COLUMN(name, type, help) COLUMN_MEMBER_##type name;
#define HIDDEN(name, type, help) COLUMN_MEMBER_##type name;
#include "model/poll_columns.def"
#undef COLUMN
#undef HIDDEN
};

enum poll_column {
#define COLUMN(name, type, help) POLL_##name,
#define HIDDEN(name, type, help) POLL_##name,
#include "model/poll_columns.def"
#undef COLUMN
#undef HIDDEN
	POLL_COLUMNS
};

extern const struct table stat_table;   /* game_stats of struct stat_line */
extern const struct table game_table;   /* games of struct game */
extern const struct table player_table; /* players of struct player */
extern const struct table team_table;   /* teams of struct team */
extern const struct table event_table;  /* game_events of struct event */
extern const struct table poll_table;   /* polls of struct poll */

/* Of these, the one that has the name; NULL: none has. TABLE_NAMES lists them for people. */
const struct table *table_named(struct str name);
#define TABLE_NAMES "game_stats, games, players, teams, game_events or polls"

/* Sets a member and its bit: SET(line, STAT, goals, 2). */
#define SET(record, prefix, member, value)                                                         \
	((record)->member = (value), (record)->known |= (uint64_t)1 << prefix##_##member)
#define KNOWS(record, prefix, member) ((record)->known >> prefix##_##member & 1)

/* What the states mean to us. One never seen before is UNKNOWN: treated as live and slow. */
enum game_phase {
	PHASE_UNKNOWN,
	PHASE_FUTURE,      /* FUT */
	PHASE_PREGAME,     /* PRE */
	PHASE_LIVE,        /* LIVE, CRIT */
	PHASE_PROVISIONAL, /* OVER, FINAL: ended, not official */
	PHASE_OFFICIAL,    /* OFF */
};
enum game_phase game_phase(struct str game_state);

/* The stored lines are those of the official end, whatever another endpoint says of the game since. */
bool game_has_official_lines(const struct game *g);

/* PPD and CNCL: not played on that day, whatever the game state says. */
bool game_is_off(struct str schedule_state);

/*
 * What decides which of two snapshots of a game is newer, compared member by member
 * from the top. `time` is the ETag's: the Unix second at which the CDN's cache window
 * of the reply ends.
 */
struct order_key {
	int64_t time;
	int64_t period;
	int64_t elapsed; /* seconds played in the period; all of it in the intermission after */
	int64_t arrival_ms;
};
int order_compare(struct order_key a, struct order_key b); /* <0, 0, >0 */

/* The period's length less what is left of it; the whole period in an intermission, and where a game has
 * ended, whatever its clock says: an overtime ends at its goal, and a schedule shows no clock. */
int64_t game_elapsed(const struct game *g);

/* One decoded reply: a game and its lines. */
enum { MAX_LINES = 400 }; /* more players than a game can have */

struct snapshot {
	struct game game;
	struct stat_line *lines; /* every player once, in the body's order */
	size_t count;
	bool has_lines;          /* the body had a place for lines, even an empty one */
	int64_t twice_player_id; /* one whom the body lists again, without a line for that; 0: none */
	struct event *events; /* where the body brought them: the legacy feed, the play-by-play */
	size_t event_count;
	bool has_events;
	bool lacks_events;      /* something of them could not be read */
	struct player *players; /* full names, birth dates, where the body brought them */
	size_t player_count;
	const char *warning; /* something never seen before that was kept; NULL: nothing */
	struct order_key order;
	int64_t observed_at; /* Unix ms: when the upstream showed this */
};

#endif
