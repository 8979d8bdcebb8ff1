#include "fake/truth.h"

#include "base/time.h"
#include "fake/put.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

static void put_person(struct json *j, const struct tally *t, int slot, int32_t day)
{
	const struct person *p = t->who[slot];
	char name[128];
	snprintf(name, sizeof(name), "%s %s", p->first, p->last);
	json_key(j, STR("player_name"));
	json_text(j, str_collapse(name, str_from(name)));
	put_int(j, "player_age", day_age(p->birth_day, day));
	put_int(j, "player_number", p->number);
	put_text(j, "player_position", (char[]){t->positions[slot], 0});
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

static void put_goaltender(
	struct json *j, const struct match *m, int slot, const struct line *s, bool has_ended)
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
	put_int(j, "saves", shots - goals);
	put_int(j, "shots_against", shots);
	put_int(j, "goals_against", goals + s->own_goals);
	if (shots || !has_ended)
		put_share(j, "save_pct", shots - goals, shots);
	else
		put_absent(j, (const char *const[]){"save_pct", NULL});
	if (has_ended) {
		put_int(j, "penalty_minutes", s->penalty_minutes);
		json_key(j, STR("starter"));
		json_bool(j, slot == m->starters[side]);
	} else {
		put_absent(j, (const char *const[]){"penalty_minutes", "starter", NULL});
	}
	if (has_ended && slot == m->deciders[side])
		put_text(j, "decision",
			side == m->winner                      ? "W"
			: m->last_period > 3 && !m->is_playoff ? "O"
							       : "L");
	else
		put_absent(j, (const char *const[]){"decision", NULL});
	put_absent(j, absent);
}

static void put_row(struct buf *out, const struct match *m, const struct tally *t, int slot)
{
	const struct line *s = &t->lines[slot];
	const struct fixture *f = m->fixture;
	bool is_home = slot / DRESSED == HOME;
	struct json j = json_begin(out);
	json_open(&j, '{');
	put_int(&j, "game_id", f->id);
	put_int(&j, "player_id", t->who[slot]->id);
	put_club(&j, "team_id", "team_name", is_home ? f->home : f->away);
	put_club(&j, "opponent_team_id", "opponent_team_name", is_home ? f->away : f->home);
	put_person(&j, t, slot, f->day);
	put_int(&j, "goals", s->goals);
	put_int(&j, "assists", s->assists);
	put_int(&j, "points", s->goals + s->assists);
	put_int(&j, "time_on_ice", s->seconds);
	if (slot % DRESSED >= FIRST_GOALTENDER)
		put_goaltender(&j, m, slot, s, t->moment.state >= OVER);
	else
		put_skater(&j, s);
	json_close(&j, '}');
}

void truth_game(struct buf *out, const struct match *m, int64_t wall)
{
	struct tally t;
	match_tally(m, wall, &t);
	for (int slot = 0; slot < SLOTS && t.moment.state >= LIVE; slot++) {
		put_row(out, m, &t, slot);
		buf_add_char(out, '\n');
	}
}

/* ---- histories ---- */

static bool is_same(const struct match *m, const struct tally *a, const struct tally *b, int slot)
{
	struct buf text[2];
	const struct tally *both[] = {a, b};
	for (int i = 0; i < 2; i++) {
		buf_init(&text[i], 4096);
		put_row(&text[i], m, both[i], slot);
	}
	bool same = str_equal(buf_str(&text[0]), buf_str(&text[1]));
	for (int i = 0; i < 2; i++)
		buf_clear(&text[i]);
	return same;
}

static void put_moment(struct buf *out, const struct league *l, const struct match *m, int32_t wall,
	const char *what)
{
	int64_t at_ms = league_instant(l, m->fixture, wall);
	buf_add_format(out, "{\"at\":\"%s\",\"%s\":", time_format(at_ms).text, what);
}

static void put_changes(struct buf *out, const struct league *l, const struct match *m,
	int32_t wall, const struct tally *before, const struct tally *now)
{
	for (int slot = 0; slot < SLOTS; slot++) {
		if (before && is_same(m, before, now, slot))
			continue;
		if (before && before->who[slot] != now->who[slot]) {
			put_moment(out, l, m, wall, "gone");
			buf_add_format(out,
				"{\"game_id\":%" PRId64 ",\"player_id\":%" PRId64 "}}\n",
				m->fixture->id, before->who[slot]->id);
		}
		put_moment(out, l, m, wall, "row");
		put_row(out, m, now, slot);
		buf_add(out, STR("}\n"));
	}
}

void truth_history(struct buf *out, const struct league *l, const struct match *m)
{
	enum { MOMENTS = 64 };
	int32_t walls[MOMENTS];
	struct tally both[2];
	size_t count = match_corrections(m, walls, MOMENTS);
	for (size_t i = 0; i < count; i++) {
		match_tally(m, walls[i], &both[i % 2]);
		put_changes(out, l, m, walls[i], i ? &both[(i + 1) % 2] : NULL, &both[i % 2]);
	}
}

bool truth_write(const struct league *l, struct str file, struct err *err)
{
	struct arena arena = arena_reserve(2 * MATCH_BYTES);
	struct arena name = arena;
	struct buf out;
	bool is_stdout = str_equal(file, STR("-"));
	FILE *f = is_stdout ? stdout : fopen(str_z(&name, file), "w");
	bool ok = f != NULL;
	buf_init(&out, 1 << 22);
	for (size_t i = 0; i < l->count && ok; i++) {
		struct arena scratch = arena;
		buf_reset(&out);
		truth_history(&out, l, match_play(&scratch, l, &l->fixtures[i]));
		ok = fwrite(out.p, 1, out.n, f) == out.n;
	}
	ok = ok && fflush(f) == 0;
	int why = errno;
	if (f && !is_stdout)
		fclose(f);
	buf_clear(&out);
	arena_release(&arena);
	return ok || err_set(err, ERR_USAGE, "--truth: \"%.*s\": %s", STR_ARG(file), strerror(why));
}
