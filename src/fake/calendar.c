#include "fake/calendar.h"

#include "base/time.h"
#include "fake/game.h"
#include "fake/random.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS = 82,
	A_ROUND = CLUBS / 2,
	DAYS = 260,               /* of the calendar at most */
	LOOK_AHEAD = 6 * A_ROUND, /* a club is at most as many rounds before another */
	HOUR_MS = 3600000,
	DAY_MS = 24 * HOUR_MS,
	PUCK_AFTER_S = 480, /* the anthem takes longer than the schedule has it */
};

/* 1 January 1970 was a Thursday. */
enum weekday { THURSDAY, FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY, WEDNESDAY };

static int weekday_of(int32_t day)
{
	return (int)(day - time_floor(day, 7)); /* before 1970 days are negative */
}

/* ---- who plays whom ---- */

struct pairing {
	int away, home;
	bool is_done;
};

struct calendar {
	struct league *league;
	struct random random;
	int32_t first; /* day */
	struct pairing pairings[SEASON_GAMES];
	int next;                /* the first that has no day yet */
	bool plays[CLUBS][DAYS]; /* by days since the first */
};

/* Rounds in each of which every club plays once, by the circle method; home is who was there less.
 */
static void pair(struct calendar *c)
{
	int order[CLUBS], at_home[CLUBS] = {0};
	for (int i = 0; i < CLUBS; i++)
		order[i] = i;
	random_shuffle(&c->random, order, CLUBS);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < A_ROUND; i++) {
			int a = order[i], b = order[CLUBS - 1 - i];
			bool swap = at_home[a] == at_home[b] ? (round + i) % 2
							     : at_home[a] < at_home[b];
			c->pairings[round * A_ROUND + i] =
				(struct pairing){swap ? b : a, swap ? a : b, false};
			at_home[swap ? a : b]++;
		}
		int t = order[CLUBS - 1];
		memmove(order + 2, order + 1, (CLUBS - 2) * sizeof(order[0]));
		order[1] = t;
	}
}

/* ---- on which day ---- */

static bool is_rest(int32_t day)
{
	int year, month, d;
	day_to_civil(day, &year, &month, &d);
	return (month == 12 && d >= 24 && d <= 26) || (month == 2 && d >= 3 && d <= 8);
}

/* Every fourth Saturday everyone plays, and nobody on the day before. */
static bool is_great(const struct calendar *c, int32_t day)
{
	return weekday_of(day) == SATURDAY && (day - c->first) / 7 % 4 == 2 && !is_rest(day - 1);
}

static int games_wanted(const struct calendar *c, int32_t day)
{
	static const int wanted[7] = {[THURSDAY] = 11,
		[FRIDAY] = 6,
		[SATURDAY] = 13,
		[SUNDAY] = 5,
		[MONDAY] = 5,
		[TUESDAY] = 10,
		[WEDNESDAY] = 4};
	if (is_rest(day) || is_great(c, day + 1))
		return 0;
	return is_great(c, day) ? A_ROUND : wanted[weekday_of(day)];
}

/* Never twice on a day, nor on three days running. */
static bool is_free(const struct calendar *c, int club, int at)
{
	const bool *plays = c->plays[club];
	bool one = at >= 1 && plays[at - 1], two = at >= 2 && plays[at - 2];
	bool next = at + 1 < DAYS && plays[at + 1], second = at + 2 < DAYS && plays[at + 2];
	return !plays[at] && !(one && two) && !(one && next) && !(next && second);
}

static void place(struct calendar *c, struct pairing *p, int at)
{
	struct fixture *f = &c->league->fixtures[c->league->count++];
	p->is_done = true;
	*f = (struct fixture){.day = c->first + at, .away = p->away, .home = p->home};
	c->plays[p->away][at] = c->plays[p->home][at] = true;
	while (c->next < SEASON_GAMES && c->pairings[c->next].is_done)
		c->next++;
}

