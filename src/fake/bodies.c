#include "fake/bodies.h"

#include "base/time.h"
#include "fake/put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- pieces ---- */

static void put_name(struct json *j, const char *key, const char *text)
{
	put_open(j, key, '{');
	put_text(j, "default", text);
	json_close(j, '}');
}

/* Six decimals at most, as the API rounds. */
static void put_share(struct json *j, const char *key, int part, int whole)
{
	json_key(j, str_from(key));
	if (!part)
		json_raw(j, STR("0.0"));
	else
		json_real(j, (double)(int64_t)((double)part * 1e6 / whole + 0.5) / 1e6);
}

static void put_day(struct json *j, const char *key, int32_t day)
{
	put_text(j, key, day_format(day).text);
}

static void put_period(struct json *j, const struct match *m, int period)
{
	put_open(j, "periodDescriptor", '{');
	put_int(j, "number", period);
	put_text(j, "periodType", match_period_type(m, period));
	put_int(j, "maxRegulationPeriods", 3);
	json_close(j, '}');
}

static void put_outcome(struct json *j, const struct match *m)
{
	put_open(j, "gameOutcome", '{');
	put_text(j, "lastPeriodType", match_period_type(m, m->last_period));
	if (m->last_period == 4 || (m->is_playoff && m->last_period > 3))
		put_int(j, "otPeriods", m->last_period - 3);
	json_close(j, '}');
}

static void put_game_clock(struct json *j, const struct moment *at)
{
	put_open(j, "clock", '{');
	put_clock(j, "timeRemaining", at->remaining);
	put_int(j, "secondsRemaining", at->remaining);
	put_bool(j, "running", at->is_running);
	put_bool(j, "inIntermission", at->is_intermission);
	json_close(j, '}');
}

/* Who is on the ice: away goaltender, away skaters, home skaters, home goaltender. */
static void put_situation_code(struct json *j, const struct event *e)
{
	char code[8];
	snprintf(code, sizeof(code), "%d%d%d%d", e->has_goaltender[AWAY] & 1, e->skaters[AWAY] % 10,
		e->skaters[HOME] % 10, e->has_goaltender[HOME] & 1);
	put_text(j, "situationCode", code);
}

static int played(int period, int second)
{
	return (period - 1) * 1200 + second;
}

/* Two minutes from the last penalty of the club that has fewer players, while they last. */
static void put_situation(
	struct json *j, const struct match *m, int64_t wall, const struct moment *at)
{
	enum { MINOR = 120 };
	const struct event *last = NULL, *penalty = NULL;
	for (size_t i = 0; i < m->event_count && m->events[i].wall <= wall; i++)
		if (m->events[i].until > wall && m->events[i].period)
			last = &m->events[i];
	if (!last || at->state > CRIT || last->skaters[AWAY] == last->skaters[HOME])
		return;
	int fewer = last->skaters[AWAY] < last->skaters[HOME] ? AWAY : HOME;
	for (const struct event *e = m->events; e <= last; e++)
		if (e->what == PENALTY && e->side == fewer && e->until > wall)
			penalty = e;
	int left = penalty ? played(penalty->period, penalty->second) + MINOR -
				     played(at->period, at->second)
			   : 0;
	if (left <= 0)
		return;
	put_open(j, "situation", '{');
	put_situation_code(j, last);
	put_clock(j, "timeRemaining", left);
	put_int(j, "secondsRemaining", left);
	json_close(j, '}');
}

/* "C. McDavid": the first letter, which may be more than a byte. */
static void put_short_name(struct json *j, const struct person *p)
{
	char text[96];
	int n = 1;
	while (((unsigned char)p->first[n] & 0xc0) == 0x80)
		n++;
	snprintf(text, sizeof(text), "%.*s. %s", n, p->first, p->last);
	put_name(j, "name", text);
}

