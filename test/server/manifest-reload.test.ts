import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { buildSchema } from 'graphql';
import {
  type LoadedManifest,
  loadCommittedOperations,
  loadManifests,
  readManifestFiles,
} from '../../src/operations/index.ts';
import { documentHash } from '../../src/operations/operation.ts';
import { buildSchema as buildLibrarySchema } from '../../src/server/build-schema.ts';
import { watchManifests } from '../../src/server/manifest-reload.ts';
import { startCluster } from '../support/cluster.ts';
import { library } from '../support/fixture/bff.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';

const NAMES = 'query Names($id: ID!) { member(id: $id) { name } }';
const NOTICES = 'query NoticeTitles { notices { title } }';
const EXPECTED = { data: { member: { name: 'Ada Castro' } } };

const manifestOf = (...bodies: string[]): string =>
  JSON.stringify({
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: bodies.map((body) => ({
      id: documentHash(body),
      name: 'Name',
      type: 'query',
      body,
    })),
  });

async function createFolder(files: Record<string, string> = {}) {
  const path = await mkdtemp(join(tmpdir(), 'clients-'));
  const fileOf = (name: string) => join(path, name);
  for (const [name, text] of Object.entries(files)) await writeFile(fileOf(name), text);
  return {
    path,
    fileOf,
    /** Replaces a file as tools do that must not leave half of one. */
    async replace(name: string, text: string) {
      await writeFile(fileOf(`.${name}.new`), text);
      await rename(fileOf(`.${name}.new`), fileOf(name));
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

type Folder = Awaited<ReturnType<typeof createFolder>>;

/** Watches a folder without a server. */
function watch({ path }: Pick<Folder, 'path'>) {
  const schema = buildSchema('type Query { a: Int  b: Int }');
  const entries: { message: string; fields: Record<string, unknown> }[] = [];
  const record = (fields: object, message: string) =>
    void entries.push({ message, fields: { ...fields } });
  const inUse = loadManifests(readManifestFiles(path), schema);
  const states: (readonly LoadedManifest[])[] = [inUse];
  const current = () => states.at(-1) ?? [];
  const { stop, isCurrent } = watchManifests({
    path,
    inUse,
    schema,
    findKnown: (hash) => current().flatMap((m) => m.operations.get(hash) ?? [])[0],
    log: { error: record, warn: record, info: record, debug: record } as never,
    onChange: (manifests) => states.push(manifests),
    pollMs: 5,
  });
  return {
    entries,
    states,
    clients: () => current().map(({ client }) => client),
    textsOf: (name: string) =>
      [
        ...(current()
          .find(({ client }) => client === name)
          ?.operations.values() ?? []),
      ].map(({ source }) => source),
    operation: (hash: string) => current().flatMap((m) => m.operations.get(hash) ?? [])[0],
    isCurrent,
    [Symbol.dispose]: stop,
  };
}

describe('A folder of manifests', () => {
  it('is read again when a manifest is added, replaced in place, renamed over, or removed', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf('{ a }') });
    using watched = watch(folder);
    await writeFile(folder.fileOf('ios@1.1.json'), manifestOf('{ b }'));
    await until(() => watched.clients().join() === 'ios@1.0,ios@1.1');
    await writeFile(folder.fileOf('ios@1.1.json'), manifestOf('{ b a }'));
    await until(() => watched.textsOf('ios@1.1').join() === '{ b a }');
    await folder.replace('ios@1.1.json', manifestOf('{ b }'));
    await until(() => watched.textsOf('ios@1.1').join() === '{ b }');
    await rm(folder.fileOf('ios@1.0.json'));
    await until(() => watched.clients().join() === 'ios@1.1');
    assert.deepEqual(watched.entries.at(-1), {
      message: 'manifests reloaded',
      fields: { loaded: [], removed: ['ios@1.0'] },
    });
  });

  it('is read again when Kubernetes swaps the symbolic link of its volume', async () => {
    await using folder = await createFolder();
    const publish = async (version: string, text: string) => {
      await mkdir(folder.fileOf(version));
      await writeFile(join(folder.fileOf(version), 'ios@1.0.json'), text);
      await symlink(version, folder.fileOf('..data_tmp'));
      await rename(folder.fileOf('..data_tmp'), folder.fileOf('..data'));
    };
    await publish('..1', manifestOf('{ a }'));
    await symlink('..data/ios@1.0.json', folder.fileOf('ios@1.0.json'));
    using watched = watch(folder);
    assert.deepEqual(watched.textsOf('ios@1.0'), ['{ a }']);
    await publish('..2', manifestOf('{ b }'));
    await until(() => watched.textsOf('ios@1.0').join() === '{ b }');
  });

  it('keeps an invalid manifest as it was, logs it once, and takes the others', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf('{ a }') });
    using watched = watch(folder);
    await folder.replace('ios@1.0.json', manifestOf('{ a c }'));
    await folder.replace('new@1.0.json', '{ "half":');
    await until(() => watched.entries.length === 2);
    await folder.replace('web@1.0.json', manifestOf('{ b }'));
    await until(() => watched.clients().join() === 'ios@1.0,web@1.0');
    assert.deepEqual(watched.textsOf('ios@1.0'), ['{ a }']);
    assert.deepEqual(watched.entries.slice(0, -1), [
      {
        message: 'manifest not reloaded',
        fields: {
          file: folder.fileOf('ios@1.0.json'),
          faults: [
            'Name: line 1: Cannot query field "c" on type "Query". Did you mean "a" or "b"?',
          ],
        },
      },
      {
        message: 'manifest not reloaded',
        fields: { file: folder.fileOf('new@1.0.json'), faults: ['is not JSON'] },
      },
    ]);
    await folder.replace('ios@1.0.json', manifestOf('{ b a }'));
    await until(() => watched.textsOf('ios@1.0').join() === '{ b a }');
    assert.equal(watched.isCurrent(), false);
    await rm(folder.fileOf('new@1.0.json'));
    await until(watched.isCurrent);
  });

  it('refuses a change that makes an id another operation than in a later file', async () => {
    await using folder = await createFolder({
      'ios@1.0.json': '{ "x": "{ a }" }',
      'ios@1.1.json': '{ "x": "{ a }" }',
    });
    using watched = watch(folder);
    await folder.replace('ios@1.0.json', '{ "x": "{ b }" }');
    await until(() => watched.entries.length === 1);
    assert.deepEqual(watched.entries[0]?.fields, {
      file: folder.fileOf('ios@1.0.json'),
      faults: ['x: is another operation in ios@1.1.json'],
    });
    assert.equal(watched.isCurrent(), false);
    assert.equal(watched.operation('x')?.source, '{ a }');
    await folder.replace('ios@1.1.json', '{ "x": "{ b }" }');
    await until(watched.isCurrent);
    assert.deepEqual(watched.textsOf('ios@1.0'), ['{ b }']);
    assert.deepEqual(watched.textsOf('ios@1.1'), ['{ b }']);
  });

  it('takes a manifest that was refused because of another one, once that one has changed', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': '{ "x": "{ a }" }' });
    using watched = watch(folder);
    await folder.replace('ios@1.1.json', '{ "x": "{ b }" }');
    await until(() => watched.entries.length === 1);
    assert.deepEqual(watched.clients(), ['ios@1.0']);
    await rm(folder.fileOf('ios@1.0.json'));
    await until(() => watched.textsOf('ios@1.1').join() === '{ b }');
    assert.equal(watched.isCurrent(), true);
  });

  it('stays as it was while it cannot be read', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf('{ a }') });
    using watched = watch(folder);
    await rename(folder.path, `${folder.path}-gone`);
    await until(() => watched.entries.length === 1);
    assert.equal(watched.entries[0]?.message, 'manifests not reloaded');
    assert.deepEqual(watched.clients(), ['ios@1.0']);
    assert.equal(watched.isCurrent(), false);
    await rename(`${folder.path}-gone`, folder.path);
    await folder.replace('ios@1.1.json', manifestOf('{ b }'));
    await until(() => watched.clients().join() === 'ios@1.0,ios@1.1');
    assert.equal(watched.entries.length, 2);
  });

  it('keeps one operation for each text over a hundred reloads, and nothing that was removed', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf('{ a }') });
    using watched = watch(folder);
    const first = watched.operation(documentHash('{ a }'));
    for (let n = 0; n < 100; n++) {
      await folder.replace('ios@1.0.json', manifestOf('{ a }', `query Q${n} { b }`));
      await until(() => watched.textsOf('ios@1.0')[1] === `query Q${n} { b }`);
    }
    assert.equal(watched.operation(documentHash('{ a }')), first);
    assert.equal(watched.textsOf('ios@1.0').length, 2);
    assert.deepEqual(watched.clients(), ['ios@1.0']);
  });

  it('that is written again with the same texts is no change', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf('{ a }') });
    using watched = watch(folder);
    await folder.replace('ios@1.0.json', manifestOf('{ a }'));
    await folder.replace('web@1.0.json', manifestOf('{ b }'));
    await until(() => watched.clients().length === 2);
    assert.equal(watched.states.length, 2);
  });
});

