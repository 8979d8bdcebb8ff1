/* score - a game's state, score and clock, as tonight's cards and a game's head show them. */
import {html} from '../vendor/preact-htm.js';
import {clock, period, startTime} from '../lib/format.js';
import {serverNow, useTick} from '../lib/live.js';

const RUN_ON_S = 30; /* a clock that nobody has looked at for so long stands still */

export const ended = (g) => ['provisional', 'official', 'settled'].includes(g.stats_status);
export const isOff = (g) => ['PPD', 'CNCL'].includes(g.schedule_state);
export const isLive = (g) => g.stats_status === 'live' && !isOff(g);

/* Seconds on the clock now, run on from when the upstream showed it. */
export function remaining(g) {
	if (g.clock_seconds === null || g.clock_seconds === undefined)
		return null;
	const since = (serverNow() - Date.parse(g.observed_at)) / 1000;
	const runs = (g.clock_running || g.in_intermission) && since > 0;
	return Math.max(0, g.clock_seconds - (runs ? Math.min(since, RUN_ON_S) : 0));
}

/* How a finished game ended: "Final", "Final/OT", "Final/SO". */
function finalText(g) {
	const type = g.last_period_type || g.period_type;
	if (type === 'SO')
		return 'Final/SO';
	if (type !== 'OT')
		return 'Final';
	return `Final/${period(g.period, 'OT', g.game_type)}`;
}

export function statusText(g) {
	if (g.schedule_state === 'PPD')
		return 'Postponed';
	if (g.schedule_state === 'CNCL')
		return 'Cancelled';
	if (ended(g))
		return finalText(g);
	if (!isLive(g))
		return g.schedule_state === 'TBD' ? 'Time not set' : startTime(g.start_time);
	if (g.in_intermission)
		return `${period(g.period, g.period_type, g.game_type)} intermission`;
	return period(g.period, g.period_type, g.game_type);
}

/* {side, text, seconds} while one club has more skaters or no goaltender; null at even strength. */
export function strength(g) {
	const code = /^([01])(\d)(\d)([01])$/.exec(g.situation || '');
	if (!code || !isLive(g) || g.in_intermission)
		return null;
	const [awayGoalie, away, home, homeGoalie] = code.slice(1).map(Number);
	const seconds = g.situation_seconds;
	const awayMen = away - (awayGoalie ? 0 : 1);
	const homeMen = home - (homeGoalie ? 0 : 1);
	if (awayMen !== homeMen)
		return {side: awayMen > homeMen ? 'away' : 'home', seconds,
			text: `Power play ${Math.max(awayMen, homeMen)} on ${Math.min(awayMen, homeMen)}`};
	if (awayGoalie !== homeGoalie)
		return {side: awayGoalie ? 'home' : 'away', seconds: null, text: 'Empty net'};
	return {side: null, seconds, text: `${awayMen} on ${homeMen}`};
}

export function GameClock({game}) {
	useTick(isLive(game) && (game.clock_running || game.in_intermission));
	const left = remaining(game);
	if (!isLive(game) || left === null)
		return null;
	return html`<span class="clock" role="timer" aria-label=${game.in_intermission ? 'Intermission left' : 'Clock'}>
		${clock(left)}</span>`;
}

export function Strength({game}) {
	const now = strength(game);
	if (!now)
		return null;
	const who = now.side && game[`${now.side}_team_abbrev`];
	return html`<span class="strength">${who ? `${who} ` : ''}${now.text}${
		now.seconds ? ` ${clock(now.seconds)}` : ''}</span>`;
}

/* "Wrong or behind" is said where the number stands. */
export function Warning({game}) {
	if (!game.warning && !game.last_error)
		return null;
	return html`<p class="warning" role="note">${game.warning || `last poll failed: ${game.last_error}`}</p>`;
}
