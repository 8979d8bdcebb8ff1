/*
 * live - the stream of changes, as hints: a change says which game to ask for again, and the
 * answer is the truth. So nothing is lost or doubled however often the stream breaks off.
 */
import {useEffect, useRef, useState} from '../vendor/preact-htm.js';
import {currentRoute, delayMs, onRoute} from './route.js';

const QUIET_MS = 40000; /* nothing heard for so long: after a sleep the connection may be dead */
const COALESCE_MS = 150;
const FALLBACK_MS = 15000;

const changeListeners = new Set();
const stateListeners = new Set();
let source = null;
let state = 'connecting'; /* 'live', 'connecting', 'away' */
let lastHeard = Date.now();
let clockSkew = 0; /* the server's clock less ours, ms */

export function serverNow() {
	return Date.now() + clockSkew - delayMs(currentRoute().delay);
}

function setState(next) {
	if (state === next)
		return;
	const wasAway = state !== 'live';
	state = next;
	for (const listener of stateListeners)
		listener(state);
	if (wasAway && next === 'live') /* whatever was missed meanwhile */
		tell({games: null});
}

function tell(change) {
	for (const listener of changeListeners)
		listener(change);
}

/* The games that an event tells of; null: unknown, so all of them. */
function gamesOf(text) {
	try {
		const event = JSON.parse(text);
		const games = new Set();
		for (const change of [...event.games, ...event.lines])
			games.add(change.game_id);
		return games.size ? games : null;
	} catch {
		return null;
	}
}

/* An event is as late as what is shown: it comes when `delay=` of the interface shows what it is about. */
export function connect() {
	source?.close();
	source = new EventSource(withDelay('/stream'));
	source.onopen = () => {
		lastHeard = Date.now();
		setState('live');
	};
	source.onerror = () => setState(source.readyState === EventSource.CLOSED ? 'away' : 'connecting');
	const onChange = (event) => {
		lastHeard = Date.now();
		tell({games: gamesOf(event.data)});
	};
	source.onmessage = onChange;
	source.addEventListener('reset', onChange);
}

/* A closed source does not come back by itself; a machine that slept finds a dead one. */
export function keepConnected() {
	connect();
	setInterval(() => {
		if (source.readyState === EventSource.CLOSED)
			connect();
	}, 3000);
	document.addEventListener('visibilitychange', () => {
		if (document.visibilityState !== 'visible')
			return;
		if (source.readyState === EventSource.CLOSED || Date.now() - lastHeard > QUIET_MS)
			connect();
		tell({games: null});
	});
	let {delay} = currentRoute();
	onRoute((route) => {
		if (route.delay !== delay) {
			setState('connecting'); /* so that all is asked for again once it stands */
			connect();
		}
		({delay} = route);
	});
	addEventListener('online', connect);
	addEventListener('offline', () => setState('away'));
}

export function useStreamState() {
	const [value, setValue] = useState(state);
	useEffect(() => {
		stateListeners.add(setValue);
		setValue(state);
		return () => stateListeners.delete(setValue);
	}, []);
	return value;
}

/* ---- answers ---- */

/* What came with the page itself, so that the first view needs no second trip. */
const first = new Map();
export function takeFirst(text) {
	if (!text)
		return;
	const given = JSON.parse(text);
	for (const [path, data] of Object.entries(given.answers || {}))
		first.set(path, {data, isStale: false, at: Date.now()});
}

export function withDelay(path) {
	const {delay} = currentRoute();
	return delay ? `${path}${path.includes('?') ? '&' : '?'}delay=${encodeURIComponent(delay)}` : path;
}

export class AnswerError extends Error {
	constructor(status, detail) {
		super(detail);
		this.status = status;
	}
}

export async function ask(path, {signal, isPlain = false} = {}) {
	const reply = await fetch(isPlain ? path : withDelay(path), {
		cache: 'no-cache',
		headers: {Accept: 'application/json'},
		signal,
	});
	const date = Date.parse(reply.headers.get('Date') || '');
	const age = Number(reply.headers.get('Age') || 0);
	if (date && !age)
		clockSkew = Math.abs(date - Date.now()) > 2000 ? date - Date.now() : 0;
	const body = await reply.json().catch(() => null);
	if (!reply.ok)
		throw new AnswerError(reply.status, body?.detail || `the server answered ${reply.status}`);
	return {
		data: body,
		isStale: reply.headers.has('X-Stale'),
		next: nextOf(reply.headers.get('Link')),
		at: Date.now(),
	};
}

function nextOf(link) {
	return /<([^>]+)>\s*;\s*rel="?next"?/.exec(link || '')?.[1] || null;
}

/*
 * The answer to `path` (null: nothing is wanted), kept up to date. concerns(games) tells whether a
 * change of those games matters; a plain path does not know the delay; what follows a change so many
 * ms later (the play-by-play is fetched after the lines) is asked for again then; of a list as many pages
 * as are wanted.
 */
export function useAnswer(path, {concerns = () => true, isPlain = false, followsMs = 0, pages = 1} = {}) {
	const {delay} = currentRoute();
	const key = `${path} ${delay}`;
	const [held, setHeld] = useState({key, answer: (!delay && first.get(path)) || null, error: null});
	const latest = useRef(concerns);
	latest.current = concerns;
	useEffect(() => {
		if (!path)
			return undefined;
		const controller = new AbortController();
		let timer = null;
		let later = null;
		let isAsking = false;
		let isWanted = false;
		async function load() {
			if (isAsking) {
				isWanted = true;
				return;
			}
			isAsking = true;
			try {
				const {signal} = controller;
				const answer = pages > 1 ? {data: await askAll(path, pages, signal)} : await ask(path, {signal, isPlain});
				setHeld({key, answer, error: null});
			} catch (error) {
				if (controller.signal.aborted)
					return;
				setHeld((old) => ({key, answer: old.key === key ? old.answer : null, error}));
			} finally {
				isAsking = false;
			}
			if (isWanted) {
				isWanted = false;
				soon(0);
			}
		}
		function soon(wait) {
			timer ??= setTimeout(() => {
				timer = null;
				load();
			}, wait);
		}
		function onChange({games}) {
			if (games && !latest.current(games))
				return;
			soon(COALESCE_MS);
			if (followsMs)
				later ??= setTimeout(() => {
					later = null;
					soon(0);
				}, followsMs);
		}
		changeListeners.add(onChange);
		const fallback = setInterval(() => {
			if (state !== 'live')
				soon(0);
		}, FALLBACK_MS);
		if (!delay && first.has(path))
			first.delete(path);
		else
			load();
		return () => {
			controller.abort();
			changeListeners.delete(onChange);
			clearInterval(fallback);
			clearTimeout(timer);
			clearTimeout(later);
		};
	}, [key]);
	return held.key === key ? {...held.answer, error: held.error} : {data: undefined, error: null};
}

/* All pages of a list, at most `most`, as late as all else. */
export async function askAll(path, most, signal) {
	const rows = [];
	for (let next = withDelay(path), pages = 0; next && pages < most; pages++) {
		const answer = await ask(next, {signal, isPlain: true});
		rows.push(...answer.data);
		next = answer.next && new URL(answer.next, location.href);
		next = next && next.pathname + next.search;
	}
	return rows;
}

/* Seconds that tick while somebody looks. */
export function useTick(isTicking) {
	const [, setCount] = useState(0);
	useEffect(() => {
		if (!isTicking)
			return undefined;
		const timer = setInterval(() => setCount((n) => n + 1), 1000);
		return () => clearInterval(timer);
	}, [isTicking]);
}
