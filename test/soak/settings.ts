/** How long and how hard to load; `readSettings` has the values of the long form. */
export interface SoakSettings {
  readonly rounds: number;
  readonly loadMs: number;
  readonly calmMs: number;
  /** Fills the bounded stores before the first round, without which memory grows until they are full. */
  readonly fillsStores: boolean;
  /** The number of upstream calls that time out, of each scenario about timeouts. */
  readonly timeouts: number;
  /** The number of clients, each with one connection, whose responses are compared. */
  readonly connections: number;
  readonly connectionsMs: number;
  /** The mean pause of a client between two requests. */
  readonly pauseMs: number;
  /** The folder for a heap snapshot of each round; none are written without it. */
  readonly snapshots: string | undefined;
}

/** The stand-ins have data of more. */
const MAX_CONNECTIONS = 800;
const DECIMAL = /^\d+(\.\d+)?$/;

/**
 * Reads the settings from the environment.
 * @throws Error that names an invalid variable
 */
export function readSettings(env: NodeJS.ProcessEnv): SoakSettings {
  const number = (name: string, fallback: number): number => {
    const text = env[name] || String(fallback);
    if (!DECIMAL.test(text)) throw new Error(`${name}: must be a number, not "${text}"`);
    return Number(text);
  };
  const count = (name: string, fallback: number) => Math.max(1, Math.ceil(number(name, fallback)));
  const seconds = (name: string, fallback: number) => number(name, fallback) * 1_000;
  const connections = count('SOAK_CONNECTIONS', 500);
  if (connections > MAX_CONNECTIONS) {
    throw new Error(`SOAK_CONNECTIONS: must be at most ${MAX_CONNECTIONS}, not ${connections}`);
  }
  return {
    rounds: count('SOAK_ROUNDS', 5),
    loadMs: seconds('SOAK_LOAD_SECONDS', 30),
    calmMs: seconds('SOAK_CALM_SECONDS', 10),
    fillsStores: true,
    timeouts: count('SOAK_TIMEOUTS', 20_000),
    connections,
    connectionsMs: seconds('SOAK_CONNECTIONS_SECONDS', 60),
    pauseMs: number('SOAK_PAUSE_MS', 500),
    snapshots: env.SOAK_SNAPSHOTS || undefined,
  };
}
