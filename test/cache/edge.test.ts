import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ResponseCache } from '../../src/cache/edge.ts';
import type { CacheLookup } from '../../src/cache/question.ts';
import type { ExecutionRecorder } from '../../src/cache/recording.ts';
import { createEntryStore, createTextStore } from '../../src/cache/store.ts';
import { TagVersions } from '../../src/cache/tags.ts';
import { RequestDeadline } from '../../src/deadline.ts';

const QUESTION = { key: 'k', policy: { maxAge: 60, scope: 'public', tags: ['Query.a'] } } as const;
const PRIVATE = { key: 'k', policy: { ...QUESTION.policy, scope: 'user' } } as const;
const PATIENT = new RequestDeadline(600_000);

/** A cache, and executions that end when they are told to. */
function open({ bytes = 1_000_000, whileRevalidate = 30, ifError = 300 } = {}) {
  const numbers = new TagVersions();
  const store = bytes > 0 ? createEntryStore(bytes, createTextStore(bytes)) : undefined;
  const edge = new ResponseCache({
    store,
    tagVersions: numbers,
    stale: { whileRevalidate, ifError },
  });
  const executions: {
    recording: ExecutionRecorder;
    end: (body: string, ...codes: string[]) => void;
  }[] = [];

  const execute = (recording: ExecutionRecorder) =>
    new Promise<{ status: number; body: string }>((resolve) => {
      const end = (body: string, ...codes: string[]) => {
        if (codes.length > 0) recording.recordErrors(codes);
        resolve({ status: 200, body });
      };
      executions.push({ recording, end });
    });
  const toText = (answer: Awaited<ReturnType<typeof edge.getOrExecute>>) =>
    'entry' in answer ? `${answer.status} ${answer.entry.body}` : `alone ${answer.executed.body}`;
  return {
    numbers,
    edge,
    executions,
    /** The body and how it came about; of what is for the asker alone, the body. */
    async ask(asker = PATIENT, question: CacheLookup = QUESTION) {
      return toText(await edge.getOrExecute(question, asker, execute));
    },
    async executeAndStore(question: CacheLookup = QUESTION) {
      return toText(await edge.executeAndStore(question, execute));
    },
    /** The execution with this number, once it has begun. */
    async execution(index: number) {
      while (!executions[index]) await new Promise((resolve) => setImmediate(resolve));
      const found = executions[index];
      assert.ok(found);
      return found;
    },
  };
}

describe('the edge cache', () => {
  it('executes once for all who ask at the same time, and answers the next from memory', async () => {
    const { ask, execution, executions, edge } = open();
    const answers = Promise.all([ask(), ask(), ask()]);
    (await execution(0)).end('1');
    assert.deepEqual(await answers, ['stored 1', 'collapsed 1', 'collapsed 1']);
    assert.equal(await ask(), 'hit 1');
    assert.equal(String(edge.getFresh('k')?.body), '1');
    assert.equal(executions.length, 1);
  });

  it('never keeps, nor lets others join, what began before a purge', async () => {
    const { ask, execution, numbers } = open();
    const early = ask();
    const { recording, end } = await execution(0);
    recording.addTags(['Order:1']);
    numbers.purge(['Order:1']);
    const late = ask();
    const second = await execution(1);
    end('old');
    assert.equal(await early, 'miss old');
    second.end('new');
    assert.equal(await late, 'stored new');
    assert.equal(await ask(), 'hit new');
  });

  it('keeps what only other things were purged beside', async () => {
    const { ask, execution, numbers } = open();
    const asked = ask();
    const { recording, end } = await execution(0);
    recording.addTags(['Order:1']);
    numbers.purge(['Order:2']);
    end('1');
    assert.equal(await asked, 'stored 1');
  });

  it('shares no failure: those who waited ask for themselves', async () => {
    const { ask, execution, executions } = open();
    const [leader, follower] = [ask(), ask()];
    (await execution(0)).end('bad', 'UPSTREAM_TIMEOUT');
    assert.equal(await leader, 'alone bad');
    (await execution(1)).end('good');
    assert.equal(await follower, 'stored good');
    assert.equal(executions.length, 2);
  });

  it('shares no answer for which more was looked at than all have in common', async () => {
    const { ask, execution } = open();
    const [leader, follower] = [ask(), ask()];
    const { recording, end } = await execution(0);
    recording.markUnshareable();
    end('mine');
    assert.equal(await leader, 'alone mine');
    (await execution(1)).end('ours');
    assert.equal(await follower, 'stored ours');
  });

  it('lets who has less time than the others ask alone', async () => {
    const { ask, execution } = open();
    const leader = ask();
    await execution(0);
    const hasty = ask(new RequestDeadline(5_000));
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT');
    assert.equal(await hasty, 'alone part');
    (await execution(0)).end('whole');
    assert.equal(await leader, 'stored whole');
  });

  it('keeps nothing without room, and still shares what is under way', async () => {
    const { ask, execution, edge } = open({ bytes: 0 });
    const answers = Promise.all([ask(), ask()]);
    (await execution(0)).end('1');
    assert.deepEqual(await answers, ['miss 1', 'collapsed 1']);
    assert.equal(edge.getFresh('k'), undefined);
    assert.ok(edge.isCacheable(QUESTION.policy));
    assert.ok(!edge.isCacheable({ ...QUESTION.policy, scope: 'user' }));
  });

  it('ends no one else when the leader fails altogether', async () => {
    const { edge, ask, execution } = open();
    const leader = edge.getOrExecute(QUESTION, PATIENT, () => Promise.reject(new Error('broken')));
    const follower = ask();
    await assert.rejects(leader, /broken/);
    (await execution(0)).end('1');
    assert.equal(await follower, 'stored 1');
  });
});

