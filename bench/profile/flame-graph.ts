import type { CallNode } from './call-tree.ts';
import { FAMILY_NAMES, familyOf, OTHER_PACKAGES, OUTSIDE } from './code-owner.ts';

const WIDTH = 1_200;
const ROW_HEIGHT = 16;
const HEAD_HEIGHT = 44;
const CHARACTER_WIDTH = 6.7;
/** Boxes narrower than this share of the graph are left out. */
const MIN_SHARE = 0.003;
const COLOURS: Readonly<Record<string, string>> = {
  Frontdesk: '#6aa9e9',
  'compiled operation': '#4fc3b5',
  Apollo: '#b79ae8',
  GraphQL: '#f09ac0',
  got: '#f4a95a',
  'Fastify and pino': '#ecd75c',
  [OTHER_PACKAGES]: '#c9b18f',
  Node: '#a5d477',
  'native, GC': '#cfd3d8',
};

/**
 * Draws a flame graph with the root on top. The width of a box is the total time of the function. Time
 * outside JavaScript has no caller and is not drawn.
 */
export function toFlameGraph(title: string, root: CallNode): string {
  const calls = root.calls.filter(({ owner }) => owner !== OUTSIDE);
  const drawn = calls.reduce((sum, { total }) => sum + total, 0);
  const boxes = [...toBoxes({ ...root, total: drawn, calls }, 0, 0, drawn, root.total)];
  const height = HEAD_HEIGHT + ROW_HEIGHT * (1 + Math.max(...boxes.map(({ depth }) => depth)));
  const hidden = root.total - drawn;
  const headline = `${title}: ${root.total.toFixed(0)} µs of CPU time per request, ${hidden.toFixed(0)} of them outside JavaScript and not drawn`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height + 4}" font-family="monospace" font-size="11">`,
    `<title>${toXml(title)}</title>`,
    `<style>${styles()}</style>`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="2" y="14" font-size="13">${toXml(headline)}</text>`,
    ...legend(sumByFamily(calls)),
    ...boxes.map(toSvg),
    '</svg>',
    '',
  ].join('\n');
}

interface Box {
  readonly call: CallNode;
  readonly depth: number;
  readonly x: number;
  readonly width: number;
  /** 0 to 1. */
  readonly share: number;
}

function* toBoxes(
  call: CallNode,
  depth: number,
  x: number,
  drawn: number,
  all: number,
): Generator<Box> {
  const scale = WIDTH / drawn;
  yield { call, depth, x, width: call.total * scale, share: call.total / all };
  let childX = x;
  for (const child of call.calls.toSorted((a, b) => b.total - a.total)) {
    if (child.total < drawn * MIN_SHARE) return;
    yield* toBoxes(child, depth + 1, childX, drawn, all);
    childX += child.total * scale;
  }
}

function toSvg({ call, depth, x, width, share }: Box): string {
  const y = HEAD_HEIGHT + depth * ROW_HEIGHT;
  const { name, location, total, self, owner } = call;
  const times = `${total.toFixed(1)} µs/request, ${(share * 100).toFixed(1)} %; self ${self.toFixed(1)} µs`;
  const box = `M${round(x)} ${y}h${round(width)}v${ROW_HEIGHT}h-${round(width)}z`;
  const maxCharacters = Math.floor((width - 4) / CHARACTER_WIDTH);
  const label =
    location && name.length + location.length < maxCharacters ? `${name} ${location}` : name;
  const text =
    maxCharacters < 3
      ? ''
      : `<text x="${round(x + 2)}" y="${y + 12}">${toXml(truncate(label, maxCharacters))}</text>`;
  return `<g><title>${toXml(`${name} ${location || `(${owner})`}: ${times}`)}</title><path class="${classOf(familyOf(owner))}" d="${box}"/>${text}</g>`;
}

/** Sums self time by family. */
function sumByFamily(
  calls: readonly CallNode[],
  sums = new Map<string, number>(),
): Map<string, number> {
  for (const { owner, self, calls: inner } of calls) {
    const family = familyOf(owner);
    sums.set(family, (sums.get(family) ?? 0) + self);
    sumByFamily(inner, sums);
  }
  return sums;
}

const legend = (sums: ReadonlyMap<string, number>): string[] =>
  FAMILY_NAMES.map((family, index) => {
    const x = (index * WIDTH) / FAMILY_NAMES.length;
    const text = `${family} ${(sums.get(family) ?? 0).toFixed(0)}`;
    return `<path class="${classOf(family)}" d="M${round(x + 2)} 23h10v11h-10z"/><text x="${round(x + 15)}" y="33" font-size="9">${text}</text>`;
  });

const styles = (): string =>
  `path{stroke:#fff;stroke-width:.5}${FAMILY_NAMES.map((family) => `.${classOf(family)}{fill:${COLOURS[family]}}`).join('')}`;

const classOf = (family: string): string => `f${FAMILY_NAMES.indexOf(family)}`;
const round = (value: number): string => String(Math.round(value * 10) / 10);
const truncate = (text: string, maxCharacters: number): string =>
  text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters - 1)}…`;
const toXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
