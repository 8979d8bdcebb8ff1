/*
 * store/sql - what a database must be able to do for the store: statements with values of our
 * column types. Private to store.
 *
 * A statement is prepared once for its text and kept; sql_prepare hands it out reset. Binding and
 * reading go left to right. Texts are in the SQL that all backends know; what they name or do
 * differently is in their struct store_backend. Every function is present in each.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include "base/err.h"
#include "model/column.h"
#include "store/store.h"

enum { SCHEMA_MS = 30 * 60 * 1000 }; /* what a change of the tables may take */
enum { STORE_STATEMENTS = 128, COLUMN_TYPES = COLUMN_TIME + 1 };

struct kept_statement {
	char *text;      /* owned */
	void *statement; /* the backend's */
};

/* A reply that waits for the next commit to be written with it. */
struct noted {
	struct store_reply reply;
	bool keeps_poll, keeps_body;
	char sha256[65];
};
enum { STORE_NOTED = 8 };

struct store {
	const struct store_backend *backend;
	void *database;                               /* the backend's */
	struct kept_statement kept[STORE_STATEMENTS]; /* the oldest first */
	size_t kept_count;
	struct arena scratch; /* of the call under way */
	struct noted noted[STORE_NOTED];
	size_t noted_count;
	bool is_replaying; /* store_replay */
	int holds;         /* how often it is held, to read one commit */
	int64_t limit_ms;  /* of what is being read; 0: none */
	int64_t deadline;  /* by the monotonic clock, where there is a limit */
};

#define REVISION_TO_COME INT64_MAX
#define NEXT_REVISION    "UPDATE revisions SET revision = revision + 1 RETURNING revision"

struct sql {
	struct store *store;
	void *statement;
	int at; /* next parameter, or next column */
};

/*
 * Letters as people type them: every letter of Latin-1 and Latin Extended-A, and the plain one that
 * stands for it; the marks at the end, which combine with the letter before, go. Two bytes each.
 */
// clang-format off
#define FOLD_FROM \
	"ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïð" \
	"ñòóôõöøùúûüýþÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚěĜĝĞğĠġ" \
	"ĢģĤĥĦħĨĩĪīĬĭĮįİıĲĳĴĵĶķĸĹĺĻļĽľĿŀŁłŃńŅņŇňŉŊŋŌōŎŏŐő" \
	"ŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŦŧŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžſ" \
	"\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x8a\xcc\x8b\xcc\x8c\xcc\xa7\xcc\xa8"
#define FOLD_TO \
	"aaaaaaaceeeeiiiidnoooooouuuuytsaaaaaaaceeeeiiiidnoooooouuuuytyaa" \
	"aaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllllll" \
	"lnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
// clang-format on

struct store_backend {
	/* In the schema: its word for each column type, and what ends a table. */
	const char *type_names[COLUMN_TYPES];
	const char *bytes_name; /* the same for bytes, which no column of ours is */
	const char *table_end;
	bool is_far; /* a question costs a way there and back: sql_ask is worth its while */
	const char *find_column; /* of a table, by both names: how many there are */

	/* "player_id" and list_form: one of a list of numbers, which is one value. */
	const char *list_form;
	const char *list_ends;               /* of the list's text: "[]" */
	const char *fold_begins, *fold_ends; /* around a text: lower case, FOLD_FROM to FOLD_TO */
	const char *
		skip_locked; /* ends a SELECT of rows to be taken, where rows can be locked; else "" */

	bool (*is_url)(struct str url, struct err *err); /* as store_is_url, unnamed */
	bool (*open)(struct store *s, struct str url, enum store_mode mode, struct err *err);
	void (*close)(struct store *s);      /* half open is fine */
	bool (*has_several)(struct str url); /* servers */
	/* That a URL names beside the database, `room` at most. */
	size_t (*files)(struct str url, struct arena *keep, struct str *out, size_t room);
	bool (*run)(struct store *s, const char *text, struct err *err);

	/* One who writes at a time: of the game, or with 0 of everything. */
	bool (*begin)(struct store *s, int64_t game_id, struct err *err);
	/* The same of everything, for a change of the tables: it waits, and is waited for, as long as
	 * that may take. */
	bool (*begin_schema)(struct store *s, struct err *err);
	/* Until rolled back all reading sees one commit. */
	bool (*hold)(struct store *s, struct err *err);
	void (*ask_last)(struct store *s);               /* store_ask_last */
	void (*limit)(struct store *s);                  /* it has changed */
	void (*be_patient)(struct store *s, int64_t ms); /* store_be_patient */
	/*
	 * The next revision, which nobody else has until the transaction ends. One from afar is
	 * told by the commit; until then *revision is REVISION_TO_COME, and what is put with that
	 * holds what it becomes.
	 */
	bool (*take_revision)(struct store *s, int64_t *revision, struct err *err);
	void (*announce)(struct store *s); /* the newest revision to who waits, at the commit */
	bool (*commit)(struct store *s, struct err *err);
	void (*rollback)(struct store *s);

