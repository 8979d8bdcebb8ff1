#include "fake/league.h"

#include "base/time.h"
#include "fake/calendar.h"
#include "fake/random.h"

const struct club clubs[CLUBS] = {
	{1, "NJD", "New Jersey", "Devils", "Prudential Center", "US/Eastern"},
	{2, "NYI", "New York", "Islanders", "UBS Arena", "US/Eastern"},
	{3, "NYR", "New York", "Rangers", "Madison Square Garden", "US/Eastern"},
	{4, "PHI", "Philadelphia", "Flyers", "Xfinity Mobile Arena", "US/Eastern"},
	{5, "PIT", "Pittsburgh", "Penguins", "PPG Paints Arena", "US/Eastern"},
	{6, "BOS", "Boston", "Bruins", "TD Garden", "US/Eastern"},
	{7, "BUF", "Buffalo", "Sabres", "KeyBank Center", "US/Eastern"},
	{8, "MTL", "Montréal", "Canadiens", "Centre Bell", "America/Montreal"},
	{9, "OTT", "Ottawa", "Senators", "Canadian Tire Centre", "America/Toronto"},
	{10, "TOR", "Toronto", "Maple Leafs", "Scotiabank Arena", "America/Toronto"},
	{12, "CAR", "Carolina", "Hurricanes", "Lenovo Center", "US/Eastern"},
	{13, "FLA", "Florida", "Panthers", "Amerant Bank Arena", "US/Eastern"},
	{14, "TBL", "Tampa Bay", "Lightning", "Benchmark International Arena", "US/Eastern"},
	{15, "WSH", "Washington", "Capitals", "Capital One Arena", "US/Eastern"},
	{16, "CHI", "Chicago", "Blackhawks", "United Center", "US/Central"},
	{17, "DET", "Detroit", "Red Wings", "Little Caesars Arena", "America/Detroit"},
	{18, "NSH", "Nashville", "Predators", "Bridgestone Arena", "US/Central"},
	{19, "STL", "St. Louis", "Blues", "Enterprise Center", "US/Central"},
	{20, "CGY", "Calgary", "Flames", "Scotiabank Saddledome", "America/Edmonton"},
	{21, "COL", "Colorado", "Avalanche", "Ball Arena", "America/Denver"},
	{22, "EDM", "Edmonton", "Oilers", "Rogers Place", "America/Edmonton"},
	{23, "VAN", "Vancouver", "Canucks", "Rogers Arena", "America/Vancouver"},
	{24, "ANA", "Anaheim", "Ducks", "Honda Center", "US/Pacific"},
	{25, "DAL", "Dallas", "Stars", "American Airlines Center", "US/Central"},
	{26, "LAK", "Los Angeles", "Kings", "Crypto.com Arena", "US/Pacific"},
	{28, "SJS", "San Jose", "Sharks", "SAP Center", "US/Pacific"},
	{29, "CBJ", "Columbus", "Blue Jackets", "Nationwide Arena", "US/Eastern"},
	{30, "MIN", "Minnesota", "Wild", "Grand Casino Arena", "US/Central"},
	{52, "WPG", "Winnipeg", "Jets", "Canada Life Centre", "America/Winnipeg"},
	{54, "VGK", "Vegas", "Golden Knights", "T-Mobile Arena", "US/Pacific"},
	{55, "SEA", "Seattle", "Kraken", "Climate Pledge Arena", "US/Pacific"},
	{68, "UTA", "Utah", "Mammoth", "Delta Center", "America/Denver"},
};

static const char *const first_names[] = {"Aaron", "Anders", "Antoine", "Artur", "Benoît", "Björn",
	"Brady", "Caleb", "Connor", "Dalibor", "Daniel", "Dmitri", "Élie", "Emil", "Ethan", "Filip",
	"Gabriel", "Gustav", "Henrik", "Hugo", "Ivan", "Jakub", "Jean-Luc", "Jesse", "Joonas",
	"Juho", "Kirill", "Lars", "Liam", "Logan", "Loïc", "Lukáš", "Marcus", "Mathieu", "Mikko",
	"Nathan", "Nils", "Noah", "Oskar", "Ondřej", "Owen", "Patrik", "Quinn", "Roman", "Ryan",
	"Sami", "Samuel", "Şahin", "Teemu", "Tomáš", "Tyler", "Viktor", "Wyatt", "Zach"};
