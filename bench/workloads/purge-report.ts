import type { Measurement } from '../harness/measure.ts';
import { percentile } from '../harness/stats.ts';
import type { StaleReadResult } from './stale-reads.ts';

interface PurgeMeasurements {
  /** Answers stored by the fill phase. */
  readonly stored: number;
  readonly fillSeconds: number;
  /** Hits without writes. */
  readonly readsOnly: Measurement;
  /** Hits at half of that rate, with concurrent writes. */
  readonly mixed: Measurement;
  readonly staleReads: StaleReadResult;
}

/** Formats the measurements as table rows. */
export function toPurgeRows({
  stored,
  fillSeconds,
  readsOnly,
  mixed,
  staleReads,
}: PurgeMeasurements) {
  const { purgesMs, mutationsMs } = staleReads;
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const ms = (times: readonly number[], share: number) => percentile(times, share).toFixed(2);
  return Object.entries({
    'stored answers': whole(stored),
    'stored per second, each a miss': whole(stored / fillSeconds),
    'hits/s without writes, 64 connections': whole(readsOnly.rate),
    'upstream calls/hit': readsOnly.callsPerRequest.toFixed(2),
    'CPU µs/hit': whole(readsOnly.cpuMicros),
    'hits/s with writes, at half of that rate': whole(mixed.rate),
    'p50 ms of a hit with writes': mixed.p50Ms.toFixed(2),
    'p99 ms of a hit with writes': mixed.p99Ms.toFixed(2),
    purges: whole(purgesMs.length),
    'p50 ms of a purge': ms(purgesMs, 0.5),
    'p99 ms of a purge': ms(purgesMs, 0.99),
    mutations: whole(mutationsMs.length),
    'p50 ms of a mutation': ms(mutationsMs, 0.5),
    'p99 ms of a mutation': ms(mutationsMs, 0.99),
    'checked changes': whole(staleReads.checks),
    'stale reads': whole(staleReads.stale),
    errors: whole(readsOnly.errors + mixed.errors + staleReads.errors),
  });
}

/** @param expected - number of answers that the fill phase should store */
export function purgeNotes(
  stored: number,
  expected: number,
  { stale, errors }: StaleReadResult,
): string[] {
  const notes: string[] = [];
  if (stored < expected) notes.push(`Only ${stored} answers were stored in the given time`);
  if (stale > 0) notes.push(`${stale} reads returned the old name after the change`);
  if (errors > 0) notes.push(`${errors} changes or checks failed`);
  return notes;
}
