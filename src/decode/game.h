/*
 * game - what today's API says of a game, alike in all of its bodies. Private to decode/.
 */
#ifndef DECODE_GAME_H
#define DECODE_GAME_H

#include "decode/reader.h"
#include "model/model.h"

/*
 * Identity, state, clubs, score, clock. False, and a fault, unless both clubs' ids and the game's own
 * are there; anything else that is wrong is left out, with a warning.
 */
bool game_read(const struct place *p, struct game *g);

/* Where the three ids are that no game can be without. */
struct game_ids {
	const char *game, *away, *home;
};
/* False, and a fault, when one is missing. */
bool game_read_ids(const struct place *p, const struct game_ids *at, struct game *g);

/*
 * Fills in what the id tells of its season and type, and the start of its day, where unknown. A season
 * that is not the id's, and a type of more than two digits, are left out with a warning; p is where.
 */
void game_complete(const struct place *p, struct game *g);

/* Warns of a state, period type or game type that nobody has seen before. */
void game_warn(struct reader *r, const struct game *g);

/* A fault when it is another game than wanted; 0 wants any. */
bool game_is_wanted(const struct place *p, int64_t game_id, int64_t wanted);

/* "Carolina Hurricanes" of its two parts; a club whose name holds its place keeps it once. */
struct str game_full_name(struct str place, struct str name, struct arena *keep);

struct seen {
	int64_t id;
	struct str path;
};
/* Players named twice are a fault at the second, which names the first. */
bool player_is_new(const struct place *p, struct seen *seen, size_t count, int64_t id);
/*
 * One entry of a list of people, whose number is at id_key: number, name and fields. False, and out
 * as it was, without a number or for one that is among the count seen. room in seen: MAX_LINES.
 */
bool player_read(const struct place *p, const char *id_key, const struct field *fields,
	size_t field_count, struct seen *seen, size_t count, struct player *out);
/* False and no fault for a line that comes again: the first one counts, and the snapshot says so. */
bool player_has_no_line(const struct place *p, struct seen *seen, struct snapshot *s, int64_t id);

bool position_is_known(struct str position);

#endif
