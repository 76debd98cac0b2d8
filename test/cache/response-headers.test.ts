import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import CachePolicy from 'http-cache-semantics';
import { createEntry } from '../../src/cache/entry.ts';
import { responseHeaders } from '../../src/cache/headers.ts';
import {
  type AnyEnvironment,
  authorization,
  startEnvironment,
  type TestViewer,
} from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { CACHED, EDGES, get, urlOf } from './environment.ts';
import type { Library } from './queries.ts';
import { clearCache, fakeClock, shareCached } from './shared-environment.ts';

const VARY = 'Accept, Accept-Encoding, Accept-Language';
const STALE = 'stale-while-revalidate=30, stale-if-error=300';
const PRIVATE = '{ viewer { member { id } } }';

/** The types lack this method. */
interface WithStale extends CachePolicy {
  useStaleWhileRevalidate(): boolean;
}

/** The tags by which a CDN can purge the answer: the same in the headers of both kinds of CDNs. */
function tagsOf({ headers }: Response): Set<string> {
  const spaced = headers.get('surrogate-key')?.split(' ');
  assert.deepEqual(headers.get('cache-tag')?.split(','), spaced);
  assert.equal(new Set(spaced).size, spaced?.length, 'each tag once');
  return new Set(spaced);
}

describe('Headers for downstream caches', () => {
  const environment = shareCached(library, EDGES);

  it('let CDNs store a public answer, with the tags of all that it contains', async () => {
    const card = await get(environment, '{ member(id: "42") { id } }');
    assert.equal(card.headers.get('cache-control'), 'public, max-age=0, s-maxage=300');
    assert.equal(card.headers.get('cdn-cache-control'), `public, max-age=300, ${STALE}`);
    assert.equal(card.headers.get('vary'), VARY);
    assert.deepEqual(tagsOf(card), new Set(['frontdesk', 'Query.member', 'Member', 'Member:42']));

    const both = await get(environment, '{ member(id: "43") { name } notices { id } }');
    assert.equal(both.headers.get('cache-control'), 'public, max-age=0, s-maxage=60');
    assert.equal(both.headers.get('cdn-cache-control'), `public, max-age=60, ${STALE}`);
    const { data } = (await both.json()) as { data: { notices: { id: string }[] } };
    const fields = ['Query.member', 'Query.notices'];
    const types = ['Member', 'notices', 'Notice'];
    const objects = data.notices.map(({ id }) => `Notice:${id}`);
    assert.deepEqual(
      tagsOf(both),
      new Set(['frontdesk', ...fields, ...types, ...objects, 'Member:43']),
    );
  });

  it('tag an answer about a missing object with that object', async () => {
    const deleted = await get(environment, `{ member(id: "${CAST.deleted}") { id } }`);
    assert.deepEqual(await deleted.clone().json(), { data: { member: null } });
    assert.ok(tagsOf(deleted).has(`Member:${CAST.deleted}`));
  });

  it('are the same for a miss, a hit and a 304', async () => {
    const query = '{ notices { id } }';
    const miss = await get(environment, query);
    const hit = await get(environment, query);
    const notModified = await get(environment, query, {
      'if-none-match': miss.headers.get('etag') ?? '',
      // Without a Cache-Control, fetch adds `no-cache`.
      'cache-control': 'max-age=60',
    });
    assert.equal(notModified.status, 304);
    for (const name of ['cache-control', 'vary', 'etag', 'surrogate-key', 'cache-tag']) {
      assert.ok(miss.headers.get(name), name);
      assert.equal(hit.headers.get(name), miss.headers.get(name), name);
      assert.equal(notModified.headers.get(name), miss.headers.get(name), name);
    }
  });

  it('let only the viewer’s own cache store a private answer', async () => {
    const headers = await authorization(CAST.reader);
    for (const outcome of [/; stored$/, /; hit;/]) {
      assertPrivate(await get(environment, PRIVATE, headers), outcome);
    }
  });

  it('are private if a single field of the answer is', async () => {
    const headers = await authorization(CAST.reader);
    const query = `${PRIVATE.slice(0, -1)} notices { id } }`;
    for (const outcome of [/; stored$/, /; hit;/]) {
      assertPrivate(await get(environment, query, headers), outcome);
    }
  });

  it('contain nothing of another response, such as its request id', async () => {
    const query = '{ notices { id } }';
    const sent = ['first', 'second', 'third'];
    const answers = [];
    for (const id of sent) answers.push(await get(environment, query, { 'x-request-id': id }));
    answers.push(...(await Promise.all([get(environment, query), get(environment, query)])));
    const ids = new Set(answers.map(({ headers }) => headers.get('x-request-id') ?? ''));
    assert.equal(ids.size, answers.length);
    assert.ok(sent.every((id) => !ids.has(id)) && !ids.has(''), [...ids].join());
    for (const { headers } of answers) assert.deepEqual(headers.getSetCookie(), []);
  });

  it('make a browser store the answer and revalidate it for every use', async () => {
    const query = '{ notices { id } }';
    const { status, headers } = await get(environment, query);
    const request = { method: 'GET', url: urlOf(environment, query), headers: {} };
    const response = { status, headers: Object.fromEntries(headers) };
    const browser = new CachePolicy(request, response, { shared: false }) as WithStale;
    assert.ok(browser.storable());
    assert.equal(browser.satisfiesWithoutRevalidation(request), false);
    assert.equal(browser.useStaleWhileRevalidate(), false, 'a purged answer would be shown');
  });

  it('are private for answers that depend on the role, and name the credentials in Vary', async () => {
    for (const query of ['{ recentLoans(first: 2) { id } }', '{ members { edges { cursor } } }']) {
      for (const outcome of [/; stored$/, /; hit;/]) {
        assertPrivate(await get(environment, query, await authorization('staff')), outcome);
      }
    }
  });

  it('are the same for every viewer of a public answer', async () => {
    const query = '{ member(id: "42") { id } }';
    const viewers: TestViewer[] = ['anonymous', CAST.reader, 'staff'];
    const seen = new Set<string>();
    for (const viewer of viewers) {
      const { headers } = await get(environment, query, await authorization(viewer));
      seen.add(`${headers.get('cache-control')} ${headers.get('vary')} ${headers.get('etag')}`);
    }
    assert.equal(seen.size, 1);
  });
});

