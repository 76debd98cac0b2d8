import { layOut } from '../report/tables.ts';
import type { Recording } from './recording.ts';
import type { Call } from './tree.ts';

const TOP = 25;
/** Of the whole; who has less is added up. */
const LEAST_SHARE = 0.003;

interface Row {
  readonly name: string;
  readonly place: string;
  readonly owner: string;
  self: number;
  total: number;
}

/** Whose code takes the time, and which functions. */
export function toTables(root: Call, { plain, usage, requests, notes }: Recording): string {
  const functions = [...functionsOf(root).values()].sort((a, b) => b.self - a.self);
  const perRequest = (us: number, count: number) => (us / count).toFixed(0);
  return [
    `${plain.requests.toLocaleString('en')} requests, each ${perRequest(plain.usage.mainUs, plain.requests)} µs of the main thread's CPU time (${perRequest(usage.mainUs, requests)} under the profiler), and ${perRequest(plain.usage.allUs - plain.usage.mainUs, plain.requests)} of other threads'.`,
    '',
    layOut('Whose code', ['owner', 'µs/request', 'share'], ownersOf(functions, root.total)),
    layOut(
      'Functions by their own time',
      ['function', 'µs/request', 'with what it calls', 'share'],
      functions
        .slice(0, TOP)
        .map((row) => [
          describe(row),
          figure(row.self),
          figure(row.total),
          share(row.self, root.total),
        ]),
    ),
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}

function ownersOf(functions: readonly Row[], all: number): string[][] {
  const sums = Map.groupBy(functions, ({ owner }) => owner)
    .entries()
    .map(([owner, rows]) => ({ owner, self: rows.reduce((sum, { self }) => sum + self, 0) }))
    .toArray()
    .sort((a, b) => b.self - a.self);
  const shown = sums.filter(({ self }) => self >= all * LEAST_SHARE);
  const rest = sums.slice(shown.length).reduce((sum, { self }) => sum + self, 0);
  return [...shown, { owner: 'all others', self: rest }].map(({ owner, self }) => [
    owner,
    figure(self),
    share(self, all),
  ]);
}

/** All calls of each function together; who calls itself counts once. */
function functionsOf(root: Call): Map<string, Row> {
  const rows = new Map<string, Row>();
  const visit = (call: Call, above: ReadonlySet<string>): void => {
    const { name, place, owner } = call;
    const key = `${owner} ${place} ${name}`;
    const row = rows.get(key) ?? { name, place, owner, self: 0, total: 0 };
    rows.set(key, row);
    row.self += call.self;
    if (!above.has(key)) row.total += call.total;
    const below = new Set(above).add(key);
    for (const each of call.calls) visit(each, below);
  };
  visit(root, new Set());
  return rows;
}

const describe = ({ name, place, owner }: Row): string =>
  place ? `\`${name}\` ${place}` : name === owner ? name : `\`${name}\` (${owner})`;
const figure = (value: number): string => value.toFixed(1);
const share = (part: number, all: number): string => `${((part / all) * 100).toFixed(1)} %`;
