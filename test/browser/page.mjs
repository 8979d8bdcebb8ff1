#!/usr/bin/env node
/* The page in a real browser: what a reader sees, does and is spared. Pictures are left below the build. */
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {gzipSync} from 'node:zlib';
import {browser, build, done, freePort, MadeUpGame, note, ok, packages, pictures, root, same, start, temporary, waitFor} from './rig.mjs';

const require = packages();
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const db = `sqlite:${path.join(temporary, 'page.db')}`;
const port = await freePort();
const serve = () => start('api', '--db', db, '--listen', `127.0.0.1:${port}`, '--log-level', 'warning');

const evil = '<img src=x onerror=window.hacked=1>';
const game = new MadeUpGame(2026020101);
const other = new MadeUpGame(2026020102, {away: [6, 'BOS', 'Boston', 'Bruins'], home: [10, 'TOR', 'Toronto', 'Maple Leafs'],
	names: ['Ivy India', 'Jon Juliet', 'Kim Kilo', 'Leo Lima', `Mia ${evil}`, 'Ned November', 'Oli Oscar', 'Pam Papa']});
const past = new MadeUpGame(2026020090, {away: [12, 'CAR', 'Carolina', 'Hurricanes'], home: [10, 'TOR', 'Toronto', 'Maple Leafs']});
game.situation = '1451';
other.goal('home', 0);
past.goal('home', 1, 0);
past.goal('home', 1);
past.state = 'FINAL';
past.store(db, Date.now() - 7200000);
past.goals[0].assist = past.player('home', 2); /* corrected after the horn */
past.state = 'OFF';
past.store(db, Date.now() - 3600000);
for (const g of [game, other])
	g.store(db);

/* Somebody who has played since 2012, and a preseason to come: the rows of one game, again and again. */
const veteran = 8460001;
const career = {seasons: 14, games: 82};
const veteranScript = `import datetime, sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=10) as c:
    c.row_factory = sqlite3.Row
    games, lines = [], []
    game = dict(c.execute('SELECT * FROM games WHERE game_id = ${past.id}').fetchone())
    line = dict(c.execute('SELECT * FROM game_stats WHERE player_id = ${past.player('home', 2)}').fetchone(), player_id=${veteran}, player_name='Vera Veteran', goals=1)
    for year in range(2012, 2012 + ${career.seasons}):
        for i in range(${career.games}):
            of = {'game_id': year * 1000000 + 20001 + i}
            games.append(dict(game, **of, season=year * 10000 + year + 1, game_date=str(datetime.date(year, 10, 1) + datetime.timedelta(2 * i))))
            lines.append(dict(line, **of))
    games.append(dict(game, game_id=2027010001, season=20272028, game_type=1, game_date='2027-09-25'))
    lines.append(dict(line, game_id=2027010001, player_id=${veteran} + 1))
    for table, rows in (('games', games), ('game_stats', lines)):
        c.executemany('INSERT INTO %s (%s) VALUES (%s)' % (table, ', '.join(rows[0]), ', '.join(':' + k for k in rows[0])), rows)
`;
same(spawnSync('python3', ['-c', veteranScript, db.slice(7)], {encoding: 'utf8'}).stderr, '', 'the games of a long career');

let api = await serve();
const chromium = await browser(require);

/* Every page is watched: what its console says, what its policy refuses, what moves. */
const complaints = [];
async function open(url, {width = 1280, height = 900, theme = 'light', ...options} = {}) {
	const context = await chromium.newContext({viewport: {width, height}, colorScheme: theme, timezoneId: 'Europe/Vienna', locale: 'en-GB', ...options});
	const page = await context.newPage();
	page.on('console', (m) => m.type() === 'error' && !/net::ERR_|Failed to load resource/.test(m.text()) && complaints.push(`${url}: ${m.text()}`));
	page.on('pageerror', (e) => complaints.push(`${url}: ${e.message}`));
	await page.addInitScript(() => {
		window.moved = 0;
		document.addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries())
				if (!entry.hadRecentInput)
					window.moved += entry.value;
		}).observe({type: 'layout-shift', buffered: true});
	});
	await page.goto(api.url + url);
	return page;
}
const close = (page) => page.context().close();
const text = (page, selector) => page.locator(selector).first().innerText().catch(() => '');
const card = (id) => `[data-game="${id}"]`;
const settled = (page) => page.waitForFunction(() => !document.querySelector('[aria-busy]'), null, {timeout: 10000}).catch(() => {});
const score = async (page) => (await page.locator('.score-board .score span:not(.visually-hidden):not([aria-hidden])').allInnerTexts()).map(Number);

