# bash completion for rinkside; written by `rinkside completion bash`
_rinkside()
{
	local word=${COMP_WORDS[COMP_CWORD]} words
	COMPREPLY=()
	case ${COMP_WORDS[COMP_CWORD-1]} in
	--observed-at) return ;;
	--keep-raw) return ;;
	--keep-polls) return ;;
	--db) return ;;
	--upstream) return ;;
	--timeout) return ;;
	--retries) return ;;
	--rate) return ;;
	--log-level) COMPREPLY=($(compgen -W 'error warning info debug' -- "$word")); return ;;
	--log-format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
	--every) return ;;
	--child-deadline) return ;;
	--max-children) return ;;
	--policy) COMPREPLY=($(compgen -W 'usual fixed adaptive' -- "$word")); return ;;
	--speed) return ;;
	--lease) return ;;
	--jobs) return ;;
	--game-types) return ;;
	--listen) return ;;
	--db-read) return ;;
	--token-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
	--threads) return ;;
	--queue) return ;;
	--exports) return ;;
	--query-timeout) return ;;
	--cache) return ;;
	--max-connections) return ;;
	--max-connections-per-peer) return ;;
	--max-head) return ;;
	--max-target) return ;;
	--head-timeout) return ;;
	--idle-timeout) return ;;
	--grace) return ;;
	--format) COMPREPLY=($(compgen -W 'text json' -- "$word")); return ;;
	--season) return ;;
	--output) COMPREPLY=($(compgen -f -- "$word")); return ;;
	--seed) return ;;
	--games) return ;;
	--after) return ;;
	--ttl) return ;;
	--latency) return ;;
	--from) return ;;
	--shape) return ;;
	--recordings) COMPREPLY=($(compgen -f -- "$word")); return ;;
	--replay) COMPREPLY=($(compgen -f -- "$word")); return ;;
	--faults) return ;;
	--deadline) return ;;
	--truth) COMPREPLY=($(compgen -f -- "$word")); return ;;
	--svg) COMPREPLY=($(compgen -f -- "$word")); return ;;
	--began) return ;;
	--length) return ;;
	--delay-queue) return ;;
	esac
	case ${COMP_CWORD},${COMP_WORDS[1]} in
	1,* | 2,help | 2,man) words='ingest monitor season api up check copy coverage reparse export schedule worker fake migrate cost lambda health completion man help --help --version' ;;
	*) words= ;;
	esac
	[[ $words ]] || case ${COMP_WORDS[1]} in
	ingest) words='--file --observed-at --keep-raw --keep-polls --columns --db --upstream --timeout --retries --rate --log-level --log-format --no-sandbox --help --version' ;;
	monitor) words='--every --once --inline --child-deadline --max-children --policy --speed --lease --keep-raw --keep-polls --db --upstream --timeout --retries --rate --log-level --log-format --no-sandbox --help --version' ;;
	season) words='--jobs --only-missing --events --game-types --keep-raw --keep-polls --db --upstream --timeout --retries --rate --log-level --log-format --no-sandbox --help --version' ;;
	api) words='--listen --db-read --token-file --threads --queue --exports --query-timeout --cache --max-connections --max-connections-per-peer --max-head --max-target --head-timeout --idle-timeout --grace --db --log-level --log-format --no-sandbox --help --version' ;;
	up) words='--listen --db-read --token-file --threads --queue --exports --query-timeout --cache --max-connections --max-connections-per-peer --max-head --max-target --head-timeout --idle-timeout --grace --policy --every --lease --speed --keep-raw --keep-polls --db --upstream --timeout --retries --rate --log-level --log-format --no-sandbox --help --version' ;;
	check) words='--db --log-level --log-format --no-sandbox --help --version' ;;
	copy) words='--log-level --log-format --no-sandbox --help --version' ;;
	coverage) words='--format --game-types --db --log-level --log-format --no-sandbox --help --version' ;;
	reparse) words='--season --db --log-level --log-format --no-sandbox --help --version' ;;
	export) words='--format --output --db --log-level --log-format --no-sandbox --help --version' ;;
	schedule) words='--once --policy --every --speed --keep-raw --keep-polls --db --upstream --timeout --retries --rate --log-level --log-format --no-sandbox --help --version' ;;
	worker) words='--once --children --max-children --child-deadline --lease --policy --every --speed --keep-raw --keep-polls --db --upstream --timeout --retries --rate --log-level --log-format --no-sandbox --help --version' ;;
	fake) words='--listen --seed --games --after --speed --ttl --latency --season --from --playoffs --shape --recordings --replay --faults --deadline --truth --log-level --log-format --no-sandbox --help --version' ;;
	migrate) words='--db --log-level --log-format --no-sandbox --help --version' ;;
	cost) words='--season --seed --ttl --from-ledger --format --svg --began --after --length --games --speed --db --log-level --log-format --no-sandbox --help --version' ;;
	lambda) words='--every --jobs --token-file --delay-queue --keep-raw --keep-polls --db --upstream --timeout --retries --rate --log-level --log-format --no-sandbox --help --version' ;;
	health) words='--listen --timeout --log-level --log-format --no-sandbox --help --version' ;;
	completion) words='--log-level --log-format --no-sandbox --help --version' ;;
	man) words='--log-level --log-format --no-sandbox --help --version' ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _rinkside rinkside
