#include "decode/event.h"

#include <inttypes.h>

enum { MAX_EVENTS = 4000 }; /* a long game has 500 */

/* Room for what the list holds. */
static void make_room(const struct place *plays, struct snapshot *s)
{
	size_t count = place_count(plays);
	s->has_events = plays->value;
	if (count > MAX_EVENTS)
		place_fault(plays, "more than %d events", MAX_EVENTS);
	else
		s->events = ARENA_NEW(plays->reader->keep, struct event, count);
}

void event_read_all(const struct place *plays, event_reader *read_play, struct snapshot *s)
{
	struct reader *r = plays->reader;
	make_room(plays, s);
	struct place e = place_first(plays);
	size_t before = entries_begin(r);
	for (; e.value && !r->failed; place_next(&e))
		read_play(&e, s);
	s->lacks_events = r->left_out > before;
	entries_end(plays, before, s->event_count);
}

struct event *event_next(const struct place *p, struct snapshot *s)
{
	if (p->reader->failed)
		return NULL;
	s->events[s->event_count] = (struct event){0};
	return &s->events[s->event_count];
}

void event_keep(const struct place *p, struct snapshot *s)
{
	const struct event *e = &s->events[s->event_count];
	for (size_t i = 0; i < s->event_count; i++)
		if (s->events[i].event_id == e->event_id) {
			place_fault(p, "event %" PRId64 " comes twice", e->event_id);
			return;
		}
	s->event_count += !p->reader->failed;
}
