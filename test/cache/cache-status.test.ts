import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { AnyEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { until } from '../support/until.ts';
import { EDGES, get, ttlOf } from './environment.ts';
import { fakeClock, shareGated } from './shared-environment.ts';

const QUERY = '{ notices { id } }';
const MEMBER = '{ member(id: "42") { name } }';

async function cacheStatusOf(environment: AnyEnvironment, query: string): Promise<string> {
  const response = await get(environment, query);
  await response.text();
  return response.headers.get('cache-status') ?? '';
}

describe('Cache-Status', () => {
  const environment = shareGated(library, EDGES);

  it('tells misses, hits and operations that are never stored apart, over GET and POST', async () => {
    const failing = '{ member(id: "99999") { name } }';
    const mutation = 'mutation { returnLoan(id: "1") { loan { id } } }';
    const methods = {
      GET: (query: string) => cacheStatusOf(environment, query),
      POST: async (query: string) =>
        (await environment.send(query)).headers.get('cache-status') ?? '',
    };
    for (const [method, send] of Object.entries(methods)) {
      const query = `# ${method}\n${QUERY}`;
      assert.equal(await send(query), 'frontdesk; fwd=uri-miss; stored');
      const status = await send(query);
      const ttl = Number(/^frontdesk; hit; ttl=(\d+)$/.exec(status)?.[1]);
      assert.ok(ttl >= 0 && ttl <= 60, `ttl=${ttl}`);
      for (let n = 0; n < 2; n++) {
        assert.equal(await send(failing), 'frontdesk; fwd=uri-miss');
        for (const never of [
          mutation,
          '{ __typename }',
          '{ __schema { description } }',
          '{ no }',
        ]) {
          assert.equal(await send(never), 'frontdesk; fwd=bypass', never);
        }
      }
    }
  });

  it('of a hit comes with its Age, that of a miss without', async (context) => {
    const pass = fakeClock(context);
    assert.equal((await get(environment, QUERY)).headers.get('age'), null);
    assert.equal((await get(environment, QUERY)).headers.get('age'), '0');
    const fresh = ttlOf(await get(environment, QUERY));
    pass(20);
    const { headers } = await get(environment, QUERY);
    assert.equal(headers.get('age'), '20');
    assert.equal(ttlOf({ headers }), fresh - 20);
    // Downstream caches subtract the Age.
    assert.match(headers.get('cache-control') ?? '', /s-maxage=60$/);
    assert.equal((await environment.send(QUERY)).headers.get('age'), '20');
    assert.equal(
      (await get(environment, '{ member(id: "99999") { id } }')).headers.get('age'),
      null,
    );
  });

  it('has a negative ttl while an expired answer is revalidated in the background', async (context) => {
    const pass = fakeClock(context);
    await cacheStatusOf(environment, QUERY);
    pass(61);
    const { headers } = await get(environment, QUERY);
    assert.ok(ttlOf({ headers }) < 0);
    assert.equal(headers.get('age'), '61');
    await until(async () => ttlOf(await get(environment, QUERY)) > 0);
    assert.equal((await get(environment, QUERY)).headers.get('age'), '0');
    pass(60 + 31);
    assert.equal(await cacheStatusOf(environment, QUERY), 'frontdesk; fwd=uri-miss; stored');
  });

  it('has a negative ttl if an expired answer is served because the upstream fails', async (context) => {
    const pass = fakeClock(context);
    const stored = await (await get(environment, MEMBER)).text();
    pass(300 + 31);
    environment.services.member.control.faults({ '*': { status: 503 } });
    const stale = await get(environment, MEMBER);
    assert.ok(ttlOf(stale) <= -31);
    assert.equal(stale.headers.get('age'), '331');
    assert.equal(await stale.text(), stored);
    pass(300);
    const failed = await get(environment, MEMBER);
    assert.equal(failed.headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
    assert.match(await failed.text(), /"UPSTREAM_UNAVAILABLE"/);
  });

  it('is `collapsed` for requests that wait for another’s execution and get its bytes', async () => {
    const held = environment.gates.lending.hold(/^\/notices/);
    let received = 0;
    environment.app.server.on('request', () => received++);
    const answers = [];
    for (let n = 1; n <= 5; n++) {
      answers.push(get(environment, QUERY));
      await until(() => received === n);
      // A received request joins the execution within the same turns of the event loop.
      for (let turns = 0; turns < 20; turns++) await turn();
    }
    await held.reaches(1);
    held.release();
    const [first, ...others] = await Promise.all(answers);
    assert.equal(first?.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
    const text = await first?.text();
    for (const other of others) {
      assert.equal(other.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; collapsed');
      assert.equal(other.headers.get('age'), null);
      for (const name of ['etag', 'cache-control', 'surrogate-key']) {
        assert.equal(other.headers.get(name), first?.headers.get(name), name);
      }
      assert.notEqual(other.headers.get('x-request-id'), first?.headers.get('x-request-id'));
      assert.equal(await other.text(), text);
    }
    assert.equal(held.count(), 1);
  });
});