static bool place_round(struct calendar *c, int at)
{
	for (int first = (c->next + A_ROUND - 1) / A_ROUND * A_ROUND; first < SEASON_GAMES;
		first += A_ROUND) {
		bool is_whole = true;
		for (int i = 0; i < A_ROUND && is_whole; i++)
			is_whole = !c->pairings[first + i].is_done;
		for (int i = 0; i < A_ROUND && is_whole; i++)
			place(c, &c->pairings[first + i], at);
		if (is_whole)
			return true;
	}
	return false;
}

static void place_day(struct calendar *c, int at)
{
	int wanted = games_wanted(c, c->first + at);
	if (wanted == A_ROUND && place_round(c, at))
		return;
	for (int i = c->next; i < SEASON_GAMES && i < c->next + LOOK_AHEAD && wanted > 0; i++) {
		struct pairing *p = &c->pairings[i];
		if (p->is_done || !is_free(c, p->away, at) || !is_free(c, p->home, at))
			continue;
		place(c, p, at);
		wanted--;
	}
}

/* ---- at which hour ---- */

static int64_t eastern_ms(int32_t day, int minutes)
{
	int64_t ms = day_start_ms(day) + (int64_t)minutes * 60000;
	return ms - (int64_t)eastern_offset_minutes(ms + 5 * HOUR_MS) * 60000;
}

/* Minutes of Eastern time: seven in the evening where it is played, and some matinees. */
static int64_t choose_start(struct random *r, int32_t day, int home)
{
	static const struct {
		const char *zone;
		int behind;
	} zones[] = {{"US/Central", 60}, {"America/Winnipeg", 60}, {"America/Denver", 120},
		{"America/Edmonton", 120}, {"US/Pacific", 180}, {"America/Vancouver", 180}};
	int minutes = 19 * 60 + 30 * random_below(r, 2);
	bool is_weekend = weekday_of(day) == SATURDAY || weekday_of(day) == SUNDAY;
	if (is_weekend && random_chance(r, 0.3))
		minutes = 13 * 60 + 30 * random_below(r, 4);
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (!strcmp(zones[i].zone, clubs[home].zone))
			minutes += zones[i].behind;
	return eastern_ms(day, minutes);
}

static int by_start(const void *a, const void *b)
{
	const struct fixture *x = a, *y = b;
	if (x->start_ms != y->start_ms)
		return x->start_ms < y->start_ms ? -1 : 1;
	return x->home - y->home;
}

static void number_games(struct calendar *c, int first_year)
{
	struct league *l = c->league;
	for (size_t i = 0; i < l->count; i++)
		l->fixtures[i].start_ms =
			choose_start(&c->random, l->fixtures[i].day, l->fixtures[i].home);
	qsort(l->fixtures, l->count, sizeof(l->fixtures[0]), by_start);
	for (size_t i = 0; i < l->count; i++)
		l->fixtures[i].id = (int64_t)first_year * 1000000 + 20001 + (int64_t)i;
}

/* ---- snow, and floods ---- */

static bool find_other_day(struct calendar *c, struct fixture *f)
{
	int was = f->day - c->first;
	for (int at = was + 9; at < DAYS; at++) {
		if (is_rest(c->first + at) || !is_free(c, f->away, at) || !is_free(c, f->home, at))
			continue;
		c->plays[f->away][was] = c->plays[f->home][was] = false;
		c->plays[f->away][at] = c->plays[f->home][at] = true;
		f->day = c->first + at;
		return true;
	}
	return false;
}

/* One in a hundred, some hours before; its other day is named days later. */
static void put_off(struct calendar *c)
{
	struct league *l = c->league;
	for (size_t i = 0; i + 120 < l->count; i++) {
		struct fixture *f = &l->fixtures[i];
		int64_t planned_ms = f->start_ms;
		int32_t planned_day = f->day;
		if (!random_chance(&c->random, 0.01) || !find_other_day(c, f))
			continue;
		f->planned_day = planned_day;
		f->planned_ms = planned_ms;
		f->put_off_ms = planned_ms - random_between(&c->random, 2, 8) * (int64_t)HOUR_MS;
		f->named_ms = f->put_off_ms + random_between(&c->random, 1, 5) * (int64_t)DAY_MS;
		f->start_ms = choose_start(&c->random, f->day, f->home);
	}
}

