#include "fake/game.h"

#include "fake/random.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_EVENTS = 2048, MAX_MARKS = 1024, MAX_SHIFTS = 6000 };
enum { PERIOD_S = 1200, OVERTIME_S = 300, INTERMISSION_S = 1080, SHOOTOUT = 5, MINOR_S = 120 };

const char *const state_names[7] = {"FUT", "PRE", "LIVE", "CRIT", "OVER", "FINAL", "OFF"};

/* A game under way. Slots of a side are 0 … DRESSED-1 here, and side * DRESSED more outside. */
struct play {
	struct match *m;
	struct random random;
	int period, second, played; /* played: seconds of all periods */
	int32_t wall;
	int score[SIDES], against[SIDES]; /* against: conceded by the goaltender in net */
	int net[SIDES];                   /* the goaltender's slot */
	bool is_pulled[SIDES], is_over;
	bool is_playoff, is_season;
	int boxed[SIDES][2], box_until[SIDES][2]; /* in the penalty box; NOBODY: free place */
	int forward_line[SIDES], pair[SIDES], next_line[SIDES], next_pair[SIDES];
	uint64_t on_ice;
	int16_t since[SLOTS];
};

static const struct {
	enum happening what;
	double a_game; /* of one side at even strength */
} rates[] = {{SHOT, 31}, {MISSED, 13}, {BLOCKED, 15}, {HIT, 21}, {GIVEAWAY, 8}, {TAKEAWAY, 6},
	{PENALTY, 3.6}, {STOPPAGE, 16}};

static int boxed_count(const struct play *p, int side)
{
	return (p->boxed[side][0] != NOBODY) + (p->boxed[side][1] != NOBODY);
}

static int skaters_due(const struct play *p, int side)
{
	int mine = boxed_count(p, side), theirs = boxed_count(p, !side);
	if (p->period == 4 && !p->is_playoff)
		return theirs > mine ? 3 + theirs - mine : 3;
	return 5 - mine;
}

static enum strength strength_of(const struct play *p, int side)
{
	int mine = skaters_due(p, side), theirs = skaters_due(p, !side);
	return mine > theirs ? POWER_PLAY : mine < theirs ? SHORT_HANDED : EVEN;
}

static uint64_t bit(int side, int slot)
{
	return (uint64_t)1 << (side * DRESSED + slot);
}

/* `wanted` of the slots from `first` on, in turn from `at`, without those in the box. */
static uint64_t take(const struct play *p, int side, int first, int count, int at, int wanted)
{
	uint64_t taken = 0;
	for (int i = 0; i < count && wanted > 0; i++) {
		int slot = first + (at + i) % count;
		if (slot == p->boxed[side][0] || slot == p->boxed[side][1])
			continue;
		taken |= bit(side, slot);
		wanted--;
	}
	return taken;
}

static uint64_t due_on_ice(const struct play *p, int side)
{
	int skaters = skaters_due(p, side), defenders = skaters == 3 ? 1 : 2;
	int forwards = skaters - defenders + p->is_pulled[side];
	uint64_t mask = take(p, side, 0, FIRST_DEFENDER, p->forward_line[side] * 3, forwards);
	mask |= take(p, side, FIRST_DEFENDER, FIRST_GOALTENDER - FIRST_DEFENDER, p->pair[side] * 2,
		defenders);
	return p->is_pulled[side] ? mask : mask | bit(side, p->net[side]);
}

/* Opens and closes shifts so that `due` is on the ice from this second on. */
static void change_to(struct play *p, uint64_t due)
{
	if (due == p->on_ice)
		return;
	for (int slot = 0; slot < SLOTS; slot++) {
		uint64_t b = (uint64_t)1 << slot;
		if (p->on_ice & ~due & b && p->second > p->since[slot]) {
			assert(p->m->shift_count < MAX_SHIFTS);
			p->m->shifts[p->m->shift_count++] = (struct shift){(int8_t)slot,
				(int16_t)p->period, p->since[slot], (int16_t)p->second};
		}
		if (due & ~p->on_ice & b)
			p->since[slot] = (int16_t)p->second;
	}
	p->on_ice = due;
}

