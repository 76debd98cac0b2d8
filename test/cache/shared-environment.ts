import { after, before, beforeEach, type TestContext } from 'node:test';
import type { BffDefinition } from '../../src/bff.ts';
import type { UpstreamTable } from '../../src/datasources/upstreams.ts';
import { type AnyEnvironment, type Environment, startEnvironment } from '../support/environment.ts';
import { purge } from '../support/purge.ts';
import { CACHED, type GatedEnvironment, startGatedEnvironment } from './environment.ts';
import type { ResponseGate } from './response-gate.ts';

/** The shared environments of this process, which is one test file, by BFF and variables. */
const started = new Map<BffDefinition, Map<string, Promise<AnyEnvironment>>>();

after(async () => {
  for (const environments of started.values()) {
    for (const environment of environments.values())
      await (await environment)[Symbol.asyncDispose]();
  }
});

/**
 * One environment with a response cache for all suites of a file that name the same BFF and
 * variables; their tests must not run concurrently. Before each test, the cache and the request logs
 * are empty, and there are no faults or subscribers; changes of the services' data remain.
 * @returns the environment, for use inside the tests
 */
export const shareCached = <U extends UpstreamTable>(
  bff: BffDefinition<U>,
  env: NodeJS.ProcessEnv = {},
): Environment<U> => share(bff, 'cached', env, () => startEnvironment(bff, { ...CACHED, ...env }));

/** Like shareCached, with a response gate in front of each service; gates are reset as well. */
export function shareGated<U extends UpstreamTable>(
  bff: BffDefinition<U>,
  env: NodeJS.ProcessEnv = {},
): GatedEnvironment<U> {
  const environment = share(bff, 'gated', env, () => startGatedEnvironment(bff, env));
  beforeEach(() => {
    for (const gate of Object.values<ResponseGate>(environment.gates)) gate.reset();
  });
  return environment;
}

function share<T extends AnyEnvironment>(
  bff: BffDefinition,
  kind: string,
  env: NodeJS.ProcessEnv,
  start: () => Promise<T>,
): T {
  const environments = started.get(bff) ?? new Map<string, Promise<AnyEnvironment>>();
  started.set(bff, environments);
  const key = JSON.stringify([kind, env]);
  const environment = lazily(async () => {
    const known = (environments.get(key) as Promise<T> | undefined) ?? start();
    environments.set(key, known);
    return known;
  });
  beforeEach(async () => {
    environment.reset();
    for (const { control } of Object.values(environment.services)) control.subscribe([]);
    await clearCache(environment, bff);
  });
  return environment;
}

/**
 * One environment for the tests of the enclosing suite only, which may run concurrently: nothing is
 * reset between them.
 */
export function shareEnvironment<T extends AnyEnvironment>(start: () => Promise<T>): T {
  const environment = lazily(start);
  after(() => environment[Symbol.asyncDispose]());
  return environment;
}

/** Starts an environment before the first test of a suite. */
function lazily<T extends AnyEnvironment>(start: () => Promise<T>): T {
  let environment: T | undefined;
  before(async () => {
    environment = await start();
  });
  return new Proxy({} as T, { get: (_, name) => Reflect.get(environment ?? {}, name) });
}

/** Empties the response cache: every stored answer has the tags of its root fields. */
export async function clearCache(environment: AnyEnvironment, bff: BffDefinition): Promise<void> {
  const fields = [...bff.domains, bff].flatMap(({ resolvers }) =>
    Object.keys((resolvers as { Query?: object }).Query ?? {}),
  );
  await purge(environment, ...fields.map((field) => `Query.${field}`));
}

/** Fakes Date for the rest of one test. @returns a function that lets seconds pass */
export function fakeClock({ mock }: TestContext): (seconds: number) => void {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  return (seconds) => mock.timers.tick(seconds * 1_000);
}