/* ---- trades and call-ups ---- */

enum { MOVES_MAX = 600 };

/* Who has which place as the days go by. */
struct market {
	struct league *league;
	struct random random;
	const struct person *now[CLUBS][ROSTER];
	const struct person
		*away[CLUBS][RESERVES]; /* whose place a reserve has; NULL: he has none */
	int place[CLUBS][RESERVES];
	int32_t back[CLUBS][RESERVES];
};

static void move(struct market *m, int32_t day, int club, int place, const struct person *who)
{
	struct league *l = m->league;
	assert(l->move_count < MOVES_MAX);
	l->moves[l->move_count++] = (struct move){day, club, place, who};
	m->now[club][place] = who;
}

static bool is_called_up(const struct market *m, int club, int place)
{
	for (int i = 0; i < RESERVES; i++)
		if (m->away[club][i] && m->place[club][i] == place)
			return true;
	return false;
}

static void trade(struct market *m, int32_t day)
{
	int a = random_below(&m->random, CLUBS), b = random_below(&m->random, CLUBS);
	int place = random_below(&m->random, ROSTER);
	if (a == b || is_called_up(m, a, place) || is_called_up(m, b, place))
		return;
	const struct person *mine = m->now[a][place], *theirs = m->now[b][place];
	move(m, day, a, place, theirs);
	move(m, day, b, place, mine);
}

static void call_up(struct market *m, int32_t day)
{
	static const struct {
		int first, count;
	} places[RESERVES] = {{0, FORWARDS}, {0, FORWARDS}, {FORWARDS, DEFENDERS},
		{FORWARDS + DEFENDERS, GOALTENDERS}};
	int club = random_below(&m->random, CLUBS), i = random_below(&m->random, RESERVES);
	int place = places[i].first + random_below(&m->random, places[i].count);
	if (m->away[club][i] || is_called_up(m, club, place))
		return;
	m->away[club][i] = m->now[club][place];
	m->place[club][i] = place;
	m->back[club][i] = day + random_between(&m->random, 5, 30);
	move(m, day, club, place, &m->league->reserves[club][i]);
}

static void send_back(struct market *m, int32_t day)
{
	for (int club = 0; club < CLUBS; club++)
		for (int i = 0; i < RESERVES; i++)
			if (m->away[club][i] && m->back[club][i] == day) {
				move(m, day, club, m->place[club][i], m->away[club][i]);
				m->away[club][i] = NULL;
			}
}

/* Trades until the deadline, which is the busiest day; call-ups all season. */
static void open_market(struct league *l, struct arena *keep, int32_t first, int first_year)
{
	struct market m = {.league = l, .random = random_from(l->seed, 77)};
	int32_t deadline = day_from_civil(first_year + 1, 3, 6);
	l->moves = ARENA_NEW(keep, struct move, MOVES_MAX);
	for (int club = 0; club < CLUBS; club++)
		for (int i = 0; i < ROSTER; i++)
			m.now[club][i] = &l->people[club][i];
	for (int32_t day = first + 14; day < first + 185; day++) {
		send_back(&m, day);
		for (int i = day == deadline ? 12 : 1; i > 0 && day <= deadline; i--)
			if (day == deadline || random_chance(&m.random, 0.15))
				trade(&m, day);
		if (random_chance(&m.random, 0.5))
			call_up(&m, day);
	}
}

/* ---- the season ---- */

static void set_pucks(struct league *l, int32_t first)
{
	l->began_ms = day_start_ms(first);
	for (size_t i = 0; i < l->count; i++)
		l->fixtures[i].puck_s =
			(l->fixtures[i].start_ms - l->began_ms) / 1000 + PUCK_AFTER_S;
}

