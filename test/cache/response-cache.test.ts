import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ExecutionRecorder } from '../../src/cache/execution-recorder.ts';
import type { ExecutionResult } from '../../src/cache/execution-result.ts';
import { joinKeyParts } from '../../src/cache/key.ts';
import { createPackedTier, PackedStore } from '../../src/cache/packed-store.ts';
import { ResponseCache } from '../../src/cache/response-cache.ts';
import { createEntryStore } from '../../src/cache/store.ts';
import { TagVersions } from '../../src/cache/tag-versions.ts';
import type { CacheEntry, CacheLookup } from '../../src/cache/types.ts';
import { RequestDeadline } from '../../src/deadline.ts';

const REPRESENTATION = {
  name: 'test',
  serialise: ({ data }: ExecutionResult) => JSON.stringify({ data }),
};
const LOOKUP = {
  key: 'k',
  policy: { maxAge: 60, scope: 'public', tags: ['Query.a'] },
  representation: REPRESENTATION,
} as const;
const PRIVATE_LOOKUP = { ...LOOKUP, policy: { ...LOOKUP.policy, scope: 'user' } } as const;
const WAITER = new RequestDeadline(600_000);

const dataOf = ({ body }: CacheEntry): string => JSON.parse(body).data;

/** A ResponseCache, and executions that the test ends. */
function createHarness({
  bytes = 1_000_000,
  whileRevalidate = 30,
  ifError = 300,
  secondTier = createPackedTier(new PackedStore(1_000_000)),
} = {}) {
  const tagVersions = new TagVersions();
  const warnings: string[] = [];
  const log = { warn: (...given: unknown[]) => void warnings.push(String(given.at(-1))) };
  const store = bytes > 0 ? createEntryStore(bytes, [secondTier], log) : undefined;
  const edge = new ResponseCache({ store, tagVersions, stale: { whileRevalidate, ifError }, log });
  const executions: {
    recording: ExecutionRecorder;
    end: (body: string, ...codes: string[]) => void;
    fail: (error: Error) => void;
  }[] = [];

  const execute = (recording: ExecutionRecorder) =>
    new Promise<ExecutionResult>((resolve, reject) => {
      const end = (data: string, ...errorCodes: string[]) => {
        resolve({ status: 200, data, errorCodes });
      };
      executions.push({ recording, end, fail: reject });
    });
  const toText = (answer: Awaited<ReturnType<typeof edge.getOrExecute>>) =>
    'entry' in answer
      ? `${answer.status} ${dataOf(answer.entry)}`
      : `unshared ${answer.executed.data}`;
  return {
    tagVersions,
    edge,
    executions,
    warnings,
    /** The outcome and data of a request; `unshared` for an answer that only this request gets. */
    async ask(waiter = WAITER, lookup: CacheLookup = LOOKUP) {
      return toText(await edge.getOrExecute(lookup, waiter, execute));
    },
    async executeAndStore(lookup: CacheLookup = LOOKUP) {
      return toText(await edge.executeAndStore(lookup, execute));
    },
    /** Resolves to an execution by number, once it has begun. */
    async execution(index: number) {
      while (!executions[index]) await new Promise((resolve) => setImmediate(resolve));
      const found = executions[index];
      assert.ok(found);
      return found;
    },
  };
}

