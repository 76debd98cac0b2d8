import type { Figures } from './figures.ts';

const MEBIBYTE = 1024 * 1024;

/** The growth from one round to the next that is noise: the larger of the two. */
interface Noise {
  /** A fraction of the figure. */
  readonly relative: number;
  /** In the unit of the figure. */
  readonly absolute: number;
}

// The ids of purges are remembered for 15 minutes, at most 100,000: half a mebibyte in a round of 30 s.
const MEMORY: Noise = { relative: 0.01, absolute: MEBIBYTE };
// The operating system gives and takes whole pages, and the allocator keeps some.
const RSS: Noise = { relative: 0.03, absolute: 4 * MEBIBYTE };
// A pool may hold some more connections than after the last round, if more calls ran at once.
const COUNT: Noise = { relative: 0.05, absolute: 8 };
const DELAY_MS: Noise = { relative: 0.5, absolute: 25 };

export interface GrowingFigure {
  readonly name: string;
  /** The values of all rounds, with units, such as `61.2 MiB, 66.0 MiB`. */
  readonly values: string;
}

/** Finds the figures that grew by more than noise in every round. */
export function findGrowth(rounds: readonly Figures[]): GrowingFigure[] {
  const flat = rounds.map(flatten);
  const names = new Set(flat.flatMap((figures) => [...figures.keys()]));
  return [...names].flatMap((name) => {
    const noise = noiseOf(name);
    const values = flat.map((figures) => figures.get(name) ?? 0);
    const grows = values.slice(1).every((value, index) => {
      const before = values[index] as number;
      return value - before > Math.max(noise.absolute, before * noise.relative);
    });
    if (!grows || values.length < 2) return [];
    return [{ name, values: values.map((value) => format(name, value)).join(', ') }];
  });
}

function flatten(figures: Figures): ReadonlyMap<string, number> {
  const { handles, sockets, descriptors = 0 } = figures;
  return new Map([
    ['RSS', figures.rss],
    ['heap', figures.heapUsed],
    ['external memory', figures.external],
    ['array buffers', figures.arrayBuffers],
    ['event-loop delay (p99)', figures.loopP99Ms],
    ['file descriptors', descriptors],
    ['handles', Object.values(handles).reduce((sum, count) => sum + count, 0)],
    ...Object.entries(handles).map(([kind, count]) => [`handles ${kind}`, count] as const),
    ...Object.entries(sockets).map(([state, count]) => [`sockets ${state}`, count] as const),
  ]);
}

const isMemory = (name: string): boolean => /^(RSS|heap|external|array)/.test(name);
const isDelay = (name: string): boolean => name.startsWith('event-loop');

function noiseOf(name: string): Noise {
  if (name === 'RSS') return RSS;
  if (isDelay(name)) return DELAY_MS;
  return isMemory(name) ? MEMORY : COUNT;
}

function format(name: string, value: number): string {
  if (isMemory(name)) return `${(value / MEBIBYTE).toFixed(1)} MiB`;
  return isDelay(name) ? `${value.toFixed(0)} ms` : String(value);
}
