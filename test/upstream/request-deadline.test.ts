import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { authorization } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';

/** Only a deadline of a client or its disconnect ends a call. */
const PATIENT = { REQUEST_DEADLINE_MS: '600000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '600000' };
const COUNT = '{ home { activeCount } }';

describe('The deadline of a request', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary({ ...PATIENT, REQUEST_DEADLINE_MS: '4000' });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const send = (timeoutMs: string, query = COUNT, as: string = CAST.reader) =>
    environment.send(query, { as, headers: { 'x-request-timeout-ms': timeoutMs } });

  it('is sent upstream as the remaining time, at most the configured one', async () => {
    await send('3000');
    await send('999999');
    const [requested = 0, capped = 0] = environment
      .calls()
      .map(({ headers }) => Number(headers['x-request-timeout-ms']));
    assert.ok(requested > 0 && requested <= 3_000, String(requested));
    assert.ok(capped > 0 && capped <= 4_000, String(capped));
  });

  it('ends the wait for a field, whose error has the code UPSTREAM_TIMEOUT, and aborts the call', async () => {
    environment.services.lending.control.faults({ activeCounts: { hang: true } });
    const { status, body } = await send('200');
    assert.equal(status, 200);
    assert.deepEqual(body.data, { home: { activeCount: null } });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
    await until(() => environment.calls().every(({ endedAt }) => endedAt !== null));
    assert.equal(environment.calls().length, 1);
  });

  it('must be a whole number of milliseconds', async () => {
    for (const invalid of ['soon', '-1', '0', '1.5', '']) {
      const { status, body } = await send(invalid);
      assert.equal(status, 400, invalid);
      assert.equal(body.errors[0].extensions.code, 'BAD_REQUEST', invalid);
      assert.match(body.errors[0].message, /X-Request-Timeout-Ms/);
    }
    assert.deepEqual(environment.calls(), []);
  });

  it('includes the verification of a token', async () => {
    await using slow = await startLibrary({ REQUEST_DEADLINE_MS: '300' });
    slow.services.member.control.faults({ jwks: { hang: true } });
    const { status, body } = await slow.send(COUNT, { as: CAST.reader });
    assert.equal(status, 504);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
  });

  it('prevents calls that would follow from a late response', async () => {
    const query = '{ recentLoans(first: 1) { borrower { id } } }';
    await environment.send(query, { as: 'staff' });
    environment.reset();
    environment.services.lending.control.faults({ recentLoans: { hang: true } });
    const { body } = await send('100', query, 'staff');
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_TIMEOUT');
    assert.deepEqual(
      environment.calls().map(({ operation }) => operation),
      ['recentLoans'],
    );
  });
});

describe('A client that disconnects', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary(PATIENT);
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const callsOf = (operation: string) =>
    environment.calls().filter((call) => call.operation === operation);

  /** Sends a request, and disconnects when the call of this operation has arrived. */
  async function disconnectDuring(operation: string, query: string) {
    const client = new AbortController();
    const sent = fetch(environment.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-request-timeout-ms': '600000',
        ...(await authorization(CAST.reader)),
      },
      body: JSON.stringify({ query }),
      signal: client.signal,
    });
    await until(() => callsOf(operation).length === 1);
    client.abort();
    await assert.rejects(sent);
  }

  it('aborts the calls that only it waits for', async () => {
    environment.services.lending.control.faults({ activeCounts: { hang: true } });
    await disconnectDuring('activeCounts', COUNT);
    await until(() => callsOf('activeCounts').every(({ endedAt }) => endedAt !== null));
    assert.equal(callsOf('activeCounts').length, 1);
  });

  it('does not abort a call that others wait for', async () => {
    environment.services.lending.control.faults({ notices: { delayMs: 500 } });
    const staying = environment.send('{ notices { id } }');
    await until(() => environment.calls().length === 1);
    await disconnectDuring('notices', '{ notices { id } }');
    assert.equal((await staying).body.data.notices.length, 12);
    assert.equal(environment.calls().length, 1);
  });

  it('does not abort a write', async () => {
    environment.services.member.control.faults({ renameMember: { delayMs: 300 } });
    const query = 'mutation { renameMember(name: "Renamed") { userErrors { code } } }';
    await disconnectDuring('renameMember', query);
    await until(async () => {
      const { members } = await environment.read('member', `/members?ids=${CAST.reader}`);
      return members[0].name === 'Renamed';
    });
  });
});