static void change_lines(struct play *p)
{
	for (int side = 0; side < SIDES; side++) {
		if (p->played >= p->next_line[side]) {
			p->forward_line[side] = (p->forward_line[side] + 1) % 4;
			p->next_line[side] = p->played + random_between(&p->random, 35, 55);
		}
		if (p->played >= p->next_pair[side]) {
			p->pair[side] = (p->pair[side] + 1) % 3;
			p->next_pair[side] = p->played + random_between(&p->random, 42, 62);
		}
	}
	change_to(p, due_on_ice(p, AWAY) | due_on_ice(p, HOME));
}

static int8_t someone(struct play *p, int side, int but)
{
	int found[DRESSED] = {0}, n = 0;
	for (int slot = 0; slot < FIRST_GOALTENDER; slot++)
		if (p->on_ice & bit(side, slot) && side * DRESSED + slot != but)
			found[n++] = side * DRESSED + slot;
	return n ? (int8_t)found[random_below(&p->random, n)] : NOBODY;
}

/* Forwards shoot more often than those who defend. */
static int8_t shooter(struct play *p, int side)
{
	int8_t slot = someone(p, side, NOBODY);
	if (slot % DRESSED >= FIRST_DEFENDER && random_chance(&p->random, 0.4))
		slot = someone(p, side, NOBODY);
	return slot;
}

static int8_t centre(struct play *p, int side)
{
	int8_t first = NOBODY;
	for (int slot = 0; slot < FIRST_DEFENDER; slot++) {
		if (!(p->on_ice & bit(side, slot)))
			continue;
		if (p->m->slots[side * DRESSED + slot]->position == 'C')
			return (int8_t)(side * DRESSED + slot);
		if (first == NOBODY)
			first = (int8_t)(side * DRESSED + slot);
	}
	return first == NOBODY ? someone(p, side, NOBODY) : first;
}

/* Attempts are made at the end that the other club defends: the home club has the right one in odd
 * periods. */
static int place_of(const struct play *p, enum happening what, int side, int x)
{
	bool is_attempt = what == SHOT || what == MISSED || what == BLOCKED || what == GOAL;
	int end = (side == HOME) == (p->period % 2 == 0) ? 1 : -1;
	return is_attempt ? end * (25 + (x < 0 ? -x : x) * 7 / 10) : x;
}

static struct event *happen(struct play *p, enum happening what, int side)
{
	struct match *m = p->m;
	assert(m->event_count < MAX_EVENTS);
	struct event *e = &m->events[m->event_count];
	*e = (struct event){.wall = p->wall,
		.until = FOR_EVER,
		.id = (int16_t)(8 + m->event_count),
		.period = (int16_t)p->period,
		.second = (int16_t)p->second,
		.side = (int8_t)side,
		.player = NOBODY,
		.other = NOBODY,
		.third = NOBODY,
		.goaltender = NOBODY,
		.what = (uint8_t)what,
		.strength = (uint8_t)strength_of(p, side),
		.on_ice = p->on_ice};
	m->event_count++;
	for (int s = 0; s < SIDES; s++) {
		e->score[s] = (uint8_t)p->score[s];
		e->skaters[s] = (int8_t)(skaters_due(p, s) + p->is_pulled[s]);
		e->has_goaltender[s] = !p->is_pulled[s];
	}
	e->x = (int8_t)place_of(p, what, side, random_between(&p->random, -99, 99));
	e->y = (int8_t)random_between(&p->random, -42, 42);
	if (!p->is_pulled[!side])
		e->goaltender = (int8_t)(!side * DRESSED + p->net[!side]);
	return e;
}