static const char *const last_names[] = {"Abbott", "Ahlgren", "Barlow", "Beauséjour", "Bergqvist",
	"Blaha", "Boucher-Roy", "Brandt", "Calloway", "Charette", "Côté", "Dahlin-Ek", "Delorme",
	"Dvořáček", "Ekholt", "Fairley", "Fiala-Novák", "Fontaine", "Gagné", "Granlöf", "Grigorov",
	"Haapala", "Hallström", "Hartley", "Hejda", "Huttunen", "Iversen", "Jánošík", "Järvelä",
	"Kaprálek", "Keefer", "Kivimäki", "Kozlenko", "Lachance", "Lindqvist", "Løkken", "MacRae",
	"Malenkin", "McGill", "Mäkelin", "Nordgren", "Nyström", "O'Rourke", "Ouellet", "Palmgren",
	"Pešek", "Petrenko", "Quesnel", "Rantala", "Reinholt", "Ruzicka", "Savard", "Sjödin",
	"Slováček", "St. Amand", "Stützner", "Sundén", "Tessier", "Thorvald", "Trembley", "Ulvang",
	"Vaillant", "van der Berg", "Vesey", "Virtamo", "Volkov", "Wahlgren", "Whitlock", "Yakimov",
	"Zádorský", "Zetterlund", "Žižka"};
#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

static char position_of(int i)
{
	if (i >= FORWARDS + DEFENDERS)
		return 'G';
	return i >= FORWARDS ? 'D' : "CLR"[i % 3];
}

static void people_club(struct league *l, int club)
{
	struct random r = random_from(l->seed, 1000 + (uint64_t)club);
	for (int i = 0; i < ROSTER; i++) {
		struct person *p = &l->people[club][i];
		p->id = 8470000 + club * 100 + i;
		p->first = first_names[random_below(&r, COUNT(first_names))];
		p->last = last_names[random_below(&r, COUNT(last_names))];
		p->position = position_of(i);
		p->birth_day = day_from_civil(random_between(&r, 1988, 2006),
			random_between(&r, 1, 12), random_between(&r, 1, 28));
		/* 4 numbers for each of 23 players: never the same twice in a club. */
		p->number = 2 + i * 4 + random_below(&r, 4);
	}
	for (int i = 0; i < RESERVES; i++) {
		struct person *p = &l->reserves[club][i];
		p->id = 8470000 + club * 100 + ROSTER + i;
		p->first = first_names[random_below(&r, COUNT(first_names))];
		p->last = last_names[random_below(&r, COUNT(last_names))];
		p->position = "CLDG"[i];
		p->birth_day = day_from_civil(random_between(&r, 1996, 2006),
			random_between(&r, 1, 12), random_between(&r, 1, 28));
		p->number = 2 + ROSTER * 4 + i;
	}
}

/* What readers must bear: two of one name, and a name with stray white space. */
static void people_oddities(struct league *l)
{
	for (int club = 0; club < CLUBS; club++) {
		l->people[club][1].first = "Sebastian";
		l->people[club][1].last = club % 2 ? "Åhlund" : "Ahlund";
		l->people[club][2].first = "Jean ";
		l->people[club][2].last = "Le\tBlanc";
	}
}

struct league *league_new(struct arena *keep, uint64_t seed, size_t games)
{
	struct league *l = ARENA_NEW(keep, struct league, 1);
	l->seed = seed;
	l->fixtures = ARENA_NEW(keep, struct fixture, games);
	for (int club = 0; club < CLUBS; club++)
		people_club(l, club);
	people_oddities(l);
	return l;
}

static int season_year(int32_t day)
{
	int year, month, d;
	day_to_civil(day, &year, &month, &d);
	return month >= 9 ? year : year - 1;
}

