import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkId,
  checkUserId,
  fromCursor,
  target,
  toCursor,
} from '../../src/datasources/target.ts';

describe('A request target', () => {
  it('encodes every part, so that none can change the others', () => {
    assert.equal(target(['users', 'a/../b?c#d']).path, '/users/a%2F..%2Fb%3Fc%23d');
    assert.equal(
      target(['users'], { search: 'a&limit=9 é\r\n' }).path,
      '/users?search=a%26limit%3D9%20%C3%A9%0D%0A',
    );
  });

  it('joins lists with commas, and leaves out what is not given', () => {
    const parameters = { ids: ['1', 'a|b'], limit: 5, cursor: null, status: undefined };
    assert.equal(target(['orders'], parameters).path, '/orders?ids=1,a%7Cb&limit=5');
    assert.equal(target(['orders']).path, '/orders');
  });

  it('has the parameters of its path and its query by name', () => {
    assert.deepEqual(target(['orders', { id: '7/8' }, 'items'], { limit: 5 }), {
      path: '/orders/7%2F8/items?limit=5',
      parameters: { id: '7/8', limit: 5 },
    });
  });

  it('keeps an item of a list in one piece, also for a service that decodes before it splits', () => {
    for (const items of [['2,3'], ['2%2C3'], [',', '%', '%%2C,'], ['a', 'b', 'a,b']]) {
      const { searchParams } = new URL(target(['orders'], { ids: items }).path, 'http://127.0.0.1');
      const decoded = searchParams.get('ids')?.split(',').map(decodeURIComponent);
      assert.deepEqual(decoded, items);
    }
  });

  it('refuses half of a surrogate pair, which has no encoding', () => {
    assert.throws(() => target(['users'], { search: '\ud800' }), { code: 'BAD_USER_INPUT' });
  });

  it('refuses a path segment that a URL would resolve', () => {
    for (const segment of ['', '.', '..'])
      assert.throws(() => target(['users', segment]), /path segment/);
  });
});

describe('Ids and cursors', () => {
  it('are accepted in the forms that the API returns', () => {
    for (const id of ['1', 'a-B_9', 'x'.repeat(64)]) assert.equal(checkId(id), id);
    const subjects = ['auth0|42', 'https://id.example/u?x=1', 'a b', 'é', '..1', '陽'.repeat(255)];
    for (const id of subjects) assert.equal(checkUserId(id), id);
    const cursor = 'WzE3Nzc1MTk5NjYwMDAsMjI2MjFd=';
    assert.equal(fromCursor('orders', toCursor('orders', cursor)), cursor);
    assert.equal(fromCursor('orders', undefined), null);
  });

  it('are refused in every other form, before a call is sent', () => {
    const code = { code: 'BAD_USER_INPUT' };
    for (const id of ['', '.', '..', '../1', 'a b', 'a%2e', 'x'.repeat(65), '1\n', 'é']) {
      assert.throws(() => checkId(id), code, id);
    }
    for (const id of ['', '.', '..', '1\n', '1\u200b', '1\u2028', '\ud800', 'x'.repeat(256)]) {
      assert.throws(() => checkUserId(id), code, id);
    }
    const cursorOfAnotherList = toCursor('notifications', 'a');
    for (const cursor of [
      '',
      'a',
      'orders.a b',
      'orders.a&b',
      'o.a',
      '../x?y',
      `orders.${'x'.repeat(256)}`,
      cursorOfAnotherList,
    ]) {
      assert.throws(() => fromCursor('orders', cursor), code, cursor);
    }
  });
});