/* ---- a day ---- */
{
	const page = await open('/');
	await page.waitForSelector(card(game.id));
	same(await page.locator('.card').count(), 3, 'a card for each game of the day');
	ok(/1st/.test(await text(page, `${card(game.id)} .status`)), 'the period of a live game', await text(page, `${card(game.id)} .status`));
	ok(/CAR|OTT/.test(await text(page, `${card(game.id)} .strength`)) && /Power play 5 on 4/.test(await text(page, `${card(game.id)} .strength`)), 'its power play', await text(page, `${card(game.id)} .strength`));
	ok(/Final/.test(await text(page, `${card(past.id)} .status`)), 'and the end of a finished one');
	await page.waitForFunction(() => performance.getEntriesByType('resource').some((r) => r.name.endsWith('/stream')) || true);
	const goals = () => page.locator(`${card(game.id)} .side .goals`).allInnerTexts();
	same(await goals(), ['0', '0'], 'the score');
	game.goal('away', 0, 1);
	game.store(db);
	ok(await waitFor(async () => /Goal: Carolina Hurricanes 1, Ottawa Senators 0/.test(await text(page, '[aria-live]')), 5000), 'the first goal is told to who listens', await page.locator('[aria-live]').allInnerTexts());
	await waitFor(async () => (await page.evaluate(() => window.moved)) !== undefined);
	const moved = await page.evaluate(() => window.moved);
	game.goal('home', 0, 1);
	game.store(db);
	const before = Date.now();
	const appeared = await page.waitForFunction((s) => document.querySelector(`${s} .side:nth-of-type(2) .goals`)?.textContent.trim() === '1', card(game.id), {timeout: 5000, polling: 20}).then(() => true, () => false);
	const took = Date.now() - before;
	ok(appeared && took < 1000, 'a goal appears within a second of its commit', `${appeared} after ${took} ms`);
	note(`a goal was on the page ${took} ms after the ingest had ended`);
	ok(await waitFor(async () => /Goal: Carolina Hurricanes 1, Ottawa Senators 1/.test(await text(page, '[aria-live]')), 3000), 'and is told as well', await page.locator('[aria-live]').allInnerTexts());
	same((await page.evaluate(() => window.moved)) - moved, 0, 'nothing on the page moves for it');
	await page.screenshot({path: path.join(pictures, 'tonight-1280-light.png'), fullPage: true});
	await close(page);
}

