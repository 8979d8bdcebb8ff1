/* player - season lines, the game log, points by game. */
import {html, useEffect, useState} from '../vendor/preact-htm.js';
import {clock, gameTypes, NONE, plus, seasonName, seasonOfGame, share, shortDay} from '../lib/format.js';
import {askAll, useAnswer} from '../lib/live.js';
import {href} from '../lib/route.js';
import {Chart} from '../parts/chart.js';
import {Table} from '../parts/table.js';

const LOG_PAGES = 10; /* of a thousand games; the longest career is two */

const sum = (rows, key) => rows.reduce((n, r) => n + (r[key] || 0), 0);

/* One line for each season and kind of game. */
function seasons(rows) {
	const found = new Map();
	for (const r of rows) {
		const season = seasonOfGame(r.game_id);
		const type = Math.floor(r.game_id / 1e4) % 100;
		const key = `${season} ${type}`;
		if (!found.has(key))
			found.set(key, {key, season, type, rows: []});
		found.get(key).rows.push(r);
	}
	return [...found.values()].map(({rows: own, ...rest}) => ({
		...rest,
		games: own.filter((r) => r.time_on_ice > 0 || r.player_position !== 'G').length,
		goals: sum(own, 'goals'),
		assists: sum(own, 'assists'),
		points: sum(own, 'points'),
		plus_minus: sum(own, 'plus_minus'),
		penalty_minutes: sum(own, 'penalty_minutes'),
		shots: sum(own, 'shots'),
		hits: sum(own, 'hits'),
		time_on_ice: sum(own, 'time_on_ice') / Math.max(1, own.length),
		saves: sum(own, 'saves'),
		shots_against: sum(own, 'shots_against'),
		goals_against: sum(own, 'goals_against'),
		wins: own.filter((r) => r.decision === 'W').length,
		losses: own.filter((r) => r.decision === 'L').length,
		overtime: own.filter((r) => r.decision === 'O').length,
	})).sort((a, b) => b.season - a.season || b.type - a.type);
}

const seasonHead = [
	{key: 'season', title: 'Season', label: 'Season', isText: true, show: (r) => `${seasonName(r.season)} ${gameTypes[r.type] || ''}`},
	{key: 'games', title: 'GP', label: 'Games played'},
];
const skaterSeason = [
	...seasonHead,
	{key: 'goals', title: 'G', label: 'Goals'},
	{key: 'assists', title: 'A', label: 'Assists'},
	{key: 'points', title: 'P', label: 'Points'},
	{key: 'plus_minus', title: '+/−', label: 'Plus and minus', show: (r) => plus(r.plus_minus)},
	{key: 'penalty_minutes', title: 'PIM', label: 'Penalty minutes'},
	{key: 'shots', title: 'S', label: 'Shots on goal'},
	{key: 'hits', title: 'H', label: 'Hits'},
	{key: 'time_on_ice', title: 'TOI', label: 'Time on ice, a game', help: 'Time on ice, a game', show: (r) => clock(r.time_on_ice)},
];
const goalieSeason = [
	...seasonHead,
	{key: 'wins', title: 'W', label: 'Wins'},
	{key: 'losses', title: 'L', label: 'Losses'},
	{key: 'overtime', title: 'OT', label: 'Losses in overtime or a shoot-out'},
	{key: 'saves', title: 'SV', label: 'Saves'},
	{key: 'shots_against', title: 'SA', label: 'Shots against'},
	{key: 'goals_against', title: 'GA', label: 'Goals against'},
	{key: 'save_pct', title: 'SV%', label: 'Save percentage', show: (r) => share(r.shots_against ? r.saves / r.shots_against : null)},
];

/* When each game was: the lines do not say, the games of the player's clubs do. */
function useDates(rows, delay) {
	const [dates, setDates] = useState(new Map());
	const wanted = [...new Set(rows.map((r) => `season=${seasonOfGame(r.game_id)}&team=${r.team_id}`))];
	useEffect(() => {
		const controller = new AbortController();
		Promise.all(wanted.map((q) => askAll(`/games?${q}&fields=game_id,game_date&limit=1000`, 2, controller.signal)))
			.then((lists) => setDates(new Map(lists.flat().map((g) => [g.game_id, g.game_date]))), () => {});
		return () => controller.abort();
	}, [wanted.join(), delay]);
	return dates;
}

