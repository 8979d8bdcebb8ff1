/*
 * bodies - what the API says of a moment, in today's shapes and in those before.
 *
 * `wall` is the game's own time (league_wall), `now_ms` the world's.
 */
#ifndef FAKE_BODIES_H
#define FAKE_BODIES_H

#include "base/buf.h"
#include "base/json.h"
#include "fake/game.h"

void body_box_score(struct buf *out, const struct league *l, const struct match *m, int64_t wall);
/* As it was in 2023-24, and the feed of the API before. */
void body_nested_box_score(
	struct buf *out, const struct league *l, const struct match *m, int64_t wall);
void body_live_feed(struct buf *out, const struct league *l, const struct match *m, int64_t wall,
	int64_t now_ms);
void body_nested_line(struct json *j, const struct tally *t, int slot);
void body_play_by_play(
	struct buf *out, const struct league *l, const struct match *m, int64_t wall);
void body_roster(struct buf *out, const struct league *l, int club, int32_t day);
/* club -1: with none now. */
void body_player(struct buf *out, const struct league *l, const struct person *p, int club);
void body_teams(struct buf *out);
/* /v1/score/{day} and the week of /v1/schedule/{day}; games are played again in scratch. */
void body_score(
	struct buf *out, const struct league *l, int32_t day, int64_t now_ms, struct arena scratch);
void body_schedule(
	struct buf *out, const struct league *l, int32_t day, int64_t now_ms, struct arena scratch);
void body_club_season(
	struct buf *out, const struct league *l, int club, int64_t now_ms, struct arena scratch);

#endif
