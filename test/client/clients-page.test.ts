import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import { ROOT } from '../../tools/tree.ts';

// UPDATE_PAGES=1 copies the files into the page.

const PAGE = new URL('docs/clients.md', ROOT);
/** A code block below a line that names its file. */
const SHOWN = /(`(test\/client\/examples\/[\w/.-]+)`:\n\n```\w+\n)(.*?)(```\n)/gs;

it('docs/clients.md shows the files that the tests run', () => {
  const page = readFileSync(PAGE, 'utf8');
  const paths: string[] = [];
  const expected = page.replace(SHOWN, (_block, before, path, _text, after) => {
    paths.push(path);
    return before + readFileSync(new URL(path, ROOT), 'utf8') + after;
  });
  if (process.env.UPDATE_PAGES === '1') writeFileSync(PAGE, expected);
  else assert.equal(page, expected);
  const names = ['apollo.ts', 'urql.ts', 'relay/orders.ts', 'relay/relay.config.json', 'tada.ts'];
  const examples = [...names, 'fetch.ts'].map((name) => `test/client/examples/${name}`);
  assert.deepEqual(paths, examples);
});
