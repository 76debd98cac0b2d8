import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { createEntry } from '../../src/cache/entry.ts';
import { responseHeaders } from '../../src/cache/headers.ts';
import { startWorld, type World } from '../support/world.ts';

const STALE = { whileRevalidate: 30, ifError: 300 };
const LEAVING = {
  outcome: 'stored',
  reason: 'uri-miss',
  coding: undefined,
  isPosted: false,
} as const;
/** Some proxies take no more in one header line. */
const MOST_BYTES = 4_096;

const tagsFor = (tags: readonly string[]): string[] => {
  const described = { maxAge: 60, version: 0, scope: 'public', startedAt: 0, tags } as const;
  const { headers } = responseHeaders(createEntry('{}', described), LEAVING, STALE);
  const of = (name: string) => headers[headers.indexOf(name) + 1];
  assert.equal(of('cache-tag'), of('surrogate-key')?.replaceAll(' ', ','));
  return of('surrogate-key')?.split(' ') ?? [];
};

const objects = (count: number) => Array.from({ length: count }, (_, n) => `Order:${1_000 + n}`);

describe('the tags that a CDN is told', () => {
  it('are those of all objects, as long as they fit into one header', () => {
    const tags = ['Query.orders', 'Order', ...objects(300)];
    assert.deepEqual(tagsFor(tags), tags);
  });

  it('are those of types where the objects are too many', () => {
    const tags = ['Query.orders', ...objects(1_000), 'Order', 'User:1', 'User'];
    assert.deepEqual(tagsFor(tags), ['Query.orders', 'Order', 'User']);
  });

  it('never make a header that is longer than proxies take', () => {
    for (let count = 380; count < 420; count++) {
      const bytes = tagsFor(['Query.orders', 'Order', ...objects(count)]).join(' ').length;
      assert.ok(bytes <= MOST_BYTES, `${count} objects: ${bytes} bytes`);
    }
  });
});

/** What a service may call an object: its ids are opaque to everyone else. */
const IDS = {
  'with a blank': 'a b',
  'with a comma': 'a,b',
  'of another script': '公告',
  'with a line break': 'a\r\nset-cookie: a=b',
  'with an accent': 'é',
};

/** Any that these announcements may have, in the characters that every header takes. */
const TAG = /^(Query\.announcements|announcements|Announcement(:[\x21-\x2b\x2d-\x7e]+)?)$/;

describe('the tags of objects with an unusual id', () => {
  for (const [what, id] of Object.entries(IDS)) {
    it(`${what} split no tag, add none, and break no header`, async () => {
      await using service = await startAnnouncements([id, '1']);
      await using world = await startWorld(web, {
        CACHE_MEMORY_MB: '64',
        NOTIFICATION_SERVICE_URL: service.url,
      });
      for (let n = 0; n < 2; n++) {
        const answer = await get(world);
        assert.equal(answer.status, 200, await answer.clone().text());
        assert.deepEqual(answer.headers.getSetCookie(), []);
        const separated = { 'surrogate-key': ' ', 'cache-tag': ',' };
        for (const [name, separator] of Object.entries(separated)) {
          const tags = answer.headers.get(name)?.split(separator) ?? [];
          assert.ok(tags.length <= 5, tags.join(' | '));
          for (const tag of tags) assert.match(tag, TAG);
        }
      }
    });
  }
});

const get = ({ endpoint }: World) =>
  fetch(`${endpoint}?${new URLSearchParams({ query: '{ announcements { id } }' })}`);

async function startAnnouncements(ids: readonly string[]) {
  const announcements = ids.map((id) => ({
    id,
    title: 'News',
    body: 'Nothing else.',
    publishedAt: '2026-06-01T09:00:00Z',
  }));
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ announcements }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
