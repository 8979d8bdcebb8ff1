-- The tables as they were at a time: which games have changed since, and one game's changes in order.
CREATE INDEX stat_changes_observed ON stat_changes (game_id, observed_at);
CREATE INDEX game_changes_observed ON game_changes (game_id, observed_at);
CREATE INDEX game_changes_game ON game_changes (game_id, revision);

-- Corrections in order; a query has to say the index's own condition for it to be used.
DROP INDEX stat_changes_correction;
CREATE INDEX stat_changes_correction ON stat_changes (revision) WHERE correction = 1;