static void mark(struct play *p, bool is_running, bool is_intermission)
{
	assert(p->m->mark_count < MAX_MARKS);
	p->m->marks[p->m->mark_count++] =
		(struct mark){p->wall, (int16_t)p->period, (int16_t)p->second,
			(int16_t)(p->period > 3 && !p->is_playoff ? OVERTIME_S : PERIOD_S),
			is_running, is_intermission};
}

static void face_off(struct play *p)
{
	int side = random_below(&p->random, SIDES);
	struct event *e = happen(p, FACEOFF, side);
	e->player = centre(p, side);
	e->other = centre(p, !side);
	mark(p, true, false);
}

static void stop(struct play *p, int seconds)
{
	happen(p, STOPPAGE, AWAY);
	mark(p, false, false);
	p->wall += seconds;
	change_lines(p);
	face_off(p);
}

static void end_power_play(struct play *p, int side)
{
	int first = p->boxed[side][0] != NOBODY ? 0 : 1;
	if (boxed_count(p, side) == 2 && p->box_until[side][1] < p->box_until[side][0])
		first = 1;
	p->boxed[side][first] = NOBODY;
}

static void score(struct play *p, int side, int8_t player)
{
	p->score[side]++;
	struct event *e = happen(p, GOAL, side);
	e->player = player;
	if (random_chance(&p->random, 0.93))
		e->other = someone(p, side, player);
	if (e->other != NOBODY && random_chance(&p->random, 0.78))
		do
			e->third = someone(p, side, player);
		while (e->third == e->other && e->skaters[side] > 2);
	if (e->third != NOBODY && !p->is_pulled[side] && player % DRESSED < FIRST_GOALTENDER &&
		random_chance(&p->random, 0.015))
		e->third = (int8_t)(side * DRESSED + p->net[side]);
	e->is_unshot = e->goaltender != NOBODY && random_chance(&p->random, 0.004);
	if (strength_of(p, side) == POWER_PLAY)
		end_power_play(p, !side);
	if (p->period > 3) {
		p->is_over = true;
		return;
	}
	if (!p->is_pulled[!side] && ++p->against[!side] >= 4 &&
		p->net[!side] == p->m->starters[!side] % DRESSED && random_chance(&p->random, 0.25))
		p->net[!side] =
			p->net[!side] == FIRST_GOALTENDER ? FIRST_GOALTENDER + 1 : FIRST_GOALTENDER;
	stop(p, random_between(&p->random, 45, 75));
}

static void shoot(struct play *p, int side)
{
	int8_t player = shooter(p, side);
	if (p->is_pulled[!side] && random_chance(&p->random, 0.01))
		player = (int8_t)(side * DRESSED + p->net[side]); /* from net to net */
	double chance = p->is_pulled[!side]                  ? 0.55
			: strength_of(p, side) == POWER_PLAY ? 0.13
							     : 0.095;
	if (random_chance(&p->random, chance)) {
		score(p, side, player);
		return;
	}
	/* Before an empty net what is no goal has missed. */
	struct event *e = happen(p, p->is_pulled[!side] ? MISSED : SHOT, side);
	e->player = player;
	if (random_chance(&p->random, 0.3))
		stop(p, random_between(&p->random, 15, 35));
}

/* Two who fight: five minutes each, and nobody is short for it. */
static void fight(struct play *p)
{
	for (int side = 0; side < SIDES; side++) {
		int8_t player = someone(p, side, NOBODY), other = someone(p, !side, NOBODY);
		struct event *e = happen(p, PENALTY, side);
		e->player = player;
		e->other = other;
		e->minutes = 5;
	}
	stop(p, random_between(&p->random, 60, 120));
}

