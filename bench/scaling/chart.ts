import { toXml } from '../report/chart-panel.ts';
import type { Results } from './run-all.ts';

const PANEL = { width: 400, height: 220, left: 52, top: 44 };
const GAP = 100;
const MARGIN = 20;
const COLOURS = ['#f97316', '#3f8f8a', '#5b8bc0', '#b0567d', '#8a7a4a', '#7c6fae', '#8c959f'];
/** From one line's name to the next. */
const LABEL_HEIGHT = 14;

interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

interface Axis {
  readonly ticks: readonly number[];
  readonly isLogarithmic: boolean;
  readonly label?: string;
}

interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
  /** A dashed line. */
  readonly limit?: number;
}

/** Draws the simulation as a self-contained SVG. */
export function toChart(results: Results): string {
  const panels = [toShares(results), toRedisCores(results), toRestart(results), toMaxAge(results)];
  const columns = 2;
  const width = MARGIN * 2 + columns * (PANEL.width + PANEL.left) + GAP + 100;
  const height = MARGIN * 2 + (panels.length / columns) * (PANEL.height + PANEL.top + 40);
  const drawn = panels.map((panel, n) => {
    const x = MARGIN + PANEL.left + (n % columns) * (PANEL.width + PANEL.left + GAP);
    const y = MARGIN + PANEL.top + Math.floor(n / columns) * (PANEL.height + PANEL.top + 40);
    return `<g transform="translate(${x} ${y})">\n${toPanel(panel)}\n</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A simulation of 1 to 1,000 replicas">
<style>${STYLE}</style>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
${drawn.join('\n')}
</svg>
`;
}

type Fleet = Results['fleets'][number];

const REPLICAS: Axis = { ticks: [1, 10, 100, 1_000], isLogarithmic: true, label: 'replicas' };

const byReplicas = (results: Results, name: string, pick: (fleet: Fleet) => number): Line => ({
  name,
  points: results.fleets.map((fleet) => [fleet.replicas, pick(fleet)]),
});

const toShares = (results: Results): Panel => ({
  title: 'Responses from memory and from Redis, % of requests',
  x: REPLICAS,
  y: { ticks: [0, 25, 50, 75, 100], isLogarithmic: false },
  lines: [
    byReplicas(results, 'public, memory', (fleet) => fleet.public.memory * 100),
    byReplicas(results, 'public, Redis', (fleet) => fleet.public.redis * 100),
    byReplicas(results, 'private, memory', (fleet) => fleet.private.memory * 100),
    byReplicas(results, 'private, Redis', (fleet) => fleet.private.redis * 100),
  ],
});

const toRedisCores = (results: Results): Panel => ({
  title: 'CPU of Redis, cores; dashed: all that one Redis has',
  x: REPLICAS,
  y: { ticks: [0.01, 0.1, 1, 10, 100], isLogarithmic: true },
  lines: [
    byReplicas(results, 'total', ({ redisCores }) => redisCores.total),
    byReplicas(results, 'purge messages', ({ redisCores }) => redisCores.purgeMessages),
    byReplicas(results, 'rate limits', ({ redisCores }) => redisCores.rateLimits),
    byReplicas(results, 'GETs', ({ redisCores }) => redisCores.gets),
    byReplicas(results, 'SETs', ({ redisCores }) => redisCores.sets),
  ],
  limit: 1,
});

const toRestart = (results: Results): Panel => ({
  title: 'Executions/s while Redis is lost (0 to 10 s) and empty; 1 is normal',
  x: { ticks: [-10, 0, 10, 20, 30, 40, 50, 60], isLogarithmic: false, label: 's' },
  y: { ticks: [0, 1, 2, 3, 4, 5], isLogarithmic: false },
  lines: results.fleets
    .filter(({ replicas }) => Number.isInteger(Math.log10(replicas)))
    .map(({ replicas, restart, perSecond }) => ({
      name: replicas.toLocaleString('en'),
      points: restart.executions
        .slice(0, 70)
        .map((rate, second) => [second - 9.5, rate / perSecond.executions]),
    })),
});

const toMaxAge = (results: Results): Panel => ({
  title: 'Age at which versions of 100,000 tags make responses stale, s; dashed: 60',
  x: REPLICAS,
  y: { ticks: [1, 10, 100, 1_000, 10_000], isLogarithmic: true },
  lines: [byReplicas(results, 'max age', ({ maxAgeSeconds }) => maxAgeSeconds)],
  limit: 60,
});

function toPanel({ title, x, y, lines, limit }: Panel): string {
  const toX = scaleOf(x, 0, PANEL.width);
  const toY = scaleOf(y, PANEL.height, 0);
  const format = (value: number) => value.toLocaleString('en');
  const grid = y.ticks.map(
    (tick) =>
      `<line class="axis" x2="${PANEL.width}" y1="${toY(tick)}" y2="${toY(tick)}"/><text class="note" x="-6" y="${toY(tick) + 4}" text-anchor="end">${format(tick)}</text>`,
  );
  const bottom = x.ticks.map((tick, n) => {
    const label = n === x.ticks.length - 1 && x.label ? `${format(tick)} ${x.label}` : format(tick);
    return `<text class="note" x="${toX(tick)}" y="${PANEL.height + 18}" text-anchor="middle">${label}</text>`;
  });
  const dashed =
    limit === undefined
      ? []
      : [`<line class="limit" x2="${PANEL.width}" y1="${toY(limit)}" y2="${toY(limit)}"/>`];
  const paths = lines.map(
    ({ points }, n) =>
      `<polyline fill="none" stroke="${COLOURS[n]}" stroke-width="2" points="${points.map(([px, py]) => `${toX(px)},${toY(py)}`).join(' ')}"/>`,
  );
  return [
    `<text class="name" x="${10 - PANEL.left}" y="-18">${toXml(title)}</text>`,
    ...grid,
    ...bottom,
    ...dashed,
    ...paths,
    ...toLabels(lines, toY),
  ].join('\n');
}

/** Names the lines at their ends, each below the one before. */
function toLabels(lines: readonly Line[], toY: (value: number) => number): readonly string[] {
  const labels = lines
    .map(({ name, points }, n) => ({ name, colour: COLOURS[n], y: toY(points.at(-1)?.[1] ?? 0) }))
    .toSorted((a, b) => a.y - b.y);
  let below = Number.NEGATIVE_INFINITY;
  return labels.map(({ name, colour, y }) => {
    below = Math.max(y + 4, below + LABEL_HEIGHT);
    return `<text class="label" style="fill: ${colour}" x="${PANEL.width + 6}" y="${below.toFixed(1)}">${toXml(name)}</text>`;
  });
}

/** Values outside of the axis are drawn at its end. */
function scaleOf({ ticks, isLogarithmic }: Axis, from: number, to: number) {
  const [first, last] = [ticks[0] as number, ticks.at(-1) as number];
  const position = (value: number) => {
    const bounded = Math.min(last, Math.max(first, value));
    if (!isLogarithmic) return (bounded - first) / (last - first);
    return Math.log(bounded / first) / Math.log(last / first);
  };
  return (value: number) => Number((from + position(value) * (to - from)).toFixed(1));
}

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; stroke: #ffffff; stroke-width: 3px; paint-order: stroke; }
.name { font-weight: 600; }
.label { font-weight: 600; }
.note { fill: #59636e; }
.ground { fill: #ffffff; }
.axis { stroke: #d1d9e0; }
.limit { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; stroke: #0d1117; }
  .note { fill: #9198a1; }
  .ground { fill: #0d1117; }
  .axis { stroke: #3d444d; }
  .limit { stroke: #f0f6fc; }
}
`;
