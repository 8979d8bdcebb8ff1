/* search - players by a part of their name. */
import {html} from '../vendor/preact-htm.js';
import {useAnswer} from '../lib/live.js';
import {href} from '../lib/route.js';

export function Search({value}) {
	const text = value.trim();
	const {data, error} = useAnswer(text ? `/players?name=${encodeURIComponent(text)}&limit=50` : null, {isPlain: true});
	return html`<h1 tabindex="-1">Players called “${text}”</h1>
		${error && html`<p class="error" role="alert">${error.message}</p>`}
		${data && !data.length && html`<p class="empty">Nobody by that name has played in a stored game.</p>`}
		<ul class="found">${(data || []).map((p) => html`<li key=${p.player_id}><a href=${href({view: 'player', value: p.player_id})}>${p.full_name}</a>
			${' '}<span class="quiet">${[p.position, p.birth_date].filter(Boolean).join(', ')}</span></li>`)}</ul>`;
}