const logHead = [
	{key: 'game_date', title: 'Day', label: 'Day', isText: true, show: (r) => (r.game_date ? shortDay(r.game_date) : NONE)},
	{key: 'game_id', title: 'Against', label: 'Against', isText: true,
		show: (r) => html`<a href=${href({view: 'game', value: r.game_id})}>${r.opponent_team_name}</a>`},
];
const skaterLog = [
	...logHead,
	{key: 'goals', title: 'G', label: 'Goals'},
	{key: 'assists', title: 'A', label: 'Assists'},
	{key: 'points', title: 'P', label: 'Points'},
	{key: 'plus_minus', title: '+/−', label: 'Plus and minus', show: (r) => plus(r.plus_minus)},
	{key: 'shots', title: 'S', label: 'Shots on goal'},
	{key: 'hits', title: 'H', label: 'Hits'},
	{key: 'penalty_minutes', title: 'PIM', label: 'Penalty minutes'},
	{key: 'time_on_ice', title: 'TOI', label: 'Time on ice', show: (r) => (r.time_on_ice === null ? NONE : clock(r.time_on_ice))},
];
const goalieLog = [
	...logHead,
	{key: 'decision', title: 'Dec', label: 'Decision', isText: true},
	{key: 'saves', title: 'SV', label: 'Saves'},
	{key: 'shots_against', title: 'SA', label: 'Shots against'},
	{key: 'goals_against', title: 'GA', label: 'Goals against'},
	{key: 'save_pct', title: 'SV%', label: 'Save percentage', show: (r) => share(r.save_pct)},
	{key: 'time_on_ice', title: 'TOI', label: 'Time on ice', show: (r) => (r.time_on_ice === null ? NONE : clock(r.time_on_ice))},
];

export function Player({value, delay}) {
	const path = `/players/${value}/game-stats`;
	const log = useAnswer(`${path}?limit=1000&sort=-game_id`, {pages: LOG_PAGES});
	const who = useAnswer(`/players/${value}`, {isPlain: true});
	const dates = useDates(log.data || [], delay);
	const problem = log.error;
	if (!log.data)
		return html`<h1 tabindex="-1">Player ${value}</h1>${problem
			? html`<p class="error" role="alert">${problem.message}</p>` : html`<p class="empty" aria-busy="true">Asking…</p>`}`;
	const rows = log.data;
	const last = rows[0] || {};
	const name = who.data?.full_name || last.player_name || `Player ${value}`;
	const isGoalie = (last.player_position || who.data?.position) === 'G';
	const games = [...rows].reverse();
	const key = isGoalie ? 'saves' : 'points';
	return html`<h1 tabindex="-1">${name}</h1>
		<p class="under">${[last.team_name, last.player_position, last.player_number !== null && last.player_number !== undefined && `number ${last.player_number}`,
			who.data?.birth_date && `born ${shortDay(who.data.birth_date)}`].filter(Boolean).join(', ')}</p>
		${problem && html`<p class="error" role="alert">${problem.message}</p>`}
		<${Table} caption="Seasons" columns=${isGoalie ? goalieSeason : skaterSeason} rows=${seasons(rows)} rowKey=${(r) => r.key} csv=${`${path}?format=csv`} />
		${games.length > 1 && html`<${Chart} label=${`${isGoalie ? 'Saves' : 'Points'} by game`} height=${160} isBars=${true}
			x=${games.map((_, i) => i + 1)} xText=${(n) => `game ${n}`} series=${[{label: isGoalie ? 'Saves' : 'Points', values: games.map((r) => r[key]), colour: '--away'}]} />`}
		<${Table} caption="Game log" columns=${isGoalie ? goalieLog : skaterLog} rows=${rows.map((r) => ({...r, game_date: dates.get(r.game_id) || null}))} rowKey=${(r) => r.game_id} csv=${`${path}?format=csv`} />`;
}
