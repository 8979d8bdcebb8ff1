-- @columns(TABLE)@ is written from the one list of columns; what the list has gained since is added
-- to older databases after the numbered files.

CREATE TABLE game_stats (@columns(game_stats)@, PRIMARY KEY (game_id, player_id)) STRICT, WITHOUT ROWID;
CREATE INDEX game_stats_player ON game_stats (player_id, game_id);
CREATE INDEX game_stats_team ON game_stats (team_id, game_id, player_id);

CREATE TABLE games (@columns(games)@, PRIMARY KEY (game_id)) STRICT, WITHOUT ROWID;
CREATE INDEX games_date ON games (game_date, game_id);

CREATE TABLE players (@columns(players)@, PRIMARY KEY (player_id)) STRICT, WITHOUT ROWID;
CREATE TABLE teams (@columns(teams)@, PRIMARY KEY (team_id, season)) STRICT, WITHOUT ROWID;
CREATE TABLE game_events (@columns(game_events)@, PRIMARY KEY (game_id, event_id)) STRICT, WITHOUT ROWID;

-- The one row that gives out revisions: whoever commits next has the next one, so that commit order is
-- revision order and one rolled back is given out again.
CREATE TABLE revisions (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO revisions VALUES (1, 0);

-- before and after are JSON objects of the columns that changed; an insert has no before, a delete no
-- after. Replayed from empty in the order of the key they give game_stats. phase is the game's status
-- before the change; a correction changed, after the horn, what was shown.
CREATE TABLE stat_changes (
    revision INTEGER NOT NULL,
    game_id INTEGER NOT NULL,
    player_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('insert', 'update', 'delete')),
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    phase TEXT NOT NULL,
    correction INTEGER NOT NULL CHECK (correction IN (0, 1)),
    observed_at TEXT NOT NULL,
    PRIMARY KEY (revision, game_id, player_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX stat_changes_game ON stat_changes (game_id, revision);
CREATE INDEX stat_changes_correction ON stat_changes (revision) WHERE correction;

-- The same for what readers see of a game itself.
CREATE TABLE game_changes (
    revision INTEGER NOT NULL,
    game_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('insert', 'update')),
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    phase TEXT NOT NULL,
    observed_at TEXT NOT NULL,
    PRIMARY KEY (revision, game_id)
) STRICT, WITHOUT ROWID;

-- Bodies worse than what is stored: what was wrong, since when, how often in a row.
CREATE TABLE quarantine (
    game_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_seen TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (game_id, kind)
) STRICT, WITHOUT ROWID;
