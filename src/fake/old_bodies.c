#include "fake/bodies.h"

#include "base/time.h"
#include "fake/put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- pieces ---- */

/* 0 to 100, six digits that tell as much as today's share does. */
static void put_percent(struct json *j, const char *key, int part, int whole)
{
	json_key(j, str_from(key));
	json_real(j, whole ? (double)(int64_t)((double)part * 1e6 / whole + 0.5) / 1e4 : 0);
}

static void sum_goaltender(const struct line *s, int *out_shots, int *out_goals)
{
	*out_shots = *out_goals = 0;
	for (int k = 0; k < 3; k++) {
		*out_shots += s->shots_against[k];
		*out_goals += s->goals_against[k];
	}
}

/* ---- of 2023-24: nested, with other names and less in it ---- */

static void put_nested_skater(struct json *j, const struct line *s)
{
	put_int(j, "goals", s->goals);
	put_int(j, "assists", s->assists);
	put_int(j, "points", s->goals + s->assists);
	put_int(j, "plusMinus", s->plus_minus);
	put_int(j, "pim", s->penalty_minutes);
	put_int(j, "hits", s->hits);
	put_int(j, "blockedShots", s->blocked);
	put_int(j, "powerPlayGoals", s->power_play_goals);
	put_int(j, "powerPlayPoints", s->power_play_goals);
	put_int(j, "shorthandedGoals", 0);
	put_int(j, "shPoints", 0);
	put_int(j, "shots", s->shots);
	put_fraction(j, "faceoffs", s->faceoffs_won, s->faceoffs);
	put_percent(j, "faceoffWinningPctg", s->faceoffs_won, s->faceoffs);
	put_clock(j, "toi", s->seconds);
	put_clock(j, "powerPlayToi", 0);
	put_clock(j, "shorthandedToi", 0);
}

static void put_nested_goaltender(struct json *j, const struct line *s)
{
	static const char *const against[] = {
		"evenStrengthShotsAgainst", "powerPlayShotsAgainst", "shorthandedShotsAgainst"};
	char share[16];
	int shots, goals;
	sum_goaltender(s, &shots, &goals);
	for (int k = 0; k < 3; k++)
		put_fraction(j, against[k], s->shots_against[k] - s->goals_against[k],
			s->shots_against[k]);
	put_fraction(j, "saveShotsAgainst", shots - goals, shots);
	if (shots) {
		snprintf(share, sizeof(share), "%.6f", (double)(shots - goals) / shots);
		put_text(j, "savePctg", share);
	}
	put_int(j, "pim", s->penalty_minutes);
	put_int(j, "goalsAgainst", goals + s->own_goals);
	put_clock(j, "toi", s->seconds);
}

void body_nested_line(struct json *j, const struct tally *t, int slot)
{
	if (slot % DRESSED >= FIRST_GOALTENDER)
		put_nested_goaltender(j, &t->lines[slot]);
	else
		put_nested_skater(j, &t->lines[slot]);
}

/* ---- the feed of the API before ---- */

static const char *const status_codes[] = {[FUT] = "1",
	[PRE] = "2",
	[LIVE] = "3",
	[CRIT] = "4",
	[OVER] = "5",
	[FINAL] = "6",
	[OFF] = "7"};

static void put_club(struct json *j, const char *key, int club)
{
	char full[96];
	snprintf(full, sizeof(full), "%s %s", clubs[club].place, clubs[club].name);
	put_open(j, key, '{');
	put_int(j, "id", clubs[club].id);
	put_text(j, "name", full);
	put_text(j, "triCode", clubs[club].abbrev);
	put_text(j, "teamName", clubs[club].name);
	json_close(j, '}');
}

static void put_player_key(struct json *j, const struct person *p)
{
	char key[24];
	snprintf(key, sizeof(key), "ID%" PRId64, p->id);
	put_open(j, key, '{');
}

static void put_person(struct json *j, const struct person *p)
{
	char text[96];
	snprintf(text, sizeof(text), "%s %s", p->first, p->last);
	put_int(j, "id", p->id);
	put_text(j, "fullName", text);
}

static void put_position(struct json *j, const char *key, char position)
{
	put_open(j, key, '{');
	put_text(j, "code", (char[]){position, 0});
	json_close(j, '}');
}

static void put_number(struct json *j, const char *key, int number)
{
	char text[8];
	snprintf(text, sizeof(text), "%d", number);
	put_text(j, key, text);
}

