/*
 * store - where stat lines rest between an ingest and a reader.
 *
 * Knows: the schema, how to replace a game in one transaction, and what has
 * changed since a given revision.
 * Does not know: where lines come from, the NHL's JSON, HTTP, the time of day.
 *
 * A store belongs to one thread at a time; any number of stores, in any number of
 * processes, may be open on one database.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "model/model.h"

struct store;

enum store_mode {
	STORE_WRITE,    /* made and brought up to the newest schema if need be */
	STORE_READ,     /* never writes; ERR_STORE when there is no database yet */
	STORE_READ_ANY, /* the same, also of a server that may be behind the one that is written to */
};

/* "sqlite:PATH"; "sqlite::memory:" for tests. Unknown schemes: ERR_USAGE. */
/* Of a kind that there is, and written as it should be; nothing is opened. A refusal begins with the name of
 * what gave it ("--db"), and quotes no password. */
bool store_is_url(struct str url, const char *name, struct err *err);
struct store *store_open(struct str url, enum store_mode mode, struct err *err);
/* Made and brought up to the newest schema: from which version to which. 0: there was none. */
bool store_migrate(struct str url, int64_t *out_from, int64_t *out_to, struct err *err);
/* For writing. With may_wait it is true also when the database is a server that is away: *out is
 * then NULL, and a later try may go well. */
bool store_open_or_wait(struct str url, bool may_wait, struct store **out, struct err *err);
/* The URL, its service or the environment names several servers. Those who write and STORE_READ look for the one that takes writes. */
bool store_has_several(struct str url);
/* The files that a server's URL or its service names: certificates, a password file. How many, `room` at most. */
size_t store_files(struct str url, struct arena *keep, struct str *out, size_t room);
void store_close(struct store *s);                    /* NULL is fine */
bool store_is_well(struct store *s, struct err *err); /* answers a query, schema as expected */

/* ---- writing ---- */

enum put_outcome {
	PUT_STORED,    /* something a reader can see changed: it has a revision */
	PUT_UNCHANGED, /* as stored already; nothing but the bookkeeping of the poll was written */
	PUT_OLDER,     /* a newer one is stored; nothing was written */
	PUT_QUARANTINED, /* worse than what is stored; kept aside with the reason, readers warned */
};
extern const struct str put_outcome_names[4];

struct put_result {
	enum put_outcome outcome;
	int64_t revision; /* PUT_STORED and PUT_QUARANTINED with a new warning; else 0 */
	size_t inserted, updated, deleted; /* lines */
	bool correction;                   /* lines changed after the horn */
	bool events_due;  /* PUT_STORED, PUT_UNCHANGED: the play-by-play is worth asking for */
	char reason[240]; /* PUT_OLDER, PUT_QUARANTINED: a sentence; else empty */
};

/*
 * Replaces a game whole, in one transaction that compares the order key within: lines
 * of players who left go, only lines that differ are written. A field unknown in the
 * snapshot that `players`, `teams` or the game's events know is filled in from there
 * (full names, age on the day of the game, goaltenders' goals and assists, full club
 * names). On failure nothing was written.
 */
bool store_put_game(
	struct store *s, const struct snapshot *snapshot, struct put_result *out, struct err *err);

/*
 * Games as a schedule or score reply shows them, one transaction. What is not
 * known yet is taken; all else, the start and the state, only where the reply's order_time is
 * newer than the stored state's. Lines are never touched. Unchanged games are not written.
 */
bool store_put_schedule(struct store *s, const struct game *games, size_t count, int64_t order_time,
	int64_t observed_at, size_t *out_changed, struct err *err);

/* A poll that failed: last_poll_at and last_error; of a game that is not known, nothing. */
bool store_put_poll(
	struct store *s, int64_t game_id, int64_t polled_at, struct str error, struct err *err);

/*
 * The ETag of the stored box score, in keep, as long as a reply that there is no other is as good as
 * a body: while nothing but a body moves the game on, and all is well with it. Else empty.
 */
bool store_get_etag(
	struct store *s, int64_t game_id, struct arena *keep, struct str *out, struct err *err);
/* Such a reply: a poll that went well. expires_at 0: the upstream did not say. Nothing is older or
 * newer for it; out is PUT_UNCHANGED. */
bool store_put_unchanged(struct store *s, int64_t game_id, int64_t polled_at, int64_t expires_at,
	struct put_result *out, struct err *err);

/* The upstream has no play-by-play of the game: until something moves nobody asks again. */
bool store_waive_events(struct store *s, int64_t game_id, struct err *err);

