/*
 * What the browser tests share: the built program, a made-up game that they can change, Chromium, TAP.
 * Nothing here sleeps for luck: what is waited for has a deadline.
 */
import {spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {easternToday} from '../../web/lib/format.js';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '../..');
export const build = path.resolve(root, process.env.BUILD || 'build');
export const binary = process.env.RINKSIDE_BINARY || path.join(build, 'rinkside');
export const temporary = mkdtempSync(path.join(tmpdir(), 'rinkside-browser-'));
export const pictures = path.join(build, 'screenshots');
mkdirSync(pictures, {recursive: true});

/* ---- TAP ---- */

let count = 0;
let failures = 0;
export function ok(holds, name, why = '') {
	count++;
	failures += !holds;
	console.log(`${holds ? 'ok' : 'not ok'} ${count} - ${name}`);
	if (!holds)
		for (const line of String(why).split('\n').slice(0, 20))
			console.log(`# ${line}`);
	return holds;
}
export const same = (got, want, name) => ok(JSON.stringify(got) === JSON.stringify(want), name,
	`wanted ${JSON.stringify(want)}\ngot    ${JSON.stringify(got)}`);
export const note = (text) => console.log(`# note: ${text}`);
export function done() {
	console.log(`1..${count}`);
	process.exitCode = failures ? 1 : 0;
}

export async function waitFor(what, deadlineMs = 10000) {
	const end = Date.now() + deadlineMs;
	for (;;) {
		const value = await what();
		if (value || Date.now() > end)
			return value;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}

/* ---- npm's packages, below the build and not beside the tests ---- */

export function packages() {
	const place = path.join(build, 'browser');
	mkdirSync(place, {recursive: true});
	const lock = readFileSync(path.join(here, 'package-lock.json'), 'utf8');
	const stamp = path.join(place, 'installed');
	if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
		for (const file of ['package.json', 'package-lock.json', '.npmrc'])
			writeFileSync(path.join(place, file), readFileSync(path.join(here, file)));
		const r = spawnSync('npm', ['ci', '--ignore-scripts', '--no-progress', '--loglevel=error'], {cwd: place, encoding: 'utf8'});
		if (r.status)
			throw new Error(`npm ci: ${r.stderr}`);
		writeFileSync(stamp, lock);
	}
	return createRequire(path.join(place, 'package.json'));
}

/* ---- the program ---- */

const environment = () => Object.fromEntries(Object.entries(process.env).filter(([k]) => !k.startsWith('RINKSIDE_')));
const children = new Set();
process.on('exit', () => {
	for (const child of children)
		child.kill('SIGKILL');
	rmSync(temporary, {recursive: true, force: true});
});

export function run(...args) {
	const r = spawnSync(binary, args, {encoding: 'utf8', env: environment(), cwd: temporary, timeout: 20000});
	if (r.status)
		throw new Error(`rinkside ${args.join(' ')}: ${r.status} ${r.stderr}`);
	return r.stdout;
}

/* Under way; .url once it listens. */
export async function start(...args) {
	const child = spawn(binary, args, {env: environment(), cwd: temporary, stdio: ['ignore', 'pipe', 'pipe']});
	children.add(child);
	const program = {child, output: '', url: null};
	const read = (data) => {
		program.output += data;
	};
	child.stdout.on('data', read);
	child.stderr.on('data', read);
	program.ended = new Promise((resolve) => child.on('exit', (code) => {
		children.delete(child);
		resolve(code);
	}));
	await waitFor(() => /listening on (http:\S+)/.test(program.output) || child.exitCode !== null);
	program.url = /listening on (http:\/\/[0-9.:]+)/.exec(program.output)?.[1];
	if (!program.url)
		throw new Error(`rinkside ${args.join(' ')} does not listen: ${program.output}`);
	program.stop = async (signal = 'SIGTERM') => {
		child.kill(signal);
		return program.ended;
	};
	return program;
}

export async function freePort() {
	return new Promise((resolve) => {
		const server = createServer().listen(0, '127.0.0.1', () => {
			const {port} = server.address();
			server.close(() => resolve(port));
		});
	});
}

/* ---- a made-up game, of the moment ---- */

const people = ['Ada Alpha', 'Ben Bravo', 'Cleo Charlie', 'Dan Delta', 'Eve Echo', 'Fred Fox', 'Gus Golf', 'Hal Hotel'];
const short = (name) => `${name[0]}. ${name.split(' ')[1]}`;

export class MadeUpGame {
	constructor(id, {away = [12, 'CAR', 'Carolina', 'Hurricanes'], home = [9, 'OTT', 'Ottawa', 'Senators'], names = people, day} = {}) {
		Object.assign(this, {id, away, home, names, goals: [], state: 'LIVE', observed: Date.now() - 3600000, second: 300, period: 1, situation: null});
		this.day = day || easternToday();
	}

	/* side: 'away' or 'home'; scorer: index of who scored. */
	goal(side, scorer, assist = null) {
		this.second += 60;
		this.goals.push({side, scorer: this.player(side, scorer), assist: assist === null ? null : this.player(side, assist), period: this.period, second: this.second});
	}

	player(side, i) {
		return 8470000 + (side === 'home' ? 10 : 0) + i + (this.id % 100) * 100;
	}