describe('ResponseCache', () => {
  it('executes once for concurrent requests, and answers later ones from memory', async () => {
    const { ask, execution, executions, edge } = createHarness();
    const answers = Promise.all([ask(), ask(), ask()]);
    (await execution(0)).end('1');
    assert.deepEqual(await answers, ['stored 1', 'collapsed 1', 'collapsed 1']);
    assert.equal(await ask(), 'hit 1');
    assert.equal(JSON.parse(edge.getFresh('k')?.body ?? '').data, '1');
    assert.equal(executions.length, 1);
  });

  it('neither stores nor shares the result of an execution that began before a purge', async () => {
    const { ask, execution, tagVersions } = createHarness();
    const early = ask();
    const { recording, end } = await execution(0);
    recording.addTags(['Order:1']);
    tagVersions.purge(['Order:1']);
    const late = ask();
    const second = await execution(1);
    end('old');
    assert.equal(await early, 'miss old');
    second.end('new');
    assert.equal(await late, 'stored new');
    assert.equal(await ask(), 'hit new');
  });

  it('stores an answer although other tags are purged during its execution', async () => {
    const { ask, execution, tagVersions } = createHarness();
    const asked = ask();
    const { recording, end } = await execution(0);
    recording.addTags(['Order:1']);
    tagVersions.purge(['Order:2']);
    end('1');
    assert.equal(await asked, 'stored 1');
  });

  it('does not share failures: followers execute themselves', async () => {
    const { ask, execution, executions } = createHarness();
    const [leader, follower] = [ask(), ask()];
    (await execution(0)).end('bad', 'UPSTREAM_TIMEOUT');
    assert.equal(await leader, 'unshared bad');
    (await execution(1)).end('good');
    assert.equal(await follower, 'stored good');
    assert.equal(executions.length, 2);
  });

  it('does not share an answer whose execution read the viewer', async () => {
    const { ask, execution } = createHarness();
    const [leader, follower] = [ask(), ask()];
    const { recording, end } = await execution(0);
    recording.markUnshareable();
    end('mine');
    assert.equal(await leader, 'unshared mine');
    (await execution(1)).end('ours');
    assert.equal(await follower, 'stored ours');
  });

  it('lets a request with an earlier deadline than the leader execute on its own', async () => {
    const { ask, execution } = createHarness();
    const leader = ask();
    await execution(0);
    const urgent = ask(new RequestDeadline(5_000));
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT');
    assert.equal(await urgent, 'unshared part');
    (await execution(0)).end('whole');
    assert.equal(await leader, 'stored whole');
  });

  it('without memory stores nothing, but shares executions in flight', async () => {
    const { ask, execution, edge } = createHarness({ bytes: 0 });
    const answers = Promise.all([ask(), ask()]);
    (await execution(0)).end('1');
    assert.deepEqual(await answers, ['miss 1', 'collapsed 1']);
    assert.equal(edge.getFresh('k'), undefined);
    assert.ok(edge.isCacheable(LOOKUP.policy));
    assert.ok(!edge.isCacheable({ ...LOOKUP.policy, scope: 'user' }));
  });

  it('keeps the deadline of a leader that has left until its followers have their response', async () => {
    const { edge, executions } = createHarness();
    const leader = new RequestDeadline(600_000);
    const execute = (recording: ExecutionRecorder) =>
      new Promise<ExecutionResult>((resolve) => {
        const end = () => resolve({ status: 200, data: '1', errorCodes: [] });
        executions.push({ recording, end, fail: assert.fail });
      });
    const answers = [leader, new RequestDeadline(700_000)].map((requester) =>
      edge.getOrExecute(LOOKUP, requester, execute),
    );
    await turn();
    leader.release();
    assert.equal(leader.isDone, false);
    executions[0]?.end('1');
    await Promise.all(answers);
    assert.equal(leader.isDone, true);
  });

  it('lets followers execute themselves if the leader throws', async () => {
    const { edge, ask, execution } = createHarness();
    const leader = edge.getOrExecute(LOOKUP, WAITER, () => Promise.reject(new Error('broken')));
    const follower = ask();
    await assert.rejects(leader, /broken/);
    (await execution(0)).end('1');
    assert.equal(await follower, 'stored 1');
  });
});

