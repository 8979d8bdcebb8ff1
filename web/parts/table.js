/* table - rows that sort by any column, each explained from the program's own list of columns. */
import {html, useMemo, useState} from '../vendor/preact-htm.js';
import {NONE} from '../lib/format.js';
import {withDelay} from '../lib/live.js';

let help = {};
export function setColumnHelp(columns) {
	help = columns;
}
export function columnHelp(name) {
	return help[name] || '';
}

function compare(a, b) {
	if (typeof a === 'string' || typeof b === 'string')
		return String(a).localeCompare(String(b));
	return a - b;
}

/* Absent values are last, whichever way. */
function sorted(rows, by) {
	if (!by)
		return rows;
	const sign = by.isUp ? 1 : -1;
	return [...rows].sort((x, y) => {
		const a = x[by.key];
		const b = y[by.key];
		const isA = a === null || a === undefined;
		const isB = b === null || b === undefined;
		return isA || isB ? isA - isB : sign * compare(a, b);
	});
}

/*
 * columns: [{key, title, label, show(row), isText, total}]; title is short ("G"), label is what
 * it is called in full. The first column heads its row. csv: the same rows, as late as these.
 */
export function Table({caption, columns, rows, csv, rowKey, sort = null, foot = null, isQuiet = false}) {
	const [by, setBy] = useState(sort);
	const shown = useMemo(() => sorted(rows, by), [rows, by]);
	function choose(column) {
		setBy((old) => ({key: column.key,
			isUp: old?.key === column.key ? !old.isUp : Boolean(column.isText)}));
	}
	return html`<div class="table-box">
		<div class="table-wrap" tabindex="0" role="region" aria-label=${caption}>
		<table>
			<caption class=${isQuiet ? 'visually-hidden' : ''}><span class="in-view">${caption}
				${csv && html` <a class="csv" href=${withDelay(csv)} download aria-label=${`${caption} as CSV`}>CSV</a>`}</span></caption>
			<thead><tr>${columns.map((c) => html`<th key=${c.key} scope="col" class=${c.isText ? 'text' : ''}
				aria-sort=${by?.key === c.key ? (by.isUp ? 'ascending' : 'descending') : 'none'}>
				<button type="button" onClick=${() => choose(c)} title=${c.help || columnHelp(c.key) || c.label}>
					<span aria-hidden="true">${c.title}</span><span class="visually-hidden">${c.label || c.title}</span></button>
				</th>`)}</tr></thead>
			<tbody>${shown.map((row) => html`<tr key=${rowKey(row)}>${columns.map((c, i) => i
				? html`<td key=${c.key} class=${c.isText ? 'text' : ''}>${cell(c, row)}</td>`
				: html`<th key=${c.key} scope="row" class="text">${cell(c, row)}</th>`)}</tr>`)}</tbody>
			${foot && html`<tfoot><tr>${columns.map((c, i) => i
				? html`<td key=${c.key}>${foot[c.key] ?? ''}</td>`
				: html`<th key=${c.key} scope="row" class="text">${foot[c.key] ?? 'Total'}</th>`)}</tr></tfoot>`}
		</table>
		</div>
		${isQuiet && csv && html`<p class="table-foot"><a class="csv" href=${withDelay(csv)} download>CSV</a></p>`}
	</div>`;
}

function cell(column, row) {
	if (column.show)
		return column.show(row);
	const value = row[column.key];
	return value === null || value === undefined ? NONE : value;
}
