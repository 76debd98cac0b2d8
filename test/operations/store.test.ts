import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSchema } from 'graphql';
import {
  type CommittedOperation,
  createDocumentReader,
  createOperationStore,
  createPersistedTexts,
  type DocumentError,
  loadCommittedOperations,
  loadManifests,
  type Manifest,
  type OperationRef,
  readManifestFiles,
  toTrusted,
} from '../../src/operations/index.ts';
import { STANDARD_LIMITS } from '../../src/operations/limits/index.ts';
import { documentHash, toOperation } from '../../src/operations/operation.ts';

const schema = buildSchema('type Query { a: String b: String }');
const HOME = 'query Home { a }';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folderWith(files: Record<string, string>): URL {
  const folder = mkdtempSync(join(tmpdir(), 'operations-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return pathToFileURL(`${folder}/`);
}

interface Given {
  readonly files?: Record<string, string>;
  readonly manifests?: readonly Manifest[];
  readonly trustedOnly?: boolean;
}

const storeWith = ({ files = {}, manifests, trustedOnly = false }: Given = {}) =>
  createOperationStore({
    trusted: toTrusted(loadCommittedOperations(folderWith(files), schema), manifests),
    trustedOnly,
    texts: createPersistedTexts(1_000),
    read: createDocumentReader(schema, { limits: STANDARD_LIMITS, isSchemaPublic: true }),
  });

const find = async (store: ReturnType<typeof storeWith>, named: OperationRef) => store.find(named);

describe('The operation store', () => {
  it('parses a text once, and finds its document by the hash', async () => {
    const store = storeWith();
    const first = await find(store, { query: '{ a }' });
    assert.equal(await find(store, { query: '{ a }' }), first);
    assert.equal(await find(store, { id: documentHash('{ a }') }), first);
  });

  it('refuses a text whose hash is another', async () => {
    const named = { query: '{ a }', id: documentHash('{ b }') };
    await assert.rejects(find(storeWith(), named), { code: 'BAD_REQUEST' });
  });

  it('keeps the committed operations through a flood of others, which it evicts', async () => {
    const store = storeWith({ files: { 'Home.graphql': HOME } });
    for (let n = 0; n < 3_000; n++) await find(store, { query: `{ a${n}: a }` });
    assert.equal(store.byHash(documentHash('{ a0: a }')), undefined);
    assert.equal(store.byHash(documentHash(HOME))?.source, HOME);
    assert.ok(store.byHash(documentHash('{ a2999: a }')));
  });

  it('evicts texts above its size limit', async () => {
    const store = storeWith();
    const padding = '#'.repeat(19_000);
    for (let n = 0; n < 30; n++) await find(store, { query: `{ a${n}: a } ${padding}` });
    const operation = (n: number) => store.byHash(documentHash(`{ a${n}: a } ${padding}`));
    assert.deepEqual([operation(0), operation(3)], [undefined, undefined]);
    assert.ok(operation(29));
  });

  it('keeps a registered text after the document was evicted', async () => {
    const store = storeWith();
    const id = documentHash('{ b }');
    await assert.rejects(find(store, { id }), { code: 'PERSISTED_QUERY_NOT_FOUND' });
    store.persist(await find(store, { query: '{ b }', id }));
    for (let n = 0; n < 2_100; n++) await find(store, { query: `{ b${n}: b }` });
    assert.equal(store.byHash(id), undefined);
    assert.equal((await find(store, { id })).source, '{ b }');
  });

  it('registers a text that is sent with its hash, once', async () => {
    const store = storeWith({ files: { 'Home.graphql': HOME } });
    const isNewPersisted = async (named: OperationRef) =>
      store.isNewPersisted(named, await find(store, named));
    const named = { query: '{ b }', id: documentHash('{ b }') };
    assert.equal(await isNewPersisted(named), true);
    store.persist(await find(store, named));
    assert.equal(await isNewPersisted(named), false);
    assert.equal(await isNewPersisted({ query: '{ a }' }), false);
    assert.equal(await isNewPersisted({ id: named.id }), false);
    assert.equal(await isNewPersisted({ query: HOME, id: documentHash(HOME) }), false);
  });

  it('accepts only trusted operations if so configured, by text, hash or id', async () => {
    const body = 'query B { b }';
    const manifests = [{ client: 'ios@1.0', operations: new Map([['b-1', toOperation(body)]]) }];
    const store = storeWith({ files: { 'Home.graphql': HOME }, manifests, trustedOnly: true });
    const { withTypenames } = loadCommittedOperations(
      folderWith({ 'Home.graphql': HOME }),
      schema,
    )[0] as CommittedOperation;
    for (const named of [
      { query: HOME },
      { id: documentHash(HOME) },
      { query: HOME, id: documentHash(HOME) },
      { query: withTypenames.source },
      { id: 'b-1' },
      { query: body, id: 'b-1' },
      { id: documentHash(body) },
    ]) {
      assert.ok(await find(store, named));
      assert.ok(store.isTrusted(named), JSON.stringify(named));
    }
    for (const named of [
      { query: '{ a }' },
      { query: `${HOME} ` },
      { query: '{ a }', id: documentHash('{ a }') },
      { id: documentHash('{ a }') },
      { query: '{' },
    ]) {
      const refused = find(store, named);
      await assert.rejects(refused, { code: 'OPERATION_NOT_TRUSTED' }, JSON.stringify(named));
      assert.ok(!store.isTrusted(named));
    }
    await assert.rejects(find(store, { query: '{ a }', id: 'b-1' }), { code: 'BAD_REQUEST' });
  });
});

describe('The persisted texts', () => {
  const TEXT = 'x'.repeat(44);
  /** Room for five texts in each half. */
  const create = () => createPersistedTexts(2 * 5 * (TEXT.length + 3 + 256));
  const addMany = (texts: ReturnType<typeof create>, prefix: string) => {
    for (let n = 0; n < 10; n++) texts.add(`${prefix}-${n}`, TEXT);
  };

  it('evict the oldest of those that were never used', () => {
    const texts = create();
    addMany(texts, 'a');
    assert.equal(texts.get('a-4'), undefined);
    assert.equal(texts.get('a-5'), TEXT);
  });

  it('keep a used one while others are added', () => {
    const texts = create();
    texts.add('use', TEXT);
    texts.get('use');
    addMany(texts, 'a');
    texts.add('use', TEXT);
    addMany(texts, 'b');
    assert.equal(texts.get('use'), TEXT);
  });

  it('evict a used one after many others were added and used', () => {
    const texts = create();
    texts.add('use', TEXT);
    texts.get('use');
    addMany(texts, 'a');
    for (let n = 5; n < 10; n++) texts.get(`a-${n}`);
    assert.ok(texts.has('use'), 'it is among the unused texts');
    addMany(texts, 'b');
    assert.ok(!texts.has('use'));
  });
});

describe('The committed operations', () => {
  const load = (files: Record<string, string>) =>
    loadCommittedOperations(folderWith(files), schema);

  it('have the name of their file', () => {
    assert.deepEqual(
      load({ 'Home.graphql': HOME, 'notes.txt': 'not an operation' }).map(({ name }) => name),
      ['Home'],
    );
    assert.throws(() => load({ 'Start.graphql': HOME }), /Start\.graphql: must hold one operation/);
    assert.throws(() => load({ 'Home.graphql': `${HOME} query B { b }` }), /must hold one/);
  });

  it('are refused at the start if they are not valid for the schema', () => {
    assert.throws(
      () => load({ 'Home.graphql': 'query Home { c d }' }),
      /Home\.graphql: Cannot query field "c".*Cannot query field "d"/,
    );
    assert.throws(() => load({ 'Home.graphql': 'query Home {' }), /Home\.graphql: Syntax Error/);
  });
});

describe('A manifest', () => {
  const entry = (id: string, body: string) => ({ id, name: 'Home', type: 'query', body });
  const pathOf = (text: unknown) => {
    const folder = folderWith({ 'manifest.json': JSON.stringify(text) });
    return fileURLToPath(new URL('manifest.json', folder));
  };
  const load = (text: unknown): Manifest['operations'] => {
    const [manifest] = loadManifests(readManifestFiles(pathOf(text)), schema);
    assert.equal(manifest?.client, 'manifest');
    return manifest.operations;
  };
  const manifest = (...operations: object[]) => ({
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations,
  });

  it('registers operations by its ids', () => {
    const operations = load(manifest(entry('home', HOME)));
    assert.deepEqual([...operations.keys()], ['home']);
    assert.equal(operations.get('home')?.hash, documentHash(HOME));
  });

  it('may be texts by their hashes', () => {
    const operations = load({ abc: HOME, def: 'query B { b }' });
    assert.deepEqual([...operations.keys()], ['abc', 'def']);
    assert.equal(operations.get('abc')?.source, HOME);
  });

  it('may be empty, as it is before the first run of relay-compiler', () => {
    assert.deepEqual([...load({})], []);
  });

  it('that is invalid is refused at the start, with all of its faults', () => {
    for (const [given, message] of [
      [{ format: 'another' }, /"\S+manifest\.json": format: .*two forms/s],
      [{ ...manifest(), version: 2 }, /version/],
      [manifest({ id: '', name: 'Home', body: HOME }), /id/],
      [manifest(entry('1', '{'), entry('2', '{ c }')), /Syntax Error.*Cannot query field "c"/s],
      [manifest(entry('1', HOME), entry('1', '{ b }')), /the same id/],
      [manifest(entry(documentHash(HOME), '{ b }')), /Home: the id is not the SHA-256 of the text/],
      [
        { abc: '{', def: '{ c }' },
        /abc: line 1: Syntax Error.*def: line 1: Cannot query field "c"/s,
      ],
      [{ abc: 1 }, /manifest\.json": abc: .*\n.*manifest\.json": .*two forms.*text.*"operations"/],
      [{ '': HOME }, /two forms/],
      [[HOME], /two forms/],
      [null, /two forms/],
    ] as const) {
      assert.throws(() => load(given), { name: 'ConfigError', message });
    }
    assert.throws(() => readManifestFiles('/nowhere.json'), { name: 'ConfigError' });
  });
});

describe('A folder of manifests', () => {
  const load = (files: Record<string, object>) => {
    const texts = Object.entries(files).map(([name, json]) => [name, JSON.stringify(json)]);
    const path = fileURLToPath(folderWith(Object.fromEntries(texts)));
    return loadManifests(readManifestFiles(path), schema);
  };

  it('has one for each version of a client, and other files', () => {
    const loaded = load({
      'ios@3.1.json': { [documentHash(HOME)]: HOME },
      'android@2.0-beta.1.json': { b: '{ b }' },
      'persisted-operations.json': { c: '{ c }' },
      'package.json': [],
    });
    assert.deepEqual(
      loaded.map(({ client }) => client),
      ['android@2.0-beta.1', 'ios@3.1'],
    );
  });

  it('has one operation for each text, however many manifests have it', () => {
    const texts = { [documentHash(HOME)]: HOME };
    const [first, second] = load({ 'ios@3.0.json': texts, 'ios@3.1.json': texts });
    assert.equal(first?.operations.size, 1);
    assert.equal(
      first?.operations.get(documentHash(HOME)),
      second?.operations.get(documentHash(HOME)),
    );
  });

  it('is refused with the faults of all of its files', () => {
    assert.throws(
      () => load({ 'ios@3.0.json': { a: '{ c }' }, 'ios@3.1.json': { a: '{' }, 'b@1.json': {} }),
      {
        name: 'ConfigError',
        message: /ios@3\.0\.json": a: line 1: Cannot.*ios@3\.1\.json": a: line 1/s,
      },
    );
    assert.throws(() => load({ 'ios@3.0.json': { a: '{ a }' }, 'ios@3.1.json': { a: '{ b }' } }), {
      message: /ios@3\.1\.json": a: is another operation in ios@3\.0\.json/,
    });
  });
});

describe('A document', () => {
  const reader = (isOpen: boolean) =>
    createDocumentReader(schema, { limits: STANDARD_LIMITS, isSchemaPublic: isOpen });

  it('is refused for its length before it is parsed', () => {
    const actual = STANDARD_LIMITS.characters + 1;
    const details = { exceeded: 'characters', limit: STANDARD_LIMITS.characters, actual };
    assert.throws(() => reader(true)('\n'.repeat(actual)), { code: 'QUERY_TOO_COMPLEX', details });
  });

  it('is refused with the number of its tokens', () => {
    const text = `{ ${'a '.repeat(2_500)}}`;
    const details = { exceeded: 'tokens', limit: STANDARD_LIMITS.tokens, actual: 2_502 };
    assert.throws(() => reader(true)(text), { code: 'QUERY_TOO_COMPLEX', details });
  });

  it('has no locations, so that execution errors need not compute lines', () => {
    assert.equal(reader(true)('\n{ a }').loc, undefined);
  });

  it('has the locations of validation errors only if the schema is public', () => {
    const locationsOf = (isOpen: boolean) => {
      try {
        reader(isOpen)('{\n  no }');
      } catch (error) {
        return (error as DocumentError).errors[0]?.locations;
      }
      return assert.fail();
    };
    assert.deepEqual(locationsOf(true), [{ line: 2, column: 3 }]);
    assert.equal(locationsOf(false), undefined);
  });
});
