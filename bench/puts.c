/*
 * puts URL PROCESSES SECONDS changed|unchanged: how many games a second go into a database.
 *
 * Each process has games of its own, forty lines each, open one connection, and puts them in turn.
 * A changed one has 24 lines that differ (who was on the ice, and two who scored), as between two
 * polls of a live game. Prints puts a second, all processes together.
 */
#include "base/time.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GAMES = 16, LINES = 40, ON_ICE = 24 };

struct body {
	struct snapshot s;
	struct stat_line lines[LINES];
};

static void make_body(struct body *b, int64_t game_id)
{
	*b = (struct body){.s = {.has_lines = true, .count = LINES}};
	struct game *g = &b->s.game;
	SET(g, GAME, game_id, game_id);
	SET(g, GAME, season, 20262027);
	SET(g, GAME, game_date, 20700);
	SET(g, GAME, game_state, STR("LIVE"));
	SET(g, GAME, away_team_id, 12);
	SET(g, GAME, home_team_id, 3);
	SET(g, GAME, away_score, 0);
	SET(g, GAME, home_score, 0);
	SET(g, GAME, period, 1);
	SET(g, GAME, clock_seconds, 1200);
	for (int i = 0; i < LINES; i++) {
		struct stat_line *l = &b->lines[i];
		SET(l, STAT, game_id, game_id);
		SET(l, STAT, player_id, 8470000 + i);
		SET(l, STAT, player_name, STR("A. Player"));
		SET(l, STAT, team_id, i < LINES / 2 ? 12 : 3);
		SET(l, STAT, player_position, i % (LINES / 2) ? STR("C") : STR("G"));
		SET(l, STAT, goals, 0);
		SET(l, STAT, assists, 0);
		SET(l, STAT, points, 0);
		SET(l, STAT, shots, 0);
		SET(l, STAT, hits, 0);
		SET(l, STAT, time_on_ice, 0);
		SET(l, STAT, faceoff_win_pct, 0.5);
	}
}

static void play_on(struct body *b, int64_t at)
{
	for (int i = 0; i < ON_ICE; i++)
		b->lines[(at + i) % LINES].time_on_ice += 15;
	b->lines[at % LINES].shots++;
	b->s.game.clock_seconds = 1200 - at % 1200;
}

static bool put(struct store *s, struct body *b, int64_t at)
{
	struct put_result r;
	struct err err;
	b->s.lines = b->lines;
	b->s.observed_at = INT64_C(1790000000000) + at * 1000;
	b->s.order = (struct order_key){INT64_C(1790000000) + at, 1, at, b->s.observed_at};
	if (store_put_game(s, &b->s, &r, &err))
		return true;
	fprintf(stderr, "puts: %s\n", err.text);
	return false;
}

static int64_t run(const char *url, int64_t first_game, int64_t seconds, bool is_changed)
{
	static struct body bodies[GAMES];
	struct err err;
	int64_t count = 0, at = 0;
	struct store *s = store_open(str_from(url), STORE_WRITE, &err);
	if (!s) {
		fprintf(stderr, "puts: %s\n", err.text);
		return -1;
	}
	for (int i = 0; i < GAMES; i++) {
		make_body(&bodies[i], first_game + i);
		if (!put(s, &bodies[i], at))
			return -1;
	}
	int64_t end = time_monotonic_ms() + seconds * 1000;
	while (time_monotonic_ms() < end) {
		struct body *b = &bodies[count++ % GAMES];
		at++;
		if (is_changed)
			play_on(b, at);
		if (!put(s, b, at))
			return -1;
	}
	store_close(s);
	return count;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "puts URL PROCESSES SECONDS changed|unchanged\n");
		return 2;
	}
	int processes = atoi(argv[2]), seconds = atoi(argv[3]);
	int64_t *counts =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int64_t total = 0;
	for (int i = 0; i < processes; i++)
		if (!fork()) {
			counts[i] = run(argv[1], INT64_C(2026020001) + i * GAMES, seconds,
				!strcmp(argv[4], "changed"));
			_exit(counts[i] < 0);
		}
	for (int i = 0, status; i < processes; i++)
		if (wait(&status) < 0 || status)
			return 1;
	for (int i = 0; i < processes; i++)
		total += counts[i];
	printf("%.0f\n", (double)total / seconds);
	return 0;
}
