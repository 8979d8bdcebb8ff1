/* game - one game: its score, what happened, who did it, and what was corrected since. */
import {html} from '../vendor/preact-htm.js';
import {ago, clock, longDay, NONE, percent, period, plus, share, startTime} from '../lib/format.js';
import {serverNow, useAnswer} from '../lib/live.js';
import {href} from '../lib/route.js';
import {Chart} from '../parts/chart.js';
import {ShotMap, shotsOf} from '../parts/rink.js';
import {ended, GameClock, isLive, statusText, Strength, Warning} from '../parts/score.js';
import {Table} from '../parts/table.js';
import {playedSeconds, Timeline} from '../parts/timeline.js';

const playerLink = (row) => html`<a href=${href({view: 'player', value: row.player_id})}>${row.player_name}</a>`;
const minutes = (key) => (row) => (row[key] === null ? NONE : clock(row[key]));

const skaterColumns = [
	{key: 'player_name', title: 'Skater', label: 'Skater', isText: true, show: playerLink},
	{key: 'player_number', title: '#', label: 'Sweater number'},
	{key: 'player_position', title: 'Pos', label: 'Position', isText: true},
	{key: 'goals', title: 'G', label: 'Goals'},
	{key: 'assists', title: 'A', label: 'Assists'},
	{key: 'points', title: 'P', label: 'Points'},
	{key: 'plus_minus', title: '+/−', label: 'Plus and minus', show: (r) => plus(r.plus_minus)},
	{key: 'shots', title: 'S', label: 'Shots on goal'},
	{key: 'hits', title: 'H', label: 'Hits'},
	{key: 'blocked_shots', title: 'BS', label: 'Blocked shots'},
	{key: 'penalty_minutes', title: 'PIM', label: 'Penalty minutes'},
	{key: 'giveaways', title: 'GV', label: 'Giveaways'},
	{key: 'takeaways', title: 'TK', label: 'Takeaways'},
	{key: 'power_play_goals', title: 'PPG', label: 'Power-play goals'},
	{key: 'faceoff_win_pct', title: 'FO%', label: 'Face-offs won, per cent', show: (r) => percent(r.faceoff_win_pct)},
	{key: 'shifts', title: 'SH', label: 'Shifts'},
	{key: 'time_on_ice', title: 'TOI', label: 'Time on ice', show: minutes('time_on_ice')},
];

const goalieColumns = [
	{key: 'player_name', title: 'Goaltender', label: 'Goaltender', isText: true, show: playerLink},
	{key: 'player_number', title: '#', label: 'Sweater number'},
	{key: 'decision', title: 'Dec', label: 'Decision', isText: true},
	{key: 'saves', title: 'SV', label: 'Saves'},
	{key: 'shots_against', title: 'SA', label: 'Shots against'},
	{key: 'goals_against', title: 'GA', label: 'Goals against'},
	{key: 'save_pct', title: 'SV%', label: 'Save percentage', show: (r) => share(r.save_pct)},
	{key: 'even_strength_saves', title: 'ES', label: 'Saves at even strength',
		show: (r) => pair(r.even_strength_saves, r.even_strength_shots_against)},
	{key: 'power_play_saves', title: 'PP', label: 'Saves while the opponents had the power play',
		show: (r) => pair(r.power_play_saves, r.power_play_shots_against)},
	{key: 'short_handed_saves', title: 'SH', label: 'Saves while the opponents were short-handed',
		show: (r) => pair(r.short_handed_saves, r.short_handed_shots_against)},
	{key: 'goals', title: 'G', label: 'Goals'},
	{key: 'assists', title: 'A', label: 'Assists'},
	{key: 'penalty_minutes', title: 'PIM', label: 'Penalty minutes'},
	{key: 'time_on_ice', title: 'TOI', label: 'Time on ice', show: minutes('time_on_ice')},
];

function pair(a, b) {
	return a === null || b === null ? NONE : `${a}/${b}`;
}

