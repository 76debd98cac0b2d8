import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildSchema } from 'graphql';
import { listUndescribed, printSorted } from '../../tools/schema-rules.ts';
import { checkSnapshot, writeSnapshots } from '../../tools/schema-snapshot.ts';

const BEFORE = buildSchema('type Query { a: Int  b(x: Int): String }');
const ADDED = buildSchema('type Query { b(x: Int): String  a: Int  c: Int }');
const BROKEN = buildSchema('type Query { a: Int!  b(x: Int!): String }');
const REMOVED = buildSchema('type Query { a: Int }');

async function createFolder() {
  const path = await mkdtemp(join(tmpdir(), 'frontdesk-schema-'));
  const fileOf = (name: string) => pathToFileURL(join(path, name));
  const [web, mobile] = [fileOf('web.graphql'), fileOf('mobile.graphql')];
  await writeSnapshots(
    [web, mobile].map((file) => ({ file, schema: BEFORE })),
    false,
  );
  return { web, mobile, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

describe('Schema snapshots', () => {
  it('writes an addition, which is no difference afterwards', async () => {
    await using folder = await createFolder();
    const snapshot = { file: folder.web, schema: ADDED };
    assert.match((await checkSnapshot(snapshot)) ?? '', /non-breaking: .*'c'.* added/);
    assert.equal((await writeSnapshots([snapshot], false)).written, true);
    assert.equal(await readFile(folder.web, 'utf8'), printSorted(ADDED));
    assert.equal(await checkSnapshot(snapshot), undefined);
  });

  it('reports a written schema as updated and a refused one as not written', async () => {
    await using folder = await createFolder();
    const added = await writeSnapshots([{ file: folder.web, schema: ADDED }], false);
    assert.match(added.reports.join(), /^\S+web\.graphql is updated:\n/);
    const broken = await writeSnapshots([{ file: folder.mobile, schema: BROKEN }], false);
    assert.match(broken.reports.join(), /^\S+mobile\.graphql would change:\n/);
    const difference = await checkSnapshot({ file: folder.mobile, schema: BROKEN });
    assert.match(difference ?? '', /^\S+mobile\.graphql differs from the served schema:\n/);
  });

  it('lists and refuses a breaking change and then writes no file', async () => {
    await using folder = await createFolder();
    const snapshots = [
      { file: folder.mobile, schema: ADDED },
      { file: folder.web, schema: BROKEN },
    ];
    const { reports, written } = await writeSnapshots(snapshots, false);
    assert.equal(written, false);
    assert.match(reports.join('\n'), /\n {2}breaking: .*'x'.*'Int' to 'Int!'/);
    for (const file of [folder.web, folder.mobile]) {
      assert.equal(await readFile(file, 'utf8'), printSorted(BEFORE));
    }
  });

  it('writes a breaking change that is accepted', async () => {
    await using folder = await createFolder();
    const snapshot = { file: folder.web, schema: REMOVED };
    const { reports, written } = await writeSnapshots([snapshot], true);
    assert.match(reports.join('\n'), /breaking: Field 'b' was removed/);
    assert.equal(written, true);
    assert.equal(await checkSnapshot(snapshot), undefined);
  });

  it('ignores the order of definitions', () => {
    const reordered = buildSchema('type Query { b(x: Int): String  a: Int }');
    assert.equal(printSorted(reordered), printSorted(BEFORE));
  });
});

describe('Schema rules', () => {
  it('lists each element without a description by its path', () => {
    const schema = buildSchema(`
    "d" type Query { "d" a(x: Int, "d" y: Int): E  b(input: I): Int }
    enum E { "d" ONE  TWO }
    "d" input I { a: Int }
  `);
    assert.deepEqual(listUndescribed(schema).sort(), [
      'E',
      'E.TWO',
      'I.a',
      'Query.a.x',
      'Query.b',
      'Query.b.input',
    ]);
  });
});