static void put_identity(struct json *j, const struct league *l, const struct fixture *f,
	enum state state, int64_t now_ms)
{
	struct listing said = league_listing(l, f, now_ms);
	int offset = eastern_offset_minutes(said.start_ms);
	put_int(j, "id", f->id);
	put_int(j, "season", l->season);
	put_int(j, "gameType", f->id / 10000 % 100);
	put_day(j, "gameDate", said.day);
	put_name(j, "venue", clubs[f->home].venue);
	put_text(j, "startTimeUTC", time_format(said.start_ms).text);
	put_text(j, "easternUTCOffset", offset == -240 ? "-04:00" : "-05:00");
	put_text(j, "gameState", state_names[state]);
	put_text(j, "gameScheduleState", said.schedule_state);
}

/* score below 0: not begun, said by leaving it out; shots the same. */
static void put_club(struct json *j, const char *key, int club, int score, int shots)
{
	put_open(j, key, '{');
	put_int(j, "id", clubs[club].id);
	put_name(j, "name", clubs[club].name);
	put_name(j, "commonName", clubs[club].name);
	put_name(j, "placeName", clubs[club].place);
	put_text(j, "abbrev", clubs[club].abbrev);
	if (score >= 0)
		put_int(j, "score", score);
	if (shots >= 0)
		put_int(j, "sog", shots);
	json_close(j, '}');
}

/* ---- the box score ---- */

static void put_skater(struct json *j, const struct tally *t, int slot)
{
	const struct person *p = t->who[slot];
	const struct line *s = &t->lines[slot];
	json_open(j, '{');
	put_int(j, "playerId", p->id);
	put_int(j, "sweaterNumber", p->number);
	put_short_name(j, p);
	put_text(j, "position", (char[]){t->positions[slot], 0});
	put_int(j, "goals", s->goals);
	put_int(j, "assists", s->assists);
	put_int(j, "points", s->goals + s->assists);
	put_int(j, "plusMinus", s->plus_minus);
	put_int(j, "pim", s->penalty_minutes);
	put_int(j, "hits", s->hits);
	put_int(j, "powerPlayGoals", s->power_play_goals);
	put_int(j, "sog", s->shots);
	put_share(j, "faceoffWinningPctg", s->faceoffs_won, s->faceoffs);
	put_clock(j, "toi", s->seconds);
	put_int(j, "blockedShots", s->blocked);
	put_int(j, "shifts", s->shifts);
	put_int(j, "giveaways", s->giveaways);
	put_int(j, "takeaways", s->takeaways);
	json_close(j, '}');
}

static void put_goaltender(struct json *j, const struct match *m, int slot, const struct tally *t)
{
	static const char *const against[] = {
		"evenStrengthShotsAgainst", "powerPlayShotsAgainst", "shorthandedShotsAgainst"};
	static const char *const goals[] = {
		"evenStrengthGoalsAgainst", "powerPlayGoalsAgainst", "shorthandedGoalsAgainst"};
	const struct line *s = &t->lines[slot];
	const struct person *p = t->who[slot];
	bool has_ended = t->moment.state >= OVER;
	int shots = 0, conceded = 0;
	json_open(j, '{');
	put_int(j, "playerId", p->id);
	put_int(j, "sweaterNumber", p->number);
	put_short_name(j, p);
	put_text(j, "position", "G");
	for (int k = 0; k < 3; k++) {
		put_fraction(j, against[k], s->shots_against[k] - s->goals_against[k],
			s->shots_against[k]);
		shots += s->shots_against[k];
		conceded += s->goals_against[k];
	}
	put_fraction(j, "saveShotsAgainst", shots - conceded, shots);
	if (shots || !has_ended)
		put_share(j, "savePctg", shots - conceded, shots);
	for (int k = 0; k < 3; k++)
		put_int(j, goals[k], s->goals_against[k] + (k ? 0 : s->own_goals));
	if (has_ended)
		put_int(j, "pim", s->penalty_minutes);
	put_int(j, "goalsAgainst", conceded + s->own_goals);
	put_clock(j, "toi", s->seconds);
	if (has_ended)
		put_bool(j, "starter", slot == m->starters[slot / DRESSED]);
	int side = slot / DRESSED;
	if (has_ended && slot == m->deciders[side])
		put_text(j, "decision",
			side == m->winner                      ? "W"
			: m->last_period > 3 && !m->is_playoff ? "O"
							       : "L");
	put_int(j, "shotsAgainst", shots);
	put_int(j, "saves", shots - conceded);
	json_close(j, '}');
}