/* ---- one round trip, budget, policy ---- */
{
	const context = await chromium.newContext();
	const page = await context.newPage();
	const asked = [];
	const sizes = {script: 0, all: 0};
	const policies = [];
	const counted = new Set();
	page.on('response', async (r) => {
		const url = new URL(r.url());
		asked.push(url.pathname);
		if (url.pathname === '/')
			policies.push(r.headers()['content-security-policy'] || '');
		if (!url.pathname.startsWith('/assets/') && url.pathname !== '/')
			return;
		if (counted.has(url.pathname))
			return;
		counted.add(url.pathname);
		const size = gzipSync(await r.body().catch(() => Buffer.alloc(0)), {level: 6}).length;
		sizes.all += size;
		if (url.pathname.endsWith('.js'))
			sizes.script += size;
		if (url.pathname.startsWith('/assets/') && !/immutable/.test(r.headers()['cache-control'] || ''))
			complaints.push(`${url.pathname} is not immutable`);
	});
	await page.route(/\/(games|game-stats)/, (route) => route.abort());
	await page.goto(`${api.url}/`);
	await page.waitForSelector(`#app > main ${card(game.id)}`);
	same(await page.locator('.card').count(), 3, 'what comes with the page is enough for the first picture of it');
	await page.unroute(/\/(games|game-stats)/);
	await page.goto(`${api.url}/?game=${game.id}`);
	await page.waitForSelector('.rink');
	await page.waitForSelector('.uplot', {timeout: 10000});
	ok(sizes.script < 60000, 'all script is under 60 KB, compressed', sizes.script);
	ok(sizes.all < 100000, 'and all that is loaded under 100 KB', sizes.all);
	note(`script ${sizes.script} B, all ${sizes.all} B, compressed`);
	ok(policies.every((p) => /default-src 'none'/.test(p) && /script-src 'self'/.test(p) && !/unsafe/.test(p)), 'a strict policy', policies.join('\n'));
	ok(asked.every((p) => !/^https?:/.test(p)), 'nothing comes from anywhere else', asked);
	await context.close();
}

/* ---- a game ---- */
{
	const page = await open(`/?game=${other.id}`);
	await page.waitForSelector('table');
	await settled(page);
	same(await score(page), [0, 1], 'a game by its URL');
	ok((await page.content()).includes('&lt;img src=x') && !(await page.evaluate(() => window.hacked)), 'a name with markup in it is text');
	same(await page.locator('main img').count(), 0, 'and makes no element');
	const names = () => page.locator('section[aria-label="Toronto Maple Leafs"] table').first().locator('tbody th').allInnerTexts();
	const header = page.locator('section[aria-label="Toronto Maple Leafs"] table').first().getByRole('columnheader', {name: 'Hits'});
	await header.getByRole('button').click();
	same(await header.getAttribute('aria-sort'), 'descending', 'a click sorts by a column');
	const down = await names();
	await header.getByRole('button').click();
	same([await header.getAttribute('aria-sort'), (await names()).join()], ['ascending', [...down].reverse().join()], 'another one the other way');
	ok(await waitFor(async () => (await header.getByRole('button').getAttribute('title'))?.startsWith('Hits delivered')), 'columns are explained from the list of columns',
		await header.getByRole('button').getAttribute('title'));
	ok((await page.locator('.happenings li.goal').allInnerTexts()).some((t) => /unassisted/.test(t)), 'goals in order, with who assisted');
	ok(await page.locator('a.csv[href*="format=csv"]').count() >= 4, 'a CSV link beside every table');
	await page.goto(`${api.url}/?game=${past.id}`);
	await page.waitForSelector('.corrections');
	const corrected = await text(page, '.corrections');
	ok(/Fred Fox|Eve Echo/.test(corrected) && /assists/.test(corrected), 'what was corrected after the horn', corrected);
	await page.screenshot({path: path.join(pictures, 'game-1280-light.png'), fullPage: true});
	await page.getByRole('link', {name: 'Fred Fox'}).first().click();
	await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Fred Fox');
	ok(/\?player=\d+/.test(page.url()), 'a player by a link, with a URL of their own', page.url());
	await page.goBack();
	ok(await waitFor(() => page.locator('.score-board').count()), 'and back');
	await close(page);
}

/* ---- every view by its URL ---- */
const urls = {tonight: '/', day: `/?date=${game.day}`, empty: '/?date=2026-07-01', game: `/?game=${game.id}`, player: `/?player=${game.player('away', 0)}`,
	leaders: '/?leaders=goals&season=20262027', search: '/?search=Bravo', health: '/?health', nobody: '/?game=2026029999'};