/* Upserts, and the lines and games that can now be told in full are (with a revision). */
bool store_put_players(
	struct store *s, const struct player *players, size_t count, struct err *err);
bool store_put_teams(struct store *s, const struct team *teams, size_t count, struct err *err);

/* ---- what came, as it came ---- */

/* How long, ms; 0: not at all. Of the whole process, for every store opened for writing: nothing is
 * kept until this is called. */
struct store_keeping {
	int64_t raw_ms, polls_ms;
};
void store_keep(const struct store_keeping *k);

/* A reply of the upstream, or that there was none; or a file in its place (tries 0: no poll). */
struct store_reply {
	struct str endpoint;
	int64_t game_id; /* 0: about none */
	int status, tries;
	int64_t wire_bytes, duration_ms;
	int64_t order_time, arrival_ms, observed_at;
	struct str body; /* empty: there is none */
};

/*
 * Goes into `polls` and `raw_bodies` with the next commit of this store, in the same transaction;
 * a body that is there already is only seen once more. Its texts live until then. What is too old
 * goes at some commits, a little at a time.
 */
void store_note(struct store *s, const struct store_reply *r);
bool store_flush(struct store *s, struct err *err); /* a commit for what is noted, if anything is */
bool store_prune(struct store *s, int64_t now_ms, struct err *err); /* some 1,000 rows of each */

/*
 * What is put from now on has been put before: a body that is worse than what is stored is refused
 * as ever, but not counted again, and the warnings stand as they were.
 */
void store_replay(struct store *s);

/* The next game of which bodies are kept; 0 holds those of no game, -1: there is none. */
bool store_next_body_game(struct store *s, int64_t after, int64_t *out, struct err *err);

struct store_body {
	int64_t body_id, order_time, order_arrival, observed_at;
};
/* In the order of their newest sightings. */
bool store_get_bodies(struct store *s, int64_t game_id, struct arena *keep, struct store_body **out,
	size_t *out_count, struct err *err);
/* Undone, with zero bytes behind its end. */
bool store_read_body(
	struct store *s, int64_t body_id, struct arena *keep, struct str *out, struct err *err);

/* ---- the whole, held against itself ---- */

struct store_verified {
	int64_t games, lines, changes, revision, bodies;
};

/*
 * Replays the changes from empty and compares what they give with the tables, game by game; holds
 * the lines against the checks that bodies go through, and the revisions against each other. Ends
 * at the first row that does not hold: ERR_INTERNAL and a sentence that names it. A database that
 * is written to meanwhile is seen as it was at the beginning.
 */
bool store_verify(struct store *s, struct store_verified *out, struct err *err);

/* ---- from one database to another ---- */

struct store_copied {
	int64_t written, deleted; /* rows of the second database */
	int64_t revision;
};

/*
 * Makes the second database hold what the first held at the beginning; what is the same already is
 * not written, so that one that broke off goes on, and a second one brings over what has come
 * since. The newest revision is told last. A database with changes that the first does not have
 * is left alone: ERR_USAGE; the same ends it where the second one's revision moves meanwhile.
 * `tell` hears of every table's end.
 */
bool store_copy(struct str from, struct str to, void (*tell)(struct str table, int64_t written),
	struct store_copied *out, struct err *err);

/* ---- reading ---- */

bool store_get_game(struct store *s, int64_t game_id, struct arena *keep, struct game *out,
	bool *out_found, struct err *err);
/* All games whose Eastern date is in [first, last]. */
bool store_get_games(struct store *s, int32_t first, int32_t last, struct arena *keep,
	struct game **out, size_t *out_count, struct err *err);
bool store_get_revision(struct store *s, int64_t *out, struct err *err); /* the newest; 0: none */

/* Which database it is: when it was made, which its replicas have too. 0: that was not noted. */
bool store_get_identity(struct store *s, int64_t *out, struct err *err);

/*
 * What a table's rows are a function of: which database it is, its revision, and, where polls and
 * fetches change rows without one, the newest of them. Texts into keep.
 */
struct store_state {
	struct str identity, bookkeeping;
	int64_t revision;
};
bool store_get_state(struct store *s, const struct table *t, struct arena *keep,
	struct store_state *out, struct err *err);

/*
 * What others have committed since the last look. A reader keeps a store and a watch of its own;
 * the first call finds at once, with is_any. A commit of bookkeeping alone has no new revision.
 */