struct league *league_season(struct arena *keep, uint64_t seed, int first_year)
{
	struct league *l = league_new(keep, seed, SEASON_GAMES + PLAYOFF_GAMES_MAX);
	struct calendar *c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	*c = (struct calendar){.league = l,
		.random = random_from(seed, (uint64_t)first_year),
		.first = day_from_civil(first_year, 10, 7)};
	l->season = first_year * 10001 + 1;
	l->speed = 1;
	l->is_over = l->is_season = true;
	pair(c);
	for (int at = 0; at < DAYS && c->next < SEASON_GAMES; at++)
		place_day(c, at);
	assert(l->count == SEASON_GAMES);
	number_games(c, first_year);
	put_off(c);
	open_market(l, keep, c->first, first_year);
	set_pucks(l, c->first);
	free(c);
	return l;
}

void league_begin(struct league *l)
{
	l->is_over = false;
}

/* ---- play-offs ---- */

enum { QUALIFIED = 16, PLAYOFF_ROUNDS = 4, TO_WIN = 4 };

struct standing {
	int club, points;
};

static int by_points(const void *a, const void *b)
{
	const struct standing *x = a, *y = b;
	return x->points != y->points ? y->points - x->points : x->club - y->club;
}

static void stand(const struct league *l, struct arena scratch, struct standing out[static CLUBS])
{
	for (int i = 0; i < CLUBS; i++)
		out[i] = (struct standing){i, 0};
	for (size_t i = 0; i < l->count; i++) {
		struct arena a = scratch;
		const struct match *m = match_play(&a, l, &l->fixtures[i]);
		int both[SIDES] = {m->fixture->away, m->fixture->home};
		out[both[m->winner]].points += 2;
		out[both[!m->winner]].points += m->last_period > 3;
	}
	qsort(out, CLUBS, sizeof(out[0]), by_points);
}

/* Two at the better club's, two away, then in turn; every second day. Returns who won. */
static int play_series(struct league *l, struct arena scratch, int round, int series, int better,
	int other, int32_t day, int32_t *last)
{
	static const bool is_better_home[] = {true, true, false, false, true, false, true};
	int wins[2] = {0};
	int64_t known_ms = day_start_ms(day - 1);
	struct random r = random_from(l->seed, (uint64_t)round * 100 + (uint64_t)series);
	for (int n = 0; wins[0] < TO_WIN && wins[1] < TO_WIN; n++, day += 2) {
		struct fixture *f = &l->fixtures[l->count++];
		*f = (struct fixture){.id = l->season / 10000 * 1000000 + 30000 + round * 100 +
					    series * 10 + n + 1,
			.day = day,
			.known_ms = known_ms,
			.home = is_better_home[n] ? better : other,
			.away = is_better_home[n] ? other : better};
		f->start_ms = choose_start(&r, day, f->home);
		f->puck_s = (f->start_ms - l->began_ms) / 1000 + PUCK_AFTER_S;
		struct arena a = scratch;
		const struct match *m = match_play(&a, l, f);
		int winner = m->winner == HOME ? f->home : f->away;
		wins[winner != better]++;
		known_ms = league_instant(l, f, m->final_wall);
		*last = day > *last ? day : *last;
	}
	return wins[0] == TO_WIN ? better : other;
}

static int by_number(const void *a, const void *b)
{
	const struct fixture *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

void league_add_playoffs(struct league *l)
{
	struct standing table[CLUBS];
	int left[QUALIFIED];
	struct arena scratch = arena_reserve(MATCH_BYTES);
	int32_t day = 0;
	for (size_t i = 0; i < l->count; i++)
		day = l->fixtures[i].day > day ? l->fixtures[i].day : day;
	stand(l, scratch, table);
	for (int i = 0; i < QUALIFIED; i++)
		left[i] = table[i].club;
	for (int round = 1, n = QUALIFIED; round <= PLAYOFF_ROUNDS; round++, n /= 2) {
		int32_t first = day + 3;
		for (int i = 0; i < n / 2; i++)
			left[i] = play_series(l, scratch, round, i + 1, left[i], left[n - 1 - i],
				first + i % 2, &day);
	}
	qsort(l->fixtures, l->count, sizeof(l->fixtures[0]), by_number);
	arena_release(&scratch);
}