const wanted = {tonight: /Tonight/, day: /Tonight|\d{4}/, empty: /No games on this day/, game: /Carolina/, player: /Ada Alpha/, leaders: /Ada Alpha|goals/, search: /Ben Bravo/, health: /Season/, nobody: /2026029999/};
for (const theme of ['light', 'dark'])
	for (const [name, url] of Object.entries(urls)) {
		const page = await open(url, {theme});
		ok(await waitFor(async () => wanted[name].test(await page.locator('body').innerText()), 15000), `${name}, ${theme}: what its URL promises`,
			await page.locator('main').innerText());
		await settled(page);
		await page.evaluate(axeSource);
		const found = await page.evaluate(() => window.axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}));
		ok(found.violations.length === 0, `${name}, ${theme}: nothing in the way of a screen reader`,
			found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + n.failureSummary).join('; ')}`).join('\n'));
		for (const [width, height] of [[1280, 900], [360, 740], [2560, 1440]]) {
			await page.setViewportSize({width, height});
			/* A chart is as wide as its place, a frame or two later. */
			let over = 1;
			await waitFor(async () => (over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)) <= 0, 5000);
			ok(over <= 0, `${name}, ${theme}: fits ${width} px`, `${over} px too wide`);
			await page.screenshot({path: path.join(pictures, `${name}-${width}-${theme}.png`), fullPage: true});
		}
		await close(page);
	}

/* ---- a long career ---- */
{
	const page = await open(`/?player=${veteran}`);
	const rows = (caption) => page.getByRole('region', {name: caption}).locator('tbody tr');
	ok(await waitFor(async () => (await rows('Game log').count()) === career.seasons * career.games, 15000), 'a player of more than a thousand games: the log has all of them', await rows('Game log').count());
	const seasons = await rows('Seasons').evaluateAll((all) => all.map((tr) => [...tr.cells].slice(0, 3).map((c) => c.textContent.trim()).join()));
	same([seasons.length, seasons.at(-1), new Set(seasons.map((s) => s.replace(/^\d{4}–\d\d/, ''))).size], [career.seasons, `2012–13 Regular season,${career.games},${career.games}`, 1], 'and every season is whole');
	ok(await waitFor(async () => !(await rows('Game log').locator('th').allInnerTexts()).includes('–'), 10000), 'each game has its day, the oldest too');
	for (const [width, height] of [[1280, 900], [360, 740]]) {
		await page.setViewportSize({width, height});
		await page.screenshot({path: path.join(pictures, `career-${width}-light.png`)});
	}
	await close(page);
}

/* ---- leaders, when the calendar's season has no game yet that counts ---- */
{
	const context = await chromium.newContext({viewport: {width: 1280, height: 900}});
	const page = await context.newPage();
	const asked = [];
	page.on('request', (r) => /\/leaders\?/.test(r.url()) && asked.push(new URL(r.url()).search));
	await page.clock.setFixedTime(new Date('2027-09-26T12:00:00Z'));
	await page.goto(`${api.url}/?leaders=points`);
	const table = page.locator('caption', {hasText: 'points, 2026–27'});
	ok(await table.waitFor({timeout: 10000}).then(() => true, () => false), 'leaders in September: those of the newest season that has begun', await page.locator('main').innerText());
	same([[...new Set(asked)], await page.getByLabel('Season').inputValue()], [['?stat=points&limit=50'], '20262027'], 'which the interface has chosen, and the choice shows');
	same(await page.getByLabel('Season').locator('option').allInnerTexts(), ['2026–27', ...Array.from({length: career.seasons}, (_, i) => `${2025 - i}–${String(26 - i)}`)], 'every season with lines can be chosen');
	await page.getByLabel('Season').selectOption('20122013');
	ok(await waitFor(async () => /Vera Veteran/.test(await text(page, 'tbody')), 10000) && /season=20122013$/.test(page.url()), 'one of long ago', page.url());
	const stats = (await (await fetch(`${api.url}/openapi.json`)).json()).paths['/leaders'].get.parameters.find((p) => p.name === 'stat').schema.enum;
	same((await page.getByLabel('Statistic').locator('option').evaluateAll((all) => all.map((o) => o.value))).sort(), [...stats].sort(), 'every statistic that the interface sums');
	await page.goto(`${api.url}/?leaders=goals_against`);
	ok(await page.locator('caption', {hasText: 'goals against'}).waitFor({timeout: 10000}).then(() => true, () => false), 'goals against, too', await page.locator('main').innerText());
	await page.goto(`${api.url}/?leaders=nonsense`);
	ok(await waitFor(async () => /stat/.test(await text(page, '.error'))), 'of what is no statistic the interface says so', await page.locator('main').innerText());
	await context.close();
}

/* ---- how late the rows are ---- */
{
	/* As a poll leaves it: three changes of the last hour, and one of before. */
	const polls = [[5, 4200], [15, 12000], [25, 2100], [90, 900000]].map(([minutes, lag], i) => `(${BigInt(Date.now() - minutes * 60000) * 1048576n + BigInt(i)}, `
		+ `'${new Date(Date.now() - minutes * 60000).toISOString()}', 'boxscore', ${game.id}, 200, 1, 1, ${lag})`);
	const script = 'import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=10) as c: c.execute(sys.argv[2])';
	const insert = `INSERT INTO polls (poll_id, polled_at, endpoint, game_id, status, tries, changed, lag_milliseconds) VALUES ${polls.join(', ')}`;
	same(spawnSync('python3', ['-c', script, db.slice(7), insert], {encoding: 'utf8'}).stderr, '', 'polls of a live game');
	const page = await open('/?health');
	const row = page.locator('tbody tr', {hasText: 'CAR at OTT'}).first();
	ok(await waitFor(async () => /median 4\.2 s, worst 12\.0 s/.test(await row.innerText().catch(() => '')), 15000), 'health: the upstream lag of a live game, median and worst', await text(page, 'table'));
	ok(/Upstream lag\s*4\.2 s\s*median of the last hour, from upstream to row; worst 12\.0 s/.test(await text(page, 'dl.numbers')), 'and of all together', await text(page, 'dl.numbers'));
	await close(page);
}

/* ---- the keyboard ---- */
{
	const page = await open('/');
	await page.waitForSelector(card(game.id));
	await page.keyboard.press('Tab');
	same(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content', 'the first Tab is the way past the head');
	await page.keyboard.press('Enter');
	same(await page.evaluate(() => document.activeElement.id), 'main', 'and takes it');
	for (let i = 0; i < 30 && !(await page.evaluate((s) => document.activeElement.closest(s) !== null, card(game.id))); i++)
		await page.keyboard.press('Tab');
	await page.keyboard.press('Enter');
	await page.waitForSelector('.score-board');
	same(await page.evaluate(() => document.activeElement.tagName), 'H1', 'a game is opened by the keyboard, and its head has the focus');
	await page.getByRole('searchbox').focus();
	await page.keyboard.type('brav');
	await page.keyboard.press('Enter');
	ok(await page.getByRole('link', {name: 'Ben Bravo'}).first().waitFor({timeout: 5000}).then(() => true, () => false), 'search by a part of a name');
	await close(page);
}

/* ---- spoiler delay ---- */
{
	const page = await open(`/?game=${game.id}&delay=3s`);
	await page.waitForSelector('.score-board');
	const now = game.score('away');
	const shown = await waitFor(async () => (await score(page))[0] === now, 6000);
	ok(shown, 'three seconds late, what was stored before is there', await score(page));
	game.goal('away', 1);
	game.store(db);
	const before = Date.now();
	await page.waitForFunction((n) => document.querySelector('.score-board .score span')?.textContent === String(n), now + 1, {timeout: 15000, polling: 20}).catch(() => {});
	const took = Date.now() - before;
	ok((await score(page))[0] === now + 1 && took > 2000 && took < 9000, 'a goal comes late, and comes', `${took} ms`);
	note(`a goal is shown ${took} ms after it was stored, three seconds late`);
	/* The switch: from now on nothing is late, and then it is again. */
	const streams = [], answers = [];
	page.on('response', (r) => answers.push(`${r.status()} ${r.url()}`));
	page.on('request', (r) => /\/stream/.test(r.url()) && streams.push(new URL(r.url()).search));
	await page.getByLabel('Delay').selectOption({label: 'none'});
	game.goal('away', 1);
	game.store(db);
	const soon = Date.now();
	await page.waitForFunction((n) => document.querySelector('.score-board .score span')?.textContent === String(n), now + 2, {timeout: 15000, polling: 20}).catch(() => {});
	ok((await score(page))[0] === now + 2, 'switched off, the next goal is shown at once', `${Date.now() - soon} ms`);
	await page.getByLabel('Delay').selectOption('15s');
	ok(await waitFor(() => streams.at(-1) === '?delay=15s', 5000) && streams.includes(''), 'each switch has a stream of its own', streams);
	ok(await waitFor(() => answers.some((a) => /\/events\?.*delay=15s/.test(a)), 5000) && !answers.some((a) => /^[45]/.test(a)),
		'everything takes the delay, the play-by-play too', answers);
	ok(/delay=15s/.test(await page.getByRole('link', {name: 'Games'}).getAttribute('href')), 'the delay goes along with every link');
	await close(page);
}

/* ---- any delay that the server takes ---- */
{
	const page = await open('/?delay=100m');
	const asked = [];
	page.on('request', (r) => /\/(games|stream)\b/.test(r.url()) && asked.push(new URL(r.url())));
	await page.waitForSelector(card(past.id));
	await settled(page);
	same(await page.locator('.card').count(), 1, 'a hundred minutes late, what has been stored since is not there');
	same([await page.getByLabel('Delay').inputValue(), await page.getByRole('link', {name: 'Games', exact: true}).getAttribute('href')], ['100m', '/?delay=100m'], 'the control and the links keep it as it is');
	const late = async () => [await page.locator('a.csv').count(), await page.locator('a.csv:not([href$="&delay=100m"])').count()];
	same(await late(), [1, 0], 'the day as CSV is as late');
	await page.getByRole('link', {name: 'Hurricanes'}).first().click();
	await page.waitForSelector('.score-board');
	await page.waitForSelector('table');
	same(await late(), [4, 0], 'a game\'s lines, too');
	await page.getByRole('link', {name: 'Eve Echo'}).first().click();
	await page.waitForSelector('caption >> text=Game log');
	same(await late(), [2, 0], 'and a player\'s');
	const arrive = (delay) => page.evaluate((d) => {
		history.pushState(null, '', `/?delay=${d}`);
		dispatchEvent(new PopStateEvent('popstate'));
	}, delay);
	for (const delay of ['5000ms', '7200s', '1h', '7d']) {
		await arrive(delay);
		const has = (path) => asked.some((u) => u.pathname === path && u.searchParams.get('delay') === delay);
		ok(await waitFor(() => has('/games') && has('/stream'), 5000), `${delay}: asked for so late`, asked.join('\n'));
	}
	await arrive('2h&health');
	ok(await waitFor(() => asked.some((u) => /season=.*delay=2h/.test(u.search)), 5000), 'the season\'s calendar, too', asked.join('\n'));
	const sums = [];
	page.on('request', (r) => /\/(leaders|coverage)\?/.test(r.url()) && sums.push(r.url()));
	for (const [view, sentence] of [['leaders', 'Leaders are sums of now'], ['health', 'Coverage is a sum of now']]) {
		await arrive(`1m&${view}`);
		ok(await waitFor(async () => (await page.locator('main').innerText()).includes(sentence), 5000) && (await page.locator('main .error').count()) === 0,
			`${view}: a sum of now is not shown`, await page.locator('main').innerText());
	}
	same(sums, [], 'nor asked for');
	for (const delay of ['soon', '']) {
		await arrive(delay);
		ok(await waitFor(async () => /^delay: wants a duration/.test(await text(page, '.error')), 5000) && (await page.locator('.card').count()) === 0,
			`"${delay}" is no delay: the server's sentence, and no game`, await page.locator('main').innerText());
	}
	ok(asked.every((u) => u.searchParams.has('delay')), 'and nothing is asked for as it is now', asked.join('\n'));
	await arrive('1m&health');
	await page.getByLabel('Delay').selectOption({label: 'none'});
	ok(await waitFor(() => sums.length, 5000), 'without a delay sums of now are', sums);
	await close(page);
}