enum { STORE_CHANGE_GAMES = 64 };
struct store_change {
	int64_t revision;                  /* the newest */
	int64_t games[STORE_CHANGE_GAMES]; /* whose lines or state have changed */
	size_t count;
	bool is_any;   /* more than fit, or another database: anything may have changed */
	bool is_other; /* what the watch has seen last is not there: it never was, for all others */
};
struct store_watch { /* begins as zeros; after a failure with another store, is_started false */
	int64_t version, revision;
	uint64_t mark; /* what was committed as that revision */
	bool is_started, is_marked;
};
/* Waits for at most wait_ms. False: the database is away, or has become another one. */
bool store_wait_change(struct store *s, struct store_watch *w, int64_t wait_ms,
	struct store_change *out, bool *out_found, struct err *err);

enum comparison { IS, IS_NOT, AT_LEAST, AT_MOST, AFTER, BEFORE, CONTAINS };

/*
 * column `comparison` value. With of_game it is a column of games that is compared, for
 * the game of the row. Several conditions on the same column with IS are joined by OR,
 * all else by AND. CONTAINS: a part of a text, in either case, with accents or without.
 */
struct condition {
	const struct column *column;
	const struct column *either; /* NULL, or a second column: one of the two */
	bool of_game;
	enum comparison comparison;
	struct value value;
};

struct sorting {
	const struct column *column;
	bool descending;
};

/* Columns as text, straight from the database: each after what comes before it. */
enum text_form { TEXT_JSON, TEXT_CSV };
enum { TEXT_BEFORE = 32 };
struct text_column {
	const struct column *column;
	char before[TEXT_BEFORE]; /* all of it may be read */
	size_t n;
};
struct row_text {
	enum text_form form;
	const struct text_column *columns;
	size_t count;
};

/*
 * Rows of one table. Sorting is completed by the table's key, in the direction of the last
 * sorting, so it is always total. What is absent sorts before all else.
 */
struct selection {
	const struct table *table;
	const struct condition *conditions;
	size_t condition_count;
	const struct sorting *sortings;
	size_t sorting_count; /* at most SELECTION_SORTINGS, the key not counted */
	const struct value
		*after; /* keyset: sorting columns, then key, of the last row seen; or NULL */
	int64_t limit;  /* 0: all */
	const struct column *const *columns; /* to read, for cursor_next; NULL: all */
	size_t column_count;
	const struct row_text *text; /* of the first columns, by cursor_write alone; or NULL */
	int64_t as_of; /* Unix ms: the rows as they were then, of games and game_stats; 0: now */
};
enum { SELECTION_SORTINGS = 4, SELECTION_COLUMNS = 80 };

enum step { STEP_ROW, STEP_DONE, STEP_FAILED };

struct cursor;
struct cursor *store_select(struct store *s, const struct selection *q, struct err *err);
/* Asks before it is read, once: to a server the question goes along with the next one's, and costs no way of its
 * own there and back. */
bool cursor_ask(struct cursor *c, struct err *err);
/* record: a struct of q->table; its texts live until the next step. */
enum step cursor_step(struct cursor *c, void *record, struct err *err);
/* For writers of text: the next row, then its columns one after the other, in the selection's order.
 * Days and times come as text, as readers see them; texts live until the next call. */
enum step cursor_next(struct cursor *c, struct err *err);
struct value cursor_value(struct cursor *c);
/* The same of the row's column of that index, in any order. */
struct value cursor_value_at(struct cursor *c, size_t column);
/* The row's columns that the selection wants as text. */
void cursor_write(struct cursor *c, struct buf *out);
void cursor_close(struct cursor *c); /* NULL is fine */
bool store_count(struct store *s, const struct selection *q, int64_t *out, struct err *err);

/*
 * From hold to release every reading sees the same commit. They nest. A selection with as_of holds
 * for itself until its cursor is closed.
 */
bool store_hold(struct store *s, struct err *err);
void store_release(struct store *s);

/* The next question is the last one of what is held, whose end goes out with it to a server. What is asked
 * after it all the same may see a later commit. */
void store_ask_last(struct store *s);

/*
 * What is read from now on ends within so many ms, or with ERR_LIMIT; 0: it may take as long as it
 * takes. A store that was cut short is as good as before. On a server the last statement alone may
 * take as long again.
 */
void store_limit(struct store *s, int64_t ms);
/* A server that says nothing for so many ms hangs, and the question has failed; 0: the usual time. */
void store_be_patient(struct store *s, int64_t ms);

/* ---- summaries ---- */