function Head({game}) {
	const team = (side) => html`<div class=${`big ${side}`}>
		<span class="abbrev" aria-hidden="true">${game[`${side}_team_abbrev`]}</span>
		<span class="name">${game[`${side}_team_name`]}</span>
		<span class="shots">${game[`${side}_shots`] === null ? '' : `${game[`${side}_shots`]} shots`}</span></div>`;
	const hasScore = isLive(game) || ended(game);
	return html`<header class="score-board">
		${team('away')}
		<div class="middle"><p class="score">${hasScore
			? html`<span>${game.away_score}</span><span aria-hidden="true">:</span><span class="visually-hidden"> to </span><span>${game.home_score}</span>` : 'at'}</p>
			<p class="status">${isLive(game) && html`<span class="dot" aria-hidden="true"></span>`}${statusText(game)}${' '}<${GameClock} game=${game} /></p>
			</div>
		${team('home')}
		<p class="strength-line"><${Strength} game=${game} /></p>
	</header>
	<p class="under">${longDay(game.game_date)}, ${startTime(game.start_time)}${game.venue ? `, ${game.venue}` : ''}.
		${' '}<span class="badge">${game.stats_status}</span></p>
	<${Warning} game=${game} />`;
}

const strengthOf = (e, game) => {
	const code = /^([01])(\d)(\d)([01])$/.exec(e.situation || '');
	if (!code)
		return '';
	const [awayGoalie, away, home, homeGoalie] = code.slice(1).map(Number);
	const isHome = e.team_id === game.home_team_id;
	const own = isHome ? home - (homeGoalie ? 0 : 1) : away - (awayGoalie ? 0 : 1);
	const other = isHome ? away - (awayGoalie ? 0 : 1) : home - (homeGoalie ? 0 : 1);
	if (isHome ? !awayGoalie : !homeGoalie)
		return 'empty net';
	return own > other ? 'power play' : own < other ? 'short-handed' : '';
};

function Happenings({game, events, names}) {
	const own = events.filter((e) => e.type === 'goal' || e.type === 'penalty').filter((e) => e.period_type !== 'SO');
	if (!own.length)
		return null;
	const name = (id) => names.get(id) || `player ${id}`;
	const abbrev = (e) => (e.team_id === game.home_team_id ? game.home_team_abbrev : game.away_team_abbrev);
	const when = (e) => `${period(e.period, e.period_type, game.game_type)} ${clock(e.time_in_period)}`;
	const goal = (e) => {
		const assists = [e.assist1_player_id, e.assist2_player_id].filter(Boolean).map(name);
		const extra = strengthOf(e, game);
		return html`<strong>${name(e.player_id)}</strong>${extra && ` (${extra})`}${assists.length ? `, from ${assists.join(' and ')}` : ', unassisted'}`;
	};
	const penalty = (e) => html`${e.player_id ? name(e.player_id) : 'Bench'}, ${e.penalty_minutes ?? 2} min${e.detail ? ` for ${e.detail.replaceAll('-', ' ')}` : ''}`;
	return html`<section aria-label="Goals and penalties"><h2>Goals and penalties</h2>
		<ol class="happenings">${own.map((e) => html`<li key=${e.event_id} class=${`${e.type} ${e.team_id === game.home_team_id ? 'home' : 'away'}`}>
			<span class="when">${when(e)}</span><span class="who">${abbrev(e)}</span>
			<span class="what">${e.type === 'goal' ? goal(e) : penalty(e)}</span>
			<span class="result">${e.type === 'goal' && e.away_score !== null ? `${e.away_score}:${e.home_score}` : ''}</span></li>`)}</ol></section>`;
}

/* Shots on goal by the second, for both clubs on one axis. */
function ShotChart({game, events, names}) {
	const shots = shotsOf(events).filter((e) => e.type === 'goal' || e.type === 'shot-on-goal').sort((a, b) => playedSeconds(a) - playedSeconds(b));
	if (shots.length < 2)
		return null;
	const x = [0];
	const away = [0];
	const home = [0];
	for (const e of shots) {
		x.push(playedSeconds(e));
		away.push(away.at(-1) + (e.team_id === game.away_team_id));
		home.push(home.at(-1) + (e.team_id === game.home_team_id));
	}
	return html`<section aria-label="Shots"><h2>Shots on goal</h2>
		<${Chart} label=${`Shots on goal over time: ${game.away_team_abbrev} ${away.at(-1)}, ${game.home_team_abbrev} ${home.at(-1)}`}
			x=${x} xText=${(s) => clock(s)} series=${[{label: game.away_team_abbrev, values: away, colour: '--away'},
			{label: game.home_team_abbrev, values: home, colour: '--home'}]} />
		<${ShotMap} game=${game} events=${events} names=${names} /></section>`;
}

