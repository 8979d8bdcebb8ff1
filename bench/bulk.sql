-- Millions of stat lines, made from their number alone: the same ones every time. `wanted` says how many.
-- What a reader filters and sorts by is spread as in life: 32 clubs, 40 lines a game of which 4 are goaltenders',
-- some 900 players a season, who stay for fourteen years.

CREATE TEMP TABLE clubs (n INTEGER PRIMARY KEY, id, abbrev, name, short);
INSERT INTO clubs VALUES
(0,1,'NJD','New Jersey Devils','Devils'),(1,2,'NYI','New York Islanders','Islanders'),(2,3,'NYR','New York Rangers','Rangers'),
(3,4,'PHI','Philadelphia Flyers','Flyers'),(4,5,'PIT','Pittsburgh Penguins','Penguins'),(5,6,'BOS','Boston Bruins','Bruins'),
(6,7,'BUF','Buffalo Sabres','Sabres'),(7,8,'MTL','Montréal Canadiens','Canadiens'),(8,9,'OTT','Ottawa Senators','Senators'),
(9,10,'TOR','Toronto Maple Leafs','Maple Leafs'),(10,12,'CAR','Carolina Hurricanes','Hurricanes'),(11,13,'FLA','Florida Panthers','Panthers'),
(12,14,'TBL','Tampa Bay Lightning','Lightning'),(13,15,'WSH','Washington Capitals','Capitals'),(14,16,'CHI','Chicago Blackhawks','Blackhawks'),
(15,17,'DET','Detroit Red Wings','Red Wings'),(16,18,'NSH','Nashville Predators','Predators'),(17,19,'STL','St. Louis Blues','Blues'),
(18,20,'CGY','Calgary Flames','Flames'),(19,21,'COL','Colorado Avalanche','Avalanche'),(20,22,'EDM','Edmonton Oilers','Oilers'),
(21,23,'VAN','Vancouver Canucks','Canucks'),(22,24,'ANA','Anaheim Ducks','Ducks'),(23,25,'DAL','Dallas Stars','Stars'),
(24,26,'LAK','Los Angeles Kings','Kings'),(25,28,'SJS','San Jose Sharks','Sharks'),(26,29,'CBJ','Columbus Blue Jackets','Blue Jackets'),
(27,30,'MIN','Minnesota Wild','Wild'),(28,52,'WPG','Winnipeg Jets','Jets'),(29,54,'VGK','Vegas Golden Knights','Golden Knights'),
(30,55,'SEA','Seattle Kraken','Kraken'),(31,68,'UTA','Utah Mammoth','Mammoth');

CREATE TEMP TABLE firsts (n INTEGER PRIMARY KEY, name);
INSERT INTO firsts VALUES (0,'Adam'),(1,'Brett'),(2,'Carl'),(3,'David'),(4,'Éric'),(5,'Filip'),(6,'Gustav'),(7,'Henrik'),
(8,'Ivan'),(9,'Jakub'),(10,'Kirill'),(11,'Leon'),(12,'Mikko'),(13,'Nicklas'),(14,'Oskar'),(15,'Pavel');
CREATE TEMP TABLE lasts (n INTEGER PRIMARY KEY, name);
INSERT INTO lasts VALUES (0,'Andersson'),(1,'Bouchard'),(2,'Carlsson'),(3,'Dvořák'),(4,'Eriksson'),(5,'Fournier'),(6,'Gagné'),
(7,'Hakanpää'),(8,'Ivanov'),(9,'Johansson'),(10,'Kovář'),(11,'Lindholm'),(12,'MacKenzie'),(13,'Nylén'),(14,'O''Brien'),(15,'Petrov'),
(16,'Quinn'),(17,'Räty'),(18,'Stützle'),(19,'Tremblay'),(20,'Ullmark'),(21,'Virtanen'),(22,'Wahlström'),(23,'Young'),(24,'Zubov');

DELETE FROM game_stats; DELETE FROM games; DELETE FROM stat_changes; DELETE FROM game_changes; DELETE FROM game_events;
DELETE FROM players; DELETE FROM teams;

-- i is the game, from 0; its two clubs are never the same one.
CREATE TEMP TABLE made AS
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n, wanted WHERE i + 1 < games)
SELECT i, first_year + i / a_season AS year, i % a_season AS number, i * 7 % 32 AS away,
       (i * 7 + 1 + i / 32 % 31) % 32 AS home, i * 2654435761 % 4294967296 AS chance
FROM n, wanted;

INSERT INTO games (game_id, season, game_type, game_date, start_time, venue, game_state, schedule_state, stats_status,
    away_team_id, away_team_abbrev, away_team_name, away_score, away_shots,
    home_team_id, home_team_abbrev, home_team_name, home_score, home_shots,
    period, period_type, clock_seconds, clock_running, in_intermission, last_period_type, observed_at, last_poll_at, revision,
    order_time, order_period, order_elapsed, order_arrival, state_time, ended_at, official_at, changed_at)
