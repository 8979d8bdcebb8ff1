/* chart - uPlot, fetched when a view first draws one. */
import {html, useEffect, useRef} from '../vendor/preact-htm.js';

let loading = null;
const load = () => (loading ??= import('../vendor/uplot.js').then((m) => m.default));

/* What a name stands for in the theme of the moment: a canvas wants the colour itself. */
function colour(name, element) {
	element.style.color = `var(${name})`;
	const value = getComputedStyle(element).color;
	element.style.color = '';
	return value;
}

/* x and the series' values are arrays of one length; series: [{label, values, colour: '--away'}]. */
export function Chart({label, x, series, xText, height = 220, isBars = false}) {
	const box = useRef(null);
	const plot = useRef(null);
	const key = JSON.stringify(series.map((s) => s.label));
	useEffect(() => {
		let isGone = false;
		const observer = new ResizeObserver(() => plot.current?.setSize({width: box.current.clientWidth, height}));
		load().then((UPlot) => {
			if (isGone)
				return;
			const axis = {stroke: colour('--quiet', box.current), grid: {stroke: colour('--line', box.current)}, ticks: {stroke: colour('--line', box.current)}};
			plot.current = new UPlot({
				width: box.current.clientWidth,
				height,
				scales: {x: {time: false}},
				cursor: {y: false},
				axes: [{...axis, values: (_, values) => values.map(xText)}, {...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50]}],
				series: [{label: 'at', value: (_, v) => (v === null ? '–' : xText(v))}, ...series.map((s) => ({
					label: s.label,
					stroke: colour(s.colour, box.current),
					width: 2,
					fill: isBars ? colour(s.colour, box.current) : undefined,
					points: {show: false},
					paths: isBars ? UPlot.paths.bars({size: [0.7, 24]}) : UPlot.paths.stepped({align: 1}),
				}))],
			}, [x, ...series.map((s) => s.values)], box.current);
			observer.observe(box.current);
		});
		return () => {
			isGone = true;
			observer.disconnect();
			plot.current?.destroy();
			plot.current = null;
		};
	}, [key]);
	useEffect(() => {
		plot.current?.setData([x, ...series.map((s) => s.values)]);
	}, [JSON.stringify(series.map((s) => s.values))]);
	return html`<figure class="chart" style=${{minHeight: `${height + 30}px`}} role="img" aria-label=${label}><div ref=${box}></div></figure>`;
}
