import { FAMILY_NAMES, familyOf, OTHERS, OUTSIDE } from './owner.ts';
import type { Call } from './tree.ts';

const WIDTH = 1_200;
const ROW = 16;
const HEAD = 44;
const LETTER = 6.7;
/** Of all that is drawn; narrower boxes are left out. */
const LEAST_SHARE = 0.003;
const COLOURS: Readonly<Record<string, string>> = {
  Frontdesk: '#6aa9e9',
  'compiled operation': '#4fc3b5',
  Apollo: '#b79ae8',
  GraphQL: '#f09ac0',
  got: '#f4a95a',
  'Fastify and pino': '#ecd75c',
  [OTHERS]: '#c9b18f',
  Node: '#a5d477',
  'native, GC': '#cfd3d8',
};

/**
 * A flame graph that hangs from its root: a box is as wide as what the function and all that it called
 * took. Time outside JavaScript has no caller, and is not drawn.
 */
export function toFlameGraph(title: string, root: Call): string {
  const calls = root.calls.filter(({ owner }) => owner !== OUTSIDE);
  const drawn = calls.reduce((sum, { total }) => sum + total, 0);
  const boxes = [...toBoxes({ ...root, total: drawn, calls }, 0, 0, drawn, root.total)];
  const height = HEAD + ROW * (1 + Math.max(...boxes.map(({ depth }) => depth)));
  const hidden = root.total - drawn;
  const says = `${title}: ${root.total.toFixed(0)} µs of CPU time per request, ${hidden.toFixed(0)} of them outside JavaScript and not drawn`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height + 4}" font-family="monospace" font-size="11">`,
    `<title>${toXml(title)}</title>`,
    `<style>${styles()}</style>`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="2" y="14" font-size="13">${toXml(says)}</text>`,
    ...legend(sumByFamily(calls)),
    ...boxes.map(toSvg),
    '</svg>',
    '',
  ].join('\n');
}

interface Box {
  readonly call: Call;
  readonly depth: number;
  readonly x: number;
  readonly width: number;
  /** 0 to 1. */
  readonly share: number;
}

function* toBoxes(
  call: Call,
  depth: number,
  x: number,
  drawn: number,
  all: number,
): Generator<Box> {
  const scale = WIDTH / drawn;
  yield { call, depth, x, width: call.total * scale, share: call.total / all };
  let at = x;
  for (const each of call.calls.toSorted((a, b) => b.total - a.total)) {
    if (each.total < drawn * LEAST_SHARE) return;
    yield* toBoxes(each, depth + 1, at, drawn, all);
    at += each.total * scale;
  }
}

function toSvg({ call, depth, x, width, share }: Box): string {
  const y = HEAD + depth * ROW;
  const { name, place, total, self, owner } = call;
  const took = `${total.toFixed(1)} µs/request, ${(share * 100).toFixed(1)} %; itself ${self.toFixed(1)} µs`;
  const box = `M${round(x)} ${y}h${round(width)}v${ROW}h-${round(width)}z`;
  const letters = Math.floor((width - 4) / LETTER);
  const label = place && name.length + place.length < letters ? `${name} ${place}` : name;
  const text =
    letters < 3
      ? ''
      : `<text x="${round(x + 2)}" y="${y + 12}">${toXml(cut(label, letters))}</text>`;
  return `<g><title>${toXml(`${name} ${place || `(${owner})`}: ${took}`)}</title><path class="${classOf(familyOf(owner))}" d="${box}"/>${text}</g>`;
}

/** How much each family took itself. */
function sumByFamily(
  calls: readonly Call[],
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
const cut = (text: string, letters: number): string =>
  text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
const toXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