static void penalise(struct play *p, int side)
{
	int place = p->boxed[side][0] == NOBODY ? 0 : 1;
	if (random_chance(&p->random, 0.05)) {
		fight(p);
		return;
	}
	if (p->boxed[side][place] != NOBODY)
		return; /* two short already: the whistle stays in the pocket */
	struct event *e = happen(p, PENALTY, side);
	e->player = someone(p, side, NOBODY);
	e->other = someone(p, !side, NOBODY);
	e->minutes = 2;
	p->boxed[side][place] = e->player % DRESSED; /* who serves it, where the goaltender erred */
	p->box_until[side][place] = p->played + MINOR_S;
	if (!p->is_pulled[side] && random_chance(&p->random, 0.015))
		e->player = (int8_t)(side * DRESSED + p->net[side]);
	if (random_chance(&p->random, 0.02))
		e->minutes += 10; /* and a misconduct: he sits, a club mate plays */
	stop(p, random_between(&p->random, 30, 60));
}

static void occur(struct play *p, enum happening what, int side)
{
	if (what == SHOT) {
		shoot(p, side);
	} else if (what == PENALTY) {
		penalise(p, side);
	} else if (what == STOPPAGE) {
		stop(p, random_between(&p->random, 15, 40));
	} else {
		struct event *e = happen(p, what, side);
		e->player = what == MISSED || what == BLOCKED ? shooter(p, side)
							      : someone(p, side, NOBODY);
		if (what == BLOCKED || what == HIT)
			e->other = someone(p, !side, NOBODY);
	}
}

static void play_second(struct play *p)
{
	for (int side = 0; side < SIDES; side++) {
		for (int i = 0; i < 2; i++)
			if (p->boxed[side][i] != NOBODY && p->played >= p->box_until[side][i])
				p->boxed[side][i] = NOBODY;
		int behind = p->score[!side] - p->score[side];
		p->is_pulled[side] =
			p->period == 3 && p->second >= PERIOD_S - 110 && behind > 0 && behind < 3;
	}
	change_lines(p);
	for (int side = 0; side < SIDES && !p->is_over; side++) {
		double u = random_unit(&p->random) * 3600;
		for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
			static const double weight[] = {
				[EVEN] = 1, [POWER_PLAY] = 1.7, [SHORT_HANDED] = 0.3};
			double rate = rates[i].a_game;
			if (rates[i].what == SHOT)
				rate *= weight[strength_of(p, side)];
			if (u < rate) {
				occur(p, rates[i].what, side);
				break;
			}
			u -= rate;
		}
	}
	p->second++;
	p->played++;
	p->wall++;
}

static void play_period(struct play *p, int length)
{
	p->second = 0;
	change_lines(p);
	happen(p, PERIOD_START, AWAY);
	face_off(p);
	while (p->second < length && !p->is_over)
		play_second(p);
	p->is_pulled[AWAY] = p->is_pulled[HOME] = false;
	change_to(p, 0);
	happen(p, PERIOD_END, AWAY);
}

static void intermission(struct play *p, int seconds)
{
	mark(p, false, true);
	p->wall += seconds;
	p->period++;
}

/* Three each, as long as it is open; then one each until they differ. */
static void shoot_out(struct play *p)
{
	int goals[SIDES] = {0}, shots[SIDES] = {0};
	p->second = 0;
	mark(p, false, false);
	for (int i = 0; i < 40; i++) {
		int side = i % 2;
		p->wall += 35;
		bool is_goal = random_chance(&p->random, i < 36 ? 0.33 : side ? 0.0 : 1.0);
		struct event *e = happen(p, is_goal ? SHOOTOUT_GOAL : SHOOTOUT_MISS, side);
		e->player = (int8_t)(side * DRESSED + i / 2 % FIRST_GOALTENDER);
		goals[side] += is_goal;
		shots[side]++;
		int left = shots[HOME] < 3 ? 3 : shots[HOME] + (side == AWAY);
		left = left < shots[AWAY] ? shots[AWAY] : left;
		if (goals[AWAY] > goals[HOME] + left - shots[HOME] ||
			goals[HOME] > goals[AWAY] + left - shots[AWAY])
			break;
	}
	p->score[goals[HOME] > goals[AWAY] ? HOME : AWAY]++;
	happen(p, SHOOTOUT_COMPLETE, AWAY);
	happen(p, PERIOD_END, AWAY);
}

