#compdef rinkside
# zsh completion for rinkside; written by `rinkside completion zsh`
_rinkside()
{
	local -a commands
	commands=(
		'ingest:fetches games'\'' box scores and stores them, once'
		'monitor:watches the schedule and ingests every game that is on'
		'season:ingests past seasons, and says what is missing'
		'api:serves what is stored over HTTP'
		'up:all of it on one machine\: watches, ingests and serves, in one process'
		'check:proves that a database holds what is promised of it'
		'copy:copies a database into another, SQLite or PostgreSQL either way'
		'coverage:what a season has, and the games that it lacks'
		'reparse:decodes the kept bodies again, and stores what comes out differently'
		'export:a table as CSV, NDJSON or JSON, to stdout or a file'
		'schedule:keeps the games in the database fresh, and writes when each is due'
		'worker:ingests the games that are due, beside any number of others'
		'fake:serves a made-up NHL API\: a night, a season, or recorded bodies'
		'migrate:brings a database up to the newest schema'
		'cost:plays polling policies against a season\: requests, bytes, staleness, dollars'
		'lambda:answers events as an AWS Lambda function, as container image or zip'
		'health:asks an API whether it is ready, for containers without curl'
		'completion:prints the completion of a shell'
		'man:prints a manual page, as man reads it'
		'help:what a command does'
	)
	if (( CURRENT == 2 )) || [[ $words[2] == (help|man) ]]; then
		_describe command commands
		return
	fi
	shift words
	(( CURRENT-- ))
	case $words[1] in
	ingest)
		_arguments \
			'--file[the words are files\: bodies of either API of the NHL'\''s]' \
			'--observed-at[when the upstream showed the files'\'' bodies, RFC 3339; their own time when not given]:TIME:' \
			'--keep-raw[the bodies that came, each distinct one once, for so long; 0\: none]:TIME:' \
			'--keep-polls[a line for each fetch, for so long; 0\: none]:TIME:' \
			'--columns[print the columns of game_stats, or of the table named\: name, type, help]' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--upstream[base of the NHL'\''s API, without /v1]:URL:' \
			'--timeout[for one request, whole]:TIME:' \
			'--retries[further tries after a failure that may pass]:N:' \
			'--rate[at most so many requests a second of the upstream; 0\: no limit]:R:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	monitor)
		_arguments \
			'--every[between two looks at the schedule]:TIME:' \
			'--once[one look, and the ingests that are due]' \
			'--inline[ingest within the process, over kept connections]' \
			'--child-deadline[for one ingest, then it is ended; never longer than the lease allows\: 3 s less]:TIME:' \
			'--max-children[ingests at a time; the others wait]:N:' \
			'--policy[fixed\: at every interval; adaptive\: when something new is there; usual\: fixed for monitor, else adaptive]:POLICY:(usual fixed adaptive)' \
			'--speed[times as fast as life]:N:' \
			'--lease[how long a game taken stays with who took it; then another may]:TIME:' \
			'--keep-raw[the bodies that came, each distinct one once, for so long; 0\: none]:TIME:' \
			'--keep-polls[a line for each fetch, for so long; 0\: none]:TIME:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--upstream[base of the NHL'\''s API, without /v1]:URL:' \
			'--timeout[for one request, whole]:TIME:' \
			'--retries[further tries after a failure that may pass]:N:' \
			'--rate[at most so many requests a second of the upstream; 0\: no limit]:R:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	season)
		_arguments \
			'--jobs[requests at a time]:N:' \
			'--only-missing[only games of which no line of the end is stored]' \
			'--events[the play-by-play too\: a second request for each game]' \
			'--game-types[1 preseason, 2 regular season, 3 play-offs]:LIST:' \
			'--keep-raw[the bodies that came, each distinct one once, for so long; 0\: none]:TIME:' \
			'--keep-polls[a line for each fetch, for so long; 0\: none]:TIME:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--upstream[base of the NHL'\''s API, without /v1]:URL:' \
			'--timeout[for one request, whole]:TIME:' \
			'--retries[further tries after a failure that may pass]:N:' \
			'--rate[at most so many requests a second of the upstream; 0\: no limit]:R:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	api)
		_arguments \
			'--listen[where to listen; port 0\: any free one; systemd\: the socket that it hands over]:ADDRESS\:PORT:' \
			'--db-read[a replica of --db, read while it has all that is known of; streams never are]:URL:' \
			'--token-file[ask readers for a bearer token\: a line each in the file]:FILE:_files' \
			'--threads[that ask the database for readers; searches leave one of them to the others]:N:' \
			'--queue[answers that may wait for a thread; more are told to come again]:N:' \
			'--exports[whole results streamed at a time, as CSV or NDJSON]:N:' \
			'--query-timeout[for the database to find an answer; what is streamed takes as long as it takes]:TIME:' \
			'--cache[of answers kept ready]:MIB:' \
			'--max-connections[in all]:N:' \
			'--max-connections-per-peer[from one address]:N:' \
			'--max-head[of a request]:BYTES:' \
			'--max-target[of a request'\''s path and query]:BYTES:' \
			'--head-timeout[from the first byte of a head to its last]:TIME:' \
			'--idle-timeout[between two requests]:TIME:' \
			'--grace[for what is under way when told to end]:TIME:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	up)
		_arguments \
			'--listen[where to listen; port 0\: any free one; systemd\: the socket that it hands over]:ADDRESS\:PORT:' \
			'--db-read[a replica of --db, read while it has all that is known of; streams never are]:URL:' \
			'--token-file[ask readers for a bearer token\: a line each in the file]:FILE:_files' \
			'--threads[that ask the database for readers; searches leave one of them to the others]:N:' \
			'--queue[answers that may wait for a thread; more are told to come again]:N:' \
			'--exports[whole results streamed at a time, as CSV or NDJSON]:N:' \
			'--query-timeout[for the database to find an answer; what is streamed takes as long as it takes]:TIME:' \
			'--cache[of answers kept ready]:MIB:' \
			'--max-connections[in all]:N:' \
			'--max-connections-per-peer[from one address]:N:' \
			'--max-head[of a request]:BYTES:' \
			'--max-target[of a request'\''s path and query]:BYTES:' \
			'--head-timeout[from the first byte of a head to its last]:TIME:' \
			'--idle-timeout[between two requests]:TIME:' \
			'--grace[for what is under way when told to end]:TIME:' \
			'--policy[fixed\: at every interval; adaptive\: when something new is there; usual\: fixed for monitor, else adaptive]:POLICY:(usual fixed adaptive)' \
			'--every[between two looks at the schedule]:TIME:' \
			'--lease[how long a game taken stays with who took it; then another may]:TIME:' \
			'--speed[times as fast as life]:N:' \
			'--keep-raw[the bodies that came, each distinct one once, for so long; 0\: none]:TIME:' \
			'--keep-polls[a line for each fetch, for so long; 0\: none]:TIME:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--upstream[base of the NHL'\''s API, without /v1]:URL:' \
			'--timeout[for one request, whole]:TIME:' \
			'--retries[further tries after a failure that may pass]:N:' \
			'--rate[at most so many requests a second of the upstream; 0\: no limit]:R:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	check)
		_arguments \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	copy)
		_arguments \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	coverage)
		_arguments \
			'--format[text or json]:FORM:(text json)' \
			'--game-types[1 preseason, 2 regular season, 3 play-offs]:LIST:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	reparse)
		_arguments \
			'--season[only the games of that season\: 20232024]:YEARS:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	export)
		_arguments \
			'--format[csv, ndjson or json]:FORM:(text json csv ndjson)' \
			'--output[in place of stdout]:FILE:_files' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	schedule)
		_arguments \
			'--once[one look, then the end]' \
			'--policy[fixed\: at every interval; adaptive\: when something new is there; usual\: fixed for monitor, else adaptive]:POLICY:(usual fixed adaptive)' \
			'--every[between two looks at the schedule]:TIME:' \
			'--speed[times as fast as life]:N:' \
			'--keep-raw[the bodies that came, each distinct one once, for so long; 0\: none]:TIME:' \
			'--keep-polls[a line for each fetch, for so long; 0\: none]:TIME:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--upstream[base of the NHL'\''s API, without /v1]:URL:' \
			'--timeout[for one request, whole]:TIME:' \
			'--retries[further tries after a failure that may pass]:N:' \
			'--rate[at most so many requests a second of the upstream; 0\: no limit]:R:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	worker)
		_arguments \
			'--once[the ingests that are due, then the end]' \
			'--children[ingest in a child process each]' \
			'--max-children[ingests at a time; the others wait]:N:' \
			'--child-deadline[for one ingest, then it is ended; never longer than the lease allows\: 3 s less]:TIME:' \
			'--lease[how long a game taken stays with who took it; then another may]:TIME:' \
			'--policy[fixed\: at every interval; adaptive\: when something new is there; usual\: fixed for monitor, else adaptive]:POLICY:(usual fixed adaptive)' \
			'--every[between two looks at the schedule]:TIME:' \
			'--speed[times as fast as life]:N:' \
			'--keep-raw[the bodies that came, each distinct one once, for so long; 0\: none]:TIME:' \
			'--keep-polls[a line for each fetch, for so long; 0\: none]:TIME:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--upstream[base of the NHL'\''s API, without /v1]:URL:' \
			'--timeout[for one request, whole]:TIME:' \
			'--retries[further tries after a failure that may pass]:N:' \
			'--rate[at most so many requests a second of the upstream; 0\: no limit]:R:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	fake)
		_arguments \
			'--listen[where to listen; port 0\: any free one; systemd\: the socket that it hands over]:ADDRESS\:PORT:' \
			'--seed[of the league, its games and the faults]:N:' \
			'--games[in the made-up night]:N:' \
			'--after[what was over of that night when it was first looked at]:TIME:' \
			'--speed[times as fast as life]:N:' \
			'--ttl[how long a body holds, in the game'\''s seconds; never less than a real one]:S:' \
			'--latency[before each reply]:TIME:' \
			'--season[a whole season in place of a night\: 20252026]:YEARS:' \
			'--from[the season is on, and it is that time\: 2025-10-07T20\:00\:00Z]:TIME:' \
			'--playoffs[the season'\''s play-offs too]' \
			'--shape[of box scores\: flat, nested (2023-24), legacy (the feed before); nested,2026-01-15T12\:00\:00Z=flat changes then]:SHAPES:' \
			'--recordings[real bodies in place of made-up ones]:DIR:_files' \
			'--replay[the same, in the order of the files'\'' own times, --speed times as fast]:DIR:_files' \
			'--faults[what goes wrong, how often\: slow=0.01,html=0.01]:SPEC:' \
			'--deadline[end after it; else never]:TIME:' \
			'--truth[write there how all games end and what is corrected later; -\: print it, and serve nothing]:FILE:_files' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	migrate)
		_arguments \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	cost)
		_arguments \
			'--season[the season that is made up\: 20252026 if not given]:YEARS:' \
			'--seed[of the league, its games and the faults]:N:' \
			'--ttl[how long a body holds, in the game'\''s seconds; never less than a real one]:S:' \
			'--from-ledger[the games that --db was asked for, in place of made-up ones]' \
			'--format[text, json, csv or ndjson]:FORM:(text json csv ndjson)' \
			'--svg[a picture of it, into a file]:FILE:_files' \
			'--began[a night of the fake'\''s that began then, in place of a season; RFC 3339]:TIME:' \
			'--after[what was over of that night when it was first looked at]:TIME:' \
			'--length[how long it was looked at]:TIME:' \
			'--games[in the made-up night]:N:' \
			'--speed[times as fast as life]:N:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	lambda)
		_arguments \
			'--every[between two looks at the schedule]:TIME:' \
			'--jobs[requests at a time]:N:' \
			'--token-file[ask readers for a bearer token\: a line each in the file]:FILE:_files' \
			'--delay-queue[a queue of SQS that gives each game back to the function when it is due]:URL:' \
			'--keep-raw[the bodies that came, each distinct one once, for so long; 0\: none]:TIME:' \
			'--keep-polls[a line for each fetch, for so long; 0\: none]:TIME:' \
			'--db[the database\: sqlite\:FILE or postgresql\://USER@HOST/DATABASE]:URL:' \
			'--upstream[base of the NHL'\''s API, without /v1]:URL:' \
			'--timeout[for one request, whole]:TIME:' \
			'--retries[further tries after a failure that may pass]:N:' \
			'--rate[at most so many requests a second of the upstream; 0\: no limit]:R:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	health)
		_arguments \
			'--listen[where the API listens that is asked]:ADDRESS\:PORT:' \
			'--timeout[for one request, whole]:TIME:' \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	completion)
		_arguments \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	man)
		_arguments \
			'--log-level[error, warning, info or debug]:LEVEL:(error warning info debug)' \
			'--log-format[text or json]:FORMAT:(text json)' \
			'--no-sandbox[keep the rights that the command does not need; docs/security.md]' \
			'--help[this]' \
			'--version[the program'\''s version and its libraries'\'']' \
			'*:word:_files' ;;
	esac
}

_rinkside "$@"
