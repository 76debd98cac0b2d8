import type { GcFigures, Measurement } from '../harness/measure.ts';
import type { GcPauses } from '../harness/pauses.ts';
import { summarise } from '../harness/stats.ts';
import type { Figures } from '../workloads/workload.ts';

/** Pauses of one kind in all rounds: a round has too few of them for figures of its own. */
interface PauseSummary {
  readonly perSecond: number;
  /** 0 without any. */
  readonly meanMs: number;
  readonly longestMs: number;
}

interface GcSummary {
  readonly scavenges: PauseSummary;
  readonly otherGc: PauseSummary;
  /** Median of the rounds, in kB. */
  readonly allocatedKb: number;
}

/** @returns undefined if the server has no recorder */
function summariseGc(all: readonly Measurement[]): GcSummary | undefined {
  const recorded = all.flatMap(({ gc }) => gc ?? []);
  if (recorded.length === 0) return undefined;
  const allocated = recorded.map(({ allocatedBytesPerRequest }) => allocatedBytesPerRequest / 1e3);
  return {
    scavenges: summarisePauses(recorded, ({ scavenges }) => scavenges),
    otherGc: summarisePauses(recorded, ({ otherGc }) => otherGc),
    allocatedKb: summarise(allocated).median,
  };
}

function summarisePauses(
  recorded: readonly GcFigures[],
  read: (one: GcFigures) => GcPauses,
): PauseSummary {
  const sum = (value: (one: GcFigures) => number) =>
    recorded.reduce((total, one) => total + value(one), 0);
  const count = sum((one) => read(one).count);
  return {
    perSecond: count / sum(({ seconds }) => seconds),
    meanMs: count && sum((one) => read(one).totalMs) / count,
    longestMs: Math.max(...recorded.map((one) => read(one).longestMs)),
  };
}

/** The figures of results.json; none if the server has no recorder. */
export function toGcFigures(all: readonly Measurement[]): Figures {
  const gc = summariseGc(all);
  if (!gc) return {};
  return {
    allocatedKb: gc.allocatedKb,
    scavengesPerSecond: gc.scavenges.perSecond,
    scavengeMeanMs: gc.scavenges.meanMs,
    scavengeLongestMs: gc.scavenges.longestMs,
    otherGcPerSecond: gc.otherGc.perSecond,
    otherGcMeanMs: gc.otherGc.meanMs,
    otherGcLongestMs: gc.otherGc.longestMs,
  };
}

const cell = (read: (gc: GcSummary) => string) => (all: readonly Measurement[]) => {
  const gc = summariseGc(all);
  return gc ? read(gc) : '–';
};

const formatPauses = ({ perSecond, meanMs, longestMs }: PauseSummary): string =>
  perSecond === 0
    ? '0'
    : [perSecond, meanMs, longestMs].map((value) => value.toFixed(1)).join(' / ');

export const GC_COLUMNS = [
  ['kB allocated/request', cell(({ allocatedKb }) => allocatedKb.toFixed(0))],
  ['scavenges/s, mean, longest ms', cell(({ scavenges }) => formatPauses(scavenges))],
  ['other GC/s, mean, longest ms', cell(({ otherGc }) => formatPauses(otherGc))],
] as const;
