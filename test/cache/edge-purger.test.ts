import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEdgePurger } from '../../src/cache/index.ts';
import { startEdge } from '../support/edge.ts';
import { startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import { CACHED } from './environment.ts';

const RENAME = 'mutation { renameMember(name: "Ada") { member { name } } }';

/** Creates a purger, and records what it logs and counts. */
function createPurger(urls: readonly URL[], token?: string) {
  const logged: (readonly [edge: string, message: string])[] = [];
  const counts: Record<string, number> = {};
  const purger = createEdgePurger({
    urls,
    token,
    log: {
      warn: (fields: unknown, message?: unknown) =>
        void logged.push([(fields as { edge: string }).edge, String(message)]),
    } as Parameters<typeof createEdgePurger>[0]['log'],
    countFor: (edge) => (outcome) => {
      counts[`${edge} ${outcome}`] = (counts[`${edge} ${outcome}`] ?? 0) + 1;
    },
  });
  return { ...purger, logged, counts, [Symbol.asyncDispose]: purger.close };
}

const objects = (count: number, type = 'Loan') =>
  Array.from({ length: count }, (_, n) => `${type}:${n}`);

describe('Purges of edges', () => {
  it('are sent as surrogate keys, with the token in the headers of Varnish and of Fastly', async () => {
    await using edge = await startEdge();
    await using purger = createPurger([edge.url], 'secret');
    purger.purge(['Loan:1', 'loans:member=42']);
    await until(() => edge.requests.length > 0);
    const [{ method, path, headers, tags } = assert.fail()] = edge.requests;
    assert.deepEqual([method, path], ['POST', '/purge']);
    assert.deepEqual(tags, ['Loan:1', 'loans:member=42']);
    assert.equal(headers.authorization, 'Bearer secret');
    assert.equal(headers['fastly-key'], 'secret');
  });

  it('of one turn, and those that arrive during a request, are combined', async () => {
    await using edge = await startEdge();
    await using purger = createPurger([edge.url]);
    edge.hold();
    purger.purge(['Loan:1']);
    purger.purge(['Loan:2', 'Loan:1']);
    await until(() => edge.requests.length === 1);
    for (const tag of objects(100)) purger.purge([tag]);
    edge.release();
    await until(() => edge.requests.length === 2);
    const sent = edge.requests.map(({ tags }) => tags);
    assert.deepEqual(sent, [['Loan:1', 'Loan:2'], objects(100)]);
    assert.equal(edge.highestInFlight(), 1);
  });

  it('are sent to each edge on its own, whether or not another one answers', async () => {
    await using down = await startEdge();
    await using edge = await startEdge();
    down.hold();
    await using purger = createPurger([down.url, edge.url]);
    for (const tag of ['Loan:1', 'Loan:2']) {
      purger.purge([tag]);
      await until(() => edge.requests.some(({ tags }) => tags.includes(tag)));
    }
    assert.equal(down.requests.length, 1);
    down.release();
    await until(() => down.requests.some(({ tags }) => tags.includes('Loan:2')));
  });

  for (const status of [301, 403, 429, 503]) {
    it(`are repeated after status ${status} until they are accepted, and each change is logged once`, async () => {
      await using edge = await startEdge();
      await using purger = createPurger([edge.url]);
      edge.answerWith(status);
      purger.purge(['Loan:1']);
      await until(() => edge.requests.length === 3);
      purger.purge(['Loan:2']);
      edge.answerWith(204);
      await until(() => ['Loan:1', 'Loan:2'].every((tag) => edge.accepted().includes(tag)));
      await until(() => purger.logged.length === 2);
      assert.ok((purger.counts[`${edge.host} failed`] ?? 0) >= 3);
      assert.deepEqual(purger.logged, [
        [edge.host, 'edge unavailable: purges are retried'],
        [edge.host, 'edge available again'],
      ]);
    });
  }

  it('are sent once more a little later, for a response that was on its way', async () => {
    await using edge = await startEdge();
    await using purger = createPurger([edge.url]);
    purger.purge(['Loan:1']);
    await until(() => edge.requests.length === 1);
    const firstAt = performance.now();
    await until(() => edge.requests.length === 2);
    assert.ok(performance.now() - firstAt > 900);
    assert.deepEqual(edge.requests[1]?.tags, ['Loan:1']);
    purger.purge(['Loan:2']);
    await until(() => edge.requests.length === 4);
    assert.deepEqual(edge.requests[3]?.tags, ['Loan:2']);
  });

  it('of many tags are divided into requests whose headers proxies accept', async () => {
    await using edge = await startEdge();
    await using purger = createPurger([edge.url]);
    const tags = [...objects(3_000), `Loan:${'x'.repeat(200)}`];
    purger.purge(tags);
    await until(() => edge.requests.flatMap((each) => each.tags).length >= tags.length);
    assert.deepEqual(edge.requests.flatMap((each) => each.tags).slice(0, tags.length), tags);
    for (const each of edge.requests) {
      assert.ok(each.tags.length <= 256);
      assert.ok(each.tags.join(' ').length <= 4_096);
    }
  });

  it('become purges of types while thousands of tags wait', async () => {
    await using edge = await startEdge();
    await using purger = createPurger([edge.url]);
    edge.hold();
    purger.purge(['first']);
    await until(() => edge.requests.length === 1);
    for (const type of ['Loan', 'Member']) purger.purge(objects(3_000, type));
    purger.purge(['notices']);
    edge.release();
    await until(() => edge.requests.length === 2);
    assert.deepEqual(edge.requests[1]?.tags, ['Loan', 'Member', 'notices']);
  });

  it('become one purge of everything while thousands of types wait', async () => {
    await using edge = await startEdge();
    await using purger = createPurger([edge.url]);
    edge.hold();
    purger.purge(['first']);
    await until(() => edge.requests.length === 1);
    purger.purge(Array.from({ length: 5_000 }, (_, n) => `type${n}:1`));
    edge.release();
    await until(() => edge.requests.length === 2);
    assert.deepEqual(edge.requests[1]?.tags, ['frontdesk']);
  });

  it('that remain are sent when the BFF ends', async () => {
    await using edge = await startEdge();
    const purger = createPurger([edge.url]);
    edge.hold();
    purger.purge(['Loan:1']);
    await until(() => edge.requests.length === 1);
    purger.purge(objects(1_000));
    edge.release();
    await purger.close();
    const sent = new Set(edge.requests.flatMap(({ tags }) => tags));
    assert.deepEqual(
      objects(1_000).filter((tag) => !sent.has(tag)),
      [],
    );
    assert.deepEqual(purger.logged, []);
  });

  it('that cannot be sent when the BFF ends are logged as lost', async () => {
    await using edge = await startEdge();
    const purger = createPurger([edge.url]);
    edge.answerWith(503);
    purger.purge(['Loan:1']);
    await until(() => edge.requests.length === 1);
    await purger.close();
    assert.deepEqual(purger.logged.at(-1), [edge.host, 'edge purges lost']);
  });
});

describe('A BFF with EDGE_PURGE_URL', () => {
  it('purges its edges of what mutations and events change', async () => {
    await using edge = await startEdge();
    const env = { ...CACHED, EDGE_PURGE_URL: edge.url.href, EDGE_PURGE_TOKEN: 'secret' };
    await using environment = await startEnvironment(library, env);
    const sent = () => edge.requests.flatMap(({ tags }) => tags);
    await environment.send(RENAME, { as: CAST.reader });
    await until(() => sent().includes(`Member:${CAST.reader}`));
    await purge(environment, 'Notice:7');
    await until(() => sent().includes('Notice:7'));
    const metrics = await (await fetch(`${environment.adminUrl}/metrics`)).text();
    const count = (outcome: string) =>
      `frontdesk_edge_purges_total{edge="${edge.host}",outcome="${outcome}"}`;
    assert.match(
      metrics,
      new RegExp(`^${count('delivered').replaceAll(/[{}.]/g, '\\$&')} [1-9]`, 'm'),
    );
    assert.ok(metrics.includes(`${count('failed')} 0`));
  });

  it('purges them when the outcome of a mutation is unknown', async () => {
    await using edge = await startEdge();
    const env = { ...CACHED, EDGE_PURGE_URL: edge.url.href };
    await using environment = await startEnvironment(library, env);
    await environment.send('{ viewer { id } }', { as: CAST.reader });
    environment.services.member.control.faults({ '*': { status: 500, afterWork: true } });
    await environment.send(RENAME, { as: CAST.reader });
    await until(() => edge.requests.some(({ tags }) => tags.includes(`Member:${CAST.reader}`)));
  });

  it('answers a mutation while an edge hangs', async () => {
    await using edge = await startEdge();
    edge.hold();
    const env = { ...CACHED, EDGE_PURGE_URL: edge.url.href };
    await using environment = await startEnvironment(library, env);
    const { body } = await environment.send(RENAME, { as: CAST.reader });
    assert.equal(body.errors, undefined);
    await until(() => edge.requests.length === 1);
    edge.release();
  });
});
