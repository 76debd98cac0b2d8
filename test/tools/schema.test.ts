import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildSchema } from 'graphql';
import { listUndescribed, printSorted } from '../../tools/schema-rules.ts';
import { checkSnapshot, writeSnapshots } from '../../tools/schema-snapshot.ts';

const BEFORE = buildSchema('type Query { a: Int  b(x: Int): String }');
const ADDED = buildSchema('type Query { b(x: Int): String  a: Int  c: Int }');
const BROKEN = buildSchema('type Query { a: Int!  b(x: Int!): String }');
const GONE = buildSchema('type Query { a: Int }');

async function startFolder() {
  const path = await mkdtemp(join(tmpdir(), 'frontdesk-schema-'));
  const fileOf = (name: string) => pathToFileURL(join(path, name));
  const [web, mobile] = [fileOf('web.graphql'), fileOf('mobile.graphql')];
  await writeSnapshots(
    [web, mobile].map((file) => ({ file, schema: BEFORE })),
    false,
  );
  return { web, mobile, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('an addition is written, and is no difference afterwards', async () => {
  await using folder = await startFolder();
  const snapshot = { file: folder.web, schema: ADDED };
  assert.match((await checkSnapshot(snapshot)) ?? '', /non-breaking: .*'c'.* added/);
  assert.equal((await writeSnapshots([snapshot], false)).written, true);
  assert.equal(await readFile(folder.web, 'utf8'), printSorted(ADDED));
  assert.equal(await checkSnapshot(snapshot), undefined);
});

test('a schema that is written is reported as updated, and one that is refused as not written', async () => {
  await using folder = await startFolder();
  const added = await writeSnapshots([{ file: folder.web, schema: ADDED }], false);
  assert.match(added.reports.join(), /^\S+web\.graphql is updated:\n/);
  const broken = await writeSnapshots([{ file: folder.mobile, schema: BROKEN }], false);
  assert.match(broken.reports.join(), /^\S+mobile\.graphql would change:\n/);
  const difference = await checkSnapshot({ file: folder.mobile, schema: BROKEN });
  assert.match(difference ?? '', /^\S+mobile\.graphql is not what the code serves:\n/);
});

test('a breaking change is listed and refused, and nothing is written at all', async () => {
  await using folder = await startFolder();
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

test('a breaking change that was accepted is written', async () => {
  await using folder = await startFolder();
  const snapshot = { file: folder.web, schema: GONE };
  const { reports, written } = await writeSnapshots([snapshot], true);
  assert.match(reports.join('\n'), /breaking: Field 'b' was removed/);
  assert.equal(written, true);
  assert.equal(await checkSnapshot(snapshot), undefined);
});

test('the order of definitions makes no difference', () => {
  const turned = buildSchema('type Query { b(x: Int): String  a: Int }');
  assert.equal(printSorted(turned), printSorted(BEFORE));
});

test('what has no description is named with its path', () => {
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
