-- What readers sort lines by is found in that order, so that a page costs the same at any depth; and
-- games by their status. What is absent comes first.
CREATE INDEX game_stats_goals ON game_stats (goals @absent_first@, game_id, player_id);
CREATE INDEX game_stats_assists ON game_stats (assists @absent_first@, game_id, player_id);
CREATE INDEX game_stats_points ON game_stats (points @absent_first@, game_id, player_id);
CREATE INDEX game_stats_shots ON game_stats (shots @absent_first@, game_id, player_id);
CREATE INDEX game_stats_saves ON game_stats (saves @absent_first@, game_id, player_id);
CREATE INDEX game_stats_time_on_ice ON game_stats (time_on_ice @absent_first@, game_id, player_id);
CREATE INDEX games_status ON games (stats_status, game_id);
