/* health - can I trust it: how old each row is, what the upstream does, what is missing. */
import {html, useEffect, useState} from '../vendor/preact-htm.js';
import {ago, bytes, easternToday, longDay, NONE, seasonName, seasonOf, shortDay} from '../lib/format.js';
import {askAll, serverNow, useAnswer, useStreamState, useTick} from '../lib/live.js';
import {href} from '../lib/route.js';
import {isLive} from '../parts/score.js';
import {Table} from '../parts/table.js';

const since = (iso) => (iso ? ago(serverNow() - Date.parse(iso)) : NONE);
const until = (iso) => {
	if (!iso)
		return NONE;
	const ms = Date.parse(iso) - serverNow();
	return ms > 0 ? `in ${ago(ms)}` : 'now';
};

const seconds = (s) => (s < 60 ? `${s.toFixed(1)} s` : ago(s * 1000));

const rowColumns = [
	{key: 'game_id', title: 'Game', label: 'Game', isText: true,
		show: (g) => html`<a href=${href({view: 'game', value: g.game_id})}>${g.away_team_abbrev} at ${g.home_team_abbrev}</a>`},
	{key: 'stats_status', title: 'Status', label: 'Status', isText: true},
	{key: 'observed_at', title: 'Row is', label: 'Age of the row', show: (g) => `${since(g.observed_at)} old`},
	{key: 'last_poll_at', title: 'Last poll', label: 'Last poll', show: (g) => (g.last_poll_at ? `${since(g.last_poll_at)} ago` : NONE)},
	{key: 'next_poll_at', title: 'Next poll', label: 'Next poll', show: (g) => until(g.next_poll_at)},
	{key: 'lag_median_s', title: 'Upstream lag', label: 'Upstream lag in the last hour', help: 'From when the upstream showed a change to its row, over the last hour',
		show: (g) => (g.lag_median_s === undefined ? NONE : `median ${seconds(g.lag_median_s)}, worst ${seconds(g.lag_worst_s)}`)},
	{key: 'last_error', title: 'Trouble', label: 'Trouble', isText: true, show: (g) => g.last_error || g.warning || 'none'},
];

function Numbers({upstream}) {
	if (!upstream)
		return null;
	const cells = [
		['Requests today', upstream.requests, upstream.requests_fixed && `fixed polling every 10 s: ${upstream.requests_fixed}`],
		['Bytes today', upstream.bytes === null ? null : bytes(upstream.bytes || 0), upstream.bytes_fixed && `fixed polling, plain: ${bytes(upstream.bytes_fixed)}`],
		['Saw something new', upstream.requests ? `${Math.round(100 * upstream.changed / upstream.requests)} %` : null, 'of the requests'],
		['Failed', upstream.failed, 'requests today'],
		['Upstream lag', upstream.lag_median_s === null ? null : seconds(upstream.lag_median_s), upstream.lag_worst_s === null ? 'nothing changed in the last hour'
			: `median of the last hour, from upstream to row; worst ${seconds(upstream.lag_worst_s)}`],
		['Kept aside', upstream.quarantined, 'games of which a body was worse than what is stored'],
	];
	return html`<dl class="numbers">${cells.map(([name, value, note]) => html`<div key=${name}>
		<dt>${name}</dt><dd>${value ?? NONE}<small>${note || ''}</small></dd></div>`)}</dl>`;
}

const marks = {
	settled: ['settled', '■'], official: ['official', '□'], provisional: ['provisional', '▪'], live: ['live', '●'],
	scheduled: ['to come', '·'], off: ['not played', '×'], missing: ['missing', '!'],
};

function dayMark(games) {
	const order = ['missing', 'live', 'provisional', 'scheduled', 'official', 'settled', 'off'];
	const kinds = games.map((g) => (['PPD', 'CNCL'].includes(g.schedule_state) ? 'off'
		: g.stats_status === 'scheduled' && ['OFF', 'FINAL', 'OVER'].includes(g.game_state) ? 'missing' : g.stats_status));
	return order.find((kind) => kinds.includes(kind)) || 'scheduled';
}

