const FAILURES_TO_EJECT = 3;
const MIN_EJECTION_MS = 1_000;
const MAX_EJECTION_MS = 30_000;

/** One running copy of a service. */
export interface Instance {
  /** Origin and path, without a slash at the end. */
  readonly baseUrl: string;
  /** Calls under way. */
  inFlight: number;
  /** In a row. */
  consecutiveFailures: number;
  /** In a row. */
  consecutiveEjections: number;
  /** On the clock of `performance.now()`, as the next. */
  ejectedAt: number;
  ejectedUntil: number;
}

export const createInstance = ({ origin, protocol, host, pathname }: URL): Instance => ({
  baseUrl: (origin === 'null' ? `${protocol}//${host}` : origin) + pathname.replace(/\/+$/, ''),
  inFlight: 0,
  consecutiveFailures: 0,
  consecutiveEjections: 0,
  ejectedAt: 0,
  ejectedUntil: 0,
});

/**
 * The instance with the fewest calls under way, of those that are not ejected; of all, if all are.
 * Equals take turns.
 */
export function selectInstance(instances: readonly Instance[], turn: number): Instance {
  const now = performance.now();
  const sound = instances.filter(({ ejectedUntil }) => ejectedUntil <= now);
  const candidates = sound.length > 0 ? sound : instances;
  const least = Math.min(...candidates.map(({ inFlight: outstanding }) => outstanding));
  const idle = candidates.filter(({ inFlight: outstanding }) => outstanding === least);
  return idle[turn % idle.length] as Instance;
}

/**
 * Ejects an instance that fails three times in a row, and again when it fails once it is back, for
 * longer each time.
 * @param since - when the call began: what began before the last ejection says nothing new
 */
export function recordOutcome(instance: Instance, failed: boolean, since: number): void {
  if (since < instance.ejectedAt) return;
  if (!failed) {
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