describe('EdgeCache.executeAndStore', () => {
  it('executes although an answer is stored, and stores the new one', async () => {
    const { ask, executeAndStore, execution } = open();
    const first = ask();
    (await execution(0)).end('old');
    await first;
    const demanded = executeAndStore();
    (await execution(1)).end('new');
    assert.equal(await demanded, 'stored new');
    assert.equal(await ask(), 'hit new');
  });

  it('does not join an execution that began before', async () => {
    const { ask, executeAndStore, execution } = open();
    const earlier = ask();
    const first = await execution(0);
    const demanded = executeAndStore();
    (await execution(1)).end('new');
    assert.equal(await demanded, 'stored new');
    first.end('old');
    await earlier;
  });

  it('is not overwritten by an execution that began before', async () => {
    const { ask, executeAndStore, execution } = open();
    const earlier = ask();
    const first = await execution(0);
    const demanded = executeAndStore();
    (await execution(1)).end('new');
    await demanded;
    first.end('old');
    assert.equal(await earlier, 'miss old');
    assert.equal(await ask(), 'hit new');
  });

  it('returns the partial answer where upstreams fail, and leaves the stored one to others', async () => {
    const { ask, executeAndStore, execution } = open();
    const first = ask();
    (await execution(0)).end('whole');
    await first;
    const demanded = executeAndStore();
    (await execution(1)).end('part', 'UPSTREAM_UNAVAILABLE');
    assert.equal(await demanded, 'alone part');
    assert.equal(await ask(), 'hit whole');
  });
});

describe('what has expired', () => {
  /** Answers that upstreams let be kept for no time at all are expired as soon as they are there. */
  async function openExpired(stale = {}, question: CacheLookup = QUESTION) {
    const desk = open(stale);
    const asked = desk.ask(PATIENT, question);
    const { recording, end } = await desk.execution(0);
    recording.addTags(['Order:1']);
    recording.limitFreshness(1, false);
    end('old');
    assert.equal(await asked, 'stored old');
    await new Promise((resolve) => setTimeout(resolve, 1_010));
    assert.equal(desk.edge.getFresh('k'), undefined);
    return desk;
  }

  it('is served while one execution makes it new', async () => {
    const { ask, execution, executions } = await openExpired();
    assert.deepEqual(await Promise.all([ask(), ask()]), ['hit old', 'hit old']);
    (await execution(1)).end('new');
    while ((await ask()) !== 'hit new');
    assert.equal(executions.length, 2);
  });

  it('is not served once it was purged', async () => {
    const { ask, execution, numbers } = await openExpired();
    numbers.purge(['Order:1']);
    const asked = ask();
    (await execution(1)).end('new');
    assert.equal(await asked, 'stored new');
  });

  it('is served where upstreams fail, but not where anything else does', async () => {
    const { ask, execution } = await openExpired({ whileRevalidate: 0 });
    const [first, second] = [ask(), ask()];
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE');
    (await execution(2)).end('no', 'UPSTREAM_TIMEOUT', 'FORBIDDEN');
    assert.deepEqual([await first, await second], ['hit old', 'alone no']);
  });

  it('is not served where upstreams fail, if it was purged meanwhile', async () => {
    const { ask, execution, numbers } = await openExpired({ whileRevalidate: 0 });
    const asked = ask();
    const { end } = await execution(1);
    numbers.purge(['Order:1']);
    end('part', 'UPSTREAM_TIMEOUT');
    assert.equal(await asked, 'alone part');
  });

  it('is not served where upstreams fail, if it is private', async () => {
    const { ask, execution } = await openExpired({ whileRevalidate: 0 }, PRIVATE);
    const asked = ask(PATIENT, PRIVATE);
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT');
    assert.equal(await asked, 'alone part');
  });

  it('is dropped if it is private and its refresh fails, so that the next request executes', async () => {
    for (const codes of [['UPSTREAM_TIMEOUT'], ['UPSTREAM_TIMEOUT', 'FORBIDDEN']]) {
      const { ask, execution } = await openExpired({}, PRIVATE);
      assert.equal(await ask(PATIENT, PRIVATE), 'hit old');
      (await execution(1)).end('part', ...codes);
      await turn();
      const next = ask(PATIENT, PRIVATE);
      (await execution(2)).end('part again', ...codes);
      assert.equal(await next, 'alone part again');
    }
  });

  it('is served on while its refresh fails, if it is shared', async () => {
    const { ask, execution } = await openExpired();
    assert.equal(await ask(), 'hit old');
    (await execution(1)).end('part', 'UPSTREAM_TIMEOUT');
    await turn();
    assert.equal(await ask(), 'hit old');
    (await execution(2)).end('new');
  });
});
