import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openDesk } from './controlled-upstream.ts';

describe('a batcher that is idle', () => {
  it('sends all keys of a turn at its end, and not before', async () => {
    using desk = openDesk();
    const loads = [desk.load('a')];
    await Promise.resolve();
    loads.push(desk.load('b'));
    await Promise.resolve();
    assert.deepEqual(desk.keys(), []);
    await turn();
    assert.deepEqual(desk.keys(), ['ab']);
    await desk.answer();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!']);
  });

  it('waits for nobody while fewer calls than the limit are under way', async () => {
    using desk = openDesk({ limit: 2 });
    const loads = [desk.load('a')];
    await turn();
    loads.push(desk.load('b'));
    await turn();
    loads.push(desk.load('c'));
    await turn();
    assert.deepEqual(desk.keys(), ['a', 'b']);
    await desk.answer({ at: 1 });
    assert.deepEqual(desk.keys(), ['a', 'b', 'c']);
    await desk.answer({ at: 0 });
    await desk.answer({ at: 2 });
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!']);
  });
});

describe('a batcher at its limit', () => {
  it('gathers keys, which leave together when a call returns', async () => {
    using desk = openDesk();
    const loads = [desk.load('a')];
    await turn();
    for (const key of 'bcd') {
      loads.push(desk.load(key));
      await turn();
    }
    assert.deepEqual(desk.keys(), ['a']);
    await desk.answer();
    assert.deepEqual(desk.keys(), ['a', 'bcd']);
    await desk.answer();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!', 'd!']);
  });

  it('lets them leave when a call fails, too', async () => {
    using desk = openDesk();
    const failing = assert.rejects(desk.load('a'), /down/);
    await turn();
    const waiting = desk.load('b');
    await desk.fail(new Error('down'));
    assert.deepEqual(desk.keys(), ['a', 'b']);
    await desk.answer();
    await failing;
    assert.equal(await waiting, 'b!');
  });

  it('follows a limit that changes', async () => {
    using desk = openDesk({ limit: 3, maxKeys: 1 });
    const loads = [...'abc'].map((key) => desk.load(key));
    await turn();
    assert.deepEqual(desk.keys(), ['a', 'b', 'c']);
    desk.state.limit = 1;
    loads.push(desk.load('d'), desk.load('e'));
    await desk.answer({ at: 0 });
    await desk.answer({ at: 1 });
    assert.equal(desk.sent.length, 3);
    await desk.answer({ at: 2 });
    assert.deepEqual(desk.keys().slice(3), ['d']);
    desk.state.limit = 2;
    loads.push(desk.load('f'));
    await turn();
    assert.deepEqual(desk.keys().slice(3), ['d', 'e']);
    for (const at of [3, 4, 5]) await desk.answer({ at });
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!', 'd!', 'e!', 'f!']);
  });

  it('puts at most so many keys into one call', async () => {
    using desk = openDesk({ maxKeys: 2 });
    const loads = Promise.all([...'abcde'].map((key) => desk.load(key)));
    await turn();
    while (!desk.keys().includes('e')) await desk.answer();
    await desk.answer();
    assert.deepEqual(desk.keys(), ['ab', 'cd', 'e']);
    assert.deepEqual(await loads, ['a!', 'b!', 'c!', 'd!', 'e!']);
  });

  it('fills all free calls at once', async () => {
    using desk = openDesk({ limit: 2, maxKeys: 2 });
    const loads = Promise.all([...'abcde'].map((key) => desk.load(key)));
    await turn();
    assert.deepEqual(desk.keys(), ['ab', 'cd']);
    await desk.answer({ at: 0 });
    for (const at of [1, 2]) await desk.answer({ at });
    assert.equal((await loads).length, 5);
  });
});

describe('keys', () => {
  it('leave in the order in which they were asked for', async () => {
    using desk = openDesk({ maxKeys: 3 });
    const loads = Promise.all([...'dbacb'].map((key) => desk.load(key)));
    await turn();
    await desk.answer();
    await desk.answer();
    assert.deepEqual(desk.keys(), ['dba', 'c']);
    assert.deepEqual(await loads, ['d!', 'b!', 'a!', 'c!', 'b!']);
  });

  it('get their own answers, in whatever order those come and whatever else does', async () => {
    using desk = openDesk();
    const loads = Promise.all([desk.load('a'), desk.load('b')]);
    await turn();
    const answers = { stray: 'stray!', b: 'b!', a: 'a!' };
    desk.sent[0]?.answer(new Map(Object.entries(answers)));
    assert.deepEqual(await loads, ['a!', 'b!']);
  });

  it('that an answer leaves out fail alone', async () => {
    using desk = openDesk();
    const missing = assert.rejects(desk.load('a'), { message: 'no a' });
    const there = desk.load('b');
    await turn();
    await desk.answer({ but: 'a' });
    await missing;
    assert.equal(await there, 'b!');
  });

  it('are sent once for all who ask while they are queued', async () => {
    using desk = openDesk();
    const loads = [desk.load('a')];
    await turn();
    loads.push(desk.load('b'), desk.load('b'));
    await turn();
    loads.push(desk.load('b'));
    await desk.answer();
    assert.deepEqual(desk.keys(), ['a', 'b']);
    await desk.answer();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'b!', 'b!']);
    assert.equal(desk.sent[1]?.members.requesters.length, 3);
  });

  it('are sent again for who asks after they have left', async () => {
    using desk = openDesk({ limit: 2 });
    const before = desk.load('a');
    await turn();
    const after = desk.load('a');
    await turn();
    assert.deepEqual(desk.keys(), ['a', 'a']);
    desk.sent[1]?.answer(new Map([['a', 'newer']]));
    desk.sent[0]?.answer(new Map([['a', 'older']]));
    assert.deepEqual(await Promise.all([before, after]), ['older', 'newer']);
  });
});

describe('lanes', () => {
  it('never share a call', async () => {
    using desk = openDesk({ limit: 9 });
    const open = { status: 'open' };
    const german = { locale: 'de' };
    const one = { first: 1 };
    const lanes = [{}, one, { first: 2 }, open, german, { ...one, ...open }, { ...one, ...german }];
    const loads = Promise.all(
      lanes.flatMap((lane) => [desk.load('a', lane), desk.load('b', lane)]),
    );
    await turn();
    assert.deepEqual(
      desk.sent.map(({ lane }) => lane),
      lanes,
    );
    assert.ok(desk.keys().every((keys) => keys === 'ab'));
    for (const at of lanes.keys()) await desk.answer({ at });
    await loads;
  });

  it('take turns, so that a full one starves nobody', async () => {
    using desk = openDesk({ maxKeys: 2 });
    const full = [...'abcdef'].map((key) => desk.load(key, { first: 1 }));
    const small = [...'xy'].map((key) => desk.load(key, { first: 2 }));
    const last = desk.load('z', { first: 3 });
    const loads = Promise.all([...full, ...small, last]);
    await turn();
    while (desk.sent.length < 5) await desk.answer();
    await desk.answer();
    assert.deepEqual(desk.keys(), ['ab', 'xy', 'z', 'cd', 'ef']);
    await loads;
  });
});
