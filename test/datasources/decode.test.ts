import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  count,
  DecodeError,
  dateTime,
  expectId,
  hasNextPage,
  integer,
  list,
  oneOf,
  record,
  requireAllKeys,
  string,
  stringOrNull,
  urlOrNull,
} from '../../src/datasources/decode.ts';
import { toProblems } from '../../src/datasources/mutation-result.ts';

describe('a reader of upstream JSON', () => {
  it('gives back what has the right shape', () => {
    assert.equal(string('a'), 'a');
    assert.equal(stringOrNull(null), null);
    assert.equal(stringOrNull(undefined), null);
    assert.equal(integer(-7), -7);
    assert.equal(dateTime('2026-01-31T10:30:00+01:00'), '2026-01-31T09:30:00.000Z');
    assert.equal(oneOf('a', { a: 'A' }), 'A');
    assert.deepEqual(
      list([{ n: 1 }], ({ n }) => n),
      [1],
    );
  });

  it('throws on everything else', () => {
    const wrong: [what: string, read: () => unknown][] = [
      ['a number for a string', () => string(1)],
      ['nothing for a string', () => string(undefined)],
      ['a fraction', () => integer(1.5)],
      ['a number in a string', () => integer('1')],
      ['a number past 2^53', () => integer(2 ** 53)],
      ['a time that is none', () => dateTime('yesterday')],
      ['no time', () => dateTime(null)],
      ['an unknown word', () => oneOf('b', { a: 'A' })],
      ['an inherited word', () => oneOf('constructor', { a: 'A' })],
      ['an object for a list', () => list({} as never, String)],
      ['a list of nothings', () => list([null], String)],
      ['a list for an object', () => record([])],
      ['a missing key', () => requireAllKeys(['a', 'b'], new Map([['a', 1]]))],
    ];
    for (const [what, read] of wrong) assert.throws(read, DecodeError, what);
  });
});

describe('what an answer may not say', () => {
  it('is a count below 0 or past what GraphQL can hold', () => {
    assert.equal(count(0), 0);
    for (const wrong of [-1, 1.5, 2 ** 31]) assert.throws(() => count(wrong), DecodeError);
  });

  it('is the same time on every day there is, and a day that there is not becomes the one it falls on', () => {
    for (let day = Date.UTC(2027, 0, 1); day < Date.UTC(2029, 0, 1); day += 86_400_000) {
      const time = new Date(day + 45_296_789).toISOString();
      assert.equal(dateTime(time), time);
    }
    assert.equal(dateTime('2027-02-30T00:00:00.000Z'), '2027-03-02T00:00:00.000Z');
    for (const none of [
      '2027-13-01T00:00:00.000Z',
      '2027-01-32T00:00:00.000Z',
      '2027-01-01T25:00:00.000Z',
    ]) {
      assert.throws(() => dateTime(none), DecodeError, none);
    }
  });

  it('is a time that is none of ours', () => {
    for (const wrong of ['+010000-01-01T00:00:00.000Z', '-000001-01-01T00:00:00.000Z', '1']) {
      assert.throws(() => dateTime(wrong), DecodeError, wrong);
    }
  });

  it('is nothing about where a list goes on', () => {
    assert.equal(hasNextPage(null), false);
    assert.equal(hasNextPage('a'), true);
    for (const wrong of [undefined, false]) assert.throws(() => hasNextPage(wrong), DecodeError);
  });

  it('is something else than what was asked for, or more of it', () => {
    assert.equal(expectId('42', '42'), '42');
    assert.throws(() => expectId('42', '43'), DecodeError);
    assert.equal(list([{}, {}], () => 1, 2).length, 2);
    assert.throws(() => list([{}, {}], () => 1, 1), DecodeError);
  });

  it('is an address that would run, or half of a character', () => {
    assert.equal(urlOrNull('HTTPS://pictures.example/1'), 'HTTPS://pictures.example/1');
    assert.equal(urlOrNull(null), null);
    for (const wrong of ['javascript:alert(1)', 'data:text/html,x', '//pictures.example', '']) {
      assert.throws(() => urlOrNull(wrong), DecodeError, wrong);
    }
    for (const wrong of ['\ud800', 'a\udc00b']) assert.throws(() => string(wrong), DecodeError);
  });

  it('is a mistake by an inherited name, or none at all', () => {
    const errors = [{ field: 'items.0.sku', code: 'constructor' }];
    assert.deepEqual(toProblems({ errors }, {}, ['items']), [
      { code: 'INVALID', field: ['items', '0', 'sku'] },
    ]);
    assert.throws(() => toProblems({ errors: [] }, {}, []), DecodeError);
  });
});
