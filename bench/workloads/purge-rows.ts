import type { Measurement } from '../harness/measure.ts';
import { percentile } from '../harness/stats.ts';
import type { Findings } from './stale-reads.ts';

interface Purged {
  /** Answers that were stored before. */
  readonly stored: number;
  /** How long that took. */
  readonly fillSeconds: number;
  /** Hits without writes. */
  readonly alone: Measurement;
  /** Hits beside writes. */
  readonly mixed: Measurement;
  readonly found: Findings;
}

/** What was measured, with its names. */
export function toPurgeRows({ stored, fillSeconds, alone, mixed, found }: Purged) {
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const ms = (times: readonly number[], share: number) => percentile(times, share).toFixed(2);
  return Object.entries({
    'answers stored': whole(stored),
    'stored per second, each a miss': whole(stored / fillSeconds),
    'hits/s, all of them in turn, 64 connections': whole(alone.rate),
    'upstream calls/hit': alone.calls.toFixed(2),
    'CPU µs/hit': whole(alone.cpu),
    'requests/s beside writes, half of that': whole(mixed.rate),
    'p50 ms of those': mixed.p50.toFixed(2),
    'p99 ms of those': mixed.p99.toFixed(2),
    purges: whole(found.purges.length),
    'p50 ms of a purge': ms(found.purges, 0.5),
    'p99 ms of a purge': ms(found.purges, 0.99),
    mutations: whole(found.mutations.length),
    'p50 ms of a mutation': ms(found.mutations, 0.5),
    'p99 ms of a mutation': ms(found.mutations, 0.99),
    'changes checked': whole(found.checks),
    'stale reads': whole(found.stale),
    errors: whole(alone.errors + mixed.errors + found.errors),
  });
}

/** What the reader must know. @param most - answers that should have been stored */
export function notesOn(stored: number, most: number, { stale, errors }: Findings): string[] {
  const notes: string[] = [];
  if (stored < most) notes.push(`Only ${stored} answers were stored in the time`);
  if (stale > 0) notes.push(`Old names were answered after ${stale} changes`);
  if (errors > 0) notes.push(`Changes or checks that failed: ${errors}`);
  return notes;
}
