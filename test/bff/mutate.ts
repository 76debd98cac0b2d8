import assert from 'node:assert/strict';
import { CAST } from '../../services/support/cast.ts';
import type { Environment, Json } from '../support/environment.ts';

/** Executes a mutation without errors. @returns its payload */
export async function mutate(
  environment: Environment,
  query: string,
  variables: Record<string, unknown>,
  as: string = CAST.customer,
): Promise<Json> {
  const { status, body } = await environment.send(query, { as, variables });
  assert.equal(status, 200);
  assert.equal(body.errors, undefined, JSON.stringify(body.errors));
  return Object.values(body.data)[0];
}

/** The user errors of a payload, each as its code and field. */
export const userErrorsOf = ({ userErrors }: Json): [code: string, field: string | null][] =>
  userErrors.map(({ code, field }: Json) => [code, field?.join('.') ?? null]);
