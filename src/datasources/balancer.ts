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
  /** On the clock of `performance.now()`. */
  ejectedUntil: number;
}

export const createInstance = ({ origin, protocol, host, pathname }: URL): Instance => ({
  base: (origin === 'null' ? `${protocol}//${host}` : origin) + pathname.replace(/\/+$/, ''),
  outstanding: 0,
  failures: 0,
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

/** Ejects an instance that fails three times in a row, for longer each time. */
export function learn(instance: Instance, failed: boolean): void {
  instance.failures = failed ? instance.failures + 1 : 0;
  if (instance.failures < FAILURES_TO_EJECT) return;
  const again = instance.failures - FAILURES_TO_EJECT;
  const ejectedMs = Math.min(MOST_EJECTED_MS, EJECTED_MS * 2 ** again);
  instance.ejectedUntil = performance.now() + ejectedMs;
}
