import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SERVICE_NAMES, startServices } from '../support/services.ts';
import { type Counted, type Send, startCounted } from './allocation-process.ts';
import { toSites } from './allocation-sites.ts';
import { assertAllocations, isMeant, parseTable, readTable } from './allocation-table.ts';
import { createClient, WAYS } from './allocation-workloads.ts';

const { node, budgets } = readTable();
const isIts = process.versions.node === node;
/** With CI=true nothing is skipped, so that a table for another Node fails the tests. */
const skip =
  isIts || process.env.CI === 'true' ? false : `counted for Node ${node}, which npm test takes`;
const SITES = process.env.ALLOCATIONS === 'sites' ? 15 : 0;
/** What another process does to a count once, it does not do so many times. */
const TRIES = 3;

interface Desk {
  readonly counted: Counted;
  readonly send: Send;
}

/** The services, a process for each environment that a way needs, and who asks. */
async function startDesks() {
  await using started = new AsyncDisposableStack();
  const { env: addresses } = started.use(await startServices(SERVICE_NAMES));
  const envs = new Set(Object.values(WAYS).map(({ env }) => env));
  const processes = new Map(
    await Promise.all(
      Array.from(envs, async (env) => {
        const counted = started.use(await startCounted({ ...addresses, ...env }));
        return [env, { counted, client: started.use(createClient(counted.endpoint)) }] as const;
      }),
    ),
  );
  const rest = started.move();
  return {
    async desk(name: string): Promise<Desk> {
      const way = WAYS[name];
      const process = way && processes.get(way.env);
      assert.ok(process, `no way is named "${name}"`);
      return { counted: process.counted, send: await way.prepare(process.client.ask) };
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

async function count({ counted, send }: Desk, budget: number): Promise<number> {
  for (let tried = 1; ; tried++) {
    const bytes = await counted.bytesPer(send);
    if (isMeant(bytes, budget) || tried === TRIES) return bytes;
  }
}

async function showSites({ counted, send }: Desk, title: string): Promise<void> {
  const { profile, requests } = await counted.profileOf(send);
  const lines = toSites(profile, requests)
    .slice(0, SITES)
    .map(({ place, bytes }) => `${String(bytes).padStart(8)}  ${place}`);
  console.log(`${title}: bytes per request\n${lines.join('\n')}\n`);
}

describe('what a request allocates', { skip }, () => {
  let desks: Awaited<ReturnType<typeof startDesks>>;
  before(async () => {
    desks = await startDesks();
  });
  after(() => desks[Symbol.asyncDispose]());

  it('has a budget for each way, and no other, for this Node', () => {
    assert.deepEqual([...budgets.keys()], Object.keys(WAYS));
    assert.equal(process.versions.node, node);
  });

  for (const [name, budget] of budgets) {
    it(`is what is meant: ${name}`, async () => {
      const desk = await desks.desk(name);
      const bytes = await count(desk, budget);
      if (SITES > 0) await showSites(desk, `${name}, ${bytes} in all`);
      assertAllocations(name, bytes, budget);
    });
  }

  it('is counted, whatever it is and wherever it comes from', async () => {
    const { counted, send } = await desks.desk('not modified');
    const bytes = await counted.bytesPer(send);
    const { elements, done } = await counted.wasting(() => counted.bytesPer(send));
    const more = done - bytes;
    // 8 bytes each, and a few objects around them.
    assert.ok(more > 8 * elements && more < 8 * elements + 500, `${more} bytes more`);
  });
});

describe('the guard of the allocations', () => {
  const complaint = (bytes: number) => () => assertAllocations('not modified', bytes, 1_000);

  it('says which way allocates more than it may, and how much', () => {
    assert.throws(complaint(1_011), {
      message: `not modified: may allocate 1000 bytes per request, and allocates 1011 (+1.1 %).
  Which functions allocate: ALLOCATIONS=sites node --test test/budgets/allocations.test.ts`,
    });
  });

  it('refuses a budget for more than is allocated', () => {
    assert.throws(complaint(989), {
      message: `not modified: may allocate 1000 bytes per request, and allocates 989 (-1.1 %).
  The budget is too generous: write down what it allocates now.`,
    });
  });

  it('lets pass what counts differ by', () => {
    for (const bytes of [990, 1_000, 1_010]) complaint(bytes)();
  });

  it('names the functions that allocate most, and for whom', () => {
    const frame = (functionName: string, url: string, lineNumber: number) => ({
      functionName,
      url: url && new URL(`../../${url}`, import.meta.url).href,
      lineNumber,
      scriptId: '',
      columnNumber: 0,
    });
    const node = (callFrame: ReturnType<typeof frame>, selfSize: number, ...children: object[]) =>
      ({ callFrame, selfSize, children, id: 0 }) as never;
    const push = () => frame('push', '', -1);
    const counter = frame('bytes', 'test/budgets/allocation-counter.ts', 1);
    const send = node(
      frame('send', 'src/protocols/graphql-over-http/send-response.ts', 9),
      40,
      node(push(), 60),
    );
    const get = node(frame('', 'node_modules/got/index.js', 0), 8, node(push(), 200));
    const own = node(counter, 1_000, node(push(), 1_000));
    const head = node(frame('(root)', '', -1), 0, send, get, own, node(push(), 20));
    assert.deepEqual(toSites({ head }, 2), [
      { place: 'push, for (anonymous) got/index.js:1', bytes: 100 },
      { place: 'push, for send src/protocols/graphql-over-http/send-response.ts:10', bytes: 30 },
      { place: 'send src/protocols/graphql-over-http/send-response.ts:10', bytes: 20 },
      { place: 'push', bytes: 10 },
      { place: '(anonymous) got/index.js:1', bytes: 4 },
      { place: '(root)', bytes: 0 },
    ]);
  });

  it('refuses a table that does not read as one', () => {
    const head = 'node 26.10.0\n';
    assert.deepEqual([...parseTable(`# x\n${head}a b: 12 bytes`).budgets], [['a b', 12]]);
    assert.throws(() => parseTable('a: 12 bytes'), /does not say which Node/);
    for (const line of ['a: 12', 'a: 1.5 bytes', head, 'a: 1 bytes\na: 1 bytes']) {
      assert.throws(() => parseTable(head + line), /does not read as a budget: (a|node)/);
    }
  });
});
