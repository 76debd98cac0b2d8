import assert from 'node:assert/strict';
import type { Environment } from '../../support/environment.ts';
import { EXAMPLES } from '../operation-examples.ts';
import { type Cell, costsOf, expectedView, timesSent, type View, viewOf } from './expectations.ts';
import { headersDuring, lose } from './outage.ts';
import { CHANGES, type Loss, type Target } from './table.ts';

interface Document {
  readonly name: string;
  readonly source: string;
}

/** Some committed operations of a BFF, all asked at once while a target is lost. */
export interface Phase {
  readonly environment: Environment;
  readonly bff: string;
  readonly documents: readonly Document[];
  readonly target: Target;
  readonly loss: Loss;
}

type ByName<T> = Record<string, T>;

export async function tryQueries(phase: Phase): Promise<void> {
  const { environment, documents, target, loss } = phase;
  const variables = await variablesFor(environment, documents);
  const since = performance.now();
  const before = await sendAll(phase, variables);
  const wholeMs = performance.now() - since;
  assertWhole(before);

  const recover = await lose(environment, target, loss);
  const struck = await sendAll(phase, variables, headersDuring(loss, wholeMs));
  await recover();

  const afterwards = await sendAll(phase, variables);
  assert.deepEqual(struck, expectedViews(phase, before));
  assertWhole(afterwards);
  // A stand-in that was down is a new one, and has forgotten all changes.
  if (loss.fault) assert.deepEqual(afterwards, before);
}

export async function tryChanges(phase: Phase): Promise<void> {
  const { environment, documents, target, loss } = phase;
  const since = performance.now();
  assertWhole(await sendAll(phase, await variablesFor(environment, documents)));
  const wholeMs = performance.now() - since;
  const variables = await variablesFor(environment, documents);
  for (const { control } of Object.values(environment.services)) control.reset();

  const recover = await lose(environment, target, loss);
  const struck = await sendAll(phase, variables, headersDuring(loss, wholeMs));
  const sent = timesSeen(phase);
  await recover();

  // A change that is repeated answers as the first did, so this is what it should have been.
  const lost = documents.filter(({ name }) => costsOf(cellOf(phase, name)).length > 0);
  const again = loss.fault ? {} : await variablesFor(environment, lost);
  const whole = await sendAll(phase, { ...variables, ...again });
  assertWhole(whole);
  assert.deepEqual(struck, expectedViews(phase, whole));
  assert.deepEqual(
    sent,
    byName(documents, ({ name }) => timesSent(cellOf(phase, name))),
  );
}

const cellOf = ({ bff, target, loss }: Phase, operation: string): Cell => ({
  bff,
  operation,
  target,
  loss,
});

const expectedViews = (phase: Phase, whole: ByName<View>): ByName<View> =>
  byName(phase.documents, ({ name }) => expectedView(cellOf(phase, name), whole[name] as View));

function assertWhole(views: ByName<View>): void {
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

async function resolved<T>(promises: ByName<Promise<T>>): Promise<ByName<T>> {
  const entries = Object.entries(promises);
  return Object.fromEntries(
    await Promise.all(entries.map(async ([name, promise]) => [name, await promise] as const)),
  );
}

const variablesFor = (
  environment: Environment,
  documents: readonly Document[],
): Promise<ByName<object>> =>
  resolved(
    byName(documents, async ({ name }) => ({ ...(await EXAMPLES[name]?.variables(environment)) })),
  );

const sendAll = (
  { environment, documents }: Phase,
  variables: ByName<object>,
  headers: Record<string, string> = {},
): Promise<ByName<View>> =>
  resolved(
    byName(documents, async ({ name, source }) => {
      const { as = 'anonymous' } = EXAMPLES[name] ?? {};
      return viewOf(
        await environment.send(source, { as, variables: { ...variables[name] }, headers }),
      );
    }),
  );

/** How often the services were sent each change. */
const timesSeen = ({ environment, documents }: Phase): ByName<number> =>
  byName(documents, ({ name }) => {
    const { call = '' } = CHANGES[name] ?? {};
    const services = Object.values(environment.services);
    return services.reduce((sum, { control }) => sum + (control.requests().routes[call] ?? 0), 0);
  });
