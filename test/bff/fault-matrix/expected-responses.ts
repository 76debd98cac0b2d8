import assert from 'node:assert/strict';
import type { Json, TestResponse } from '../../support/environment.ts';
import { type Failure, LOST_FIELDS, MESSAGES, MUTATIONS, type Target } from './table.ts';

/** A committed operation while one target fails in one way. */
export interface Cell {
  readonly bff: string;
  readonly operation: string;
  readonly target: Target;
  readonly failure: Failure;
}

/** The parts of a response that are compared; an error is "path: code: message". */
export interface ResponseView {
  readonly status: number;
  readonly data: Json;
  readonly errors: readonly string[];
}

export function viewOf({ status, body, headers }: TestResponse): ResponseView {
  const errors = (body.errors ?? []).map((error: Json) => {
    const { message, path, locations, extensions, ...otherKeys } = error;
    const { code, requestId, ...otherExtensions } = extensions;
    assert.deepEqual({ ...otherKeys, ...otherExtensions }, {}, 'an error has no other keys');
    assert.ok(locations.length > 0);
    assert.equal(requestId, headers.get('x-request-id'));
    return formatError(path ?? [], code, message);
  });
  return { status, data: body.data, errors: errors.sort() };
}

const formatError = (path: readonly unknown[], code: string, message: string) =>
  `${path.join('.')}: ${code}: ${message}`;

export const lostFields = ({ bff, operation, target }: Cell): readonly string[] =>
  LOST_FIELDS[bff]?.[operation]?.[target] ?? [];

/** Derives the response during the failure from the healthy one. */
export function expectedView(cell: Cell, healthy: ResponseView): ResponseView {
  const { code, mutation } = cell.failure;
  const data = structuredClone(healthy.data);
  const errors = lostFields(cell)
    .flatMap((pattern) => pathsMatching(pattern.split('.'), healthy.data))
    .map((path) => {
      setNull(data, path);
      const isUnknown = path.length === 1 && timesSent(cell) > 0 && mutation === 'unknown';
      return formatError(path, code, MESSAGES[isUnknown ? 'unknown' : code]);
    });
  return { status: 200, data, errors: errors.sort() };
}

/** The number of times that the mutation is sent upstream, at most one; 0 for a query. */
export function timesSent(cell: Cell): 0 | 1 {
  const mutation = MUTATIONS[cell.operation];
  if (!mutation) return 0;
  if (lostFields(cell).length === 0) return 1;
  const failsBefore = mutation.readsFirst && !cell.target.includes('.');
  return failsBefore || cell.failure.mutation === 'not sent' ? 0 : 1;
}

function pathsMatching([step, ...rest]: readonly string[], data: Json): string[][] {
  if (step === undefined) return [[]];
  const keys = step === '*' ? Object.keys(data) : [step];
  assert.ok(keys.length > 0, 'an empty list proves nothing');
  return keys.flatMap((key) => pathsMatching(rest, data[key]).map((path) => [key, ...path]));
}

function setNull(data: Json, path: readonly string[]): void {
  const last = path.at(-1) as string;
  const parent = path.slice(0, -1).reduce((value, step) => value[step], data);
  assert.ok(Object.hasOwn(parent, last), `no ${path.join('.')} in the healthy response`);
  parent[last] = null;
}
