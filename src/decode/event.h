/*
 * event - the list of a game's events while it is read. Private to decode/.
 */
#ifndef DECODE_EVENT_H
#define DECODE_EVENT_H

#include "decode/reader.h"
#include "model/model.h"

/* Room for what the list holds, or a fault when that is more than any game has. */
void event_room(const struct place *plays, struct snapshot *s);

/* The event to fill, all unknown; it counts once kept. NULL when something was wrong before. */
struct event *event_next(const struct place *p, struct snapshot *s);

/* A fault when its number is taken. */
void event_keep(const struct place *p, struct snapshot *s);

#endif
