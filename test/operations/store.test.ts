import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildSchema, parse } from 'graphql';
import { createTextStore } from '../../src/cache/store.ts';
import {
  createDocumentReader,
  createOperationStore,
  loadCommittedOperations,
} from '../../src/operations/index.ts';
import { hashOf } from '../../src/operations/operation.ts';

const schema = buildSchema('type Query { a: String b: String }');
const HOME = 'query Home { a }';

function folderWith(files: Record<string, string>): URL {
  const folder = mkdtempSync(join(tmpdir(), 'operations-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return pathToFileURL(`${folder}/`);
}

const storeWith = (files: Record<string, string> = {}) =>
  createOperationStore({
    committed: loadCommittedOperations(folderWith(files), schema),
    texts: createTextStore(1_000),
    read: createDocumentReader(schema, true),
  });

async function learn(store: ReturnType<typeof storeWith>, source: string) {
  await store.documents.set(`schema:${hashOf(source)}`, parse(source));
  return hashOf(source);
}

describe('the operation store', () => {
  it('gives the one parsed document for a hash, whatever stands before it in the key', async () => {
    const store = storeWith();
    const hash = await learn(store, '{ a }');
    const document = await store.documents.get(`other:${hash}`);
    assert.ok(document);
    assert.equal(document, store.byHash(hash)?.document);
    assert.equal(store.byHash(hash)?.source, '{ a }');
  });

  it('does not take a document whose text has another hash', async () => {
    const store = storeWith();
    await store.documents.set(hashOf('{ b }'), parse('{ a }'));
    assert.equal(store.byHash(hashOf('{ b }')), undefined);
  });

  it('keeps the committed operations through a flood of others, which give way', async () => {
    const store = storeWith({ 'Home.graphql': HOME });
    const first = await learn(store, '{ a }');
    for (let n = 0; n < 3_000; n++) await learn(store, `{ a${n}: a }`);
    assert.equal(store.byHash(first), undefined);
    assert.equal(store.byHash(hashOf(HOME))?.source, HOME);
    assert.ok(store.byHash(hashOf('{ a2999: a }')));
  });

  it('does not keep a document that is larger than the whole store', async () => {
    const store = storeWith();
    const hash = await learn(store, `{ a } #${'x'.repeat(2_000_001)}`);
    assert.equal(store.byHash(hash), undefined);
  });

  it('knows the texts of committed operations by hash, and remembers others for a while', async () => {
    const store = storeWith({ 'Home.graphql': HOME });
    assert.equal(await store.persisted.get(`apq:${hashOf(HOME)}`), HOME);
    assert.equal(await store.persisted.get('apq:other'), undefined);
    await store.persisted.set('apq:other', '{ b }');
    assert.equal(await store.persisted.get('apq:other'), '{ b }');
  });
});

describe('committed operations', () => {
  const load = (files: Record<string, string>) =>
    loadCommittedOperations(folderWith(files), schema);

  it('bear the name of their file', () => {
    assert.deepEqual(
      load({ 'Home.graphql': HOME, 'notes.txt': 'not an operation' }).map(({ name }) => name),
      ['Home'],
    );
    assert.throws(() => load({ 'Start.graphql': HOME }), /Start\.graphql: must hold one operation/);
    assert.throws(() => load({ 'Home.graphql': `${HOME} query B { b }` }), /must hold one/);
  });

  it('are refused at the start if the schema does not have what they ask for', () => {
    assert.throws(
      () => load({ 'Home.graphql': 'query Home { c d }' }),
      /Home\.graphql: Cannot query field "c".*Cannot query field "d"/,
    );
    assert.throws(() => load({ 'Home.graphql': 'query Home {' }), /Home\.graphql: Syntax Error/);
  });
});
