/*
 * route - where the reader is, as the query of `/`: every view has a URL, and the server
 * renders the same ones for who has no JavaScript.
 */

const views = ['game', 'player', 'leaders', 'health', 'search', 'date'];

/* Milliseconds of a delay, as the server counts them. */
const units = {ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000};
export function delayMs(delay) {
	const [, number, unit] = /^(\d+)([a-z]+)$/.exec(delay) || [];
	return number * units[unit] || 0;
}

/* As it is given, '' for none. What is no duration stays, too: the server refuses it, where we would show what is live. */
function parseDelay(text) {
	return text === null || /^0+([mhd]|m?s)?$/.test(text) ? '' : text || '?';
}

/* {view, value, season, delay}: ?game=2026020001, ?date=2026-11-24&delay=45s; no view is today. */
export function parseRoute(search) {
	const query = new URLSearchParams(search);
	const view = views.find((name) => query.has(name)) || 'date';
	return {
		view,
		value: query.get(view) || '',
		season: query.get('season') || '',
		delay: parseDelay(query.get('delay')),
	};
}

export function formatRoute({view, value, season, delay}) {
	const query = new URLSearchParams();
	if (view !== 'date' || value)
		query.set(view, value || '');
	if (season)
		query.set('season', season);
	if (delay)
		query.set('delay', delay);
	const text = query.toString();
	return text ? `/?${text}` : '/';
}

const listeners = new Set();
let current = parseRoute(location.search);

export function currentRoute() {
	return current;
}

export function onRoute(listener) {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

function arrive(isNew) {
	current = parseRoute(location.search);
	for (const listener of listeners)
		listener(current, isNew);
}

export function go(to, {replace = false} = {}) {
	const url = formatRoute({delay: current.delay, ...to});
	history[replace ? 'replaceState' : 'pushState'](null, '', url);
	arrive(!replace);
}

/* The href of a view, with the delay that the reader has chosen. */
export function href(to) {
	return formatRoute({delay: current.delay, ...to});
}

/* Plain links work without us; with us they do not load the page again. */
export function followLinks(root) {
	root.addEventListener('click', (event) => {
		const link = event.target.closest('a[href]');
		if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey ||
			event.shiftKey || event.altKey || link.target || link.hasAttribute('download'))
			return;
		const url = new URL(link.href);
		if (url.origin !== location.origin || url.pathname !== '/')
			return;
		event.preventDefault();
		history.pushState(null, '', url.pathname + url.search);
		arrive(true);
		scrollTo(0, 0);
	});
	addEventListener('popstate', () => arrive(true));
}
