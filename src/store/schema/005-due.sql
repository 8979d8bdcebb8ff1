-- Games as a queue: who is due first.
CREATE INDEX games_due ON games (next_poll_at) WHERE next_poll_at IS NOT NULL;
