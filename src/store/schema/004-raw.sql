-- One game's changes in order, as `check` replays them.
CREATE INDEX IF NOT EXISTS game_changes_game ON game_changes (game_id, revision);
