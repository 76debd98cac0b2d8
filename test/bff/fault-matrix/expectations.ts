import assert from 'node:assert/strict';
import type { Json, TestResponse } from '../../support/environment.ts';
import { CHANGES, COSTS, type Loss, SENTENCES, type Target } from './table.ts';

/** One committed operation while one target is lost in one way. */
export interface Cell {
  readonly bff: string;
  readonly operation: string;
  readonly target: Target;
  readonly loss: Loss;
}

/** What of an answer is compared. */
export interface View {
  readonly status: number;
  readonly data: Json;
  readonly errors: readonly string[];
}

export function viewOf({ status, body, headers }: TestResponse): View {
  const errors = (body.errors ?? []).map((error: Json) => {
    const { message, path, locations, extensions, ...more } = error;
    const { code, requestId, ...further } = extensions;
    assert.deepEqual({ ...more, ...further }, {}, 'nothing else is said');
    assert.ok(locations.length > 0);
    assert.equal(requestId, headers.get('x-request-id'));
    return lineOf(path ?? [], code, message);
  });
  return { status, data: body.data, errors: errors.sort() };
}

const lineOf = (path: readonly unknown[], code: string, message: string) =>
  `${path.join('.')}: ${code}: ${message}`;

export const costsOf = ({ bff, operation, target }: Cell): readonly string[] =>
  COSTS[bff]?.[operation]?.[target] ?? [];

/** What the healthy answer becomes. */
export function expectedView(cell: Cell, whole: View): View {
  const { code } = cell.loss;
  const data = structuredClone(whole.data);
  const errors = costsOf(cell)
    .flatMap((pattern) => placesOf(pattern.split('.'), whole.data))
    .map((path) => {
      strikeOut(data, path);
      const isUnknown =
        path.length === 1 && timesSent(cell) > 0 && cell.loss.change === 'may have happened';
      return lineOf(path, code, SENTENCES[isUnknown ? 'unknown' : code]);
    });
  return { status: 200, data, errors: errors.sort() };
}

/** How often the change is sent, which is never more than once. */
export function timesSent(cell: Cell): number {
  const made = CHANGES[cell.operation];
  if (!made) return 0;
  if (costsOf(cell).length === 0) return 1;
  const isStruckBefore = made.readsFirst && !cell.target.includes('.');
  return isStruckBefore || cell.loss.change === 'was not sent' ? 0 : 1;
}

function placesOf([step, ...rest]: readonly string[], data: Json): string[][] {
  if (step === undefined) return [[]];
  const steps = step === '*' ? Object.keys(data) : [step];
  assert.ok(steps.length > 0, 'an empty list proves nothing');
  return steps.flatMap((each) => placesOf(rest, data[each]).map((path) => [each, ...path]));
}

function strikeOut(data: Json, path: readonly string[]): void {
  const last = path.at(-1) as string;
  const parent = path.slice(0, -1).reduce((value, step) => value[step], data);
  assert.ok(Object.hasOwn(parent, last), `no ${path.join('.')} in the healthy answer`);
  parent[last] = null;
}
