import { setTimeout as sleep } from 'node:timers/promises';
import type { Faults } from '../../services/support/faults.ts';
import type { HttpRequest } from '../attack/http-client.ts';
import { createClient } from '../support/http-client.ts';
import type { SERVICE_NAMES } from '../support/services.ts';
import { createMix, faultsOfMix, MIX_ENV } from './mix.ts';
import { faultsOf, type Outcomes, type Print, repeat, runRounds } from './run-rounds.ts';
import type { SoakSettings } from './settings.ts';
import {
  type ScenarioOptions,
  type SoakEnvironment,
  startSoakEnvironment,
} from './soak-environment.ts';

const WORKERS = 48;
/** A slow machine takes longer for them than a short round lasts, and every kind must be among them. */
const MIN_REQUESTS = 150;

/** The faults of the services, one after the other in each round, and a time without any. */
const FAULTS: readonly Partial<Record<(typeof SERVICE_NAMES)[number], Faults>>[] = [
  {},
  { user: { '*': { status: 503, errorRate: 0.2 } }, order: { '*': { delayMs: 20, jitterMs: 30 } } },
  {
    order: { '*': { reset: true, errorRate: 0.2 } },
    notification: { '*': { malformed: 'json', errorRate: 0.2 } },
  },
  {
    notification: { '*': { hang: true, errorRate: 0.1 } },
    user: { '*': { cutBody: 'reset', errorRate: 0.1 } },
  },
  {},
  { order: { '*': { hang: true } } },
  {
    user: { '*': { body: 'wrongLength', errorRate: 0.1 } },
    order: { '*': { cutBody: 'hang', errorRate: 0.1 } },
  },
  {
    notification: { '*': { body: 'gzipBomb', errorRate: 0.1 } },
    order: { '*': { body: 'endless', errorRate: 0.02 } },
  },
];

/**
 * Rounds of everything at once: cached dashboards, public data, 304s, mutations, new documents, malformed
 * requests, clients that leave, exhausted rate limits, batches, and services with faults.
 * @returns the faults
 */
export async function runMixedLoad(
  settings: SoakSettings,
  print: Print,
  options: ScenarioOptions = {},
): Promise<string[]> {
  await using environment = await startSoakEnvironment({ ...options, env: MIX_ENV });
  const mix = await createMix(environment);

  async function load(): Promise<Outcomes> {
    const client = createClient(WORKERS);
    const end = performance.now() + settings.loadMs;
    const faults = changeFaults(environment, settings.loadMs);
    let requests = 0;
    const goesOn = () =>
      (performance.now() < end || requests < MIN_REQUESTS) && environment.bff.isAlive();
    const outcomes = await repeat(WORKERS, goesOn, () => {
      requests++;
      return mix.next(client);
    });
    await faults;
    client.close();
    return outcomes;
  }

  if (settings.fillsStores) await sendAll(mix.filling());
  // Lets V8 compile, which is no growth either.
  await load();
  await environment.bff.measure();
  const result = await runRounds(settings, environment.bff, load, print);
  return [...faultsOf(environment.bff, result), ...faultsOfMix(result.outcomes)];
}

async function sendAll(requests: Generator<HttpRequest>): Promise<void> {
  const client = createClient(WORKERS);
  const work = async () => {
    for (const request of requests) await client.send(request);
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  client.close();
}

async function changeFaults({ setFaults }: SoakEnvironment, loadMs: number): Promise<void> {
  for (const faults of FAULTS) {
    await setFaults(faults);
    await sleep(loadMs / FAULTS.length);
  }
  await setFaults();
}
