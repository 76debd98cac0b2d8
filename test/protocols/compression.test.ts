import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';

const LARGE = `{
  recentLoans(first: 50) { id title status borrowedAt borrower { id name joinedAt } }
  notices { id }
}`;
const SMALL = '{ viewer { activeCount } }';

describe('A response that is not stored', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary();
  });
  after(() => environment[Symbol.asyncDispose]());

  const send = (query: string, coding: string) =>
    environment.send(query, { as: 'staff', headers: { 'accept-encoding': coding } });

  it('is compressed if it is large, in the coding that the client prefers', async () => {
    environment.services.lending.control.faults({ notices: { status: 503 } });
    for (const coding of ['br', 'gzip']) {
      const { headers, body } = await send(LARGE, coding);
      assert.equal(headers.get('content-encoding'), coding);
      assert.match(headers.get('vary') ?? '', /Accept-Encoding/);
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(body.data.recentLoans.length, 50);
      assert.equal(body.errors.length, 1);
    }
  });

  it('is not compressed if it is small, or if the client accepts no coding', async () => {
    for (const [query, coding] of [
      [SMALL, 'br'],
      [LARGE, 'identity'],
    ] as const) {
      assert.equal((await send(query, coding)).headers.get('content-encoding'), null);
    }
  });
});