static void put_nested(struct json *j, const struct tally *t, int slot)
{
	json_open(j, '{');
	put_int(j, "playerId", t->who[slot]->id);
	put_int(j, "sweaterNumber", t->who[slot]->number);
	put_short_name(j, t->who[slot]);
	put_text(j, "position", (char[]){t->positions[slot], 0});
	body_nested_line(j, t, slot);
	json_close(j, '}');
}

static void put_lines(
	struct json *j, const struct match *m, int side, const struct tally *t, bool is_nested)
{
	static const struct {
		const char *name;
		int from, to;
	} groups[] = {{"forwards", 0, FIRST_DEFENDER},
		{"defense", FIRST_DEFENDER, FIRST_GOALTENDER},
		{"goalies", FIRST_GOALTENDER, DRESSED}};
	put_open(j, side == AWAY ? "awayTeam" : "homeTeam", '{');
	for (int g = 0; g < 3; g++) {
		put_open(j, groups[g].name, '[');
		for (int i = groups[g].from; i < groups[g].to; i++) {
			int slot = side * DRESSED + i;
			if (is_nested)
				put_nested(j, t, slot);
			else if (i >= FIRST_GOALTENDER)
				put_goaltender(j, m, slot, t);
			else
				put_skater(j, t, slot);
		}
		json_close(j, ']');
	}
	json_close(j, '}');
}

static void put_box_score(struct buf *out, const struct league *l, const struct match *m,
	int64_t wall, bool is_nested)
{
	struct tally t;
	match_tally(m, wall, &t);
	bool has_begun = t.moment.state >= LIVE;
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_identity(&j, l, m->fixture, t.moment.state, league_instant(l, m->fixture, wall));
	put_bool(&j, "limitedScoring", false);
	put_int(&j, "regPeriods", 3);
	if (has_begun && is_nested)
		put_int(&j, "period", t.moment.period);
	if (has_begun)
		put_period(&j, m, t.moment.period);
	put_club(&j, "awayTeam", m->fixture->away, has_begun ? t.score[AWAY] : -1,
		has_begun ? t.shots[AWAY] : -1);
	put_club(&j, "homeTeam", m->fixture->home, has_begun ? t.score[HOME] : -1,
		has_begun ? t.shots[HOME] : -1);
	if (has_begun) {
		put_game_clock(&j, &t.moment);
		put_situation(&j, m, wall, &t.moment);
		if (is_nested)
			put_open(&j, "boxscore", '{');
		put_open(&j, "playerByGameStats", '{');
		put_lines(&j, m, AWAY, &t, is_nested);
		put_lines(&j, m, HOME, &t, is_nested);
		json_close(&j, '}');
		if (is_nested)
			json_close(&j, '}');
	}
	if (t.moment.state >= OVER)
		put_outcome(&j, m);
	json_close(&j, '}');
}

void body_box_score(struct buf *out, const struct league *l, const struct match *m, int64_t wall)
{
	put_box_score(out, l, m, wall, false);
}

void body_nested_box_score(
	struct buf *out, const struct league *l, const struct match *m, int64_t wall)
{
	put_box_score(out, l, m, wall, true);
}

/* ---- the play-by-play ---- */

/* How the API names what happens, and whom it names; NULL: nobody. */
static const struct {
	const char *name;
	int code;
	const char *player, *other, *third;
} plays[] = {
	[PERIOD_START] = {"period-start", 520, NULL, NULL, NULL},
	[PERIOD_END] = {"period-end", 521, NULL, NULL, NULL},
	[GAME_END] = {"game-end", 524, NULL, NULL, NULL},
	[SHOOTOUT_COMPLETE] = {"shootout-complete", 523, NULL, NULL, NULL},
	[STOPPAGE] = {"stoppage", 516, NULL, NULL, NULL},
	[FACEOFF] = {"faceoff", 502, "winningPlayerId", "losingPlayerId", NULL},
	[HIT] = {"hit", 503, "hittingPlayerId", "hitteePlayerId", NULL},
	[GIVEAWAY] = {"giveaway", 504, "playerId", NULL, NULL},
	[TAKEAWAY] = {"takeaway", 525, "playerId", NULL, NULL},
	[SHOT] = {"shot-on-goal", 506, "shootingPlayerId", NULL, NULL},
	[MISSED] = {"missed-shot", 507, "shootingPlayerId", NULL, NULL},
	[BLOCKED] = {"blocked-shot", 508, "shootingPlayerId", "blockingPlayerId", NULL},
	[PENALTY] = {"penalty", 509, "committedByPlayerId", "drawnByPlayerId", NULL},
	[GOAL] = {"goal", 505, "scoringPlayerId", "assist1PlayerId", "assist2PlayerId"},
	[SHOOTOUT_GOAL] = {"goal", 505, "scoringPlayerId", NULL, NULL},
	[SHOOTOUT_MISS] = {"failed-shot-attempt", 537, "shootingPlayerId", NULL, NULL},
};

