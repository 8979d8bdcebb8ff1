/* format - numbers and times as people read them. */

export const NONE = '–';

export function clock(seconds) {
	const s = Math.max(0, Math.round(seconds));
	return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

export function share(value, digits = 3) {
	return value === null || value === undefined ? NONE : value.toFixed(digits).replace(/^0\./, '.');
}

export function percent(value) {
	return value === null || value === undefined ? NONE : `${(value * 100).toFixed(1)}`;
}

export function plus(value) {
	return value === null || value === undefined ? NONE : value > 0 ? `+${value}` : String(value).replace('-', '−');
}

export function bytes(n) {
	const units = ['B', 'KB', 'MB', 'GB'];
	let i = 0;
	while (n >= 1000 && i < units.length - 1) {
		n /= 1000;
		i++;
	}
	return `${i && n < 100 ? n.toFixed(1) : Math.round(n)} ${units[i]}`;
}

export function ago(ms) {
	const s = Math.max(0, Math.round(ms / 1000));
	if (s < 90)
		return `${s} s`;
	if (s < 5400)
		return `${Math.round(s / 60)} min`;
	if (s < 129600)
		return `${Math.round(s / 3600)} h`;
	return `${Math.round(s / 86400)} days`;
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const eastern = 'America/New_York';
const timeHere = new Intl.DateTimeFormat(undefined, {hour: 'numeric', minute: '2-digit'});
const timeEastern = new Intl.DateTimeFormat('en-US', {hour: 'numeric', minute: '2-digit', timeZone: eastern});
const dayLong = new Intl.DateTimeFormat(undefined, {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC'});
const dayShort = new Intl.DateTimeFormat(undefined, {day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC'});

export function startTime(iso) {
	if (!iso)
		return 'time not set';
	const at = new Date(iso);
	const here = timeHere.format(at);
	return zone === eastern ? here : `${here} (${timeEastern.format(at)} Eastern)`;
}

export function longDay(day) {
	return dayLong.format(new Date(`${day}T12:00:00Z`));
}

export function shortDay(day) {
	return dayShort.format(new Date(`${day}T12:00:00Z`));
}

/* Games belong to the Eastern day on which they begin. */
export function easternToday(now = Date.now()) {
	const parts = new Intl.DateTimeFormat('en-US', {timeZone: eastern, year: 'numeric', month: '2-digit', day: '2-digit'}).formatToParts(new Date(now));
	const part = (type) => parts.find((p) => p.type === type).value; // no locale writes year, month, day in the same way everywhere
	return `${part('year')}-${part('month')}-${part('day')}`;
}

export function addDays(day, n) {
	const at = new Date(`${day}T12:00:00Z`);
	at.setUTCDate(at.getUTCDate() + n);
	return at.toISOString().slice(0, 10);
}

export function period(n, type, gameType) {
	if (type === 'SO')
		return 'Shoot-out';
	if (n > 3)
		return gameType === 3 && n > 4 ? `${n - 3}OT` : 'OT';
	return ['', '1st', '2nd', '3rd'][n] || '';
}

export function seasonName(season) {
	const text = String(season);
	return `${text.slice(0, 4)}–${text.slice(6)}`;
}

const seasonFrom = (year) => year * 10000 + year + 1;

export function seasonOf(day) {
	const year = Number(day.slice(0, 4));
	return seasonFrom(Number(day.slice(5, 7)) < 7 ? year - 1 : year);
}

export function seasonOfGame(id) {
	return seasonFrom(Math.floor(id / 1e6));
}

export const gameTypes = {1: 'Preseason', 2: 'Regular season', 3: 'Play-offs'};
