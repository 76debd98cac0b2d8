import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { malformed, openDesk } from './controlled-upstream.ts';

const BAD = { kind: 'malformed' };

/** Answers all calls, except that those with a bad key fail. */
async function answerAll(desk: ReturnType<typeof openDesk>, bad: string) {
  for (let at = 0; at < desk.sent.length; at++) {
    if (desk.keys()[at]?.includes(bad)) await desk.fail(malformed(), { at });
    else await desk.answer({ at });
  }
}

describe('a batch that fails', () => {
  it('is halved until the bad key stands alone', async () => {
    using desk = openDesk({ halvings: Number.POSITIVE_INFINITY });
    const loads = Promise.allSettled([...'abcdefgh'].map((key) => desk.load(key)));
    await turn();
    await answerAll(desk, 'f');
    assert.deepEqual(desk.keys(), ['abcdefgh', 'abcd', 'efgh', 'ef', 'gh', 'e', 'f']);
    const outcomes = (await loads).map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : outcome.reason.kind,
    );
    assert.deepEqual(outcomes, ['a!', 'b!', 'c!', 'd!', 'e!', 'malformed', 'g!', 'h!']);
    assert.equal(desk.state.asked, 3, 'a single key is not halved, and no budget is spent on it');
  });

  it('is not halved without a budget: all of it fails', async () => {
    using desk = openDesk({ halvings: 1 });
    const loads = [...'abcd'].map((key) => desk.load(key));
    const spared = loads.slice(0, 2);
    const failed = Promise.all(loads.slice(2).map((load) => assert.rejects(load, BAD)));
    await turn();
    await answerAll(desk, 'd');
    assert.deepEqual(desk.keys(), ['abcd', 'ab', 'cd']);
    assert.deepEqual(await Promise.all(spared), ['a!', 'b!']);
    await failed;
  });

  it('asks for the budget once', async () => {
    using desk = openDesk();
    const failed = Promise.all([...'abcd'].map((key) => assert.rejects(desk.load(key), BAD)));
    await turn();
    await desk.fail(malformed());
    await failed;
    assert.equal(desk.state.asked, 1);
  });

  it('keeps its lane and its callers in its halves', async () => {
    using desk = openDesk({ halvings: 1 });
    const lane = { first: 3, locale: 'de' };
    const [one, two] = [desk.call(1_000_000), desk.call(2_000_000)];
    const loads = Promise.all([desk.load('a', lane, one), desk.load('b', lane, two)]);
    await turn();
    await desk.fail(malformed());
    const halves = desk.sent.slice(1);
    assert.deepEqual(
      halves.map((half) => half.lane),
      [lane, lane],
    );
    assert.deepEqual(
      halves.map(({ members }) => members.requesters),
      [[one], [two]],
    );
    assert.deepEqual(
      halves.map(({ members }) => members.expiresAt),
      [one.deadline.expiresAt, two.deadline.expiresAt],
    );
    for (const at of [1, 2]) await desk.answer({ at });
    assert.deepEqual(await loads, ['a!', 'b!']);
  });

  it('makes others wait until both of its halves are back', async () => {
    using desk = openDesk({ halvings: 1 });
    const loads = [desk.load('a'), desk.load('b')];
    await turn();
    loads.push(desk.load('c'));
    await desk.fail(malformed());
    await desk.answer({ at: 1 });
    assert.deepEqual(desk.keys(), ['ab', 'a', 'b']);
    await desk.answer({ at: 2 });
    assert.deepEqual(desk.keys(), ['ab', 'a', 'b', 'c']);
    await desk.answer();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!']);
  });

  it('is halved among those who still wait', async () => {
    using desk = openDesk({ halvings: 9 });
    const leaver = desk.call();
    const left = assert.rejects(desk.load('a', {}, leaver), { kind: 'abandoned' });
    const loads = Promise.all([...'bc'].map((key) => desk.load(key)));
    await turn();
    leaver.deadline.release();
    await desk.fail(malformed());
    assert.deepEqual(desk.keys(), ['abc', 'b', 'c']);
    for (const at of [1, 2]) await desk.answer({ at });
    await loads;
    await left;
  });
});
