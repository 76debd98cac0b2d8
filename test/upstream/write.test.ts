import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { target } from '../../src/datasources/target.ts';
import type { Recorder } from '../../src/recorder.ts';
import { startGatedEnvironment } from '../cache/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { startLibrary } from '../support/fixture/environment.ts';

import { until } from '../support/until.ts';
import { RECENT, sendBorrow } from './library-requests.ts';
import { startUpstream } from './upstream-harness.ts';

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

  for (const [outcome, deadlineMs] of [
    ['certain', 30_000],
    ['unknown', 100],
  ] as const) {
    it(`is not reported before all processes have purged its tags, if its outcome is ${outcome}`, async () => {
      const isCertain = outcome === 'certain';
      await using harness = await startUpstream((_request, response) => {
        if (isCertain) response.end('{}');
      });
      const purged = Promise.withResolvers<undefined>();
      const changed = Promise.withResolvers<boolean>();
      const recorder: Recorder = {
        changed(_tags, isCertain) {
          changed.resolve(isCertain);
          return purged.promise;
        },
      };
      const write = harness.upstream.write('w');
      const call = { ...harness.callers.call(deadlineMs), recorder };
      let isReported = false;
      const report = write(
        { method: 'POST', target: target(['w']), tagsOf: () => ['Loan:1'] },
        call,
        () => 1,
      )
        .catch(() => undefined)
        .then(() => {
          isReported = true;
        });
      assert.equal(await changed.promise, isCertain);
      await new Promise(setImmediate);
      assert.equal(isReported, false);
      purged.resolve(undefined);
      await report;
    });
  }

  it('whose client left early lets its tags be cached again when its outcome is known', async () => {
    await using environment = await startGatedEnvironment(library);
    const cacheStatus = async () => {
      const { headers } = await environment.send(RECENT, { as: 'staff' });
      return headers.get('cache-status') ?? '';
    };
    const slow = environment.gates.lending.hold(/^\/loans$/);
    // Long enough for the write to be sent on a slow machine.
    const { body } = await sendBorrow(environment, { 'x-request-timeout-ms': '1000' });
    assert.match(body.errors[0].message, /outcome of this change is unknown/);
    slow.release();
    await until(async () => /hit/.test(await cacheStatus()));
  });
});
