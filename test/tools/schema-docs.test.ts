import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isObjectType } from 'graphql';
import { buildSchema } from '../../src/server/build-schema.ts';
import {
  releaseChanges,
  type SchemaVersions,
  updateChangelog,
} from '../../tools/schema-docs/changelog.ts';
import { describeSchema } from '../../tools/schema-docs/page.ts';
import { library } from '../support/fixture/bff.ts';

const BEFORE = 'type Query { a: Int b: Int }';
const versions = (released: string | undefined, current: string): SchemaVersions[] => [
  { bff: 'mobile', released, current },
];
const unreleased = (changelog: string) => changelog.split('\n## ')[1] ?? '';

describe('The page of a schema', () => {
  const schema = buildSchema(library);
  const viewer = schema.getType('Viewer');
  assert.ok(isObjectType(viewer));
  const role = viewer.getFields().id;
  assert.ok(role);
  role.deprecationReason = 'Use `member`.';
  const page = describeSchema(library, schema);
  const rowOf = (type: string, field: string) => {
    const [, section = ''] = page.split(`\n### ${type}\n`);
    const row = section.split('\n').find((line) => line.startsWith(`| \`${field}\``)) ?? '';
    return row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, ''));
  };

  it('has who may see a field, its cost, and how long and for whom it is stored', () => {
    const [name, , who, cost, cache] = rowOf('Query', 'recentLoans');
    assert.equal(name, '`recentLoans`: \\[[Loan](#loan)!]');
    assert.equal(who, 'staff; `orders:read`');
    assert.match(cost ?? '', /^\d+ × `first`$/);
    assert.match(cache ?? '', /^\d+ s, shared by the same rights$/);
    assert.match(rowOf('Query', 'loan')[2] ?? '', /^the owner, staff; `orders:read`$/);
    assert.match(rowOf('Query', 'notices').join(), /everyone,.* s, shared by all/);
    assert.match(rowOf('Mutation', 'borrow').join(), /signed-in users; `orders:write`/);
  });

  it('has arguments with their defaults, and deprecations', () => {
    assert.match(rowOf('Query', 'recentLoans')[1] ?? '', /<br>`first`: Int! = `\d+`/);
    assert.match(rowOf('Viewer', 'id')[1] ?? '', /^\*\*Deprecated\.\*\* Use `member`\./);
  });

  it('leads from each type to its section, and has nothing that clients never see', () => {
    for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) {
      assert.match(page.toLowerCase(), new RegExp(`^### ${anchor}$`, 'm'));
    }
    assert.ok(!page.includes('CacheControlScope'));
  });
});

describe('The changelog of the schemas', () => {
  it('has the changes since the last release, breaking ones first', async () => {
    const text = await updateChangelog('', versions(BEFORE, 'type Query { a: Int c: Int }'));
    assert.equal(
      unreleased(text),
      "Unreleased\n\n### mobile\n\n- **breaking**: Field 'b' was removed from object type 'Query'\n" +
        "- non-breaking: Field 'c' was added to object type 'Query'\n",
    );
    assert.match(await updateChangelog('', versions(BEFORE, BEFORE)), /\n\nNo changes\.\n$/);
    assert.match(
      await updateChangelog('', versions(undefined, BEFORE)),
      /- The first version\.\n$/,
    );
  });

  it('keeps the sections of released versions, and gets one more with a release', async () => {
    const first = await releaseChanges('', versions(undefined, BEFORE), '1.0.0', '2026-11-01');
    const after = 'type Query { a: Int b: Int c: Int }';
    const pending = await updateChangelog(first, versions(BEFORE, after));
    assert.match(unreleased(pending), /'c' was added/);
    assert.equal(await updateChangelog(pending, versions(BEFORE, after)), pending);
    const second = await releaseChanges(pending, versions(BEFORE, after), '1.1.0', '2026-12-01');
    assert.equal(await updateChangelog(second, versions(after, after)), second);
    assert.deepEqual(
      second.split('\n').filter((line) => line.startsWith('## ')),
      ['## Unreleased', '## 1.1.0, 2026-12-01', '## 1.0.0, 2026-11-01'],
    );
    await assert.rejects(releaseChanges(second, versions(after, after), '1.1.0', '2026-12-02'), {
      message: /1\.1\.0 is released already/,
    });
  });
});