struct league *league_night(
	struct arena *keep, uint64_t seed, int games, int64_t now_ms, double speed)
{
	if (games > NIGHT_GAMES_MAX)
		games = NIGHT_GAMES_MAX;
	struct league *l = league_new(keep, seed, NIGHT_GAMES_MAX);
	int32_t day = eastern_day(now_ms);
	int year = season_year(day);
	l->season = year * 10001 + 1;
	l->began_ms = now_ms;
	l->speed = speed;
	struct random r = random_from(seed, (uint64_t)day);
	int order[CLUBS];
	for (int i = 0; i < CLUBS; i++)
		order[i] = i;
	random_shuffle(&r, order, CLUBS);
	int number = 1 + (day - day_from_civil(year, 9, 1)) % 80 * NIGHT_GAMES_MAX;
	for (int i = 0; i < games; i++) {
		struct fixture *f = &l->fixtures[l->count++];
		f->id = (int64_t)year * 1000000 + 20000 + number + i;
		f->day = day;
		f->away = order[2 * i];
		f->home = order[2 * i + 1];
		/* From a game in its third period to one that begins soon. */
		f->puck_s = games > 1 ? (-100 + 125 * i / (games - 1)) * 60 : -600;
		f->start_ms = now_ms + (int64_t)((double)f->puck_s * 1000 / speed);
		f->start_ms = time_floor(f->start_ms, 1000);
	}
	return l;
}

const struct fixture *league_find(const struct league *l, int64_t id)
{
	size_t first = 0, last = l->count;
	while (first < last) {
		size_t middle = (first + last) / 2;
		if (l->fixtures[middle].id < id)
			first = middle + 1;
		else
			last = middle;
	}
	return first < l->count && l->fixtures[first].id == id ? &l->fixtures[first] : NULL;
}

/* ---- who is where ---- */

const struct person *league_player(const struct league *l, int club, int place, int32_t day)
{
	const struct person *who = &l->people[club][place];
	for (size_t i = 0; i < l->move_count && l->moves[i].day <= day; i++)
		if (l->moves[i].club == club && l->moves[i].place == place)
			who = l->moves[i].who;
	return who;
}

const struct person *league_person(const struct league *l, int64_t id, int *out_club)
{
	int64_t n = id - 8470000;
	if (n < 0 || n / 100 >= CLUBS || n % 100 >= EVERYBODY)
		return NULL;
	*out_club = (int)(n / 100);
	return n % 100 < ROSTER ? &l->people[n / 100][n % 100]
				: &l->reserves[n / 100][n % 100 - ROSTER];
}

int league_club_of(const struct league *l, const struct person *p, int32_t day)
{
	int club = (int)((p->id - 8470000) / 100);
	int64_t place = (p->id - 8470000) % 100;
	if (!l->move_count)
		return place < ROSTER ? club : -1;
	for (club = 0; club < CLUBS; club++)
		for (int i = 0; i < ROSTER; i++)
			if (league_player(l, club, i, day) == p)
				return club;
	return -1;
}

static void add_once(const struct person *list[static ROSTER_MAX], int *n, const struct person *p)
{
	for (int i = 0; i < *n; i++)
		if (list[i] == p)
			return;
	if (*n < ROSTER_MAX)
		list[(*n)++] = p;
}

int league_roster(
	const struct league *l, int club, int32_t day, const struct person *out[static ROSTER_MAX])
{
	int n = 0;
	for (int place = 0; place < ROSTER; place++) {
		add_once(out, &n,
			l->is_over ? &l->people[club][place] : league_player(l, club, place, day));
		for (size_t i = 0; l->is_over && i < l->move_count; i++)
			if (l->moves[i].club == club && l->moves[i].place == place)
				add_once(out, &n, l->moves[i].who);
	}
	return n;
}

int club_find(struct str abbrev)
{
	for (int i = 0; i < CLUBS; i++)
		if (str_equal(abbrev, str_from(clubs[i].abbrev)))
			return i;
	return -1;
}

int64_t league_wall(const struct league *l, const struct fixture *f, int64_t now_ms)
{
	if (l->is_over)
		return INT32_MAX - 1; /* the last moment before for ever */
	return (int64_t)((double)(now_ms - l->began_ms) * l->speed / 1000) - f->puck_s;
}

int64_t league_instant(const struct league *l, const struct fixture *f, int64_t wall)
{
	return l->began_ms + (int64_t)((double)(f->puck_s + wall) * 1000 / l->speed);
}

struct listing league_listing(const struct league *l, const struct fixture *f, int64_t now_ms)
{
	struct listing said = {true, f->day, f->start_ms, "OK"};
	if (l->is_over)
		return said;
	said.is_known = now_ms >= f->known_ms;
	if (f->put_off_ms && now_ms < f->named_ms) {
		said.day = f->planned_day;
		said.start_ms = f->planned_ms;
		said.schedule_state = now_ms < f->put_off_ms ? "OK" : "PPD";
	}
	return said;
}
