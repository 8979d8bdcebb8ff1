/* app - the page: what is on, who did it, and can I trust it. */
import {html, render, useEffect, useRef, useState} from './vendor/preact-htm.js';
import {keepConnected, takeFirst, useAnswer, useStreamState} from './lib/live.js';
import {easternToday} from './lib/format.js';
import {currentRoute, delayMs, followLinks, go, href, onRoute} from './lib/route.js';
import {setColumnHelp} from './parts/table.js';
import {Game} from './views/game.js';
import {Health} from './views/health.js';
import {Leaders} from './views/leaders.js';
import {Player} from './views/player.js';
import {Search} from './views/search.js';
import {Tonight} from './views/tonight.js';

const views = {date: Tonight, game: Game, player: Player, leaders: Leaders, search: Search, health: Health};
const titles = {date: 'Tonight', game: 'Game', player: 'Player', leaders: 'Leaders', search: 'Search', health: 'Health'};
const delays = ['', '15s', '30s', '45s', '60s', '90s', '120s', '300s'];
const themes = ['auto', 'light', 'dark'];

function useRoute() {
	const [route, setRoute] = useState(currentRoute());
	useEffect(() => onRoute((next) => setRoute(next)), []);
	return route;
}

function Theme() {
	const [theme, setTheme] = useState(localStorage.getItem('theme') || 'auto');
	useEffect(() => {
		localStorage.setItem('theme', theme);
		document.documentElement.dataset.theme = theme;
	}, [theme]);
	return html`<label class="setting">Theme <select value=${theme} onChange=${(e) => setTheme(e.target.value)}>
		${themes.map((t) => html`<option key=${t} value=${t}>${t}</option>`)}</select></label>`;
}

function Delay({route}) {
	return html`<label class="setting" title="Everything is shown so late, so that it spoils nothing for who watches a broadcast">Delay
		<select value=${route.delay} onChange=${(e) => go({...route, delay: e.target.value}, {replace: true})}>
		${[...new Set([...delays, route.delay])].sort((a, b) => delayMs(a) - delayMs(b)).map((d) => html`<option key=${d} value=${d}>${d ? `${d.replace(/\d+/, '$& ')} late` : 'none'}</option>`)}</select></label>`;
}

/* Nothing is said while all is well. */
function StreamState() {
	const state = useStreamState();
	const [isShown, setIsShown] = useState(false);
	useEffect(() => {
		if (state === 'live') {
			setIsShown(false);
			return undefined;
		}
		const timer = setTimeout(() => setIsShown(true), 1500);
		return () => clearTimeout(timer);
	}, [state]);
	return html`<div role="status" class=${`stream-state ${isShown ? 'shown' : ''}`}>${isShown
		? 'The server is away: what is shown may be old. Trying again.' : ''}</div>`;
}

/* Goals are told to who listens rather than looks. */
function Announcer() {
	const {data} = useAnswer(`/games?date=${easternToday()}`);
	const before = useRef(null);
	const [text, setText] = useState('');
	useEffect(() => {
		if (!data)
			return;
		const goals = [];
		for (const g of data) {
			const old = before.current?.get(g.game_id);
			if (old !== undefined && g.stats_status === 'live' && g.away_score + g.home_score > old)
				goals.push(`Goal: ${g.away_team_name} ${g.away_score}, ${g.home_team_name} ${g.home_score}.`);
		}
		before.current = new Map(data.map((g) => [g.game_id, (g.away_score || 0) + (g.home_score || 0)]));
		if (goals.length)
			setText(goals.join(' '));
	}, [data]);
	return html`<div class="visually-hidden" aria-live="polite">${text}</div>`;
}

function SearchBox() {
	return html`<form role="search" class="search" action="/" onSubmit=${(e) => {
		e.preventDefault();
		const text = new FormData(e.target).get('search').trim();
		if (text)
			go({view: 'search', value: text});
	}}><label><span class="visually-hidden">Search players by name</span><input type="search" name="search" placeholder="Player" autocomplete="off" /></label></form>`;
}

function App() {
	const route = useRoute();
	const View = views[route.view];
	const isFirst = useRef(true);
	useEffect(() => {
		document.title = `${titles[route.view]} · rinkside`;
		if (isFirst.current)
			isFirst.current = false;
		else
			document.querySelector('h1')?.focus({preventScroll: true});
	}, [route.view, route.value]);
	const link = (view, text) => html`<a href=${href({view, value: ''})} aria-current=${route.view === view ? 'page' : undefined}>${text}</a>`;
	return html`<a class="skip" href="#main" onClick=${(e) => {
			e.preventDefault();
			document.querySelector('#main').focus();
		}}>Skip to the content</a>
		<header class="top"><a class="brand" href=${href({view: 'date', value: ''})}>rinkside</a>
			<nav aria-label="Views">${link('date', 'Games')}${link('leaders', 'Leaders')}${link('health', 'Health')}</nav>
			<${SearchBox} /><${Delay} route=${route} /><${Theme} /></header>
		<${StreamState} />
		<main id="main" tabindex="-1"><${View} key=${`${route.view} ${route.value}`} ...${route} /></main>
		<footer><a href="/routes">API</a> · <a href="/metrics">Metrics</a> · statistics of the NHL's public API; not affiliated with the NHL</footer>
		<${Announcer} />`;
}

document.documentElement.dataset.theme = localStorage.getItem('theme') || 'auto';
takeFirst(document.querySelector('#first')?.textContent);
followLinks(document);
keepConnected();
const root = document.querySelector('#app');
root.replaceChildren();
render(html`<${App} />`, root);
fetch(new URL('columns.json', import.meta.url)).then((reply) => reply.json()).then(setColumnHelp, () => {});
