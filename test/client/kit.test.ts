import assert from 'node:assert/strict';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { generatePersistedQueryManifest } from '@apollo/generate-persisted-query-manifest';
import { type DocumentNode, getOperationAST, print } from 'graphql';
import { bffNames, ROOT } from '../../tools/tree.ts';

const kitOf = (bff: string) => new URL(`clients/${bff}/`, ROOT);
const readText = (path: string, base: URL) => readFile(new URL(path, base), 'utf8');

async function loadKit(bff: string) {
  const [{ OPERATION_IDS }, { ERROR_CODES }, documents] = await Promise.all(
    ['operation-ids.ts', 'error-codes.ts', 'graphql.ts'].map(
      (file) => import(new URL(file, kitOf(bff)).href),
    ),
  );
  return {
    ids: OPERATION_IDS as Record<string, string>,
    codes: ERROR_CODES as string[],
    documents: Object.values(documents) as DocumentNode[],
  };
}

for (const bff of bffNames()) {
  describe(`The client kit of the ${bff} BFF`, () => {
    it('has the manifest that the generator of Apollo Client writes for its documents', async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'frontdesk-'));
      const { documents } = await loadKit(bff);
      for (const document of documents) {
        const name = getOperationAST(document)?.name?.value;
        await writeFile(join(folder.path, `${name}.graphql`), print(document));
      }
      const expected = await generatePersistedQueryManifest(
        { documents: `${folder.path}/*` },
        undefined,
      );
      const manifest = await readText('persisted-operations.json', kitOf(bff));
      assert.equal(manifest, `${JSON.stringify(expected, null, 2)}\n`);
    });

    it('has the id of each operation by its name', async () => {
      const { operations } = JSON.parse(await readText('persisted-operations.json', kitOf(bff)));
      const { ids, documents } = await loadKit(bff);
      assert.equal(documents.length, operations.length);
      const entries = operations.map(({ name, id }: Record<string, string>) => [name, id]);
      assert.deepEqual(Object.entries(ids), entries);
    });

    it('has the error codes that the documentation explains', async () => {
      const page = await readText('docs/errors.md', ROOT);
      const [table = ''] = /^\| code .*?\n\n/ms.exec(page) ?? [];
      const cells = [...table.matchAll(/^\| (`.+?) \|/gm)].map(([, cell]) => cell).join();
      const explained = [...cells.matchAll(/`(\w+)`/g)].map(([, code]) => code);
      assert.deepEqual((await loadKit(bff)).codes, explained.toSorted());
    });
  });
}
