#include "decode/decode.h"

#include "decode/game.h"
#include "decode/legacy.h"

enum { MAX_GAMES = 8192 }; /* five seasons in one body: nobody sends that */

/* A week's games have no day of their own: it is that of the list they are in. */
static void read_games(const struct place *list, int32_t day, struct schedule *s)
{
	struct reader *r = list->reader;
	for (struct place e = place_first(list); e.value && !r->failed; place_next(&e)) {
		if (s->count == MAX_GAMES) {
			reader_be_lenient(r, false);
			place_fault(&e, "more than %d games", MAX_GAMES);
			return;
		}
		struct game *g = &s->games[s->count];
		if (!game_read(&e, g))
			continue;
		if (day)
			SET(g, GAME, game_date, day);
		s->count++;
	}
}

static void read_week(const struct place *root, struct schedule *s)
{
	struct reader *r = root->reader;
	struct place week = place_get(root, "gameWeek"), e = place_first(&week);
	size_t before = entries_begin(r);
	for (; e.value && !r->failed; place_next(&e)) {
		int32_t day = 0;
		place_day(&e, "date", &day);
		if (day && (!s->first_day || day < s->first_day))
			s->first_day = day;
		struct place games = place_get(&e, "games");
		read_games(&games, day, s);
	}
	entries_end(&week, before, s->count);
	reader_be_lenient(r, true);
	place_day(root, "nextStartDate", &s->next_day);
	place_day(root, "preSeasonStartDate", &s->preseason_start);
	place_day(root, "regularSeasonStartDate", &s->season_start);
	place_day(root, "regularSeasonEndDate", &s->season_end);
	place_day(root, "playoffEndDate", &s->playoff_end);
	reader_be_lenient(r, false);
}

/* The score of a day has a week of numbers beside its games; a club's week and season have none. */
static void read_list(const struct place *root, struct schedule *s)
{
	struct reader *r = root->reader;
	struct place games = place_get(root, "games");
	size_t before = entries_begin(r);
	read_games(&games, 0, s);
	entries_end(&games, before, s->count);
	reader_be_lenient(r, true);
	place_day(root, "currentDate", &s->first_day);
	if (!place_day(root, "nextDate", &s->next_day))
		place_day(root, "nextStartDate", &s->next_day);
	reader_be_lenient(r, false);
}

static size_t count_games(const struct place *root)
{
	struct place games = place_get(root, "games"), week = place_get(root, "gameWeek"),
		     dates = place_get(root, "dates");
	size_t count = place_count(&games);
	for (struct place e = place_first(&week); e.value && place_is_object(&e); place_next(&e)) {
		games = place_get(&e, "games");
		count += place_count(&games);
	}
	for (struct place e = place_first(&dates); e.value && place_is_object(&e); place_next(&e)) {
		games = place_get(&e, "games");
		count += place_count(&games);
	}
	return count < MAX_GAMES ? count : MAX_GAMES;
}

bool decode_schedule(struct str body, struct arena *keep, struct schedule *out, struct err *err)
{
	struct reader r;
	struct place root;
	struct schedule s = {0};
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "schedule");
	s.games = ARENA_NEW(keep, struct game, count_games(&root));
	if (place_get(&root, "dates").value)
		legacy_read_schedule(&root, &s, MAX_GAMES);
	else if (place_get(&root, "games").value)
		read_list(&root, &s);
	else if (place_get(&root, "gameWeek").value)
		read_week(&root, &s);
	else
		place_fault(&root, "wanted games, gameWeek or dates, found none of them");
	s.warning = r.warning;
	if (!reader_close(&r))
		return err_wrap(err, "schedule");
	*out = s;
	return true;
}
