const FAILURES_TO_EJECT = 3;
const EJECTED_MS = 1_000;
const MOST_EJECTED_MS = 30_000;

/** One running copy of a service. */
export interface Instance {
  /** Origin and path, without a slash at the end. */
  readonly base: string;
  /** Calls under way. */
  outstanding: number;
  /** In a row. */
  failures: number;
  /** In a row. */
  ejections: number;
  /** On the clock of `performance.now()`, as the next. */
  ejectedAt: number;
  ejectedUntil: number;
}

export const createInstance = ({ origin, protocol, host, pathname }: URL): Instance => ({
  base: (origin === 'null' ? `${protocol}//${host}` : origin) + pathname.replace(/\/+$/, ''),
  outstanding: 0,
  failures: 0,
  ejections: 0,
  ejectedAt: 0,
  ejectedUntil: 0,
});

/**
 * The instance with the fewest calls under way, of those that are not ejected; of all, if all are.
 * Equals take turns.
 */
export function pick(instances: readonly Instance[], turn: number): Instance {
  const now = performance.now();
  const sound = instances.filter(({ ejectedUntil }) => ejectedUntil <= now);
  const candidates = sound.length > 0 ? sound : instances;
  const least = Math.min(...candidates.map(({ outstanding }) => outstanding));
  const idle = candidates.filter(({ outstanding }) => outstanding === least);
  return idle[turn % idle.length] as Instance;
}

/**
 * Ejects an instance that fails three times in a row, and again when it fails once it is back, for
 * longer each time.
 * @param since - when the call began: what began before the last ejection says nothing new
 */
export function learn(instance: Instance, failed: boolean, since: number): void {
  if (since < instance.ejectedAt) return;
  if (!failed) {
    instance.failures = 0;
    instance.ejections = 0;
  } else if (++instance.failures >= FAILURES_TO_EJECT) {
    const ejectedMs = Math.min(MOST_EJECTED_MS, EJECTED_MS * 2 ** instance.ejections++);
    instance.ejectedAt = performance.now();
    instance.ejectedUntil = instance.ejectedAt + ejectedMs;
    instance.failures = FAILURES_TO_EJECT - 1;
  }
}
