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

describe('A decoder of upstream JSON', () => {
  it('returns values of the right shape', () => {
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

  it('throws on every other value', () => {
    const invalid: [what: string, read: () => unknown][] = [
      ['a number for a string', () => string(1)],
      ['nothing for a string', () => string(undefined)],
      ['a fraction', () => integer(1.5)],
      ['a number in a string', () => integer('1')],
      ['a number past 2^53', () => integer(2 ** 53)],
      ['a text that is not a time', () => dateTime('yesterday')],
      ['no time', () => dateTime(null)],
      ['an unknown word', () => oneOf('b', { a: 'A' })],
      ['an inherited word', () => oneOf('constructor', { a: 'A' })],
      ['an object for a list', () => list({} as never, String)],
      ['a list of nulls', () => list([null], String)],
      ['a list for an object', () => record([])],
      ['a missing key', () => requireAllKeys(['a', 'b'], new Map([['a', 1]]))],
    ];
    for (const [what, read] of invalid) assert.throws(read, DecodeError, what);
  });
});

describe('A decoder of upstream values', () => {
  it('refuses a count below 0 or above the range of GraphQL', () => {
    assert.equal(count(0), 0);
    for (const invalid of [-1, 1.5, 2 ** 31]) assert.throws(() => count(invalid), DecodeError);
  });

  it('reads the time of every day, and a day beyond the end of a month as one of the next', () => {
    for (let day = Date.UTC(2027, 0, 1); day < Date.UTC(2029, 0, 1); day += 86_400_000) {
      const time = new Date(day + 45_296_789).toISOString();
      assert.equal(dateTime(time), time);
    }
    assert.equal(dateTime('2027-02-30T00:00:00.000Z'), '2027-03-02T00:00:00.000Z');
    for (const time of [
      '2027-13-01T00:00:00.000Z',
      '2027-01-32T00:00:00.000Z',
      '2027-01-01T25:00:00.000Z',
    ]) {
      assert.throws(() => dateTime(time), DecodeError, time);
    }
  });

  it('refuses a time with a year before 0 or after 9999', () => {
    for (const invalid of ['+010000-01-01T00:00:00.000Z', '-000001-01-01T00:00:00.000Z', '1']) {
      assert.throws(() => dateTime(invalid), DecodeError, invalid);
    }
  });

  it('refuses a page without a next cursor or null', () => {
    assert.equal(hasNextPage(null), false);
    assert.equal(hasNextPage('a'), true);
    for (const invalid of [undefined, false])
      assert.throws(() => hasNextPage(invalid), DecodeError);
  });

  it('refuses another id than the requested one, and more items than requested', () => {
    assert.equal(expectId('42', '42'), '42');
    assert.throws(() => expectId('42', '43'), DecodeError);
    assert.equal(list([{}, {}], () => 1, 2).length, 2);
    assert.throws(() => list([{}, {}], () => 1, 1), DecodeError);
  });

  it('refuses a URL that is not http(s), and half of a surrogate pair', () => {
    assert.equal(urlOrNull('HTTPS://pictures.example/1'), 'HTTPS://pictures.example/1');
    assert.equal(urlOrNull(null), null);
    for (const invalid of ['javascript:alert(1)', 'data:text/html,x', '//pictures.example', '']) {
      assert.throws(() => urlOrNull(invalid), DecodeError, invalid);
    }
    for (const invalid of ['\ud800', 'a\udc00b']) assert.throws(() => string(invalid), DecodeError);
  });

  it('refuses an empty list of problems, and maps no inherited name', () => {
    const errors = [{ field: 'items.0.sku', code: 'constructor' }];
    assert.deepEqual(toProblems({ errors }, {}, ['items']), [
      { code: 'INVALID', field: ['items', '0', 'sku'] },
    ]);
    assert.throws(() => toProblems({ errors: [] }, {}, []), DecodeError);
  });
});