/* ---- corrections ---- */

/* Minutes or hours after the horn; of a season also days and weeks. */
static int32_t correction_wall(struct play *p)
{
	enum { HOUR = 3600, DAY = 24 * HOUR };
	int32_t after = random_between(&p->random, 60, 4 * HOUR);
	if (p->is_season && random_chance(&p->random, 0.6))
		after = random_between(&p->random, 4 * HOUR, 2 * DAY);
	if (p->is_season && random_chance(&p->random, 0.25))
		after = random_between(&p->random, 2 * DAY, 20 * DAY);
	return p->m->over_wall + after;
}

/* The last event that `fits` and has not been corrected yet; NULL: none. */
static struct event *find_last(struct match *m, bool (*fits)(const struct event *e))
{
	for (size_t i = m->event_count; i-- > 0;)
		if (m->events[i].until == FOR_EVER && m->events[i].wall < m->over_wall &&
			fits(&m->events[i]))
			return &m->events[i];
	return NULL;
}

/* The event as it was ends, and a copy of it begins, right behind it; NULL: no room. */
static struct event *supersede(struct match *m, struct event *e, int32_t wall)
{
	size_t i = (size_t)(e - m->events);
	if (m->event_count == MAX_EVENTS)
		return NULL;
	memmove(e + 2, e + 1, (m->event_count - i - 1) * sizeof(*e));
	m->event_count++;
	e[1] = e[0];
	e[1].wall = e[0].until = wall;
	return &e[1];
}

static bool has_second_assist(const struct event *e)
{
	return e->what == GOAL && e->third != NOBODY && e->third % DRESSED < FIRST_GOALTENDER;
}

static bool has_first_assist(const struct event *e)
{
	return e->what == GOAL && e->other != NOBODY && e->player % DRESSED < FIRST_GOALTENDER;
}

static bool is_shot(const struct event *e)
{
	return e->what == SHOT;
}

static bool is_hit(const struct event *e)
{
	return e->what == HIT;
}

/* A second assist moves to a club mate who was on the ice. */
static void move_assist(struct play *p, int32_t wall)
{
	struct event *e = find_last(p->m, has_second_assist);
	if (!e)
		return;
	p->on_ice = e->on_ice;
	int8_t to = NOBODY;
	for (int n = 0; n < 20 && (to == NOBODY || to == e->third || to == e->other); n++)
		to = someone(p, e->side, e->player);
	if (to == NOBODY || to == e->third || to == e->other)
		return;
	if ((e = supersede(p->m, e, wall)))
		e->third = to;
}

/* The goal was his who had the first assist. */
static void move_goal(struct play *p, int32_t wall)
{
	struct event *e = find_last(p->m, has_first_assist);
	if (!e || !(e = supersede(p->m, e, wall)))
		return;
	int8_t scorer = e->player;
	e->player = e->other;
	e->other = scorer;
}

static void take_shot_back(struct play *p, int32_t wall)
{
	struct event *e = find_last(p->m, is_shot);
	if (e)
		e->until = wall;
}

/* Someone looked at the film: one more hit, by the same player. */
static void add_hit(struct play *p, int32_t wall)
{
	struct event *e = find_last(p->m, is_hit);
	int16_t id = (int16_t)(8 + p->m->event_count + 100);
	if (!e || !(e = supersede(p->m, e, wall)))
		return;
	e[-1].until = FOR_EVER;
	e->id = id;
}

static void recast(struct play *p, int32_t wall)
{
	struct match *m = p->m;
	int slot = random_below(&p->random, SIDES) * DRESSED +
		   random_below(&p->random, FIRST_DEFENDER);
	m->recast.slot = slot;
	m->recast.wall = wall;
	m->recast.position = m->slots[slot]->position == 'C' ? 'L' : 'C';
}

