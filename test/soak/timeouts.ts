import { jsonPost } from '../attack/http-client.ts';
import { createClient } from '../support/http-client.ts';
import { startMeasuredProcess } from './measured-process.ts';
import { faultsOf, type Print, repeat, runRounds } from './run-rounds.ts';
import type { SoakSettings } from './settings.ts';
import { committed, type ScenarioOptions, startSoakEnvironment } from './soak-environment.ts';

/** Longer than a pause of a busy machine, which would make all calls in flight time out at once. */
const ATTEMPT_TIMEOUT_MS = 50;
const WORKERS = 64;
const TIMED_OUT = '"kind":"timeout"';
const USERS = { first: 101, count: 500 };
/** Below the share of failures that opens a circuit, which would answer at once and call nobody. */
const HANGING_SHARE = 0.3;
const HANGING = { '*': { hang: true, errorRate: HANGING_SHARE } };
const DASHBOARD_INTERVAL = 10;
const ANNOUNCEMENTS = '{ announcements { id } }';
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
/** More languages than requests in flight. */
const LANGUAGES = LETTERS.flatMap((a) => LETTERS.map((b) => `en-${a}${b}`));
const MAX_WARM_UP_TIMEOUTS = 500;
/** A round ends if the calls do not time out any more. */
const MAX_ROUND_MS = 300_000;

/**
 * Timed-out upstream calls through the BFF. Circuit breakers hide a service that only hangs, so it
 * answers some calls in between.
 * @returns the faults
 */
export async function runTimeoutsThroughBff(
  settings: SoakSettings,
  print: Print,
  options: ScenarioOptions = {},
): Promise<string[]> {
  let timeouts = 0;
  await using environment = await startSoakEnvironment({
    ...options,
    env: {
      UPSTREAM_ATTEMPT_TIMEOUT_MS: String(ATTEMPT_TIMEOUT_MS),
      CACHE_MEMORY_MB: '0',
      LOG_LEVEL: 'warn',
      OPERATIONS: 'any',
      RATE_LIMIT_VIEWER: '0',
    },
    onLine: (line) => {
      if (line.includes(TIMED_OUT)) timeouts++;
    },
  });
  const { bff, endpoint, headersOf, setFaults } = environment;
  const users = await Promise.all(
    Array.from({ length: USERS.count }, (_, index) => headersOf(String(USERS.first + index))),
  );
  const { text: dashboard } = committed('Dashboard');
  let number = 0;

  /** Most requests are in a language of their own, so that each is an upstream call of its own. */
  function next() {
    const user = users[number % users.length];
    const isDashboard = number++ % DASHBOARD_INTERVAL === 0;
    const language = { 'accept-language': LANGUAGES[number % LANGUAGES.length] ?? '' };
    return jsonPost(
      endpoint,
      { query: isDashboard ? dashboard : ANNOUNCEMENTS },
      isDashboard ? user : { ...user, ...language },
    );
  }

  async function load(count: number) {
    await setFaults({ user: HANGING, order: HANGING, notification: HANGING });
    const client = createClient(WORKERS);
    const goal = timeouts + count;
    const end = performance.now() + MAX_ROUND_MS;
    const before = timeouts;
    const outcomes = await repeat(
      WORKERS,
      () => timeouts < goal && performance.now() < end && bff.isAlive(),
      async () => {
        const { status } = await client.send(next());
        return `status ${status}`;
      },
    );
    client.close();
    await setFaults();
    return { ...outcomes, 'timed-out calls': timeouts - before };
  }

  const perRound = Math.ceil(settings.timeouts / settings.rounds);
  await load(Math.min(perRound, MAX_WARM_UP_TIMEOUTS));
  const result = await runRounds(settings, bff, () => load(perRound), print);
  return [...faultsOf(bff, result), ...missing(result.outcomes, settings.timeouts)];
}

/**
 * Timed-out calls in a row: the HTTP client of the upstreams, in a process of its own without
 * breakers, calls a service that never answers.
 * @returns the faults
 */
export async function runTimeoutsInARow(settings: SoakSettings, print: Print): Promise<string[]> {
  await using service = await startMeasuredProcess({
    file: 'services/user/main.ts',
    env: { USER_SERVICE_PORT: '0' },
    ready: /service listening on (http:\S+)/,
  });
  const [url = ''] = service.urls;
  await fetch(new URL('/_control/faults', url), {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ '*': { hang: true } }),
  });
  await using caller = await startMeasuredProcess({
    file: 'test/soak/timeout-caller.ts',
    env: { TARGET: new URL('/users/42', url).href, TIMEOUT_MS: String(ATTEMPT_TIMEOUT_MS) },
    ready: /^ready()$/,
  });
  const load = async (count: number) =>
    (await caller.request({ calls: count, concurrency: WORKERS })) as Record<string, number>;

  const perRound = Math.ceil(settings.timeouts / settings.rounds);
  await load(Math.min(perRound, MAX_WARM_UP_TIMEOUTS));
  const result = await runRounds(settings, caller, () => load(perRound), print);
  return [...faultsOf(caller, result), ...missing(result.outcomes, settings.timeouts)];
}

function missing(outcomes: Record<string, number>, expected: number): string[] {
  const { 'timed-out calls': count = 0 } = outcomes;
  return count >= expected ? [] : [`only ${count} of ${expected} calls timed out`];
}