static void put_who(struct json *j, const struct tally *t, const char *key, int slot)
{
	if (key && slot != NOBODY)
		put_int(j, key, t->who[slot]->id);
}

static void put_details(
	struct json *j, const struct match *m, const struct tally *t, const struct event *e)
{
	put_open(j, "details", '{');
	put_int(j, "xCoord", e->x);
	put_int(j, "yCoord", e->y);
	put_int(j, "eventOwnerTeamId",
		clubs[e->side == AWAY ? m->fixture->away : m->fixture->home].id);
	put_who(j, t, plays[e->what].player, e->player);
	put_who(j, t, plays[e->what].other, e->other);
	put_who(j, t, plays[e->what].third, e->third);
	if (e->what == SHOT || e->what == MISSED || e->what == GOAL || e->what >= SHOOTOUT_GOAL) {
		put_text(j, "shotType", "wrist");
		put_who(j, t, "goalieInNetId", e->goaltender);
	}
	if (e->what == PENALTY) {
		put_text(j, "typeCode", e->minutes == 5 ? "MAJ" : "MIN");
		put_text(j, "descKey", e->minutes == 5 ? "fighting" : "tripping");
		put_int(j, "duration", e->minutes);
	}
	if (e->what == GOAL || e->what == SHOOTOUT_GOAL) {
		put_int(j, "awayScore", e->score[AWAY]);
		put_int(j, "homeScore", e->score[HOME]);
	}
	json_close(j, '}');
}

static void put_play(struct json *j, const struct match *m, const struct tally *t,
	const struct event *e, int order)
{
	bool is_short = e->period > 3 && !m->is_playoff;
	int length = !is_short ? 1200 : e->period == 4 ? 300 : 0;
	json_open(j, '{');
	put_int(j, "eventId", e->id);
	put_period(j, m, e->period);
	put_clock(j, "timeInPeriod", e->second);
	put_clock(j, "timeRemaining", length - e->second);
	put_situation_code(j, e);
	put_text(j, "homeTeamDefendingSide", e->period % 2 ? "right" : "left");
	put_int(j, "typeCode", plays[e->what].code);
	put_text(j, "typeDescKey", plays[e->what].name);
	put_int(j, "sortOrder", order);
	if (plays[e->what].player)
		put_details(j, m, t, e);
	json_close(j, '}');
}

static void put_roster_spot(struct json *j, const struct match *m, const struct tally *t, int slot)
{
	const struct person *p = t->who[slot];
	json_open(j, '{');
	put_int(j, "teamId", clubs[slot < DRESSED ? m->fixture->away : m->fixture->home].id);
	put_int(j, "playerId", p->id);
	put_name(j, "firstName", p->first);
	put_name(j, "lastName", p->last);
	put_int(j, "sweaterNumber", p->number);
	put_text(j, "positionCode", (char[]){t->positions[slot], 0});
	json_close(j, '}');
}

