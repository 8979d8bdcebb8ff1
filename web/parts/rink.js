/* rink - where shots were taken from; the visitors attack to the left, the home club to the right. */
import {html} from '../vendor/preact-htm.js';
import {clock, period} from '../lib/format.js';

const attempts = {goal: 'Goal', 'shot-on-goal': 'Shot on goal', 'missed-shot': 'Missed shot', 'blocked-shot': 'Blocked shot'};

/*
 * Clubs change ends with each period, and the events do not say who defends where: a club
 * shoots at the end where most of its shots are.
 */
function directions(shots) {
	const sums = new Map();
	for (const e of shots) {
		const key = `${e.period} ${e.team_id}`;
		sums.set(key, (sums.get(key) || 0) + Math.sign(e.x));
	}
	return (e) => Math.sign(sums.get(`${e.period} ${e.team_id}`)) || 1;
}

export function shotsOf(events) {
	return events.filter((e) => e.type in attempts && e.x !== null && e.period_type !== 'SO');
}

export function ShotMap({game, events, names}) {
	const shots = shotsOf(events);
	const direction = directions(shots);
	const marks = shots.map((e) => {
		const isHome = e.team_id === game.home_team_id;
		const flip = direction(e) * (isHome ? 1 : -1);
		return {e, isHome, x: 100 + e.x * flip, y: 42.5 - e.y * flip};
	});
	/* Goals last, so that nothing lies on them. */
	marks.sort((a, b) => (a.e.type === 'goal') - (b.e.type === 'goal'));
	const count = (isHome) => marks.filter((m) => m.isHome === isHome).length;
	return html`<figure class="rink">
		<svg viewBox="-1 -1 202 87" role="img" aria-label=${
			`Shot map: ${count(false)} attempts by ${game.away_team_name}, ${count(true)} by ${game.home_team_name}`}>
			<rect class="ice" x="0" y="0" width="200" height="85" rx="28" />
			<path class="line goal-line" d="M11 5.5V79.5M189 5.5V79.5" />
			<path class="line blue-line" d="M75 0V85M125 0V85" />
			<path class="line red-line" d="M100 0V85" />
			${[[31, 20.5], [31, 64.5], [169, 20.5], [169, 64.5], [100, 42.5]].map(([x, y]) => html`<circle class="line spot" cx=${x} cy=${y} r="15" />`)}
			${marks.map(({e, isHome, x, y}) => html`<circle key=${e.event_id} class=${`mark ${isHome ? 'home' : 'away'} ${e.type}`}
				cx=${x} cy=${y} r=${e.type === 'goal' ? 2.6 : 1.5}><title>${attempts[e.type]}, ${
				names.get(e.player_id) || 'unknown'}, ${period(e.period, e.period_type, game.game_type)} ${clock(e.time_in_period)}</title></circle>`)}
		</svg>
		<figcaption><span class="key away">${game.away_team_abbrev} shoots left</span>
			<span class="key home">${game.home_team_abbrev} shoots right</span>
			<span class="key goal">goal</span> <span class="key shot">on goal</span> <span class="key missed">missed or blocked</span></figcaption>
	</figure>`;
}
