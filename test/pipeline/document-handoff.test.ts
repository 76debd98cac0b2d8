import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toOperation } from '../../src/operations/operation.ts';
import { Executing } from '../../src/pipeline/execute/document-handoff.ts';

const operation = toOperation('{ a }');
const other = toOperation('{ b }');
const keyOf = ({ hash }: { readonly hash: string }) => `apq:${hash}`;

const found = async (executing: Executing) => [
  await executing.texts.get(keyOf(operation)),
  await executing.documents.get(keyOf(operation)),
];

describe('an operation that is being executed', () => {
  it('is found by its hash, and no other is', async () => {
    const executing = new Executing();
    await executing.during(operation, async () => {
      assert.deepEqual(await found(executing), [operation.source, operation.document]);
      assert.equal(await executing.texts.get(keyOf(other)), undefined);
    });
  });

  it('is found for as long as one of several executions needs it, and no longer', async () => {
    const executing = new Executing();
    const last = Promise.withResolvers<void>();
    const long = executing.during(operation, () => last.promise);
    await executing.during(operation, async () => {});
    await assert.rejects(
      executing.during(operation, async () => {
        throw new Error('broken');
      }),
      /broken/,
    );
    assert.deepEqual(await found(executing), [operation.source, operation.document]);
    last.resolve();
    await long;
    assert.deepEqual(await found(executing), [undefined, undefined]);
  });
});
