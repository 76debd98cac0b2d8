import type { RequestRecord } from './request-record.ts';
import { busyMs, type UpstreamCall } from './upstream-call.ts';

/**
 * Formats a request's timings as `Server-Timing` (W3C Server Timing §3): its phases so far, its
 * upstreams, and the source of its response. Durations are in milliseconds.
 * @param now - on the clock of `performance.now()`
 */
export function formatServerTiming(
  { timings, calls, cacheStatus, startedAt }: RequestRecord,
  now: number,
): string {
  const phases = (timings?.phases ?? []).map(({ name, durationMs }) => entry(name, durationMs));
  const upstreams = Object.entries(Object.groupBy(calls, ({ upstream }) => upstream)).map(
    ([name, own = []]) => entry(`upstream-${name}`, busyMs(own, now), describe(own)),
  );
  const cache = cacheStatus === undefined ? [] : [`cache;desc="${cacheStatus}"`];
  return [...phases, ...upstreams, ...cache, entry('total', now - startedAt)].join(', ');
}

const entry = (name: string, durationMs: number, description?: string): string =>
  `${name};dur=${durationMs.toFixed(1)}${description ? `;desc="${description}"` : ''}`;

const describe = ({ length }: readonly UpstreamCall[]): string =>
  length === 1 ? '1 call' : `${length} calls`;
