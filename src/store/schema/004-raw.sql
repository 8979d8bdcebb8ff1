-- One game's changes in order, as `check` replays them.
CREATE INDEX IF NOT EXISTS game_changes_game ON game_changes (game_id, revision);

-- A line a fetch. Its number holds the time, so that what is old is a range of it.
CREATE TABLE polls (@columns(polls)@, PRIMARY KEY (poll_id)) @end@;

-- Each distinct body once, compressed (zstd), with the order of its newest sighting: replayed in that order through
-- the door that it came in by, a game's bodies give its rows again. body_id holds the time of the first.
CREATE TABLE raw_bodies (
    body_id @int@ NOT NULL,
    sha256 @text@ NOT NULL,
    endpoint @text@ NOT NULL,
    game_id @int@ NOT NULL,
    order_time @int@ NOT NULL,
    order_arrival @int@ NOT NULL,
    observed_at @time@ NOT NULL,
    first_seen @time@ NOT NULL,
    last_seen @time@ NOT NULL,
    size @int@ NOT NULL,
    body @bytes@ NOT NULL,
    PRIMARY KEY (body_id)
) @end@;
CREATE UNIQUE INDEX raw_bodies_sha256 ON raw_bodies (sha256);
CREATE INDEX raw_bodies_game ON raw_bodies (game_id, body_id);

-- Which body it was that last failed; kept as long as raw_bodies keeps it.
ALTER TABLE quarantine ADD COLUMN sha256 @text@;
