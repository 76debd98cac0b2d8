import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { startLibrary } from '../support/fixture/environment.ts';

// Different queries, with the same CRC-32.
const URLS = {
  a: '/graphql?query=%7Ba%3A__typename%7D&n=undefinedLEiMcH',
  b: '/graphql?query=%7Bb%3A__typename%7D&n=undefinedZm7ifr',
};

describe('The parser of GET requests', () => {
  it('does not take a URL for another one with the same checksum', async () => {
    assert.equal(crc32(URLS.a), crc32(URLS.b));
    await using environment = await startLibrary();
    for (const name of ['a', 'b', 'a', 'b'] as const) {
      const headers = { accept: 'application/json' };
      const response = await fetch(environment.url + URLS[name], { headers });
      assert.deepEqual(await response.json(), { data: { [name]: 'Query' } });
    }
  });
});
