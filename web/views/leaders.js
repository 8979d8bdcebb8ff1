/* leaders - who has most of what. */
import {html} from '../vendor/preact-htm.js';
import {clock, easternToday, seasonName, seasonOf, seasonOfGame} from '../lib/format.js';
import {useAnswer} from '../lib/live.js';
import {go, href} from '../lib/route.js';
import {columnHelp, Table} from '../parts/table.js';

const stats = ['points', 'goals', 'assists', 'plus_minus', 'shots', 'hits', 'blocked_shots', 'penalty_minutes', 'power_play_goals',
	'giveaways', 'takeaways', 'shifts', 'time_on_ice', 'saves', 'shots_against', 'goals_against'];
const words = (stat) => stat.replaceAll('_', ' ').replace('plus minus', 'plus/minus');

const newestFirst = (seasons) => [...new Set(seasons)].sort((a, b) => b - a);

const REGULAR = 2; /* whose leaders the interface shows where no kind of game is chosen */

/* Those with lines, newest first; asked for again when a game tells of one that is not among them. */
function useSeasons(delay) {
	const {data} = useAnswer(delay ? null : '/coverage', {isPlain: true,
		concerns: (games) => [...games].some((id) => !seasons.includes(seasonOfGame(id)))});
	const seasons = newestFirst((data || []).filter((r) => r.stored && r.game_type === REGULAR).map((r) => r.season));
	return seasons;
}

export function Leaders({value, season: wanted, delay}) {
	const stat = value || 'points'; /* of what is none the interface says so */
	const seasons = useSeasons(delay);
	/* What is not chosen is left to the interface, which takes the newest with lines, too. */
	const season = Number(wanted) || seasons[0] || seasonOf(easternToday());
	const path = `/leaders?stat=${encodeURIComponent(stat)}${wanted && `&season=${encodeURIComponent(wanted)}`}`;
	const {data, error} = useAnswer(delay ? null : `${path}&limit=50`, {isPlain: true});
	const rows = data || [];
	const columns = [
		{key: 'rank', title: 'Rank', label: 'Rank', isText: true},
		{key: 'player_name', title: 'Player', label: 'Player', isText: true,
			show: (r) => html`<a href=${href({view: 'player', value: r.player_id})}>${r.player_name}</a>`},
		{key: 'team_name', title: 'Club', label: 'Club', isText: true},
		{key: 'games', title: 'GP', label: 'Games played'},
		{key: 'value', title: words(stat), label: words(stat), help: columnHelp(stat), show: (r) => (stat === 'time_on_ice' ? clock(r.value) : r.value)},
	];
	return html`<h1 tabindex="-1">Leaders</h1>
		<form class="choices" onSubmit=${(e) => e.preventDefault()}>
			<label>Statistic <select value=${stat} onChange=${(e) => go({view: 'leaders', value: e.target.value, season: wanted})}>
				${stats.map((s) => html`<option key=${s} value=${s}>${words(s)}</option>`)}</select></label>
			<label>Season <select value=${season} onChange=${(e) => go({view: 'leaders', value: stat, season: e.target.value})}>
				${newestFirst([season, ...seasons]).map((s) => html`<option key=${s} value=${s}>${seasonName(s)}</option>`)}</select></label>
		</form>
		${delay && html`<p class="empty">Leaders are sums of now: they are not shown while a delay is chosen.</p>`}
		${error && html`<p class="error" role="alert">${error.message}</p>`}
		${data && !rows.length && html`<p class="empty">Nothing stored of this season.</p>`}
		${rows.length > 0 && html`<${Table} caption=${`${words(stat)}, ${seasonName(season)}`} columns=${columns} rows=${rows} rowKey=${(r) => r.player_id} csv=${`${path}&format=csv`} />`}`;
}