static void put_data(struct json *j, const struct league *l, const struct match *m,
	const struct tally *t, int64_t now_ms)
{
	static const char *const types[] = {"", "PR", "R", "P"};
	const struct fixture *f = m->fixture;
	struct listing said = league_listing(l, f, now_ms);
	char season[16];
	snprintf(season, sizeof(season), "%" PRId64, l->season);
	put_open(j, "gameData", '{');
	put_open(j, "game", '{');
	put_int(j, "pk", f->id);
	put_text(j, "season", season);
	put_text(j, "type", types[f->id / 10000 % 100 & 3]);
	json_close(j, '}');
	put_open(j, "datetime", '{');
	put_text(j, "dateTime", time_format(said.start_ms).text);
	json_close(j, '}');
	put_open(j, "status", '{');
	put_text(j, "statusCode",
		strcmp(said.schedule_state, "PPD") ? status_codes[t->moment.state] : "9");
	json_close(j, '}');
	put_open(j, "teams", '{');
	put_club(j, "away", f->away);
	put_club(j, "home", f->home);
	json_close(j, '}');
	put_open(j, "players", '{');
	for (int slot = 0; slot < SLOTS && t->moment.state >= PRE; slot++) {
		const struct person *p = t->who[slot];
		put_player_key(j, p);
		put_person(j, p);
		put_number(j, "primaryNumber", p->number);
		put_text(j, "birthDate", day_format(p->birth_day).text);
		put_position(j, "primaryPosition", t->positions[slot]);
		json_close(j, '}');
	}
	json_close(j, '}');
	put_open(j, "venue", '{');
	put_text(j, "name", clubs[f->home].venue);
	json_close(j, '}');
	json_close(j, '}');
}

static void put_ordinal(struct json *j, const char *key, const struct match *m, int period)
{
	static const char *const names[] = {"", "1st", "2nd", "3rd", "OT", "SO"};
	char text[16];
	snprintf(text, sizeof(text), "%dOT", period - 3);
	put_text(j, key, period <= 4 ? names[period] : m->is_playoff ? text : "SO");
}