static void correct(struct play *p)
{
	static void (*const kinds[])(struct play * p, int32_t wall) = {
		move_assist, move_assist, move_goal, take_shot_back, add_hit, add_hit, recast};
	enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
	kinds[random_below(&p->random, KINDS)](p, correction_wall(p));
}

/* The goaltender of record: in net when the goal fell that decided it, else at the end. */
static void decide(struct play *p)
{
	struct match *m = p->m;
	m->winner = p->score[HOME] > p->score[AWAY] ? HOME : AWAY;
	for (int side = 0; side < SIDES; side++)
		m->deciders[side] = side * DRESSED + p->net[side];
	for (size_t i = 0; i < m->event_count; i++) {
		const struct event *e = &m->events[i];
		if (e->what != GOAL || e->side != m->winner ||
			e->score[m->winner] != p->score[!m->winner] + 1)
			continue;
		for (int side = 0; side < SIDES; side++)
			for (int g = FIRST_GOALTENDER; g < DRESSED; g++)
				if (e->on_ice & bit(side, g))
					m->deciders[side] = side * DRESSED + g;
	}
}

static void play_game(struct play *p)
{
	struct match *m = p->m;
	for (p->period = 1; p->period <= 3;) {
		play_period(p, PERIOD_S);
		if (p->period == 3)
			break;
		intermission(p, INTERMISSION_S);
	}
	while (p->is_playoff && p->score[AWAY] == p->score[HOME]) {
		intermission(p, INTERMISSION_S);
		play_period(p, PERIOD_S);
	}
	if (p->score[AWAY] == p->score[HOME]) {
		intermission(p, 60);
		play_period(p, OVERTIME_S);
		if (p->score[AWAY] == p->score[HOME]) {
			intermission(p, 120);
			shoot_out(p);
		}
	}
	m->last_period = p->period;
	mark(p, false, false);
	happen(p, GAME_END, AWAY);
	m->over_wall = p->wall;
	m->final_wall = p->wall + random_between(&p->random, 120, 600);
	m->official_wall = m->final_wall + random_between(&p->random, 900, 5400);
	if (p->is_season && random_chance(&p->random, 0.1))
		m->official_wall += random_between(&p->random, 1, 11) * 3600;
	decide(p);
	for (double chance = 0.4; random_chance(&p->random, chance); chance /= 2)
		correct(p);
}

/* Before the game's first quarter of an hour is over, or days after it, the wrong name goes. */
static void mistake(struct play *p, const struct league *l)
{
	struct match *m = p->m;
	int side = random_below(&p->random, SIDES),
	    slot = side * DRESSED + random_below(&p->random, 12);
	const struct person *out = league_player(l,
		side == HOME ? m->fixture->home : m->fixture->away, FORWARDS - 1, m->fixture->day);
	for (int i = 0; i < SLOTS; i++)
		if (m->slots[i] == out)
			return; /* he plays */
	m->mistake.slot = slot;
	m->mistake.who = out;
	m->mistake.wall = random_chance(&p->random, 0.5) ? random_between(&p->random, 100, 900)
							 : correction_wall(p);
}

static void dress(struct play *p, const struct league *l)
{
	struct match *m = p->m;
	int club[SIDES] = {m->fixture->away, m->fixture->home};
	for (int side = 0; side < SIDES; side++) {
		const struct person *all[ROSTER];
		for (int i = 0; i < ROSTER; i++)
			all[i] = league_player(l, club[side], i, m->fixture->day);
		for (int i = 0; i < DRESSED; i++)
			m->slots[side * DRESSED + i] =
				all[i < FIRST_DEFENDER ? i
					: i < FIRST_GOALTENDER
						? i - FIRST_DEFENDER + FORWARDS
						: i - FIRST_GOALTENDER + FORWARDS + DEFENDERS];
		int out = random_below(&p->random, 12); /* one of those who could rest does */
		if (random_chance(&p->random, 0.5))
			m->slots[side * DRESSED + out] = all[12 + random_below(&p->random, 2)];
		p->net[side] = FIRST_GOALTENDER + random_chance(&p->random, 0.25);
		m->starters[side] = side * DRESSED + p->net[side];
		for (int i = 0; i < 2; i++)
			p->boxed[side][i] = NOBODY;
	}
}