/** The requests of each manifest. */
async function manifestCounts({ adminUrl }: { readonly adminUrl: string }) {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const samples = text.matchAll(/^frontdesk_manifest_requests_total\{manifest="(.+)"\} (\d+)$/gm);
  return Object.fromEntries([...samples].map(([, name, value]) => [name, Number(value)]));
}

describe('A BFF that accepts registered operations only', () => {
  it('accepts those of a new manifest, counts them, and refuses those of a removed one, without a restart', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf(NAMES) });
    await using environment = await startLibrary({
      OPERATIONS: 'trusted',
      OPERATIONS_MANIFEST: folder.path,
    });
    const ask = (body: string, version?: string) =>
      environment.post(
        { documentId: documentHash(body), variables: { id: '42' } },
        version
          ? { 'apollographql-client-name': 'ios', 'apollographql-client-version': version }
          : {},
      );
    const codeOf = async (body: string) => (await ask(body)).body.errors?.[0].extensions.code;
    const counts = () => manifestCounts(environment);
    assert.deepEqual(await counts(), { 'ios@1.0': 0 });
    assert.deepEqual((await ask(NAMES)).body, EXPECTED);
    assert.equal(await codeOf(NOTICES), 'OPERATION_NOT_TRUSTED');

    await folder.replace('ios@1.1.json', manifestOf(NAMES, NOTICES));
    await until(async () => (await counts())['ios@1.1'] === 0);
    assert.equal(await codeOf(NOTICES), undefined);
    for (const version of ['1.0', '1.1', '1.1', '2.0', undefined]) await ask(NAMES, version);
    const expected = { 'ios@1.0': 2, 'ios@1.1': 3, several: 2 };
    await until(async () => isDeepStrictEqual(await counts(), expected));

    await rm(folder.fileOf('ios@1.0.json'));
    await folder.replace('ios@1.1.json', manifestOf(NOTICES));
    await until(async () => (await codeOf(NAMES)) === 'OPERATION_NOT_TRUSTED');
    assert.equal(await codeOf(NOTICES), undefined);
    assert.deepEqual(Object.keys(await counts()).sort(), ['ios@1.1', 'several']);
  });

  it('counts a committed operation for a version only if the client declares to be it', async () => {
    const [card] = loadCommittedOperations(library.operations, buildLibrarySchema(library)).filter(
      ({ name }) => name === 'MemberCard',
    );
    assert.ok(card);
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf(card.source) });
    await using environment = await startLibrary({ OPERATIONS_MANIFEST: folder.path });
    const ask = (version: string) =>
      environment.post(
        { documentId: card.hash, variables: { id: '42' } },
        { 'apollographql-client-name': 'ios', 'apollographql-client-version': version },
      );
    for (const version of ['1.0', '2.0', '2.1']) assert.equal((await ask(version)).status, 200);
    await until(async () =>
      isDeepStrictEqual(await manifestCounts(environment), { 'ios@1.0': 1, several: 2 }),
    );
  });

  it('reloads manifests in each of its workers', async () => {
    await using folder = await createFolder({ 'ios@1.0.json': manifestOf(NAMES) });
    await using cluster = await startCluster({
      OPERATIONS: 'trusted',
      OPERATIONS_MANIFEST: folder.path,
    });
    const first = await cluster.connectToOther();
    const second = await cluster.connectToOther(first.pid);
    for (const { agent } of [first, second]) {
      assert.ok((await cluster.send(NOTICES, undefined, agent)).body.errors);
    }
    await folder.replace('ios@1.1.json', manifestOf(NOTICES));
    for (const { agent } of [first, second]) {
      await until(async () => !(await cluster.send(NOTICES, undefined, agent)).body.errors);
      agent.destroy();
    }
  });
});
