import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';

const TEXT = 'query NameQuery(\n  $id: ID!\n) {\n  member(id: $id) {\n    name\n    id\n  }\n}\n';
const EXPECTED = { data: { member: { name: 'Ada Castro', id: '42' } } };
const variables = { id: '42' };
/** The ids that generators assign: by default, relay-compiler MD5 and graphql-codegen SHA-1. */
const IDS = { MD5: hash('md5', TEXT), SHA1: hash('sha1', TEXT), 'SHA-256': hash('sha256', TEXT) };

describe('A manifest of texts by their hashes', () => {
  let environment: LibraryEnvironment;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manifest-'));
    const path = join(folder, 'persisted.json');
    const texts = Object.values(IDS).map((id) => [id, TEXT]);
    await writeFile(path, JSON.stringify(Object.fromEntries(texts)));
    environment = await startLibrary({ OPERATIONS: 'trusted', OPERATIONS_MANIFEST: path });
  });
  after(async () => {
    await environment[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function get(parameters: Record<string, string>): Promise<unknown> {
    const search = new URLSearchParams({ variables: JSON.stringify(variables), ...parameters });
    return (await fetch(`${environment.endpoint}?${search}`)).json();
  }

  for (const [algorithm, id] of Object.entries(IDS)) {
    it(`registers an operation under its ${algorithm} hash, as doc_id over POST and GET`, async () => {
      assert.deepEqual((await environment.post({ doc_id: id, variables })).body, EXPECTED);
      assert.deepEqual(await get({ doc_id: id }), EXPECTED);
    });

    it(`registers an operation under its ${algorithm} hash, as documentId and in extensions`, async () => {
      assert.deepEqual((await environment.post({ documentId: id, variables })).body, EXPECTED);
      const extensions = { persistedQuery: { version: 1, sha256Hash: id } };
      assert.deepEqual((await environment.post({ extensions, variables })).body, EXPECTED);
    });
  }

  it('answers a Relay request, whose query is null', async () => {
    const { body } = await environment.post({ doc_id: IDS.MD5, query: null, variables });
    assert.deepEqual(body, EXPECTED);
  });

  it('registers no other text', async () => {
    const { body } = await environment.post({ doc_id: 'f'.repeat(32), variables });
    assert.equal(body.errors[0].extensions.code, 'OPERATION_NOT_TRUSTED');
  });

  it('refuses a doc_id that is not a string', async () => {
    const { status, body } = await environment.post({ doc_id: 1, variables });
    assert.equal(status, 400);
    assert.match(body.errors[0].message, /"doc_id"/);
  });
});