struct match *match_play(struct arena *keep, const struct league *l, const struct fixture *f)
{
	struct match *m = ARENA_NEW(keep, struct match, 1);
	m->fixture = f;
	m->events = ARENA_NEW(keep, struct event, MAX_EVENTS);
	m->marks = ARENA_NEW(keep, struct mark, MAX_MARKS);
	m->shifts = ARENA_NEW(keep, struct shift, MAX_SHIFTS);
	m->is_playoff = f->id / 10000 % 100 == 3;
	m->mistake.slot = m->recast.slot = NOBODY;
	struct play p = {.m = m,
		.random = random_from(l->seed, (uint64_t)f->id),
		.is_playoff = m->is_playoff,
		.is_season = l->is_season};
	dress(&p, l);
	play_game(&p);
	if (l->is_season && random_chance(&p.random, 0.03))
		mistake(&p, l);
	return m;
}

/* ---- looking at it ---- */

/* In the play-offs the fifth period is one of overtime. */
static bool is_shootout(const struct match *m, int period)
{
	return period == SHOOTOUT && !m->is_playoff;
}

bool match_has_shootout(const struct match *m)
{
	return is_shootout(m, m->last_period);
}

const char *match_period_type(const struct match *m, int period)
{
	if (period <= 3)
		return "REG";
	return is_shootout(m, period) ? "SO" : "OT";
}

static enum state state_at(
	const struct match *m, int64_t wall, const struct moment *at, const int score[SIDES])
{
	if (wall < 0)
		return wall < -1800 ? FUT : PRE;
	if (wall >= m->official_wall)
		return OFF;
	if (wall >= m->over_wall)
		return wall >= m->final_wall ? FINAL : OVER;
	bool is_late = at->period > 3 || (at->period == 3 && at->second >= PERIOD_S - 300);
	return is_late && abs(score[AWAY] - score[HOME]) <= 1 ? CRIT : LIVE;
}

struct moment match_at(const struct match *m, int64_t wall)
{
	struct moment at = {.length = PERIOD_S, .remaining = PERIOD_S};
	int score[SIDES] = {0};
	for (size_t i = 0; i < m->event_count; i++)
		for (int side = 0; side < SIDES && m->events[i].wall <= wall; side++)
			score[side] = m->events[i].score[side];
	for (size_t i = 0; i < m->mark_count && m->marks[i].wall <= wall; i++) {
		const struct mark *k = &m->marks[i];
		int passed = wall - k->wall > 100000 ? 100000 : (int)(wall - k->wall);
		at = (struct moment){.period = k->period,
			.length = k->length,
			.second = k->second + (k->is_running ? passed : 0),
			.is_running = k->is_running,
			.is_intermission = k->is_intermission};
		at.second = at.second > at.length ? at.length : at.second;
		at.remaining = is_shootout(m, k->period) ? 0 : at.length - at.second;
		if (k->is_intermission && i + 1 < m->mark_count)
			at.remaining = (int)(m->marks[i + 1].wall - wall);
	}
	at.state = state_at(m, wall, &at, score);
	return at;
}

static void tally_goal(const struct event *e, struct tally *t)
{
	t->lines[e->player].goals++;
	t->lines[e->player].power_play_goals += e->strength == POWER_PLAY;
	if (e->other != NOBODY)
		t->lines[e->other].assists++;
	if (e->third != NOBODY)
		t->lines[e->third].assists++;
	if (e->goaltender != NOBODY)
		*(e->is_unshot ? &t->lines[e->goaltender].own_goals
			       : &t->lines[e->goaltender].goals_against[e->strength]) += 1;
	if (e->strength == POWER_PLAY)
		return;
	for (int slot = 0; slot < SLOTS; slot++)
		if (e->on_ice >> slot & 1 && slot % DRESSED < FIRST_GOALTENDER)
			t->lines[slot].plus_minus += slot / DRESSED == e->side ? 1 : -1;
}

