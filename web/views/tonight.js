/* tonight - every game of a day. */
import {html} from '../vendor/preact-htm.js';
import {addDays, easternToday, longDay} from '../lib/format.js';
import {useAnswer, withDelay} from '../lib/live.js';
import {go, href} from '../lib/route.js';
import {ended, GameClock, isLive, isOff, statusText, Strength, Warning} from '../parts/score.js';

function Side({game, side, isShown}) {
	const score = game[`${side}_score`];
	const other = game[`${side === 'away' ? 'home' : 'away'}_score`];
	return html`<div class=${`side ${ended(game) && score > other ? 'won' : ''}`}>
		<span class="team"><abbr title=${game[`${side}_team_name`]}>${game[`${side}_team_abbrev`]}</abbr>
			<span class="name">${game[`${side}_team_name`]}</span></span>
		<span class="goals">${isShown ? score ?? '' : ''}</span>
	</div>`;
}

export function GameCard({game}) {
	const isShown = !isOff(game) && (isLive(game) || ended(game));
	return html`<article class=${`card ${isLive(game) ? 'live' : ''}`} data-game=${game.game_id}>
		<a href=${href({view: 'game', value: game.game_id})}>
			<p class="status">${isLive(game) && html`<span class="dot" aria-hidden="true"></span>`}<span>${statusText(game)}</span>
				<${GameClock} game=${game} />${' '}<${Strength} game=${game} /></p>
			<${Side} game=${game} side="away" isShown=${isShown} />
			<${Side} game=${game} side="home" isShown=${isShown} />
			<p class="shots">${isShown ? `Shots ${game.away_shots ?? 0} to ${game.home_shots ?? 0}` : ''}</p>
		</a>
		<${Warning} game=${game} />
	</article>`;
}

function Days({day}) {
	const near = [-2, -1, 0, 1, 2].map((n) => addDays(day, n));
	const short = new Intl.DateTimeFormat(undefined, {weekday: 'short', day: 'numeric', timeZone: 'UTC'});
	return html`<nav class="days" aria-label="Days">
		<a href=${href({view: 'date', value: addDays(day, -1)})} rel="prev" aria-label="The day before">←</a>
		${near.map((d) => html`<a key=${d} href=${href({view: 'date', value: d})} aria-current=${d === day ? 'date' : undefined}>
			${short.format(new Date(`${d}T12:00:00Z`))}</a>`)}
		<a href=${href({view: 'date', value: addDays(day, 1)})} rel="next" aria-label="The day after">→</a>
		<label class="pick"><span class="visually-hidden">Another day</span><input type="date" value=${day} required
			onChange=${(e) => e.target.value && go({view: 'date', value: e.target.value})} /></label>
	</nav>`;
}

const groups = [
	{title: 'On now', has: isLive},
	{title: 'Finished', has: (g) => ended(g) && !isOff(g)},
	{title: 'To come', has: (g) => !isLive(g) && !ended(g) && !isOff(g)},
	{title: 'Not played', has: isOff},
];

export function Tonight({value}) {
	const day = value || easternToday();
	const {data, error} = useAnswer(`/games?date=${day}`);
	const games = data || [];
	const isTonight = day === easternToday();
	return html`<h1 tabindex="-1">${isTonight ? 'Tonight' : longDay(day)}</h1>
		<p class="under">${isTonight ? `${longDay(day)}, Eastern time` : 'Games that begin on this day, Eastern time'}</p>
		<${Days} day=${day} />
		${error && html`<p class="error" role="alert">${error.message}</p>`}
		${data && !games.length && html`<p class="empty">No games on this day.</p>`}
		${!data && !error && html`<p class="empty" aria-busy="true">Asking…</p>`}
		${groups.map(({title: name, has}) => {
			const own = games.filter(has);
			return own.length > 0 && html`<section key=${name} aria-label=${name}><h2>${name}</h2>
				<div class="cards">${own.map((g) => html`<${GameCard} key=${g.game_id} game=${g} />`)}</div></section>`;
		})}
		${games.length > 0 && html`<p class="table-foot"><a class="csv" href=${withDelay(`/games?date=${day}&format=csv`)} download>These games as CSV</a></p>`}`;
}