void body_play_by_play(struct buf *out, const struct league *l, const struct match *m, int64_t wall)
{
	struct tally t;
	match_tally(m, wall, &t);
	bool has_begun = t.moment.state >= LIVE;
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_identity(&j, l, m->fixture, t.moment.state, league_instant(l, m->fixture, wall));
	put_int(&j, "regPeriods", 3);
	if (has_begun)
		put_period(&j, m, t.moment.period);
	for (int side = 0; side < SIDES; side++)
		put_club(&j, side == AWAY ? "awayTeam" : "homeTeam",
			side == AWAY ? m->fixture->away : m->fixture->home,
			has_begun ? t.score[side] : -1, has_begun ? t.shots[side] : -1);
	if (has_begun)
		put_game_clock(&j, &t.moment);
	put_open(&j, "plays", '[');
	for (size_t i = 0; i < m->event_count; i++)
		if (m->events[i].wall <= wall && wall < m->events[i].until)
			put_play(&j, m, &t, &m->events[i], 10 + (int)i);
	json_close(&j, ']');
	put_open(&j, "rosterSpots", '[');
	for (int slot = 0; slot < SLOTS && t.moment.state >= PRE; slot++)
		put_roster_spot(&j, m, &t, slot);
	json_close(&j, ']');
	if (t.moment.state >= OVER)
		put_outcome(&j, m);
	json_close(&j, '}');
}

/* ---- people and clubs ---- */

void body_roster(struct buf *out, const struct league *l, int club, int32_t day)
{
	static const struct {
		const char *name, *positions;
	} groups[] = {{"forwards", "CLR"}, {"defensemen", "D"}, {"goalies", "G"}};
	const struct person *all[ROSTER_MAX];
	int count = league_roster(l, club, day, all);
	struct json j = json_begin(out);
	json_open(&j, '{');
	for (int g = 0; g < 3; g++) {
		put_open(&j, groups[g].name, '[');
		for (int i = 0; i < count; i++) {
			const struct person *p = all[i];
			if (!strchr(groups[g].positions, p->position))
				continue;
			json_open(&j, '{');
			put_int(&j, "id", p->id);
			put_name(&j, "firstName", p->first);
			put_name(&j, "lastName", p->last);
			put_int(&j, "sweaterNumber", p->number);
			put_text(&j, "positionCode", (char[]){p->position, 0});
			put_day(&j, "birthDate", p->birth_day);
			json_close(&j, '}');
		}
		json_close(&j, ']');
	}
	json_close(&j, '}');
}

static void full_name(int club, char *out, size_t size)
{
	snprintf(out, size, "%s %s", clubs[club].place, clubs[club].name);
}

void body_player(struct buf *out, const struct league *l, const struct person *p, int club)
{
	(void)l;
	char full[96];
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_int(&j, "playerId", p->id);
	put_bool(&j, "isActive", club >= 0);
	if (club >= 0) {
		full_name(club, full, sizeof(full));
		put_int(&j, "currentTeamId", clubs[club].id);
		put_text(&j, "currentTeamAbbrev", clubs[club].abbrev);
		put_name(&j, "fullTeamName", full);
	}
	put_name(&j, "firstName", p->first);
	put_name(&j, "lastName", p->last);
	put_int(&j, "sweaterNumber", p->number);
	put_text(&j, "position", (char[]){p->position, 0});
	put_day(&j, "birthDate", p->birth_day);
	json_close(&j, '}');
}

