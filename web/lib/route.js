/*
 * route - where the reader is, as the query of `/`: every view has a URL, and the server
 * renders the same ones for who has no JavaScript.
 */

const views = ['game', 'player', 'leaders', 'health', 'search', 'date'];

/* {view, value, season, delay}: ?game=2026020001, ?date=2026-11-24&delay=45s; no view is today. */
export function parseRoute(search) {
	const query = new URLSearchParams(search);
	const view = views.find((name) => query.has(name)) || 'date';
	const delay = Number(/^(\d{1,4})s$/.exec(query.get('delay') || '')?.[1] || 0);
	return {
		view,
		value: query.get(view) || '',
		season: query.get('season') || '',
		delay: delay > 0 && delay <= 3600 ? delay : 0,
	};
}

export function formatRoute({view, value, season, delay}) {
	const query = new URLSearchParams();
	if (view !== 'date' || value)
		query.set(view, value || '');
	if (season)
		query.set('season', season);
	if (delay)
		query.set('delay', `${delay}s`);
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