function assertPrivate({ headers }: Response, outcome: RegExp): void {
  assert.match(headers.get('cache-status') ?? '', outcome);
  assert.equal(headers.get('cache-control'), 'private, no-cache');
  assert.equal(headers.get('vary'), `${VARY}, Authorization, Cookie, X-API-Key`);
  assert.match(headers.get('etag') ?? '', /^"[\w-]+"$/);
  assert.equal(headers.get('surrogate-key'), null);
  assert.equal(headers.get('cache-tag'), null);
}

const ORIGIN = 'https://shop.example';
const OTHER_ORIGIN = 'https://app.shop.example';
const RATE_LIMIT = 100_000;
const ENV = {
  CORS_ORIGINS: `${ORIGIN},${OTHER_ORIGIN}`,
  RATE_LIMIT_ADDRESS: String(RATE_LIMIT),
  RATE_LIMIT_VIEWER: String(RATE_LIMIT),
};
const PUBLIC_QUERY = '{ notices { id title body publishedAt } }';
const PRIVATE_QUERY = '{ home { member { id } } }';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const CLIENT_ID = { 'x-request-id': 'mine' };

/** All headers of a public answer: each is the same for every client, or depends on Vary. */
const SHAREABLE = [
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'age',
  'cache-control',
  'cache-status',
  'cache-tag',
  'cdn-cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-resource-policy',
  'date',
  'etag',
  'keep-alive',
  'referrer-policy',
  'strict-transport-security',
  'surrogate-key',
  'vary',
  'x-content-type-options',
  'x-request-id',
];