/* ---- a server that goes and comes back ---- */
{
	const page = await open(`/?game=${game.id}`);
	await page.waitForSelector('.score-board');
	await api.stop();
	ok(await waitFor(async () => /server is away/.test(await text(page, '.stream-state')), 8000), 'a server that is away is told of');
	await page.screenshot({path: path.join(pictures, 'away-1280-light.png')});
	game.goal('home', 1);
	game.store(db);
	game.goal('home', 1, 0);
	game.store(db);
	api = await serve();
	const want = [game.score('away'), game.score('home')];
	ok(await waitFor(async () => JSON.stringify(await score(page)) === JSON.stringify(want), 15000), 'it comes back, and nothing was lost', `${await score(page)} for ${want}`);
	ok(await waitFor(async () => (await page.locator('.happenings li.goal').count()) === game.goals.length, 8000), 'no goal lost or doubled', await page.locator('.happenings li.goal').count());
	ok(await waitFor(async () => (await text(page, '.stream-state')) === '', 5000), 'and the warning goes');
	await close(page);
}

/* ---- without script ---- */
for (const [name, url, want] of [['a day', '/', /Carolina Hurricanes/], ['a game', `/?game=${game.id}`, /Ada Alpha/]]) {
	const page = await open(url, {javaScriptEnabled: false});
	ok(want.test(await page.locator('body').innerText()) && (await page.locator('table').count()) > 0, `without script, ${name} is a table`, await page.locator('body').innerText());
	await page.screenshot({path: path.join(pictures, `without-script-${name.replace(' ', '-')}.png`), fullPage: true});
	await close(page);
}

