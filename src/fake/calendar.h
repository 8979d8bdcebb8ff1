/*
 * fake/calendar - a season's days, its trades and call-ups, its play-offs. Private to league.
 */
#ifndef FAKE_CALENDAR_H
#define FAKE_CALENDAR_H

#include "fake/league.h"

struct league *league_new(struct arena *keep, uint64_t seed, size_t games);

#endif
