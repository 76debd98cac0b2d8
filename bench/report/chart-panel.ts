import { type Bar, FRONTDESK, type GoalResult } from './goal-result.ts';
import { formatNumber } from './summary.ts';

const TITLE_HEIGHT = 24;
const ROW_HEIGHT = 22;
const BAR_HEIGHT = 15;
const BASELINE = 12;
const LABEL_WIDTH = 120;
const VALUE_WIDTH = 92;
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

export const panelHeight = ({ bars }: GoalResult): number =>
  TITLE_HEIGHT + bars.length * ROW_HEIGHT;

/** Draws one goal: a bar per peer, the best on top, and a dashed line at Frontdesk's target. */
export function toPanel(
  { goal, bars, targetResults }: GoalResult,
  x: number,
  y: number,
  width: number,
) {
  const limits = targetResults.map(({ limit }) => limit);
  const bound = goal.lowerIsBetter ? Math.min(...limits) : Math.max(...limits);
  const maxValue = Math.max(
    ...bars.map(({ value }) => value),
    Number.isFinite(bound) ? bound : 0,
    1e-9,
  );
  const scale = (value: number) => (value / maxValue) * (width - LABEL_WIDTH - VALUE_WIDTH);
  const sorted = bars.toSorted((a, b) =>
    goal.lowerIsBetter ? a.value - b.value : b.value - a.value,
  );
  const rows = sorted.map((bar, row) =>
    toRow(
      bar,
      TITLE_HEIGHT + row * ROW_HEIGHT,
      scale(bar.value),
      formatNumber(bar.value, goal.digits),
    ),
  );
  const bottom = TITLE_HEIGHT + (bars.length - 1) * ROW_HEIGHT + BAR_HEIGHT + 3;
  const targetX = toTenths(LABEL_WIDTH + scale(bound));
  const unit = goal.lowerIsBetter ? `${goal.unit}, lower is better` : goal.unit;
  return [
    `<g transform="translate(${x} ${y})">`,
    `<text y="${BASELINE}"><tspan class="name">${toXml(goal.title)}</tspan> <tspan class="unit">${toXml(unit)}</tspan></text>`,
    `<line class="axis" x1="${LABEL_WIDTH}" x2="${LABEL_WIDTH}" y1="${TITLE_HEIGHT - 3}" y2="${bottom}"/>`,
    ...rows.map(({ bar }) => bar),
    // Drawn over the bars and under the figures.
    ...(Number.isFinite(bound)
      ? [
          `<line class="target" x1="${targetX}" x2="${targetX}" y1="${TITLE_HEIGHT - 5}" y2="${bottom}"/>`,
        ]
      : []),
    ...rows.flatMap(({ texts }) => texts),
    '</g>',
  ].join('\n');
}

function toRow({ peer, hasErrors }: Bar, y: number, length: number, value: string) {
  const own = peer === FRONTDESK ? ' class="own"' : '';
  const colour = PEER_COLOURS[peer] ?? OTHER_COLOUR;
  const opacity = hasErrors ? ' fill-opacity="0.35"' : '';
  const figure = hasErrors ? `${value} (errors)` : value;
  const baseline = y + BASELINE;
  return {
    bar: `<rect x="${LABEL_WIDTH}" y="${y}" width="${toTenths(length)}" height="${BAR_HEIGHT}" rx="2" fill="${colour}"${opacity}/>`,
    texts: [
      `<text${own} x="${LABEL_WIDTH - 8}" y="${baseline}" text-anchor="end">${toXml(peer)}</text>`,
      `<text${own} x="${toTenths(LABEL_WIDTH + length + 6)}" y="${baseline}">${figure}</text>`,
    ],
  };
}

const toTenths = (value: number): string => value.toFixed(1);

export const toXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