	/* A number kept beside the tables; 0: there are none yet. */
	bool (*get_stamp)(struct store *s, int64_t *out, struct err *err);
	bool (*set_stamp)(struct store *s, int64_t stamp, struct err *err);

	bool (*compile)(struct store *s, const char *text, void **out, struct err *err);
	void (*discard)(struct store *s, void *statement);
	void (*bind)(struct sql *q, struct value v);
	void (*ask)(struct sql *q);
	void (*read_chunks)(struct sql *q);
	enum step (*step)(struct sql *q, struct err *err);
	bool (*exec)(struct sql *q, struct err *err);
	void (*reset)(struct sql *q); /* the values bound stay */
	struct value (*value)(struct sql *q, enum column_type type);
	const char *absent_first; /* after an index's column, where that is not the order anyway */
	const char *unindexed;    /* before a column for which no index is to be chosen; or NULL */
	void (*bind_bytes)(struct sql *q, struct str bytes);
	struct str (*bytes)(struct sql *q); /* they live until the next step */
	/* Columns wanted as text: the row's first ones, or made one text within the query, which
	 * begins so and ends with a bracket; NULL: it knows no such way. */
	void (*write)(struct sql *q, const struct row_text *text, struct buf *out);
	const char *text_begins;
	void (*bind_text)(struct sql *q, const struct row_text *text);
	bool has_text_times; /* days and times may be asked for as COLUMN_TEXT, as ISO 8601 */

	/* A row put or replaced by its key. A failure may be told as late as the commit. */
	bool (*put)(struct store *s, const struct table *t, const void *record, struct err *err);

	/* Until somebody else has committed since *version, or wait_ms have passed; 0: at once. */
	bool (*wait)(struct store *s, int64_t *version, int64_t wait_ms, bool *out_found,
		struct err *err);
};

extern const struct store_backend sqlite_backend, postgres_backend;

const struct store_backend *sql_backend(struct str url); /* by the scheme; NULL: none has it */

bool sql_open(struct store *s, struct str url, enum store_mode mode, struct err *err);
void sql_close(struct store *s);

/* The time that is left is over: ERR_LIMIT. */
bool sql_is_late(const struct store *s);
bool sql_fail_late(const struct store *s, struct err *err);

bool sql_begin(struct store *s, int64_t game_id, struct err *err);
bool sql_begin_schema(struct store *s, struct err *err);
bool sql_take_revision(struct store *s, int64_t *revision, struct err *err);
void sql_announce(struct store *s);
bool sql_commit(struct store *s, struct err *err);
void sql_rollback(struct store *s);

bool sql_run(
	struct store *s, const char *text, struct err *err); /* without parameters, any number */
bool sql_prepare(struct store *s, const char *text, struct sql *out, struct err *err);
void sql_bind(struct sql *q, struct value v);
void sql_bind_i64(struct sql *q, int64_t value);
void sql_bind_text(struct sql *q, struct str text);
void sql_bind_list(struct sql *q, const int64_t *numbers, size_t count);

/*
 * Within a transaction: the same text with the same values will be stepped through, and what it
 * reads is written no more until then. A database at some distance is asked for all such things
 * at once.
 */
void sql_ask(struct sql *q);
/* Before the first step: the rows may be many. */
void sql_read_chunks(struct sql *q);
void sql_bind_bytes(struct sql *q, struct str bytes);

/* For a cursor, which may be open beside others of the same text: out of the kept ones, and back.
 */
bool sql_take(struct store *s, const char *text, struct kept_statement *out, struct err *err);
void sql_give_back(struct store *s, struct kept_statement *statement);

enum step sql_step(struct sql *q, struct err *err);
/* To the end, and reset. Within a transaction a failure may be told as late as the commit. */
bool sql_exec(struct sql *q, struct err *err);
void sql_reset(struct sql *q);
int64_t sql_i64(struct sql *q);
struct value sql_value(struct sql *q, enum column_type type); /* texts live until the next step */
struct str sql_text(struct sql *q);                           /* the same */
struct str sql_bytes(struct sql *q);                          /* the same */

#endif
