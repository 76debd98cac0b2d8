import { toText } from './summary.ts';
import { type Bar, type Finding, OWN } from './verdict.ts';

export type Panel = Finding;

const TITLE = 24;
const ROW = 22;
const BAR = 15;
const BASELINE = 12;
const LABELS = 120;
const VALUES = 92;
const PEER_COLOURS: Readonly<Record<string, string>> = {
  frontdesk: '#f97316',
  'apollo-got': '#7c6fae',
  'apollo-cache': '#a79bd0',
  mercurius: '#3f8f8a',
  yoga: '#b0567d',
  'yoga-cache': '#cf8dab',
  tailcall: '#8a7a4a',
  'fanout-undici': '#5b8bc0',
  'fastify-constant': '#8c959f',
};
const OTHER_COLOUR = '#8c959f';

export const panelHeight = ({ bars }: Panel): number => TITLE + bars.length * ROW;

/** One workload: a bar for each peer, the best one on top, and a line where Frontdesk shall be. */
export function toPanel({ goal, bars, verdicts }: Panel, x: number, y: number, width: number) {
  const limits = verdicts.map(({ limit }) => limit);
  const bound = goal.lessIsBetter ? Math.min(...limits) : Math.max(...limits);
  const most = Math.max(
    ...bars.map(({ value }) => value),
    Number.isFinite(bound) ? bound : 0,
    1e-9,
  );
  const scale = (value: number) => (value / most) * (width - LABELS - VALUES);
  const sorted = bars.toSorted((a, b) =>
    goal.lessIsBetter ? a.value - b.value : b.value - a.value,
  );
  const rows = sorted.map((bar, row) =>
    toRow(bar, TITLE + row * ROW, scale(bar.value), toText(bar.value, goal.digits)),
  );
  const bottom = TITLE + (bars.length - 1) * ROW + BAR + 3;
  const at = fixed(LABELS + scale(bound));
  const unit = goal.lessIsBetter ? `${goal.unit}, less is better` : goal.unit;
  return [
    `<g transform="translate(${x} ${y})">`,
    `<text y="${BASELINE}"><tspan class="name">${toXml(goal.title)}</tspan> <tspan class="unit">${toXml(unit)}</tspan></text>`,
    `<line class="axis" x1="${LABELS}" x2="${LABELS}" y1="${TITLE - 3}" y2="${bottom}"/>`,
    ...rows.map(({ bar }) => bar),
    // Above the bars, and below the figures.
    ...(Number.isFinite(bound)
      ? [`<line class="target" x1="${at}" x2="${at}" y1="${TITLE - 5}" y2="${bottom}"/>`]
      : []),
    ...rows.flatMap(({ texts }) => texts),
    '</g>',
  ].join('\n');
}

function toRow({ peer, hasErrors }: Bar, y: number, length: number, value: string) {
  const own = peer === OWN ? ' class="own"' : '';
  const colour = PEER_COLOURS[peer] ?? OTHER_COLOUR;
  const opacity = hasErrors ? ' fill-opacity="0.35"' : '';
  const figure = hasErrors ? `${value} (errors)` : value;
  const baseline = y + BASELINE;
  return {
    bar: `<rect x="${LABELS}" y="${y}" width="${fixed(length)}" height="${BAR}" rx="2" fill="${colour}"${opacity}/>`,
    texts: [
      `<text${own} x="${LABELS - 8}" y="${baseline}" text-anchor="end">${toXml(peer)}</text>`,
      `<text${own} x="${fixed(LABELS + length + 6)}" y="${baseline}">${figure}</text>`,
    ],
  };
}

const fixed = (value: number): string => value.toFixed(1);

export const toXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
