/* timeline - a game from left to right: goals, penalties, shots, by period. */
import {html} from '../vendor/preact-htm.js';
import {clock, period} from '../lib/format.js';

const PERIOD = 1200;
const WIDTH = 1000;

export function playedSeconds(e) {
	return (e.period - 1) * PERIOD + e.time_in_period;
}

export function Timeline({game, events, names}) {
	const own = events.filter((e) => e.period_type !== 'SO' && ['goal', 'penalty', 'shot-on-goal'].includes(e.type));
	const end = Math.max(3 * PERIOD, ...own.map(playedSeconds));
	const x = (e) => (playedSeconds(e) / end) * WIDTH;
	const y = (e, depth) => (e.team_id === game.home_team_id ? 50 + depth : 50 - depth);
	const say = (e) => `${e.type === 'goal' ? 'Goal' : e.type === 'penalty' ? 'Penalty' : 'Shot'}, ${
		names.get(e.player_id) || 'unknown'}, ${period(e.period, e.period_type, game.game_type)} ${clock(e.time_in_period)}`;
	const goals = own.filter((e) => e.type === 'goal');
	const penalties = own.filter((e) => e.type === 'penalty');
	const periods = Math.max(3, Math.ceil(end / PERIOD));
	return html`<figure class="timeline">
		<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label=${
			`Timeline: ${goals.length} goals, ${penalties.length} penalties; ${game.away_team_abbrev} above, ${game.home_team_abbrev} below`}>
			${Array.from({length: periods}, (_, i) => html`<rect key=${i} class=${i % 2 ? 'band odd' : 'band'}
				x=${(i * PERIOD / end) * WIDTH} y="0" width=${Math.min(PERIOD / end, 1 - i * PERIOD / end) * WIDTH} height="100" />`)}
			<path class="axis" d="M0 50H1000" />
			${own.filter((e) => e.type === 'shot-on-goal').map((e) => html`<path key=${e.event_id}
				class=${`shot ${e.team_id === game.home_team_id ? 'home' : 'away'}`} d=${`M${x(e)} 50V${y(e, 14)}`}><title>${say(e)}</title></path>`)}
			${penalties.map((e) => html`<rect key=${e.event_id} class=${`penalty ${e.team_id === game.home_team_id ? 'home' : 'away'}`}
				x=${x(e)} y=${e.team_id === game.home_team_id ? 68 : 26} width=${((e.penalty_minutes || 2) * 60 / end) * WIDTH} height="6"><title>${say(e)}</title></rect>`)}
			${goals.map((e) => html`<rect key=${e.event_id} class=${`goal ${e.team_id === game.home_team_id ? 'home' : 'away'}`}
				x=${x(e) - 2.5} y=${e.team_id === game.home_team_id ? 50 : 8} width="5" height="42"><title>${say(e)}</title></rect>`)}
		</svg>
		<figcaption>${Array.from({length: periods}, (_, i) => html`<span key=${i}
			style=${{flexGrow: Math.min(PERIOD, end - i * PERIOD)}}>${period(i + 1, i > 2 ? 'OT' : 'REG', game.game_type)}</span>`)}</figcaption>
	</figure>`;
}