static void tally_event(const struct event *e, struct tally *t)
{
	struct line nobody = {0};
	struct line *mine = e->player == NOBODY ? &nobody : &t->lines[e->player];
	struct line *theirs = e->other == NOBODY ? &nobody : &t->lines[e->other];
	switch ((enum happening)e->what) {
	case FACEOFF:
		mine->faceoffs_won++;
		mine->faceoffs++;
		theirs->faceoffs++;
		break;
	case HIT:
		mine->hits++;
		break;
	case GIVEAWAY:
		mine->giveaways++;
		break;
	case TAKEAWAY:
		mine->takeaways++;
		break;
	case BLOCKED:
		theirs->blocked++;
		break;
	case PENALTY:
		mine->penalty_minutes += e->minutes;
		break;
	case GOAL:
		tally_goal(e, t);
		t->score[e->side]++;
		if (e->is_unshot)
			break;
		/* fall through */
	case SHOT:
		mine->shots++;
		t->shots[e->side]++;
		if (e->goaltender != NOBODY)
			t->lines[e->goaltender].shots_against[e->strength]++;
		break;
	case PERIOD_START:
	case PERIOD_END:
	case GAME_END:
	case SHOOTOUT_COMPLETE:
	case STOPPAGE:
	case MISSED:
	case SHOOTOUT_GOAL:
	case SHOOTOUT_MISS:
		break;
	}
}

void match_tally(const struct match *m, int64_t wall, struct tally *out)
{
	*out = (struct tally){.moment = match_at(m, wall)};
	for (size_t i = 0; i < m->event_count; i++)
		if (m->events[i].wall <= wall && wall < m->events[i].until)
			tally_event(&m->events[i], out);
	if (match_has_shootout(m) && wall >= m->over_wall)
		out->score[m->winner]++;
	for (int slot = 0; slot < SLOTS; slot++) {
		out->who[slot] = m->mistake.slot == slot && wall < m->mistake.wall ? m->mistake.who
										   : m->slots[slot];
		out->positions[slot] = m->recast.slot == slot && wall >= m->recast.wall
					       ? m->recast.position
					       : out->who[slot]->position;
	}
	int now = out->moment.period * 10000 + out->moment.second;
	for (size_t i = 0; i < m->shift_count; i++) {
		const struct shift *s = &m->shifts[i];
		int from = s->period * 10000 + s->from, to = s->period * 10000 + s->to;
		if (from >= now)
			continue;
		out->lines[s->slot].shifts++;
		out->lines[s->slot].seconds += (to < now ? to : now) - from;
	}
}

static void add_moment(const struct match *m, int32_t wall, int32_t *out, size_t room, size_t *n)
{
	if (wall <= m->over_wall || wall == FOR_EVER)
		return;
	size_t at = 0;
	while (at < *n && out[at] < wall)
		at++;
	if ((at < *n && out[at] == wall) || *n == room)
		return;
	memmove(out + at + 1, out + at, (*n - at) * sizeof(*out));
	out[at] = wall;
	(*n)++;
}

size_t match_corrections(const struct match *m, int32_t *out, size_t room)
{
	size_t n = 0;
	if (!room)
		return 0;
	out[n++] = m->over_wall;
	for (size_t i = 0; i < m->event_count; i++) {
		add_moment(m, m->events[i].wall, out, room, &n);
		add_moment(m, m->events[i].until, out, room, &n);
	}
	if (m->recast.slot != NOBODY)
		add_moment(m, m->recast.wall, out, room, &n);
	if (m->mistake.slot != NOBODY)
		add_moment(m, m->mistake.wall, out, room, &n);
	return n;
}