SELECT year * 1000000 + 20000 + number + 1, year * 10001 + 1, 2, day, day || 'T23:30:00.000Z', h.short || ' Arena', 'OFF', 'OK', 'settled',
    a.id, a.abbrev, a.name, 1 + chance % 4, 20 + chance % 17,
    h.id, h.abbrev, h.name, 5 + chance % 3, 22 + chance % 19,
    3, 'REG', 0, 0, 0, 'REG', seen, seen, i + 1,
    unixepoch(seen), 3, 1200, unixepoch(seen) * 1000, unixepoch(seen), seen, seen, seen
FROM (SELECT *, date(year || '-10-08', '+' || (number / 8) || ' days') AS day,
             date(year || '-10-09', '+' || (number / 8) || ' days') || 'T02:15:00.000Z' AS seen FROM made)
JOIN clubs a ON a.n = away JOIN clubs h ON h.n = home
ORDER BY i;

-- k is the line within the game: 0 to 19 the visitors', 18, 19, 38 and 39 goaltenders'.
INSERT INTO game_stats (game_id, player_id, player_name, team_id, team_name, opponent_team_id, opponent_team_name,
    player_age, player_number, player_position, goals, assists, points, plus_minus, penalty_minutes, hits, shots, blocked_shots,
    giveaways, takeaways, power_play_goals, faceoff_win_pct, shifts, time_on_ice, saves, shots_against, goals_against, save_pct,
    even_strength_saves, even_strength_shots_against, power_play_saves, power_play_shots_against,
    short_handed_saves, short_handed_shots_against, starter, decision, revision, observed_at)
WITH RECURSIVE k(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM k, wanted WHERE k + 1 < lines),
line AS (
    SELECT m.i, k, m.year, m.number, m.chance,
           CASE WHEN k < 20 THEN m.away ELSE m.home END AS own, CASE WHEN k < 20 THEN m.home ELSE m.away END AS other,
           k % 20 >= 18 AS goalie, (m.chance / 64 + k * 40503) % 65536 AS c
    FROM made m CROSS JOIN k),
person AS (
    -- Those of a club's places 0 to 19, one after the other: each stays for fourteen years.
    SELECT *, 8000000 + (year / 14) * 1000 + own * 20 + k % 20 AS player, 19 + year % 14 + k % 5 AS age FROM line)
SELECT year * 1000000 + 20000 + number + 1, player, f.name || ' ' || l.name, o.id, o.name, t.id, t.name,
    age, 2 + (k % 20) * 4 + own % 3, CASE WHEN goalie THEN 'G' ELSE substr('CLRCLRCLRCLRDDDDDD', k % 20 + 1, 1) END,
    CASE WHEN goalie THEN 0 ELSE c % 11 = 0 END, CASE WHEN goalie THEN 0 ELSE c % 7 = 0 END,
    CASE WHEN goalie THEN 0 ELSE (c % 11 = 0) + (c % 7 = 0) END,
    CASE WHEN NOT goalie THEN c % 5 - 2 END, CASE WHEN c % 6 = 0 AND NOT goalie THEN 2 ELSE 0 END,
    CASE WHEN NOT goalie THEN c % 6 END, CASE WHEN NOT goalie THEN c % 11 / 2 + 1 END, CASE WHEN NOT goalie THEN c % 4 END,
    CASE WHEN NOT goalie THEN c % 3 END, CASE WHEN NOT goalie THEN c % 5 / 2 END, CASE WHEN NOT goalie THEN c % 77 = 0 END,
    CASE WHEN NOT goalie THEN CASE WHEN k % 3 = 0 THEN round(c % 21 / 20.0, 6) ELSE 0.0 END END,
    CASE WHEN NOT goalie THEN 15 + c % 14 END, CASE WHEN NOT goalie THEN 600 + c % 900 WHEN k % 20 = 18 THEN 3600 ELSE 0 END,
    CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 24 + c % 9 ELSE 0 END END,
    CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 27 + c % 9 ELSE 0 END END,
    CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 3 ELSE 0 END END,
    CASE WHEN goalie AND k % 20 = 18 THEN round((24 + c % 9) / (27.0 + c % 9), 6) END,
    CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 20 + c % 9 ELSE 0 END END,
    CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 22 + c % 9 ELSE 0 END END,
    CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 3 ELSE 0 END END, CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 4 ELSE 0 END END,
    CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 1 ELSE 0 END END, CASE WHEN goalie THEN CASE WHEN k % 20 = 18 THEN 1 ELSE 0 END END,
    CASE WHEN goalie THEN k % 20 = 18 END, CASE k WHEN 18 THEN 'L' WHEN 38 THEN 'W' END, i + 1,
    date(year || '-10-09', '+' || (number / 8) || ' days') || 'T02:15:00.000Z'
FROM person CROSS JOIN clubs o ON o.n = own CROSS JOIN clubs t ON t.n = other
CROSS JOIN firsts f ON f.n = player % 16 CROSS JOIN lasts l ON l.n = player % 25;

INSERT INTO players (player_id, full_name, position) SELECT player_id, max(player_name), max(player_position) FROM game_stats GROUP BY player_id;
INSERT INTO teams (team_id, season, abbrev, full_name)
    SELECT c.id, y.season, c.abbrev, c.name FROM clubs c CROSS JOIN (SELECT DISTINCT season FROM games) y;
UPDATE revisions SET revision = (SELECT max(revision) FROM games);
