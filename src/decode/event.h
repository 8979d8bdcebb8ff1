/*
 * event - the list of a game's events while it is read. Private to decode/.
 */
#ifndef DECODE_EVENT_H
#define DECODE_EVENT_H

#include "decode/reader.h"
#include "model/model.h"

/* One play; none of ours is passed by. */
typedef void event_reader(const struct place *p, struct snapshot *s);

/*
 * All of a list. A play that is wrong, or comes again, is left out with a warning; a fault when none
 * can be read, or when there are more than any game has.
 */
void event_read_all(const struct place *plays, event_reader *read_play, struct snapshot *s);

/* The event to fill, all unknown; it counts once kept. NULL when something was wrong before. */
struct event *event_next(const struct place *p, struct snapshot *s);

/* Unless its number is taken: the first one counts. */
void event_keep(const struct place *p, struct snapshot *s);

#endif
