import type { CalledInstance } from '../telemetry/upstream-call.ts';

const FAILURES_TO_EJECT = 3;
const MIN_EJECTION_MS = 1_000;
const MAX_EJECTION_MS = 30_000;

/** One running copy of a service; its `baseUrl` is origin and path, without a trailing slash. */
export interface Instance extends CalledInstance {
  /** The number of calls in flight. */
  inFlight: number;
  consecutiveFailures: number;
  consecutiveEjections: number;
  /** On the clock of `performance.now()`, like `ejectedUntil`. */
  ejectedAt: number;
  ejectedUntil: number;
}

/** @param known - the number of instances that the process has known before */
export const createInstance = (
  { origin, protocol, host, pathname }: URL,
  known: number,
): Instance => ({
  number: known + 1,
  baseUrl: (origin === 'null' ? `${protocol}//${host}` : origin) + pathname.replace(/\/+$/, ''),
  inFlight: 0,
  consecutiveFailures: 0,
  consecutiveEjections: 0,
  ejectedAt: 0,
  ejectedUntil: 0,
});

/**
 * Selects the instance with the fewest calls in flight among those that are not ejected, or among all
 * if all are ejected. Ties are broken round robin.
 * @param turn - a counter that grows with each call
 */
export function selectInstance(instances: readonly Instance[], turn: number): Instance {
  const now = performance.now();
  const healthy = instances.filter(({ ejectedUntil }) => ejectedUntil <= now);
  const candidates = healthy.length > 0 ? healthy : instances;
  const fewest = Math.min(...candidates.map(({ inFlight }) => inFlight));
  const leastLoaded = candidates.filter(({ inFlight }) => inFlight === fewest);
  return leastLoaded[turn % leastLoaded.length] as Instance;
}

/**
 * Records the outcome of a call. An instance is ejected after three consecutive failures, and again
 * after its first failure once it is back, for twice as long each time.
 * @param startedAt - when the call started; calls from before the last ejection are ignored
 */
export function recordOutcome(instance: Instance, isFailure: boolean, startedAt: number): void {
  if (startedAt < instance.ejectedAt) return;
  if (!isFailure) {
    instance.consecutiveFailures = 0;
    instance.consecutiveEjections = 0;
  } else if (++instance.consecutiveFailures >= FAILURES_TO_EJECT) {
    const ejectedMs = Math.min(
      MAX_EJECTION_MS,
      MIN_EJECTION_MS * 2 ** instance.consecutiveEjections++,
    );
    instance.ejectedAt = performance.now();
    instance.ejectedUntil = instance.ejectedAt + ejectedMs;
    instance.consecutiveFailures = FAILURES_TO_EJECT - 1;
  }
}