interface SentRequest {
  readonly query?: string;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(
  environment: AnyEnvironment,
  { query = PUBLIC_QUERY, method = 'GET', headers }: SentRequest,
) {
  const isPosted = method === 'POST';
  const url = isPosted ? environment.endpoint : urlOf(environment, query);
  const sent = request(url, {
    method,
    headers: {
      origin: ORIGIN,
      ...(isPosted && { 'content-type': 'application/json' }),
      ...headers,
    },
  }).end(isPosted ? JSON.stringify({ query }) : undefined);
  const [response]: IncomingMessage[] = await once(sent, 'response');
  assert.ok(response);
  await response.toArray();
  return response;
}

/** A public answer in every form that a shared cache stores. */
async function publicAnswers(environment: AnyEnvironment, headers: Record<string, string>) {
  const stored = await send(environment, { headers });
  const { etag = '' } = stored.headers;
  return {
    stored,
    hit: await send(environment, { headers }),
    compressed: await send(environment, { headers: { ...headers, 'accept-encoding': 'br' } }),
    'not modified': await send(environment, { headers: { ...headers, 'if-none-match': etag } }),
    'without a body': await send(environment, { method: 'HEAD', headers }),
  };
}

describe('Headers of an answer', () => {
  const environment = shareCached(library, ENV);

  it('contain nothing that belongs to one client, in any form that a shared cache stores', async () => {
    const answers = await publicAnswers(environment, {
      ...CLIENT_ID,
      ...(await authorization(CAST.reader)),
    });
    assert.match(String(answers.stored.headers['cache-status']), /stored/);
    assert.equal(answers.compressed.headers['content-encoding'], 'br');
    assert.equal(answers['not modified'].statusCode, 304);
    const ids = new Set<unknown>();
    for (const [name, { headers }] of Object.entries(answers)) {
      assert.match(headers['cache-control'] ?? '', /^public/, name);
      const others = Object.keys(headers).filter((header) => !SHAREABLE.includes(header));
      assert.deepEqual(others, [], name);
      assert.match(String(headers['x-request-id']), UUID, name);
      ids.add(headers['x-request-id']);
    }
    assert.equal(ids.size, Object.keys(answers).length, 'every response has its own id');
  });

  it('name Origin in Vary, also for a client without one and for a foreign origin', async () => {
    const allowed = { [ORIGIN]: ORIGIN, [OTHER_ORIGIN]: OTHER_ORIGIN, 'https://evil.example': '' };
    for (const [origin, allowOrigin] of Object.entries(allowed)) {
      for (const [name, { headers }] of Object.entries(
        await publicAnswers(environment, { origin }),
      )) {
        assert.equal(headers['access-control-allow-origin'] ?? '', allowOrigin, name);
        assert.match(headers.vary ?? '', /^Accept, .*, Origin$/, name);
      }
    }
    const { headers } = await get(environment, PUBLIC_QUERY);
    assert.equal(headers.get('access-control-allow-origin'), null);
    assert.match(headers.get('vary') ?? '', /, Origin$/);
  });

  it('contain the client’s request id and remaining rate limit if no shared cache stores the answer', async () => {
    const headers = { ...CLIENT_ID, ...(await authorization(CAST.reader)) };
    const left: number[] = [];
    for (const request of [
      { headers, query: PRIVATE_QUERY },
      { headers, query: PRIVATE_QUERY },
      { headers, method: 'POST' },
      { headers, method: 'POST' },
    ] as const) {
      const answer = await send(environment, request);
      assert.match(answer.headers['cache-control'] ?? '', /^(private|no-store)/);
      assert.equal(answer.headers['x-request-id'], 'mine');
      assert.equal(answer.headers['access-control-allow-origin'], ORIGIN);
      const remaining = [...String(answer.headers.ratelimit).matchAll(/r=(\d+)/g)].map(([, r]) =>
        Number(r),
      );
      assert.equal(remaining.length, 2);
      left.push(...remaining.slice(0, 1));
    }
    assert.ok(
      left.every((count, n) => count < (left[n - 1] ?? RATE_LIMIT)),
      left.join(),
    );
  });
});

const RESPONSE = {
  cacheStatus: 'stored',
  reason: 'uri-miss',
  coding: undefined,
  isPosted: false,
} as const;
/** Limit of some proxies for one header line. */
const MAX_HEADER_BYTES = 4_096;

/** The headers of a public answer with these tags, by name. */
function headersFor(
  tags: readonly string[],
  { maxAge = 60, arePurged = false, hasAllPurges = true } = {},
) {
  const entry = createEntry('{}', { maxAge, version: 0, scope: 'public', startedAt: 0, tags });
  const windows = { whileRevalidate: 30, ifError: 300 };
  const shared = { ...windows, arePurged, hasAllPurges: () => hasAllPurges };
  const { headers } = responseHeaders(entry, RESPONSE, shared);
  const pairs = headers.flatMap((name, n) => (n % 2 === 0 ? [[name, headers[n + 1]]] : []));
  return Object.fromEntries(pairs) as Readonly<Record<string, string | undefined>>;
}

function tagsFor(tags: readonly string[]): string[] {
  const headers = headersFor(tags);
  assert.equal(headers['cache-tag'], headers['surrogate-key']?.replaceAll(' ', ','));
  return headers['surrogate-key']?.split(' ') ?? [];
}

const objects = (count: number) => Array.from({ length: count }, (_, n) => `Loan:${1_000 + n}`);

describe('Headers for shared caches that cannot be purged', () => {
  const environment = shareCached(library);
  const CARD = '{ member(id: "42") { name } }';

  it('give them ten seconds, and old answers only while the BFF fails', async () => {
    const { headers } = await get(environment, CARD);
    assert.equal(headers.get('cache-control'), 'public, max-age=0, s-maxage=10');
    assert.equal(headers.get('cdn-cache-control'), 'public, max-age=10, stale-if-error=300');
  });

  it('let the ten seconds begin with each answer, however old it is', async (context) => {
    const pass = fakeClock(context);
    await get(environment, CARD);
    pass(100);
    const { headers } = await get(environment, CARD);
    assert.match(headers.get('cache-status') ?? '', /; hit;/);
    assert.equal(headers.get('age'), null);
    assert.match(headers.get('cache-control') ?? '', /s-maxage=10$/);
  });

  it('are those of a process that may lack purges, until it has all of them', () => {
    const missing = headersFor(['Loan'], { arePurged: true, hasAllPurges: false });
    assert.equal(missing['cdn-cache-control'], 'public, max-age=10, stale-if-error=300');
    const complete = headersFor(['Loan'], { arePurged: true });
    assert.match(complete['cdn-cache-control'] ?? '', /max-age=60/);
  });

  it('do not extend a shorter lifetime', () => {
    assert.match(headersFor(['Loan'], { maxAge: 3 })['cache-control'] ?? '', /s-maxage=3$/);
  });

  it('are those of an answer with more tags than fit into the header', () => {
    const few = headersFor(['Loan', ...objects(300)], { arePurged: true });
    assert.match(few['cdn-cache-control'] ?? '', /max-age=60, stale-while-revalidate=30/);
    const many = headersFor(['Loan', ...objects(1_000)], { arePurged: true });
    assert.equal(many['cdn-cache-control'], 'public, max-age=10, stale-if-error=300');
  });
});

describe('Tag headers', () => {
  it('name all objects that fit into one header', () => {
    const tags = ['Query.loans', 'Loan', ...objects(300)];
    assert.deepEqual(tagsFor(tags), ['frontdesk', ...tags]);
  });

  it('name the types if there are too many objects', () => {
    const tags = ['Query.loans', ...objects(1_000), 'Loan', 'Member:1', 'Member'];
    assert.deepEqual(tagsFor(tags), ['frontdesk', 'Query.loans', 'Loan', 'Member']);
  });

  it('never exceed the header length that proxies accept', () => {
    for (let count = 380; count < 420; count++) {
      const bytes = tagsFor(['Query.loans', 'Loan', ...objects(count)]).join(' ').length;
      assert.ok(bytes <= MAX_HEADER_BYTES, `${count} objects: ${bytes} bytes`);
    }
  });
});

/** Ids are opaque: a service may use any characters. */
const UNUSUAL_IDS = {
  'with a blank': 'a b',
  'with a comma': 'a,b',
  'of another script': '公告',
  'with a line break': 'a\r\nset-cookie: a=b',
  'with an accent': 'é',
};

/** The tags that these notices can have, in characters that are valid in every header. */
const TAG = /^(frontdesk|Query\.notices|notices|Notice(:[\x21-\x2b\x2d-\x7e]+)?)$/;

describe('Tag headers of an object with an id', () => {
  let service: Awaited<ReturnType<typeof startNotices>>;
  let environment: Library;
  before(async () => {
    service = await startNotices();
    environment = await startEnvironment(library, {
      ...CACHED,
      LENDING_SERVICE_URL: service.url,
    });
  });
  after(async () => {
    await environment[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  for (const [label, id] of Object.entries(UNUSUAL_IDS)) {
    it(`${label} split no tag, add none, and break no header`, async () => {
      service.setIds([id, '1']);
      await clearCache(environment, library);
      for (let n = 0; n < 2; n++) {
        const answer = await get(environment, '{ notices { id } }');
        assert.equal(answer.status, 200, await answer.clone().text());
        assert.deepEqual(answer.headers.getSetCookie(), []);
        const separated = { 'surrogate-key': ' ', 'cache-tag': ',' };
        for (const [name, separator] of Object.entries(separated)) {
          const tags = answer.headers.get(name)?.split(separator) ?? [];
          assert.ok(tags.length <= 6, tags.join(' | '));
          for (const tag of tags) assert.match(tag, TAG);
        }
      }
    });
  }
});

/** A stand-in for the lending service whose notices have the given ids. */
async function startNotices() {
  let ids: readonly string[] = [];
  const notices = () =>
    ids.map((id) => ({
      id,
      title: 'News',
      body: 'Nothing else.',
      publishedAt: '2026-06-01T09:00:00Z',
    }));
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ notices: notices() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setIds(next: readonly string[]) {
      ids = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
