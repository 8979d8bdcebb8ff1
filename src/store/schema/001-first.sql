-- What stands between two @ is written by the program: @columns(TABLE)@ from the one list of columns (what the
-- list has gained since is added to older databases after the numbered files), @int@ @real@ @bool@ @text@ @date@
-- @time@ and what ends a table in the words of the database.

CREATE TABLE game_stats (@columns(game_stats)@, PRIMARY KEY (game_id, player_id)) @end@;
CREATE INDEX game_stats_player ON game_stats (player_id, game_id);
CREATE INDEX game_stats_team ON game_stats (team_id, game_id, player_id);

CREATE TABLE games (@columns(games)@, PRIMARY KEY (game_id)) @end@;
CREATE INDEX games_date ON games (game_date, game_id);

CREATE TABLE players (@columns(players)@, PRIMARY KEY (player_id)) @end@;
CREATE TABLE teams (@columns(teams)@, PRIMARY KEY (team_id, season)) @end@;
CREATE TABLE game_events (@columns(game_events)@, PRIMARY KEY (game_id, event_id)) @end@;

-- The one row that gives out revisions: whoever commits next has the next one, so that commit order is
-- revision order and one rolled back is given out again.
CREATE TABLE revisions (
    only_row @int@ PRIMARY KEY CHECK (only_row = 1),
    revision @int@ NOT NULL
) @end@;
INSERT INTO revisions VALUES (1, 0);

-- before and after are JSON objects of the columns that changed; an insert has no before, a delete no
-- after. Replayed from empty in the order of the key they give game_stats. phase is the game's status
-- before the change; a correction changed, after the horn, what was shown.
CREATE TABLE stat_changes (
    revision @int@ NOT NULL,
    game_id @int@ NOT NULL,
    player_id @int@ NOT NULL,
    kind @text@ NOT NULL CHECK (kind IN ('insert', 'update', 'delete')),
    before @text@ NOT NULL,
    after @text@ NOT NULL,
    phase @text@ NOT NULL,
    correction @int@ NOT NULL CHECK (correction IN (0, 1)),
    observed_at @time@ NOT NULL,
    PRIMARY KEY (revision, game_id, player_id)
) @end@;
CREATE INDEX stat_changes_game ON stat_changes (game_id, revision);
CREATE INDEX stat_changes_correction ON stat_changes (revision) WHERE correction = 1;

-- The same for what readers see of a game itself.
CREATE TABLE game_changes (
    revision @int@ NOT NULL,
    game_id @int@ NOT NULL,
    kind @text@ NOT NULL CHECK (kind IN ('insert', 'update')),
    before @text@ NOT NULL,
    after @text@ NOT NULL,
    phase @text@ NOT NULL,
    observed_at @time@ NOT NULL,
    PRIMARY KEY (revision, game_id)
) @end@;

-- Bodies worse than what is stored: what was wrong, since when, how often in a row.
CREATE TABLE quarantine (
    game_id @int@ NOT NULL,
    kind @text@ NOT NULL,
    reason @text@ NOT NULL,
    first_seen @time@ NOT NULL,
    last_seen @time@ NOT NULL,
    times @int@ NOT NULL,
    PRIMARY KEY (game_id, kind)
) @end@;