describe('The second tier of the response cache', () => {
  it('holds up no answer, and its failures are logged', async () => {
    const secondTier = createPackedTier(new PackedStore(1_000_000));
    const { promise: answered, reject: fail } = Promise.withResolvers<true>();
    secondTier.set = () => answered;
    const { ask, execution, warnings } = createHarness({ secondTier });
    const first = ask();
    (await execution(0)).end('new');
    assert.equal(await first, 'stored new');
    assert.equal(await ask(), 'hit new');
    fail(new Error('broken'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(warnings, ['cache write failed in a second tier']);
  });
});

describe('ResponseCache.executeAndStore', () => {
  it('executes although an answer is stored, and stores the new one', async () => {
    const { ask, executeAndStore, execution } = createHarness();
    const first = ask();
    (await execution(0)).end('old');
    await first;
    const answer = executeAndStore();
    (await execution(1)).end('new');
    assert.equal(await answer, 'stored new');
    assert.equal(await ask(), 'hit new');
  });

  it('does not join an execution in flight', async () => {
    const { ask, executeAndStore, execution } = createHarness();
    const earlier = ask();
    const first = await execution(0);
    const answer = executeAndStore();
    (await execution(1)).end('new');
    assert.equal(await answer, 'stored new');
    first.end('old');
    await earlier;
  });

  it('stores an answer that no earlier execution overwrites', async () => {
    const { ask, executeAndStore, execution } = createHarness();
    const earlier = ask();
    const first = await execution(0);
    const answer = executeAndStore();
    (await execution(1)).end('new');
    await answer;
    first.end('old');
    assert.equal(await earlier, 'miss old');
    assert.equal(await ask(), 'hit new');
  });

  it('returns the partial answer if upstreams fail, and keeps the stored one for other requests', async () => {
    const { ask, executeAndStore, execution } = createHarness();
    const first = ask();
    (await execution(0)).end('whole');
    await first;
    const answer = executeAndStore();
    (await execution(1)).end('part', 'UPSTREAM_UNAVAILABLE');
    assert.equal(await answer, 'unshared part');
    assert.equal(await ask(), 'hit whole');
  });
});

describe('ResponseCache with an expired answer', () => {
  beforeEach(() => mock.timers.enable({ apis: ['Date'], now: Date.now() }));
  afterEach(() => mock.timers.reset());

  /** A harness whose cache has an answer that has expired. */
  async function createExpired(stale = {}, lookup: CacheLookup = LOOKUP) {
    const harness = createHarness(stale);
    const asked = harness.ask(WAITER, lookup);
    const { recording, end } = await harness.execution(0);
    recording.addTags(['Order:1']);
    recording.limitFreshness(1, false);
    end('old');
    assert.equal(await asked, 'stored old');
    mock.timers.tick(1_010);
    assert.equal(harness.edge.getFresh('k'), undefined);
    return harness;
  }

  it('serves it while one execution revalidates it', async () => {
    const { ask, execution, executions } = await createExpired();
    assert.deepEqual(await Promise.all([ask(), ask()]), ['hit old', 'hit old']);
    (await execution(1)).end('new');
    while ((await ask()) !== 'hit new');
    assert.equal(executions.length, 2);
  });

  it('does not serve it after a purge', async () => {
    const { ask, execution, tagVersions } = await createExpired();
    tagVersions.purge(['Order:1']);
    const asked = ask();
    (await execution(1)).end('new');
    assert.equal(await asked, 'stored new');
  });

  it('serves it if upstreams fail, but not for other failures', async () => {
    const { ask, execution } = await createExpired({ whileRevalidate: 0 });
    const [first, second] = [ask(), ask()];
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE');
    (await execution(2)).end('no', 'UPSTREAM_TIMEOUT', 'FORBIDDEN');
    assert.deepEqual([await first, await second], ['hit old', 'unshared no']);
  });

  it('does not serve it if upstreams fail and it was purged during the execution', async () => {
    const { ask, execution, tagVersions } = await createExpired({ whileRevalidate: 0 });
    const asked = ask();
    const { end } = await execution(1);
    tagVersions.purge(['Order:1']);
    end('part', 'UPSTREAM_TIMEOUT');
    assert.equal(await asked, 'unshared part');
  });

  it('does not serve it if upstreams fail and it is private', async () => {
    const { ask, execution } = await createExpired({ whileRevalidate: 0 }, PRIVATE_LOOKUP);
    const asked = ask(WAITER, PRIVATE_LOOKUP);
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT');
    assert.equal(await asked, 'unshared part');
  });

  it('logs a revalidation that fails', async () => {
    const { ask, execution, warnings } = await createExpired();
    assert.equal(await ask(), 'hit old');
    (await execution(1)).fail(new Error('broken'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(warnings, ['background refresh failed']);
  });

  it('removes it if it is private and its revalidation fails, so that the next request executes', async () => {
    for (const codes of [['UPSTREAM_TIMEOUT'], ['UPSTREAM_TIMEOUT', 'FORBIDDEN']]) {
      const { ask, execution } = await createExpired({}, PRIVATE_LOOKUP);
      assert.equal(await ask(WAITER, PRIVATE_LOOKUP), 'hit old');
      (await execution(1)).end('part', ...codes);
      await turn();
      const next = ask(WAITER, PRIVATE_LOOKUP);
      (await execution(2)).end('part again', ...codes);
      assert.equal(await next, 'unshared part again');
    }
  });

  it('keeps serving it while its revalidation fails if it is shared', async () => {
    const { ask, execution } = await createExpired();
    assert.equal(await ask(), 'hit old');
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT');
    await turn();
    assert.equal(await ask(), 'hit old');
    (await execution(2)).end('new');
  });
});

describe('TagVersions', () => {
  it('makes answers stale that began before a purge of one of their tags, and no others', () => {
    const tagVersions = new TagVersions();
    const before = { tags: ['Order:1', 'Order'], version: tagVersions.current };
    const other = { tags: ['Order:2', 'Order'], version: tagVersions.current };
    tagVersions.purge(['Order:1', 'orders:user=42']);
    const after = { tags: ['Order:1', 'Order'], version: tagVersions.current };
    assert.deepEqual(
      [before, other, after].map((each) => tagVersions.isStale(each)),
      [true, false, false],
    );
    tagVersions.purge(['Order']);
    assert.ok([before, other, after].every((each) => tagVersions.isStale(each)));
  });

  it('never makes a purged answer fresh again, however many tags are purged later', () => {
    const tagVersions = new TagVersions(undefined, 10);
    const purged = { tags: ['User:1'], version: tagVersions.current };
    tagVersions.purge(['User:1']);
    const kept = { tags: ['User:2'], version: tagVersions.current };
    for (let n = 0; n < 10; n++) tagVersions.purge([`Order:${n}`]);
    assert.ok(tagVersions.isStale(purged), 'the floor replaces its dropped number');
    assert.ok(
      !tagVersions.isStale(kept),
      'an answer that began after the dropped purge is above the floor',
    );
    tagVersions.purge(['Order:10']);
    assert.ok(tagVersions.isStale(kept), 'the floor rises with every dropped number');
    assert.ok(!tagVersions.isStale({ tags: ['User:2'], version: tagVersions.current }));
  });

  it('uses one entry for a tag that is purged repeatedly', () => {
    const tagVersions = new TagVersions(undefined, 2);
    const kept = { tags: ['User:2'], version: tagVersions.current };
    for (let n = 0; n < 100; n++) tagVersions.purge(['User:1']);
    assert.ok(!tagVersions.isStale(kept));
  });

  it('notifies before every purge, also before the one at the end of a quarantine', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const notified: number[] = [];
      const tagVersions: TagVersions = new TagVersions(() => notified.push(tagVersions.current));
      tagVersions.purge(['Order:1']);
      tagVersions.purge([]);
      tagVersions.quarantine(['Order:1'], 1_000);
      mock.timers.tick(1_000);
      assert.deepEqual(notified, [0, 1, 2]);
    } finally {
      mock.timers.reset();
    }
  });

  it('keeps quarantined tags stale, and purges them once more at the end', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const tagVersions = new TagVersions();
      tagVersions.quarantine(['Order:1'], 30_000);
      const during = { tags: ['Order:1'], version: tagVersions.current };
      assert.ok(tagVersions.isStale(during));
      assert.ok(!tagVersions.isStale({ tags: ['Order:2'], version: tagVersions.current }));
      mock.timers.tick(10_000);
      tagVersions.quarantine(['Order:1'], 30_000);
      mock.timers.tick(20_000);
      assert.ok(
        tagVersions.isStale({ tags: ['Order:1'], version: tagVersions.current }),
        'the later quarantine',
      );
      mock.timers.tick(10_000);
      assert.ok(
        tagVersions.isStale(during),
        'an answer from the quarantine may predate the change',
      );
      assert.ok(!tagVersions.isStale({ tags: ['Order:1'], version: tagVersions.current }));
    } finally {
      mock.timers.reset();
    }
  });
});

describe('joinKeyParts', () => {
  it('returns different keys for different lists of parts, whatever they contain', () => {
    const lists = [
      ['a', 'b'],
      ['ab'],
      ['ab', ''],
      ['', 'ab'],
      ['a', '', 'b'],
      ['1:a', 'b'],
      ['1:a1:b'],
      ['a', 'b', ''],
    ];
    assert.equal(new Set(lists.map(joinKeyParts)).size, lists.length);
    assert.equal(joinKeyParts(['a', 'b']), joinKeyParts(['a', 'b']));
  });
});
