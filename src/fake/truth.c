#include "fake/truth.h"

#include "base/json.h"
#include "base/time.h"

#include <stdio.h>

static void put_int(struct json *j, const char *key, int64_t value)
{
	json_key(j, str_from(key));
	json_i64(j, value);
}

static void put_text(struct json *j, const char *key, const char *text)
{
	json_key(j, str_from(key));
	json_text(j, str_from(text));
}

/* Six decimals, as the API has them. */
static void put_share(struct json *j, const char *key, int part, int whole)
{
	json_key(j, str_from(key));
	json_real(j, whole ? (double)(int64_t)((double)part * 1e6 / whole + 0.5) / 1e6 : 0);
}

static void put_absent(struct json *j, const char *const *keys)
{
	for (; *keys; keys++) {
		json_key(j, str_from(*keys));
		json_null(j);
	}
}

static void put_club(struct json *j, const char *id, const char *name, int club)
{
	char text[96];
	snprintf(text, sizeof(text), "%s %s", clubs[club].place, clubs[club].name);
	put_int(j, id, clubs[club].id);
	put_text(j, name, text);
}

static void put_person(struct json *j, const struct person *p, int32_t day)
{
	char name[128];
	char room[256];
	struct arena scratch = {room, room, room + sizeof(room)};
	snprintf(name, sizeof(name), "%s %s", p->first, p->last);
	json_key(j, STR("player_name"));
	json_text(j, str_collapse(&scratch, str_from(name)));
	put_int(j, "player_age", day_age(p->birth_day, day));
	put_int(j, "player_number", p->number);
	put_text(j, "player_position", (char[]){p->position, 0});
}

static void put_skater(struct json *j, const struct line *s)
{
	static const char *const absent[] = {"saves", "shots_against", "goals_against", "save_pct",
		"even_strength_saves", "even_strength_shots_against", "power_play_saves",
		"power_play_shots_against", "short_handed_saves", "short_handed_shots_against",
		"starter", "decision", NULL};
	put_int(j, "plus_minus", s->plus_minus);
	put_int(j, "penalty_minutes", s->penalty_minutes);
	put_int(j, "hits", s->hits);
	put_int(j, "shots", s->shots);
	put_int(j, "blocked_shots", s->blocked);
	put_int(j, "giveaways", s->giveaways);
	put_int(j, "takeaways", s->takeaways);
	put_int(j, "power_play_goals", s->power_play_goals);
	put_share(j, "faceoff_win_pct", s->faceoffs_won, s->faceoffs);
	put_int(j, "shifts", s->shifts);
	put_absent(j, absent);
}

static void put_goaltender(struct json *j, const struct match *m, int slot, const struct line *s)
{
	static const char *const absent[] = {"plus_minus", "hits", "shots", "blocked_shots",
		"giveaways", "takeaways", "power_play_goals", "faceoff_win_pct", "shifts", NULL};
	static const struct {
		const char *saves, *shots;
	} names[] = {{"even_strength_saves", "even_strength_shots_against"},
		{"power_play_saves", "power_play_shots_against"},
		{"short_handed_saves", "short_handed_shots_against"}};
	int shots = 0, goals = 0, side = slot / DRESSED;
	for (int k = 0; k < 3; k++) {
		put_int(j, names[k].saves, s->shots_against[k] - s->goals_against[k]);
		put_int(j, names[k].shots, s->shots_against[k]);
		shots += s->shots_against[k];
		goals += s->goals_against[k];
	}
	put_int(j, "penalty_minutes", 0);
	put_int(j, "saves", shots - goals);
	put_int(j, "shots_against", shots);
	put_int(j, "goals_against", goals);
	json_key(j, STR("starter"));
	json_bool(j, slot == m->starters[side]);
	if (shots)
		put_share(j, "save_pct", shots - goals, shots);
	else
		put_absent(j, (const char *const[]){"save_pct", NULL});
	if (slot == m->deciders[side])
		put_text(j, "decision", side == m->winner ? "W" : m->last_period > 3 ? "O" : "L");
	else
		put_absent(j, (const char *const[]){"decision", NULL});
	put_absent(j, absent);
}

void truth_game(struct buf *out, const struct match *m)
{
	struct tally t;
	match_tally(m, FOR_EVER - 1, &t);
	for (int slot = 0; slot < SLOTS; slot++) {
		const struct line *s = &t.lines[slot];
		const struct fixture *f = m->fixture;
		bool is_home = slot / DRESSED == HOME;
		struct json j = json_begin(out);
		json_open(&j, '{');
		put_int(&j, "game_id", f->id);
		put_int(&j, "player_id", m->slots[slot]->id);
		put_club(&j, "team_id", "team_name", is_home ? f->home : f->away);
		put_club(&j, "opponent_team_id", "opponent_team_name", is_home ? f->away : f->home);
		put_person(&j, m->slots[slot], f->day);
		put_int(&j, "goals", s->goals);
		put_int(&j, "assists", s->assists);
		put_int(&j, "points", s->goals + s->assists);
		put_int(&j, "time_on_ice", s->seconds);
		if (slot % DRESSED >= FIRST_GOALTENDER)
			put_goaltender(&j, m, slot, s);
		else
			put_skater(&j, s);
		json_close(&j, '}');
		buf_add_char(out, '\n');
	}
}