void body_teams(struct buf *out)
{
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_open(&j, "data", '[');
	for (int club = 0; club < CLUBS; club++) {
		char full[96];
		full_name(club, full, sizeof(full));
		json_open(&j, '{');
		put_int(&j, "id", clubs[club].id);
		put_text(&j, "fullName", full);
		put_int(&j, "leagueId", 133);
		put_text(&j, "rawTricode", clubs[club].abbrev);
		put_text(&j, "triCode", clubs[club].abbrev);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	put_int(&j, "total", CLUBS);
	json_close(&j, '}');
}

/* ---- days ---- */

/* A game that is to come is not played for it. */
static void put_game(struct json *j, const struct league *l, const struct fixture *f,
	int64_t now_ms, struct arena scratch)
{
	int64_t wall = league_wall(l, f, now_ms);
	struct tally t = {.moment.state = FUT};
	const struct match *m = NULL;
	if (wall >= -1800) {
		m = match_play(&scratch, l, f);
		match_tally(m, wall, &t);
	}
	bool has_begun = t.moment.state >= LIVE;
	json_open(j, '{');
	put_identity(j, l, f, t.moment.state, now_ms);
	put_text(j, "venueTimezone", clubs[f->home].zone); /* in no box score, in no play-by-play */
	put_bool(j, "neutralSite", false);
	put_club(j, "awayTeam", f->away, has_begun ? t.score[AWAY] : -1,
		has_begun ? t.shots[AWAY] : -1);
	put_club(j, "homeTeam", f->home, has_begun ? t.score[HOME] : -1,
		has_begun ? t.shots[HOME] : -1);
	if (has_begun) {
		put_game_clock(j, &t.moment);
		put_int(j, "period", t.moment.period);
		put_period(j, m, t.moment.period);
	}
	if (t.moment.state >= OVER)
		put_outcome(j, m);
	json_close(j, '}');
}

static bool is_on(const struct league *l, const struct fixture *f, int32_t day, int64_t now_ms)
{
	struct listing said = league_listing(l, f, now_ms);
	return said.is_known && said.day == day;
}

static int games_on(const struct league *l, int32_t day, int64_t now_ms)
{
	int n = 0;
	for (size_t i = 0; i < l->count; i++)
		n += is_on(l, &l->fixtures[i], day, now_ms);
	return n;
}

static void put_games(
	struct json *j, const struct league *l, int32_t day, int64_t now_ms, struct arena scratch)
{
	put_open(j, "games", '[');
	for (size_t i = 0; i < l->count; i++)
		if (is_on(l, &l->fixtures[i], day, now_ms))
			put_game(j, l, &l->fixtures[i], now_ms, scratch);
	json_close(j, ']');
}

static void put_week_day(struct json *j, const struct league *l, int32_t day, int64_t now_ms)
{
	/* 1 January 1970 was a Thursday. */
	static const char *const names[] = {"THU", "FRI", "SAT", "SUN", "MON", "TUE", "WED"};
	put_day(j, "date", day);
	put_text(j, "dayAbbrev", names[day % 7]);
	put_int(j, "numberOfGames", games_on(l, day, now_ms));
}

void body_score(
	struct buf *out, const struct league *l, int32_t day, int64_t now_ms, struct arena scratch)
{
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_day(&j, "prevDate", day - 1);
	put_day(&j, "currentDate", day);
	put_day(&j, "nextDate", day + 1);
	put_open(&j, "gameWeek", '[');
	for (int i = -3; i <= 3; i++) {
		json_open(&j, '{');
		put_week_day(&j, l, day + i, now_ms);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	put_games(&j, l, day, now_ms, scratch);
	json_close(&j, '}');
}

void body_schedule(
	struct buf *out, const struct league *l, int32_t day, int64_t now_ms, struct arena scratch)
{
	int year = (int)(l->season / 10000), count = 0;
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_day(&j, "nextStartDate", day + 7);
	put_day(&j, "previousStartDate", day - 7);
	put_open(&j, "gameWeek", '[');
	for (int i = 0; i < 7; i++) {
		json_open(&j, '{');
		put_week_day(&j, l, day + i, now_ms);
		put_games(&j, l, day + i, now_ms, scratch);
		json_close(&j, '}');
		count += games_on(l, day + i, now_ms);
	}
	json_close(&j, ']');
	put_day(&j, "preSeasonStartDate", day_from_civil(year, 9, 21));
	put_day(&j, "regularSeasonStartDate", day_from_civil(year, 10, 7));
	put_day(&j, "regularSeasonEndDate", day_from_civil(year + 1, 4, 18));
	put_day(&j, "playoffEndDate", day_from_civil(year + 1, 6, 20));
	put_int(&j, "numberOfGames", count);
	json_close(&j, '}');
}

void body_club_season(
	struct buf *out, const struct league *l, int club, int64_t now_ms, struct arena scratch)
{
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_int(&j, "previousSeason", l->season - 10001);
	put_int(&j, "currentSeason", l->season);
	put_int(&j, "nextSeason", l->season + 10001);
	put_open(&j, "games", '[');
	for (size_t i = 0; i < l->count; i++)
		if ((l->fixtures[i].away == club || l->fixtures[i].home == club) &&
			league_listing(l, &l->fixtures[i], now_ms).is_known)
			put_game(&j, l, &l->fixtures[i], now_ms, scratch);
	json_close(&j, ']');
	json_close(&j, '}');
}
