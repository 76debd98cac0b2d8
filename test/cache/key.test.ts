import assert from 'node:assert/strict';
import { it } from 'node:test';
import { joinKeyParts } from '../../src/cache/key.ts';

it('a key tells apart all lists of parts, whatever is in them', () => {
  const lists = [
    ['a', 'b'],
    ['ab'],
    ['ab', ''],
    ['', 'ab'],
    ['a', '', 'b'],
    ['1:a', 'b'],
    ['1:a1:b'],
    ['a', 'b', ''],
  ];
  assert.equal(new Set(lists.map(joinKeyParts)).size, lists.length);
  assert.equal(joinKeyParts(['a', 'b']), joinKeyParts(['a', 'b']));
});
