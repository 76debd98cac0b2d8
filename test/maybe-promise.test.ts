import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { andThen } from '../src/maybe-promise.ts';

const double = (value: number) => value * 2;

describe('andThen', () => {
  it('calls the function at once with a value that is there', () => {
    assert.equal(andThen(2, double), 4);
  });

  it('waits for a promise, and for a promise that the function returns', async () => {
    const result = andThen(Promise.resolve(2), async (value) => double(value));
    assert.ok(result instanceof Promise);
    assert.equal(await result, 4);
  });

  it('does not call the function if the promise rejects', async () => {
    const failure = new Error('broken');
    await assert.rejects(async () => andThen(Promise.reject(failure), double), failure);
  });
});
