import type { Figures } from './figures.ts';

const MEBIBYTE = 1024 * 1024;
const WIDTH = 9;

const COLUMNS: Readonly<Record<string, (figures: Figures) => string>> = {
  RSS: ({ rss }) => mebibytes(rss),
  heap: ({ heapUsed }) => mebibytes(heapUsed),
  external: ({ external }) => mebibytes(external),
  buffers: ({ arrayBuffers }) => mebibytes(arrayBuffers),
  'loop p99': ({ loopP99Ms }) => loopP99Ms.toFixed(0),
  'loop max': ({ loopMaxMs }) => loopMaxMs.toFixed(0),
  files: ({ descriptors }) => String(descriptors ?? '–'),
};

export const HEADER = [
  'round',
  ...Object.keys(COLUMNS).map((name) => name.padStart(WIDTH)),
  '  handles · sockets (memory in MiB after garbage collection, event-loop delay in ms)',
].join('');

export function formatRound(round: number, figures: Figures): string {
  const cells = Object.values(COLUMNS).map((cell) => cell(figures).padStart(WIDTH));
  const lists = [figures.handles, figures.sockets].map(formatCounts).join(' · ');
  return `${String(round).padStart(5)}${cells.join('')}  ${lists}`;
}

/** Counts as text, such as `TCPSocketWrap 12, Timeout 3`. */
export const formatCounts = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || '–';

const mebibytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(1);
