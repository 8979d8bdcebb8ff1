#include "decode/decode.h"

#include "decode/game.h"
#include "decode/legacy.h"

/*
 * The shape follows the day of the fetch, not the season. Until about March 2024 the lines
 * were nested under `boxscore`, face-offs were 0 to 100 and some things not yet there. What a
 * shape lacks is unknown, so one list serves both but for the face-offs.
 */
static const struct field person_fields[] = {
	{"name", READ_TEXT, STAT_player_name},
	{"sweaterNumber", READ_INT, STAT_player_number},
	{"position", READ_TEXT, STAT_player_position},
	{"pim", READ_INT, STAT_penalty_minutes},
	{"toi", READ_CLOCK, STAT_time_on_ice},
};

static const struct field skater_fields[] = {
	{"goals", READ_INT, STAT_goals},
	{"assists", READ_INT, STAT_assists},
	{"points", READ_INT, STAT_points},
	{"plusMinus", READ_INT, STAT_plus_minus},
	{"hits", READ_INT, STAT_hits},
	{"shots", READ_INT, STAT_shots}, /* nested */
	{"sog", READ_INT, STAT_shots},   /* flat */
	{"blockedShots", READ_INT, STAT_blocked_shots},
	{"giveaways", READ_INT, STAT_giveaways},
	{"takeaways", READ_INT, STAT_takeaways},
	{"powerPlayGoals", READ_INT, STAT_power_play_goals},
	{"shifts", READ_INT, STAT_shifts},
};
static const struct field flat_faceoffs = {"faceoffWinningPctg", READ_SHARE, STAT_faceoff_win_pct};
static const struct field nested_faceoffs = {
	"faceoffWinningPctg", READ_PERCENT, STAT_faceoff_win_pct};

/* A goaltender's goals and assists are in the play-by-play only, hits nowhere. */
static const struct field goaltender_fields[] = {
	{"saveShotsAgainst", READ_PAIR, STAT_saves}, /* all that the nested shape has */
	{"saves", READ_INT, STAT_saves},
	{"shotsAgainst", READ_INT, STAT_shots_against},
	{"goalsAgainst", READ_INT, STAT_goals_against},
	{"savePctg", READ_SHARE, STAT_save_pct},
	{"evenStrengthShotsAgainst", READ_PAIR, STAT_even_strength_saves},
	{"powerPlayShotsAgainst", READ_PAIR, STAT_power_play_saves},
	{"shorthandedShotsAgainst", READ_PAIR, STAT_short_handed_saves},
	{"starter", READ_BOOL, STAT_starter},
	{"decision", READ_TEXT, STAT_decision},
};
_Static_assert(STAT_shots_against == STAT_saves + 1 &&
		       STAT_even_strength_shots_against == STAT_even_strength_saves + 1 &&
		       STAT_power_play_shots_against == STAT_power_play_saves + 1 &&
		       STAT_short_handed_shots_against == STAT_short_handed_saves + 1,
	"READ_PAIR fills a column and the next");

/* A field that has become something else must not stop every game: the store holds what it was. */
#define READ_STATISTICS(place, fields, line)                                                       \
	PLACE_READ_LENIENTLY((place), (fields), &stat_table, (line))

enum { GROUPS = 3, GOALTENDERS = 2 };
static const char *const groups[GROUPS] = {"forwards", "defense", "goalies"};

struct box_score {
	struct snapshot snapshot;
	struct seen seen[MAX_LINES];
	bool is_nested;
};

static void read_line(const struct place *p, struct box_score *b, bool is_home, bool is_goaltender)
{
	const struct game *g = &b->snapshot.game;
	struct stat_line *line = &b->snapshot.lines[b->snapshot.count];
	int64_t id;
	if (!place_need_id(p, "playerId", &id) || !player_has_no_line(p, b->seen, &b->snapshot, id))
		return;
	SET(line, STAT, game_id, g->game_id);
	SET(line, STAT, player_id, id);
	SET(line, STAT, team_id, is_home ? g->home_team_id : g->away_team_id);
	SET(line, STAT, opponent_team_id, is_home ? g->away_team_id : g->home_team_id);
	struct value away = record_get(&game_table, g, GAME_away_team_name),
		     home = record_get(&game_table, g, GAME_home_team_name);
	record_set(&stat_table, line, STAT_team_name, is_home ? home : away);
	record_set(&stat_table, line, STAT_opponent_team_name, is_home ? away : home);
	READ_STATISTICS(p, person_fields, line);
	if (is_goaltender) {
		READ_STATISTICS(p, goaltender_fields, line);
	} else {
		READ_STATISTICS(p, skater_fields, line);
		place_read_leniently(
			p, b->is_nested ? &nested_faceoffs : &flat_faceoffs, 1, &stat_table, line);
	}
	if (KNOWS(line, STAT, player_position) && !position_is_known(line->player_position))
		reader_warn(p->reader, "a position never seen before: %.*s",
			STR_ARG(str_first(line->player_position, 40)));
	b->snapshot.count++;
}

/* Room for all that is there, so that no page is touched for lines that never come. */
static size_t count_lines(const struct place *stats)
{
	size_t count = 0;
	for (size_t side = 0; side < 2; side++) {
		struct place team = place_get(stats, side ? "homeTeam" : "awayTeam");
		for (size_t i = 0; i < GROUPS; i++) {
			struct place group = place_get(&team, groups[i]);
			count += place_count(&group);
		}
	}
	return count < MAX_LINES ? count : MAX_LINES;
}

static void read_lines(const struct place *stats, struct box_score *b)
{
	struct reader *r = stats->reader;
	b->snapshot.has_lines = true;
	b->snapshot.lines = ARENA_NEW(r->keep, struct stat_line, count_lines(stats));
	for (size_t side = 0; side < 2; side++) {
		struct place team = place_get(stats, side ? "homeTeam" : "awayTeam");
		for (size_t i = 0; i < GROUPS; i++) {
			struct place group = place_get(&team, groups[i]);
			for (struct place e = place_first(&group); e.value && !r->failed;
				place_next(&e))
				read_line(&e, b, side == 1, i == GOALTENDERS);
		}
	}
}

static void read_box_score(const struct place *root, int64_t wanted_game, struct box_score *b)
{
	game_read(root, &b->snapshot.game);
	if (!game_is_wanted(root, b->snapshot.game.game_id, wanted_game))
		return;
	struct place nested = place_get(root, "boxscore.playerByGameStats");
	struct place flat = place_get(root, "playerByGameStats");
	b->is_nested = nested.value && !flat.value;
	if (flat.value || nested.value)
		read_lines(b->is_nested ? &nested : &flat, b);
	game_warn(root->reader, &b->snapshot.game);
}

bool decode_box_score(struct str body, int64_t wanted_game, struct arena *keep,
	struct snapshot *out, struct err *err)
{
	struct reader r;
	struct place root;
	if (!reader_open(&r, body, keep, err, &root))
		return err_wrap(err, "box score");
	struct box_score *b = ARENA_NEW(keep, struct box_score, 1);
	if (legacy_is_live(&root))
		legacy_read_live(&root, wanted_game, &b->snapshot);
	else
		read_box_score(&root, wanted_game, b);
	b->snapshot.warning = r.warning;
	if (!reader_close(&r))
		return err_wrap(err, "box score");
	*out = b->snapshot;
	return true;
}
