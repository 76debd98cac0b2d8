import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CAST } from '../support/fixture/cast.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';
import { RECENT, sendBorrow } from './library-requests.ts';

const RENAME = 'mutation { renameMember(name: "A") { member { id } } }';

describe('A write', () => {
  it('is sent once, and reported as of unknown outcome, when its upstream fails', async () => {
    await using environment = await startLibrary();
    environment.services.member.control.faults({ renameMember: { status: 503 } });
    const { body } = await environment.send(RENAME, { as: CAST.reader });
    assert.match(body.errors[0].message, /outcome of this change is unknown/);
    assert.equal(environment.services.member.control.requests().routes.renameMember, 1);
  });

  it('is reported as not applied when it could not be sent', async () => {
    await using environment = await startLibrary();
    await environment.send('{ viewer { id } }', { as: CAST.reader });
    await environment.services.member.close();
    const { body } = await environment.send(RENAME, { as: CAST.reader });
    assert.equal(
      body.errors[0].message,
      'This part of the response is temporarily unavailable. Retry later.',
    );
  });

  it('whose client left early lets its tags be cached again when its outcome is known', async () => {
    await using environment = await startLibrary({ CACHE_MEMORY_MB: '8' });
    const cacheStatus = async () => {
      const { headers } = await environment.send(RECENT, { as: 'staff' });
      return headers.get('cache-status') ?? '';
    };
    environment.services.lending.control.faults({ borrow: { delayMs: 300 } });
    const { body } = await sendBorrow(environment, { 'x-request-timeout-ms': '100' });
    assert.match(body.errors[0].message, /outcome of this change is unknown/);
    await until(async () => /hit/.test(await cacheStatus()));
  });
});
