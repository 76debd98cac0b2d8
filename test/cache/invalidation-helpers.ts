import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { AnyEnvironment, Json } from '../support/environment.ts';
import { hitsAmong, outcomeOf, type Queries, type Query, send, warmCache } from './environment.ts';

export interface ServiceChange<Service> {
  readonly service: Service;
  readonly path: string;
  readonly method?: 'PATCH' | 'POST';
  readonly body?: object;
}

/** Makes a change at a service, without the BFF. */
export async function changeAt<Service extends string>(
  { services }: { readonly services: Record<Service, { readonly listeningOrigin: string }> },
  { service, path, method = 'POST', body }: ServiceChange<Service>,
): Promise<void> {
  const response = await fetch(`${services[service].listeningOrigin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(body ?? {}),
  });
  assert.ok(response.ok);
  await response.text();
}

export const UNKNOWN_OUTCOME = 'The outcome of this change is unknown. Check it before you retry.';

/** Sends a mutation, and asserts that its outcome is unknown. */
export async function loseOutcome(environment: AnyEnvironment, mutation: Query): Promise<void> {
  const headers = { 'x-request-timeout-ms': '1000' };
  const { body } = await send(environment, { ...mutation, headers });
  assert.deepEqual(
    body.errors.map(({ message }: Error) => message),
    [UNKNOWN_OUTCOME],
  );
}

/** Asserts that none of the queries' responses is stored, and that all are up to date. */
export async function assertNotStored(
  environment: AnyEnvironment,
  queries: Queries,
): Promise<void> {
  for (let n = 0; n < 2; n++) assert.deepEqual(await hitsAmong(environment, queries), []);
  for (const [name, query] of Object.entries(queries)) {
    const response = await send(environment, query);
    assert.equal(outcomeOf(response), 'not stored', name);
    assert.equal(response.headers.get('cache-control'), 'no-store', name);
  }
}

/** Asserts that a mutation is refused with a code, and that all queries of the warm cache are still hits. */
export async function assertRefused(
  environment: AnyEnvironment,
  queries: Queries,
  mutation: Query,
  code: string,
): Promise<void> {
  await warmCache(environment, queries);
  const { body } = await send(environment, mutation);
  const [payload] = Object.values<Json>(body.data ?? {});
  const codes = [
    ...(body.errors ?? []).map(({ extensions }: Json) => extensions.code),
    ...(payload?.userErrors ?? []).map((error: Json) => error.code),
  ];
  assert.deepEqual(codes, [code]);
  assert.deepEqual(await hitsAmong(environment, queries), Object.keys(queries));
}
