import { formatTable } from '../report/tables.ts';
import type { CallNode } from './call-tree.ts';
import type { Recording } from './recording.ts';

const MAX_FUNCTIONS = 25;
/** Owners below this share of the total are added up as "all others". */
const MIN_SHARE = 0.003;

interface Row {
  readonly name: string;
  readonly location: string;
  readonly owner: string;
  self: number;
  total: number;
}

/** Formats CPU time by owner of the code and by function. */
export function toTables(root: CallNode, { plain, usage, requests, notes }: Recording): string {
  const functions = [...functionsOf(root).values()].sort((a, b) => b.self - a.self);
  const perRequest = (us: number, count: number) => (us / count).toFixed(0);
  return [
    `${plain.requests.toLocaleString('en')} requests, each ${perRequest(plain.usage.mainThreadUs, plain.requests)} µs of CPU time of the main thread (${perRequest(usage.mainThreadUs, requests)} under the profiler), and ${perRequest(plain.usage.allThreadsUs - plain.usage.mainThreadUs, plain.requests)} of other threads.`,
    '',
    formatTable(
      'CPU time by owner',
      ['owner', 'µs/request', 'share'],
      ownersOf(functions, root.total),
    ),
    formatTable(
      'Functions by self time',
      ['function', 'self µs/request', 'total µs/request', 'share'],
      functions
        .slice(0, MAX_FUNCTIONS)
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
  const shown = sums.filter(({ self }) => self >= all * MIN_SHARE);
  const rest = sums.slice(shown.length).reduce((sum, { self }) => sum + self, 0);
  return [...shown, { owner: 'all others', self: rest }].map(({ owner, self }) => [
    owner,
    figure(self),
    share(self, all),
  ]);
}

/** Sums all calls of each function. The total of a recursive function counts its outermost call only. */
function functionsOf(root: CallNode): Map<string, Row> {
  const rows = new Map<string, Row>();
  const visit = (call: CallNode, ancestors: ReadonlySet<string>): void => {
    const { name, location, owner } = call;
    const key = `${owner} ${location} ${name}`;
    const row = rows.get(key) ?? { name, location, owner, self: 0, total: 0 };
    rows.set(key, row);
    row.self += call.self;
    if (!ancestors.has(key)) row.total += call.total;
    const path = new Set(ancestors).add(key);
    for (const child of call.calls) visit(child, path);
  };
  visit(root, new Set());
  return rows;
}

const describe = ({ name, location, owner }: Row): string =>
  location ? `\`${name}\` ${location}` : name === owner ? name : `\`${name}\` (${owner})`;
const figure = (value: number): string => value.toFixed(1);
const share = (part: number, all: number): string => `${((part / all) * 100).toFixed(1)} %`;
