import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCursor, checkId, target } from '../../src/datasources/target.ts';

describe('an upstream address', () => {
  it('has every part encoded, so that none can leave its place', () => {
    assert.equal(target(['users', 'a/../b?c#d']), '/users/a%2F..%2Fb%3Fc%23d');
    assert.equal(
      target(['users'], { search: 'a&limit=9 é\r\n' }),
      '/users?search=a%26limit%3D9%20%C3%A9%0D%0A',
    );
  });

  it('joins lists with commas, and leaves out what is not given', () => {
    const parameters = { ids: ['1', '2,3'], limit: 5, cursor: null, status: undefined };
    assert.equal(target(['orders'], parameters), '/orders?ids=1,2%2C3&limit=5');
    assert.equal(target(['orders']), '/orders');
  });

  it('takes no part that an address would resolve away', () => {
    for (const part of ['', '.', '..']) assert.throws(() => target(['users', part]), /path part/);
  });
});

describe('ids and cursors', () => {
  it('are taken in the forms that the API gives out', () => {
    for (const id of ['1', 'a-B_9', 'x'.repeat(64)]) assert.equal(checkId(id), id);
    assert.equal(checkCursor('WzE3Nzc1MTk5NjYwMDAsMjI2MjFd='), 'WzE3Nzc1MTk5NjYwMDAsMjI2MjFd=');
  });

  it('are refused in every other form, before anything is sent', () => {
    const code = { code: 'BAD_USER_INPUT' };
    for (const id of ['', '.', '..', '../1', 'a b', 'a%2e', 'x'.repeat(65), '1\n', 'é']) {
      assert.throws(() => checkId(id), code, id);
    }
    for (const cursor of ['', 'a b', 'a&b', '../x?y', 'x'.repeat(257), 'a\n']) {
      assert.throws(() => checkCursor(cursor), code, cursor);
    }
  });
});