	score(side) {
		return this.goals.filter((g) => g.side === side).length;
	}

	line(side, i) {
		const id = this.player(side, i);
		const goals = this.goals.filter((g) => g.scorer === id).length;
		const assists = this.goals.filter((g) => g.assist === id).length;
		return {playerId: id, sweaterNumber: 10 + i, name: {default: short(this.names[(side === 'home' ? 4 : 0) + i])}, position: i === 2 ? 'D' : 'C', goals, assists,
			points: goals + assists, plusMinus: goals, pim: i, hits: 3 - i, powerPlayGoals: 0, sog: goals + i, faceoffWinningPctg: 0.5, toi: `1${i}:34`,
			blockedShots: i, shifts: 20 + i, giveaways: 0, takeaways: 1};
	}

	goaltender(side) {
		const against = this.score(side === 'home' ? 'away' : 'home');
		return {playerId: this.player(side, 3), sweaterNumber: 31, name: {default: short(this.names[side === 'home' ? 7 : 3])}, position: 'G',
			evenStrengthShotsAgainst: `20/${20 + against}`, powerPlayShotsAgainst: '0/0', shorthandedShotsAgainst: '0/0', saveShotsAgainst: `20/${20 + against}`,
			savePctg: 20 / (20 + against), evenStrengthGoalsAgainst: against, powerPlayGoalsAgainst: 0, shorthandedGoalsAgainst: 0, pim: 0, goalsAgainst: against,
			toi: '15:00', starter: true, shotsAgainst: 20 + against, saves: 20};
	}

	top() {
		const team = ([id, abbrev, place, name], side) => ({id, abbrev, commonName: {default: name}, placeName: {default: place}, score: this.score(side), sog: 20 + this.score(side)});
		const left = Math.max(0, 1200 - this.second);
		return {id: this.id, season: 20262027, gameType: 2, gameDate: this.day, venue: {default: 'Test Arena'}, startTimeUTC: `${this.day}T23:00:00Z`, easternUTCOffset: '-05:00',
			gameState: this.state, gameScheduleState: 'OK', periodDescriptor: {number: this.period, periodType: 'REG', maxRegulationPeriods: 3},
			awayTeam: team(this.away, 'away'), homeTeam: team(this.home, 'home'),
			clock: {timeRemaining: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`.padStart(5, '0'), secondsRemaining: left, running: false, inIntermission: false},
			...(this.situation ? {situation: {situationCode: this.situation, timeRemaining: '01:30', secondsRemaining: 90}} : {})};
	}

	boxScore() {
		const lines = (side) => ({forwards: [this.line(side, 0), this.line(side, 1)], defense: [this.line(side, 2)], goalies: [this.goaltender(side)]});
		const ended = ['FINAL', 'OFF'].includes(this.state);
		return {...this.top(), playerByGameStats: {awayTeam: lines('away'), homeTeam: lines('home')}, ...(ended ? {gameOutcome: {lastPeriodType: 'REG'}} : {})};
	}

	playByPlay() {
		let away = 0;
		let home = 0;
		const clock = (s) => `${String(Math.floor(s / 60)).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`;
		const plays = this.goals.map((g, i) => {
			g.side === 'away' ? away++ : home++;
			return {eventId: 100 + i, periodDescriptor: {number: g.period, periodType: 'REG'}, timeInPeriod: clock(g.second), timeRemaining: clock(1200 - g.second),
				situationCode: '1551', homeTeamDefendingSide: 'left', typeCode: 505, typeDescKey: 'goal', sortOrder: 100 + i,
				details: {xCoord: g.side === 'home' ? 75 : -75, yCoord: 5, shotType: 'wrist', scoringPlayerId: g.scorer, ...(g.assist ? {assist1PlayerId: g.assist} : {}),
					eventOwnerTeamId: g.side === 'home' ? this.home[0] : this.away[0], goalieInNetId: this.player(g.side === 'home' ? 'away' : 'home', 3), awayScore: away, homeScore: home}};
		});
		const spots = ['away', 'home'].flatMap((side) => [0, 1, 2, 3].map((i) => ({playerId: this.player(side, i), teamId: this[side][0], firstName: {default: this.names[(side === 'home' ? 4 : 0) + i].split(' ')[0]},
			lastName: {default: this.names[(side === 'home' ? 4 : 0) + i].split(' ').slice(1).join(' ')}, sweaterNumber: 10 + i, positionCode: i === 3 ? 'G' : i === 2 ? 'D' : 'C'})));
		return {...this.top(), plays, rosterSpots: spots};
	}

	/* Into the database, as an upstream that shows it now; `at` in ms. */
	store(db, at = null) {
		this.observed = at ?? Math.max(this.observed + 1000, Date.now());
		const when = new Date(this.observed).toISOString();
		const files = [['box', this.boxScore()], ['plays', this.playByPlay()]].map(([name, body]) => {
			const file = path.join(temporary, `${this.id}-${name}.json`);
			writeFileSync(file, JSON.stringify(body));
			return file;
		});
		run('ingest', '--db', db, '--observed-at', when, '--file', ...files);
	}
}

/* ---- Chromium ---- */

export async function browser(require) {
	const {chromium} = require('playwright-core');
	return chromium.launch({
		executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync),
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
}
