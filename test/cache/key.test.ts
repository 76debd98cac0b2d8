import assert from 'node:assert/strict';
import { it } from 'node:test';
import { keyOf } from '../../src/cache/key.ts';

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
  assert.equal(new Set(lists.map(keyOf)).size, lists.length);
  assert.equal(keyOf(['a', 'b']), keyOf(['a', 'b']));
});