/* ---- the season's calendar, while it is looked at ---- */
{
	const day = new Date(Date.parse(`${game.day}T12:00:00Z`) - 3 * 86400000).toISOString().slice(0, 10);
	const ended = new MadeUpGame(2026020077, {day});
	ended.state = 'FINAL';
	ended.store(db);
	const page = await open('/?health');
	const mark = () => page.locator(`.calendar a[href="/?date=${day}"]`).getAttribute('title', {timeout: 5000}).catch((e) => e.message);
	ok(/1 game, provisional/.test(await mark()), 'health: a day of the season, whose game is not official yet', await mark());
	ended.state = 'OFF';
	ended.store(db);
	ok(await waitFor(async () => /1 game, official/.test(await mark())), 'and it becomes so on the open page', await mark());
	await close(page);
}

/* ---- the README's two pictures, of a made-up night, when they are wanted ---- */
if (process.env.RINKSIDE_PICTURES) {
	const fake = await start('fake', '--listen', '127.0.0.1:0', '--speed', '60', '--seed', '7');
	const up = await start('up', '--upstream', fake.url, '--db', `sqlite:${path.join(temporary, 'night.db')}`, '--listen', '127.0.0.1:0', '--log-level', 'warning');
	const page = await chromium.newPage({viewport: {width: 1280, height: 800}, timezoneId: 'America/New_York', locale: 'en-US'});
	await page.goto(up.url);
	await page.waitForFunction(() => document.querySelectorAll('.card.live').length > 4 && /Final/.test(document.body.innerText), null, {timeout: 180000});
	await page.screenshot({path: path.join(root, 'docs/page-games.png')});
	await page.locator('.card', {hasText: 'Final'}).first().getByRole('link').click();
	await page.waitForSelector('.rink');
	await page.setViewportSize({width: 1280, height: 1100});
	await page.screenshot({path: path.join(root, 'docs/page-game.png')});
	await up.stop();
	await fake.stop();
}

same(complaints, [], 'no page complained');
note(`pictures in ${path.relative(path.dirname(build), pictures)}`);
await chromium.close();
same(await api.stop(), 0, 'and the server ends well');
done();