struct coverage {
	int64_t season, game_type;
	int64_t expected; /* games that are to be played, or were: not those put off or cancelled */
	int64_t stored;   /* with stat lines */
	int64_t official;
	int64_t observed_at; /* of the newest that was seen of any of them; 0: none was */
};
/* By season and type of game; season 0: all. */
bool store_get_coverage(struct store *s, int64_t season, struct arena *keep, struct coverage **out,
	size_t *out_count, struct err *err);

/* Games of the season that have ended and have no lines of their end, after that one, in order; at most
 * `room`. */
bool store_get_missing(struct store *s, int64_t season, int64_t after, int64_t *out, size_t room,
	size_t *out_count, struct err *err);

/* What the ledger says of the upstream since a moment; zeros where no polls are kept. */
struct upstream_summary {
	int64_t requests, changed, failed; /* of these: brought something new; came to nothing */
	int64_t bytes;                     /* on the wire */
	int64_t box_score_bytes, schedule_bytes; /* of a body undone, on average; 0: none came */
	int64_t gaps;                            /* between two polls of a game, in the last hour */
	int64_t gap_mean_ms, gap_worst_ms;       /* of these */
	int64_t quarantined;                     /* store_count_quarantined */
};
bool store_get_upstream(struct store *s, int64_t since_ms, int64_t now_ms,
	struct upstream_summary *out, struct err *err);

/* How late what changed a game was in the last hour: from the upstream's showing it to its row. */
struct upstream_lag {
	int64_t game_id, changes, median_ms, worst_ms;
};
enum { LAG_GAMES = 64 };
/* Of each game that changed; and of all together (changes 0: none did). */
bool store_get_lags(struct store *s, int64_t now_ms, struct upstream_lag out[static LAG_GAMES],
	size_t *out_count, struct err *err);
bool store_get_lag(struct store *s, int64_t now_ms, struct upstream_lag *out, struct err *err);

/* Sums of a column of game_stats, a player each, the largest first; with equal ones who needed fewer
 * games. */
struct leader_question {
	size_t column;
	int64_t first_game, end_game; /* games from the one up to before the other */
	const int64_t *teams;
	size_t team_count;   /* 0: any */
	struct str position; /* empty: any */
	int64_t limit;
};
struct leader {
	int64_t player_id, games, total;
	int64_t observed_at; /* of the newest line that was summed */
	int64_t team_id;     /* this and the texts: of the last of the games */
	struct str player_name, player_position, team_name;
};
bool store_get_leaders(struct store *s, const struct leader_question *ask, struct arena *keep,
	struct leader *out, size_t *out_count, struct err *err);

/* Games of which a body is kept aside, and that have not come right since. */
bool store_count_quarantined(struct store *s, int64_t *out, struct err *err);

/* ---- history ---- */

/*
 * As of a time: each game as it was before its first change that the upstream showed later than
 * that. So nobody sees anything newer than the time, and a game's rows are always of one commit.
 * Bookkeeping (polls, errors, hidden columns) has no history and is absent. More than
 * PAST_GAMES games that were under way then, of those that the selection names, are ERR_USAGE.
 */
enum { PAST_GAMES = 4000 };

/* What a revision did to a game (player_id 0) or to one of its lines. */
struct recorded {
	int64_t revision, game_id, player_id;
	struct str kind;          /* insert, update, delete */
	struct str before, after; /* JSON objects of the columns that changed */
	struct str phase;         /* the game's stats_status before it */
	bool is_correction;
	int64_t observed_at;
};

struct history_question {
	int64_t after;   /* revisions beyond this one */
	int64_t up_to;   /* and not beyond this one; 0: the newest. For changes only */
	int64_t as_of;   /* ends before the first that shows something newer; 0: no matter */
	int64_t game_id; /* corrections of this game alone; 0: of all */
	size_t most;     /* rows at which no further revision is begun */
};

/* Whole revisions, in order; within one by game and player. */
struct history_page {
	struct recorded *rows;
	size_t count;
	int64_t last;   /* the page holds all up to and with this revision */
	int64_t newest; /* of the database */
	bool is_cut;    /* by `most`: there is more beyond `last` */
	bool is_held;   /* by the time: what comes next may not be shown yet */
};
bool store_get_changes(struct store *s, const struct history_question *ask, struct arena *keep,
	struct history_page *out, struct err *err);
/* Lines that changed after the horn. */
bool store_get_corrections(struct store *s, const struct history_question *ask, struct arena *keep,
	struct history_page *out, struct err *err);

#endif