function Corrections({game, names}) {
	const {data} = useAnswer(ended(game) ? `/corrections?since=0&game=${game.game_id}` : null, {concerns: (games) => games.has(game.game_id)});
	if (!data || !data.length)
		return null;
	return html`<section aria-label="Corrections"><h2>Corrected after the horn</h2>
		<ul class="corrections">${data.map((c) => html`<li key=${`${c.revision} ${c.player_id}`}>
			<span class="when">${c.observed_at ? `${ago(serverNow() - Date.parse(c.observed_at))} ago` : ''}</span>${' '}
			<strong>${names.get(c.player_id) || `player ${c.player_id}`}</strong>: ${describe(c)}</li>`)}</ul></section>`;
}

function describe(c) {
	if (c.kind === 'delete')
		return 'taken off the sheet';
	if (c.kind === 'insert')
		return 'put on the sheet';
	const words = (key) => key.replaceAll('_', ' ');
	const show = (key, value) => (value === null || value === undefined ? NONE : key === 'time_on_ice' ? clock(value) : value);
	return Object.keys(c.after || {}).map((key) => `${words(key)} ${show(key, c.before?.[key])} → ${show(key, c.after[key])}`).join(', ');
}

export function Game({value}) {
	const id = Number(value);
	const mine = {concerns: (games) => games.has(id)};
	const game = useAnswer(`/games/${value}`, mine);
	const lines = useAnswer(`/game-stats/${value}`, mine);
	const events = useAnswer(`/games/${value}/events?limit=1000`, {...mine, followsMs: 2500});
	const problem = game.error || lines.error;
	if (!game.data)
		return html`<h1 tabindex="-1">Game ${value}</h1>${problem
			? html`<p class="error" role="alert">${problem.message}</p>` : html`<p class="empty" aria-busy="true">Asking…</p>`}`;
	const g = game.data;
	const rows = lines.data || [];
	const list = events.data || [];
	const names = new Map(rows.map((r) => [r.player_id, r.player_name]));
	const club = (side) => rows.filter((r) => r.team_id === g[`${side}_team_id`]);
	const tables = (side) => {
		const own = club(side);
		const skaters = own.filter((r) => r.player_position !== 'G');
		const goalies = own.filter((r) => r.player_position === 'G');
		const name = g[`${side}_team_name`];
		const csv = `/game-stats?game_id=${id}&team=${g[`${side}_team_id`]}&format=csv`;
		return own.length > 0 && html`<section key=${side} aria-label=${name}>
			<h2 class=${`club ${side}`}>${name}</h2>
			<${Table} caption=${`${name}, skaters`} columns=${skaterColumns} rows=${skaters} rowKey=${(r) => r.player_id} csv=${csv} sort=${{key: 'points', isUp: false}} />
			<${Table} caption=${`${name}, goaltenders`} columns=${goalieColumns} rows=${goalies} rowKey=${(r) => r.player_id} csv=${csv} />
		</section>`;
	};
	return html`<h1 tabindex="-1" class="visually-hidden">${g.away_team_name} at ${g.home_team_name}</h1>
		<${Head} game=${g} />
		${problem && html`<p class="error" role="alert">${problem.message}</p>`}
		${list.length > 0 && html`<section aria-label="Timeline"><${Timeline} game=${g} events=${list} names=${names} /></section>`}
		<${Happenings} game=${g} events=${list} names=${names} />
		<${Corrections} game=${g} names=${names} />
		${tables('away')}
		${tables('home')}
		${list.length > 0 && html`<${ShotChart} game=${g} events=${list} names=${names} />`}
		${!rows.length && html`<p class="empty">No lines of players yet.</p>`}`;
}