/* today: the day's games as they are now; stamp: what changes when others do, too. */
function Calendar({season, today, stamp, delay}) {
	const [games, setGames] = useState(null);
	useEffect(() => {
		const controller = new AbortController();
		askAll(`/games?season=${season}&fields=game_id,game_date,stats_status,game_state,schedule_state&limit=1000`, 4, controller.signal)
			.then(setGames, () => {});
		return () => controller.abort();
	}, [season, stamp, delay]);
	if (!games || !games.length)
		return null;
	const days = new Map();
	const newest = new Map(today.map((g) => [g.game_id, g]));
	for (const g of games)
		days.set(g.game_date, [...(days.get(g.game_date) || []), newest.get(g.game_id) || g]);
	const months = new Map();
	for (const day of [...days.keys()].sort())
		months.set(day.slice(0, 7), [...(months.get(day.slice(0, 7)) || []), day]);
	const monthName = new Intl.DateTimeFormat(undefined, {month: 'short', year: 'numeric', timeZone: 'UTC'});
	return html`<div class="calendar">${[...months].map(([month, list]) => html`<div key=${month} class="month">
			<h3>${monthName.format(new Date(`${month}-15T12:00:00Z`))}</h3>
			<ul>${list.map((day) => {
				const kind = dayMark(days.get(day));
				const count = days.get(day).length;
				const text = `${shortDay(day)}: ${count === 1 ? '1 game' : `${count} games`}, ${marks[kind][0]}`;
				return html`<li key=${day}><a class=${`day ${kind}`} href=${href({view: 'date', value: day})} title=${text}>
					<span aria-hidden="true">${marks[kind][1]}</span><span class="visually-hidden">${text}</span></a></li>`;
			})}</ul></div>`)}</div>
		<p class="quiet">${Object.values(marks).map(([name, mark]) => `${mark} ${name}`).join('   ')}</p>`;
}

const streamWords = {live: 'open: changes arrive as they are stored', connecting: 'being opened again', away: 'closed: the server is away'};

export function Health({delay}) {
	useTick(true);
	const day = easternToday();
	const season = seasonOf(day);
	const games = useAnswer(`/games?date=${day}`);
	const upstream = useAnswer('/health/upstream', {isPlain: true});
	const lags = useAnswer('/health/lag', {isPlain: true});
	const coverage = useAnswer(delay ? null : `/coverage?season=${season}`, {isPlain: true});
	const stream = useStreamState();
	const rows = games.data || [];
	const lagOf = new Map((lags.data || []).map((l) => [l.game_id, l]));
	const own = rows.filter((g) => isLive(g) || g.warning || g.last_error).map((g) => ({...g, ...lagOf.get(g.game_id)}));
	const total = coverage.data && coverage.data.reduce((sum, row) => ({expected: sum.expected + row.expected,
		stored: sum.stored + row.stored, official: sum.official + row.official}), {expected: 0, stored: 0, official: 0});
	return html`<h1 tabindex="-1">Health</h1>
		<p class="under">The stream is ${streamWords[stream]}.</p>
		${games.error && html`<p class="error" role="alert">${games.error.message}</p>`}
		<${Numbers} upstream=${upstream.data} />
		<section aria-label="Live games"><h2>Live games, and those in trouble</h2>
			${own.length ? html`<${Table} caption=${longDay(day)} columns=${rowColumns} rows=${own} rowKey=${(g) => g.game_id} csv=${`/games?date=${day}&format=csv`} />`
				: html`<p class="empty">No game is on, and none is in trouble.</p>`}</section>
		<section aria-label="Coverage"><h2>Season ${seasonName(season)}</h2>
			${delay && html`<p class="empty">Coverage is a sum of now: it is not shown while a delay is chosen.</p>`}
			${total && html`<p>${total.stored} of ${total.expected} games stored, ${total.official} of them official.</p>`}
			<${Calendar} season=${season} delay=${delay} today=${rows} stamp=${total ? `${total.stored} ${total.official}` : ''} /></section>`;
}
