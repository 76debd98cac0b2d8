import assert from 'node:assert/strict';
import { controlDeadlines } from '../../support/deadline-control.ts';
import type { Environment } from '../../support/environment.ts';
import { resolveValues } from '../../support/resolve-values.ts';
import { until } from '../../support/until.ts';
import { untilQuiet } from '../../support/until-quiet.ts';
import { EXAMPLES } from '../operation-examples.ts';
import {
  type Cell,
  expectedView,
  lostFields,
  type ResponseView,
  timesSent,
  viewOf,
} from './expected-responses.ts';
import { startOutage } from './outage.ts';
import { type Failure, MUTATIONS, type Target } from './table.ts';

interface Document {
  readonly name: string;
  readonly source: string;
}

/** Committed operations of a BFF, all sent at once while a target fails. */
export interface Outage {
  readonly environment: Environment;
  readonly bff: string;
  readonly documents: readonly Document[];
  readonly target: Target;
  readonly failure: Failure;
}

type ByName<T> = Record<string, T>;

/** Compares queries during the failure and after it with the healthy responses before it. */
export async function assertQueries(outage: Outage): Promise<void> {
  const { environment, documents, target, failure } = outage;
  const variables = await variablesFor(environment, documents);
  const before = await sendAll(outage, variables);
  assertHealthy(before);

  const recover = await startOutage(environment, target, failure);
  const during = await sendDuringOutage(outage, variables);
  await recover();

  const afterwards = await sendAll(outage, variables);
  assert.deepEqual(during, expectedViews(outage, before));
  assertHealthy(afterwards);
  // A stand-in that was down has lost all changes.
  if (failure.fault) assert.deepEqual(afterwards, before);
}

/** Compares mutations during the failure with the same ones after it, and counts their calls. */
export async function assertMutations(outage: Outage): Promise<void> {
  const { environment, documents, target, failure } = outage;
  assertHealthy(await sendAll(outage, await variablesFor(environment, documents)));
  const variables = await variablesFor(environment, documents);
  environment.reset();

  const recover = await startOutage(environment, target, failure);
  const during = await sendDuringOutage(outage, variables);
  const sent = callsByMutation(outage);
  await recover();

  // A repeated mutation returns the same as the first, so this is the healthy response.
  const lost = documents.filter(({ name }) => lostFields(cellOf(outage, name)).length > 0);
  const renewed = failure.fault ? {} : await variablesFor(environment, lost);
  const healthy = await sendAll(outage, { ...variables, ...renewed });
  assertHealthy(healthy);
  assert.deepEqual(during, expectedViews(outage, healthy));
  assert.deepEqual(
    sent,
    byName(documents, ({ name }) => timesSent(cellOf(outage, name))),
  );
}

const cellOf = ({ bff, target, failure }: Outage, operation: string): Cell => ({
  bff,
  operation,
  target,
  failure,
});

const expectedViews = (outage: Outage, healthy: ByName<ResponseView>): ByName<ResponseView> =>
  byName(outage.documents, ({ name }) =>
    expectedView(cellOf(outage, name), healthy[name] as ResponseView),
  );

function assertHealthy(views: ByName<ResponseView>): void {
  for (const [name, { status, data, errors }] of Object.entries(views)) {
    assert.deepEqual({ status, errors }, { status: 200, errors: [] }, name);
    assert.ok(!Object.values(data).includes(null), name);
    for (const { userErrors } of Object.values<{ userErrors?: unknown[] }>(data)) {
      assert.deepEqual(userErrors ?? [], [], name);
    }
  }
}

const byName = <T>(documents: readonly Document[], of: (document: Document) => T): ByName<T> =>
  Object.fromEntries(documents.map((document) => [document.name, of(document)]));

const variablesFor = (
  environment: Environment,
  documents: readonly Document[],
): Promise<ByName<object>> =>
  resolveValues(
    byName(documents, async ({ name }) => ({ ...(await EXAMPLES[name]?.variables(environment)) })),
  );

const sendAll = (
  { environment, documents }: Outage,
  variables: ByName<object>,
): Promise<ByName<ResponseView>> =>
  resolveValues(
    byName(documents, async ({ name, source }) => {
      const { as = 'anonymous' } = EXAMPLES[name] ?? {};
      return viewOf(await environment.send(source, { as, variables: { ...variables[name] } }));
    }),
  );

/** Lets the deadlines pass once only the calls that hang are in flight. */
async function sendDuringOutage(
  outage: Outage,
  variables: ByName<object>,
): Promise<ByName<ResponseView>> {
  if (outage.failure.code !== 'UPSTREAM_TIMEOUT') return sendAll(outage, variables);
  const { environment, target } = outage;
  const [service, operation] = target.split('.') as [keyof Environment['services'], string?];
  const isDone = (name: string, call: { operation: string; endedAt: number | null }) =>
    call.endedAt !== null ||
    (name === service && (operation === undefined || call.operation === operation));
  const onlyHanging = () =>
    Object.entries(environment.services).every(([name, { control }]) =>
      control.requests().recent.every((call) => isDone(name, call)),
    );

  using deadlines = controlDeadlines();
  const sent = sendAll(outage, variables);
  do {
    await until(onlyHanging);
    await untilQuiet(environment);
  } while (!onlyHanging());
  deadlines.expire();
  return await sent;
}

/** The number of times that the services received each mutation. */
const callsByMutation = ({ environment, documents }: Outage): ByName<number> =>
  byName(documents, ({ name }) => {
    const { call = '' } = MUTATIONS[name] ?? {};
    const services = Object.values(environment.services);
    return services.reduce((sum, { control }) => sum + (control.requests().routes[call] ?? 0), 0);
  });
