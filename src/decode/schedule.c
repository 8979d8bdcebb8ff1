#include "decode/decode.h"

#include "decode/game.h"
#include "decode/legacy.h"

#include <inttypes.h>

enum { MAX_GAMES = 8192 }; /* five seasons in one body: nobody sends that */

typedef bool game_reader(const struct place *p, struct game *g);

/* A list that is being filled. */
struct listing {
	struct schedule *s;
	size_t room; /* games that *s has room for: all that are in the body, at most MAX_GAMES */
	game_reader *read;
};

static bool plays_itself(const struct place *p, const struct game *g)
{
	if (g->away_team_id != g->home_team_id)
		return false;
	place_fault(p, "club %" PRId64 " plays against itself", g->away_team_id);
	return true;
}

/* A week's games have no day of their own: it is that of the list they are in. */
static void read_games(const struct place *list, int32_t day, struct listing *l)
{
	struct reader *r = list->reader;
	struct schedule *s = l->s;
	for (struct place e = place_first(list); e.value && !r->failed; place_next(&e)) {
		if (s->count == l->room) {
			reader_be_lenient(r, false);
			place_fault(&e, "more than %zu games", l->room);
			return;
		}
		struct game *g = &s->games[s->count];
		*g = (struct game){0}; /* of one that was left out */
		if (!l->read(&e, g) || plays_itself(&e, g))
			continue;
		if (day)
			SET(g, GAME, game_date, day);
		s->count++;
	}
}

/* One that has no games is a day all the same. */
static bool read_day(const struct place *p, struct listing *l)
{
	struct schedule *s = l->s;
	size_t before = s->count;
	int32_t day = 0;
	if (!place_need_object(p))
		return false;
	place_day(p, "date", &day);
	if (day && (!s->first_day || day < s->first_day))
		s->first_day = day;
	struct place games = place_get(p, "games");
	read_games(&games, day, l);
	return s->count > before || !games.value || (place_is_list(&games) && !place_count(&games));
}

static void read_days(const struct place *days, struct listing *l)
{
	struct reader *r = days->reader;
	size_t before = entries_begin(r), kept = 0;
	for (struct place e = place_first(days); e.value && !r->failed; place_next(&e))
		kept += read_day(&e, l);
	entries_end(days, before, kept);
}

static void read_week(const struct place *root, const struct place *week, struct listing *l)
{
	struct reader *r = root->reader;
	struct schedule *s = l->s;
	read_days(week, l);
	reader_be_lenient(r, true);
	place_day(root, "nextStartDate", &s->next_day);
	place_day(root, "preSeasonStartDate", &s->preseason_start);
	place_day(root, "regularSeasonStartDate", &s->season_start);
	place_day(root, "regularSeasonEndDate", &s->season_end);
	place_day(root, "playoffEndDate", &s->playoff_end);
	reader_be_lenient(r, false);
}

/* The score of a day has a week of numbers beside its games; a club's week and season have none. */
static void read_list(const struct place *root, const struct place *games, struct listing *l)
{
	struct reader *r = root->reader;
	struct schedule *s = l->s;
	size_t before = entries_begin(r);
	read_games(games, 0, l);
	entries_end(games, before, s->count);
	reader_be_lenient(r, true);
	place_day(root, "currentDate", &s->first_day);
	if (!place_day(root, "nextDate", &s->next_day))
		place_day(root, "nextStartDate", &s->next_day);
	reader_be_lenient(r, false);
}

static struct listing list_of(
	struct schedule *s, size_t count, game_reader *read, struct arena *keep)
{
	size_t room = count < MAX_GAMES ? count : MAX_GAMES;
	s->games = ARENA_NEW(keep, struct game, room);
	return (struct listing){s, room, read};
}

static size_t count_games(const struct place *days)
{
	size_t count = 0;
	if (!place_count(days))
		return 0;
	for (struct place e = place_first(days); e.value; place_next(&e))
		if (place_is_object(&e)) {
			struct place games = place_get(&e, "games");
			count += place_count(&games);
		}
	return count;
}

static void read_schedule(const struct place *root, struct arena *keep, struct schedule *s)
{
	struct place days = place_get(root, "dates"), games = place_get(root, "games"),
		     week = place_get(root, "gameWeek");
	struct listing l;
	if (days.value) {
		l = list_of(s, count_games(&days), legacy_read_scheduled, keep);
		read_days(&days, &l);
	} else if (games.value) {
		l = list_of(s, place_count(&games), game_read, keep);
		read_list(root, &games, &l);
	} else if (week.value) {
		l = list_of(s, count_games(&week), game_read, keep);
		read_week(root, &week, &l);
	} else {
		place_fault(root, "wanted games, gameWeek or dates, found none of them");
	}
}

bool decode_schedule(struct str body, struct arena *keep, struct schedule *out, struct err *err)
{
	struct reader r;
	struct place root;
	struct schedule s = {0};
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "schedule");
	read_schedule(&root, keep, &s);
	s.warning = r.warning;
	if (!reader_close(&r))
		return err_wrap(err, "schedule");
	*out = s;
	return true;
}
