import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { web } from '../../bff-web/bff.ts';
import { startGatedEnvironment } from '../cache/environment.ts';
import { authorization, startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';
import { getFrom } from './edge-client.ts';

interface Edge extends AsyncDisposable {
  readonly url: string;
}

const PRIVATE = '{ viewer { user { id name } } }';
const COUNT = 30;
/** More than the second for which some responses are fresh. */
const LIFETIME_MS = 2_000;

/** A public query that no other test sends. */
const publicQuery = (() => {
  let sent = 0;
  return () => `# ${++sent}\n{ announcements { id title body } }`;
})();

/** The environment of BFFs behind an edge. */
export const BEHIND_AN_EDGE = { CACHE_MEMORY_MB: '16', TRUSTED_PROXIES: '127.0.0.1' };

/**
 * What holds for every shared cache in front of a BFF, whatever it is.
 * @param start - starts the edge in front of a BFF
 */
export function describeEdge(
  name: string,
  skip: string | false,
  start: (backend: string) => Promise<Edge>,
): void {
  describe(`${name} in front of a BFF`, { skip }, () => {
    const started = new AsyncDisposableStack();
    let edge: Edge;
    before(async () => {
      const environment = started.use(await startEnvironment(web, BEHIND_AN_EDGE));
      edge = started.use(await start(environment.url));
    });
    after(() => started.disposeAsync());
    const get = (query: string, headers?: Record<string, string>) => getFrom(edge, query, headers);

    it('answers public responses from its cache', async () => {
      const query = publicQuery();
      const first = await get(query);
      const second = await get(query);
      assert.match(first.cacheStatus, /^frontdesk; fwd=uri-miss; stored, \w+; fwd=miss$/);
      assert.equal(second.isHit, true, second.cacheStatus);
      assert.deepEqual(second.data, first.data);
    });

    for (const [header, value] of [
      ['authorization', 'Bearer '],
      ['cookie', 'session=1'],
      ['x-api-key', 'key'],
      ['cache-control', 'no-cache'],
    ] as const) {
      it(`never uses its cache for a request with ${header}`, async () => {
        const query = publicQuery();
        const headers =
          header === 'authorization' ? await authorization('42') : { [header]: value };
        for (let round = 0; round < 2; round++) {
          assert.equal((await get(query, headers)).isHit, false);
        }
        // Nor did it store what they got.
        assert.equal((await get(query)).isHit, false);
        assert.equal((await get(query)).isHit, true);
        assert.equal((await get(query, headers)).isHit, false);
      });
    }

    it('gives no viewer, and nobody without a token, the private answer of another', async () => {
      const [as42, as43] = [await authorization('42'), await authorization('43')];
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all([get(PRIVATE, as42), get(PRIVATE, as43), get(PRIVATE)]);
        const users = answers.map(({ data }) => data?.viewer?.user?.id);
        assert.deepEqual(users, ['42', '43', undefined]);
        assert.ok(answers.every(({ isHit }) => !isHit));
      }
    });

    it('gives concurrent requests of many viewers their own answers', async () => {
      const ids = Array.from({ length: COUNT }, (_, n) => String(n + 1));
      const answers = await Promise.all(
        ids.map(async (id) => get(PRIVATE, await authorization(id))),
      );
      for (const [n, { data }] of answers.entries()) {
        const found = data?.viewer?.user?.id;
        assert.ok(found === undefined || found === ids[n], `${ids[n]} got ${found}`);
      }
      assert.ok(answers.some(({ data }) => data?.viewer?.user?.id));
    });

    it('keeps responses in different languages apart', async () => {
      const query = publicQuery();
      await get(query, { 'accept-language': 'de' });
      assert.equal((await get(query, { 'accept-language': 'en' })).isHit, false);
      assert.equal((await get(query, { 'accept-language': 'de' })).isHit, true);
    });

    it('fetches a response once for concurrent requests', async () => {
      const query = publicQuery();
      const answers = await Promise.all(Array.from({ length: COUNT }, () => get(query)));
      const requestIds = new Set(answers.map(({ headers }) => headers.get('x-request-id')));
      assert.equal(requestIds.size, 1);
    });

    it('responds 304 to a client that has the response, from its cache and for a viewer', async () => {
      const query = publicQuery();
      // Without it, fetch adds no-cache.
      const conditional = (etag: string | null) => ({
        'if-none-match': etag ?? '',
        'cache-control': 'max-age=60',
      });
      await get(query);
      const stored = await get(query);
      const unchanged = await get(query, conditional(stored.headers.get('etag')));
      assert.deepEqual([unchanged.status, unchanged.text], [304, '']);
      assert.equal((await get(query, conditional('"other"'))).status, 200);
      const as42 = await authorization('42');
      const mine = await get(PRIVATE, as42);
      const again = await get(PRIVATE, { ...as42, ...conditional(mine.headers.get('etag')) });
      assert.equal(again.status, 304);
    });

    it('keeps compressed and plain responses apart', async () => {
      const query = publicQuery();
      for (const encoding of ['gzip', 'identity', 'gzip', 'identity']) {
        const answer = await get(query, { 'accept-encoding': encoding });
        const expected = encoding === 'gzip' ? 'gzip' : null;
        assert.equal(answer.headers.get('content-encoding'), expected);
        assert.ok(answer.data.announcements.length > 0);
      }
    });

    it('keeps the tags to itself', async () => {
      const query = publicQuery();
      for (let round = 0; round < 2; round++) {
        const { headers } = await get(query);
        for (const name of ['surrogate-key', 'cache-tag', 'xkey']) {
          assert.equal(headers.get(name), null);
        }
      }
    });

    it('gives a page of another origin no headers for the first one', async () => {
      await using environment = await startEnvironment(web, {
        ...BEHIND_AN_EDGE,
        CORS_ORIGINS: 'https://a.example,https://b.example',
      });
      await using other = await start(environment.url);
      const query = publicQuery();
      for (const origin of ['https://a.example', 'https://b.example', 'https://a.example']) {
        const { headers } = await getFrom(other, query, { origin });
        assert.equal(headers.get('access-control-allow-origin'), origin);
      }
      assert.equal((await getFrom(other, query, { origin: 'https://b.example' })).isHit, true);
    });
  });

  describe(`${name} in front of a BFF that fails`, { skip }, () => {
    it('serves a response after it has expired only if the BFF has no other', async () => {
      await using backend = await startBackend();
      await using edge = await start(backend.url);
      const query = publicQuery();
      const read = async () => {
        const { status, data } = await getFrom(edge, query);
        return [status, data];
      };
      assert.deepEqual(await read(), [200, 'first']);
      backend.answerWith(200, 'second');
      await sleep(LIFETIME_MS);
      assert.deepEqual(await read(), [200, 'second']);
      for (const status of [500, 503]) {
        backend.answerWith(status, 'failure');
        await sleep(LIFETIME_MS);
        for (let round = 0; round < 3; round++) assert.deepEqual(await read(), [200, 'second']);
        assert.deepEqual((await getFrom(edge, publicQuery())).data, 'failure');
      }
      backend.answerWith(200, 'third');
      await until(async () => (await read())[1] === 'third');
    });

    it('sends a request that may change something once', async () => {
      await using backend = await startBackend();
      await using edge = await start(backend.url);
      backend.answerWith(503, 'failure');
      const { status } = await fetch(`${edge.url}/graphql`, { method: 'POST', body: '{}' });
      assert.equal(status, 503);
      assert.equal(backend.posts(), 1);
    });
  });

  describe(`${name} in front of a BFF that is down`, { skip }, () => {
    it('serves what it has stored, also after it has expired, and nothing private', async () => {
      await using environment = await startGatedEnvironment(web, BEHIND_AN_EDGE);
      await using edge = await start(environment.url);
      environment.gates.notification.setHeaders(() => ({ 'cache-control': 'max-age=1' }));
      const query = publicQuery();
      const as42 = await authorization('42');
      const stored = await getFrom(edge, query);
      assert.match(stored.headers.get('cache-control') ?? '', /s-maxage=1$/);
      assert.equal((await getFrom(edge, PRIVATE, as42)).status, 200);
      await environment.app.close();
      await sleep(LIFETIME_MS);
      for (let round = 0; round < 3; round++) {
        const stale = await getFrom(edge, query);
        assert.deepEqual([stale.status, stale.data], [200, stored.data]);
      }
      assert.ok((await getStatus(edge, PRIVATE, as42)) >= 500);
      assert.ok((await getStatus(edge, publicQuery())) >= 500);
    });
  });
}

/** A server whose responses are public, and fresh for a second. */
async function startBackend() {
  let [status, data] = [200, 'first'];
  let posts = 0;
  const server = createServer(({ method, url }, response) => {
    if (method === 'POST') posts++;
    const isHealthCheck = url === '/readyz';
    const isStored = status === 200 && !isHealthCheck;
    response.writeHead(isHealthCheck ? 200 : status, {
      'content-type': 'application/json',
      'cache-control': isStored ? 'public, max-age=0, s-maxage=1' : 'no-store',
      ...(isStored && { 'cdn-cache-control': 'public, max-age=1, stale-if-error=300' }),
    });
    response.end(JSON.stringify({ data }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts: () => posts,
    answerWith(nextStatus: number, nextData: string) {
      [status, data] = [nextStatus, nextData];
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The status of a response that may not be JSON. */
async function getStatus(
  { url }: Edge,
  query: string,
  headers: Record<string, string> = {},
): Promise<number> {
  const { status } = await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, { headers });
  return status;
}