static void put_play(struct json *j, const struct match *m, const struct tally *t,
	const struct event *e, int index)
{
	static const struct {
		const char *name, *player, *other;
	} kinds[] = {
		[FACEOFF] = {"FACEOFF", "Winner", "Loser"},
		[HIT] = {"HIT", "Hitter", "Hittee"},
		[GIVEAWAY] = {"GIVEAWAY", "PlayerID", NULL},
		[TAKEAWAY] = {"TAKEAWAY", "PlayerID", NULL},
		[SHOT] = {"SHOT", "Shooter", NULL},
		[MISSED] = {"MISSED_SHOT", "Shooter", NULL},
		[BLOCKED] = {"BLOCKED_SHOT", "Shooter", "Blocker"},
		[PENALTY] = {"PENALTY", "PenaltyOn", "DrewBy"},
		[GOAL] = {"GOAL", "Scorer", "Assist"},
		[SHOOTOUT_GOAL] = {"GOAL", "Scorer", NULL},
		[SHOOTOUT_MISS] = {"SHOT", "Shooter", NULL},
	};
	const int slots[] = {e->player, e->other, e->third, e->goaltender};
	const char *parts[] = {kinds[e->what].player, kinds[e->what].other,
		e->what == GOAL ? "Assist" : NULL,
		e->what == SHOT || e->what == GOAL ? "Goalie" : NULL};
	/* A blocked shot was the blocker's club's then. */
	int side = e->what == BLOCKED ? !e->side : e->side;
	json_open(j, '{');
	put_open(j, "players", '[');
	for (int i = 0; i < 4; i++) {
		if (!parts[i] || slots[i] == NOBODY)
			continue;
		json_open(j, '{');
		put_open(j, "player", '{');
		put_person(j, t->who[slots[i]]);
		json_close(j, '}');
		put_text(j, "playerType", parts[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
	put_open(j, "result", '{');
	put_text(j, "eventTypeId", kinds[e->what].name);
	if (e->what == PENALTY)
		put_int(j, "penaltyMinutes", e->minutes);
	json_close(j, '}');
	put_open(j, "about", '{');
	put_int(j, "eventIdx", index);
	put_int(j, "eventId", e->id);
	put_int(j, "period", e->period);
	put_ordinal(j, "ordinalNum", m, e->period);
	put_clock(j, "periodTime", e->second);
	put_open(j, "goals", '{');
	put_int(j, "away", e->score[AWAY]);
	put_int(j, "home", e->score[HOME]);
	json_close(j, '}');
	json_close(j, '}');
	put_open(j, "coordinates", '{');
	put_int(j, "x", e->x);
	put_int(j, "y", e->y);
	json_close(j, '}');
	put_club(j, "team", side == AWAY ? m->fixture->away : m->fixture->home);
	json_close(j, '}');
}

static void put_line_score(struct json *j, const struct match *m, const struct tally *t)
{
	const struct moment *at = &t->moment;
	put_open(j, "linescore", '{');
	put_int(j, "currentPeriod", at->state >= LIVE ? at->period : 0);
	if (at->state >= LIVE) {
		put_ordinal(j, "currentPeriodOrdinal", m, at->period);
		if (at->state >= OVER)
			put_text(j, "currentPeriodTimeRemaining", "Final");
		else
			put_clock(j, "currentPeriodTimeRemaining", at->length - at->second);
	}
	put_open(j, "teams", '{');
	for (int side = 0; side < SIDES; side++) {
		put_open(j, side == AWAY ? "away" : "home", '{');
		put_int(j, "goals", t->score[side]);
		put_int(j, "shotsOnGoal", t->shots[side]);
		json_close(j, '}');
	}
	json_close(j, '}');
	put_open(j, "intermissionInfo", '{');
	put_int(j, "intermissionTimeRemaining", at->is_intermission ? at->remaining : 0);
	put_bool(j, "inIntermission", at->is_intermission);
	json_close(j, '}');
	json_close(j, '}');
}

static void put_skater_stats(struct json *j, const struct line *s)
{
	put_open(j, "skaterStats", '{');
	put_clock(j, "timeOnIce", s->seconds);
	put_int(j, "assists", s->assists);
	put_int(j, "goals", s->goals);
	put_int(j, "shots", s->shots);
	put_int(j, "hits", s->hits);
	put_int(j, "powerPlayGoals", s->power_play_goals);
	put_int(j, "penaltyMinutes", s->penalty_minutes);
	put_int(j, "faceOffWins", s->faceoffs_won);
	put_int(j, "faceoffTaken", s->faceoffs);
	put_int(j, "takeaways", s->takeaways);
	put_int(j, "giveaways", s->giveaways);
	put_int(j, "blocked", s->blocked);
	put_int(j, "plusMinus", s->plus_minus);
	json_close(j, '}');
}

/* This feed knew of no O: who lost after regulation lost. */
static void put_goaltender_stats(
	struct json *j, const struct match *m, const struct tally *t, int slot)
{
	static const char *const names[][2] = {{"evenSaves", "evenShotsAgainst"},
		{"powerPlaySaves", "powerPlayShotsAgainst"},
		{"shortHandedSaves", "shortHandedShotsAgainst"}};
	const struct line *s = &t->lines[slot];
	int shots, goals, side = slot / DRESSED;
	sum_goaltender(s, &shots, &goals);
	put_open(j, "goalieStats", '{');
	put_clock(j, "timeOnIce", s->seconds);
	put_int(j, "assists", s->assists);
	put_int(j, "goals", s->goals);
	put_int(j, "pim", s->penalty_minutes);
	put_int(j, "shots", shots);
	put_int(j, "saves", shots - goals);
	for (int k = 0; k < 3; k++) {
		put_int(j, names[k][0], s->shots_against[k] - s->goals_against[k]);
		put_int(j, names[k][1], s->shots_against[k]);
	}
	if (t->moment.state >= OVER && slot == m->deciders[side])
		put_text(j, "decision", side == m->winner ? "W" : "L");
	if (shots)
		put_percent(j, "savePercentage", shots - goals, shots);
	json_close(j, '}');
}

static void put_box_score(struct json *j, const struct match *m, const struct tally *t)
{
	put_open(j, "boxscore", '{');
	put_open(j, "teams", '{');
	for (int side = 0; side < SIDES; side++) {
		put_open(j, side == AWAY ? "away" : "home", '{');
		put_open(j, "players", '{');
		for (int slot = side * DRESSED; slot < (side + 1) * DRESSED; slot++) {
			put_player_key(j, t->who[slot]);
			put_open(j, "person", '{');
			put_person(j, t->who[slot]);
			json_close(j, '}');
			put_number(j, "jerseyNumber", t->who[slot]->number);
			put_position(j, "position", t->positions[slot]);
			put_open(j, "stats", '{');
			if (slot % DRESSED >= FIRST_GOALTENDER)
				put_goaltender_stats(j, m, t, slot);
			else
				put_skater_stats(j, &t->lines[slot]);
			json_close(j, '}');
			json_close(j, '}');
		}
		json_close(j, '}');
		json_close(j, '}');
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void put_time_stamp(struct json *j, int64_t now_ms)
{
	struct time_text now = time_format(now_ms);
	char stamp[24];
	snprintf(stamp, sizeof(stamp), "%.4s%.2s%.2s_%.2s%.2s%.2s", now.text, now.text + 5,
		now.text + 8, now.text + 11, now.text + 14, now.text + 17);
	put_open(j, "metaData", '{');
	put_int(j, "wait", 10);
	put_text(j, "timeStamp", stamp);
	json_close(j, '}');
}

void body_live_feed(struct buf *out, const struct league *l, const struct match *m, int64_t wall,
	int64_t now_ms)
{
	struct tally t;
	match_tally(m, wall, &t);
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_int(&j, "gamePk", m->fixture->id);
	put_time_stamp(&j, now_ms);
	put_data(&j, l, m, &t, now_ms);
	put_open(&j, "liveData", '{');
	put_open(&j, "plays", '{');
	put_open(&j, "allPlays", '[');
	for (size_t i = 0; i < m->event_count; i++) {
		const struct event *e = &m->events[i];
		bool is_named = e->what >= FACEOFF;
		if (is_named && e->wall <= wall && wall < e->until)
			put_play(&j, m, &t, e, (int)i);
	}
	json_close(&j, ']');
	json_close(&j, '}');
	put_line_score(&j, m, &t);
	if (t.moment.state >= LIVE)
		put_box_score(&j, m, &t);
	json_close(&j, '}');
	json_close(&j, '}');
}
