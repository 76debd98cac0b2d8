import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdmissionControl } from '../../src/traffic/index.ts';
import { createClock } from '../support/clock.ts';

type Admission = ReturnType<typeof createAdmissionControl>;

const clock = createClock();
after(() => clock[Symbol.dispose]());

/** Blocks the event loop. */
function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Uses CPU time, which does not depend on the load of the machine. */
function burn(ms: number): void {
  const start = process.threadCpuUsage();
  let usedMs = 0;
  while (usedMs < ms) {
    const { user, system } = process.threadCpuUsage(start);
    usedMs = (user + system) / 1_000;
  }
}

/** Admission control whose first request has used up the time of this turn. */
function createBusy() {
  const admission = createAdmissionControl();
  assert.equal(admission.turn(assert.fail), undefined);
  clock.advance(11);
  return admission;
}

/** Busy admission control after the warm-up: enough requests of each kind have left the queue. */
async function createWarm() {
  const admission = createBusy();
  const waiting = [true, false].flatMap((isTrusted) =>
    Array.from({ length: 1_000 }, () => admission.turn(() => isTrusted)),
  );
  await Promise.all(waiting.map(async (one) => one));
  await sleep(1);
  assert.equal(admission.turn(assert.fail), undefined);
  clock.advance(11);
  return admission;
}

/** Queues enough requests that further ones may be refused. */
const fillQueue = (admission: Admission, isTrusted: boolean) =>
  Array.from({ length: 101 }, () => admission.turn(() => isTrusted));

const isOverloaded = { code: 'OVERLOADED' };

describe('Admission control', () => {
  it('begins requests immediately while the turn has time left', () => {
    const admission = createAdmissionControl();
    admission.refuseExcess();
    assert.equal(admission.turn(assert.fail), undefined);
  });

  it('queues further requests and begins those of trusted operations first', async () => {
    const admission = createBusy();
    const begun: string[] = [];
    const one = async (name: string, isTrusted: boolean) => {
      await admission.turn(() => isTrusted);
      begun.push(name);
      block(5);
    };
    await Promise.all([
      ...['a', 'b', 'c'].map((name) => one(name, false)),
      ...['A', 'B', 'C'].map((name) => one(name, true)),
    ]);
    assert.deepEqual(begun, ['A', 'B', 'C', 'a', 'b', 'c']);
  });

  it('lets timers run between queued requests', async () => {
    const admission = createBusy();
    let timers = 0;
    const timer = setInterval(() => timers++, 1);
    const ones = Array.from({ length: 20 }, async () => {
      await admission.turn(() => true);
      block(21);
    });
    await Promise.all(ones);
    clearInterval(timer);
    assert.ok(timers >= 10, `${timers} timers in 20 turns`);
  });

  it('refuses new requests while the oldest queued one has waited too long', async () => {
    const admission = await createWarm();
    const waiting = [...fillQueue(admission, false), ...fillQueue(admission, true)];
    clock.advance(300);
    assert.throws(() => admission.turn(() => false), isOverloaded);
    const late = admission.turn(() => true);
    admission.refuseExcess();
    clock.advance(250);
    assert.throws(() => admission.refuseExcess(), isOverloaded);
    assert.throws(() => admission.turn(() => true), isOverloaded);

    await Promise.all([...waiting, late].map(async (one) => one));
    admission.refuseExcess();
    await sleep(1);
    assert.equal(admission.turn(assert.fail), undefined);
  });

  it('refuses queued requests that are older than a second, except for the last hundred', async () => {
    const admission = await createWarm();
    const waiting = fillQueue(admission, true);
    clock.advance(1_100);
    const outcomes = await Promise.allSettled(waiting.map(async (one) => one));
    const [first, last] = [outcomes[0], outcomes.at(-1)];
    assert.ok(first?.status === 'rejected' && first.reason.code === 'OVERLOADED');
    assert.equal(last?.status, 'fulfilled', 'a short queue is not overload');
  });

  it('does not refuse requests by the age of the queue in a process that has just started', async () => {
    const admission = createBusy();
    const waiting = [...fillQueue(admission, false), ...fillQueue(admission, true)];
    clock.advance(1_100);
    admission.refuseExcess();
    waiting.push(
      admission.turn(() => false),
      admission.turn(() => true),
    );
    await Promise.all(waiting.map(async (one) => one));
  });

  it('refuses requests in a process that has just started when 1,000 are queued', async () => {
    const admission = createBusy();
    const waiting = Array.from({ length: 1_000 }, () => admission.turn(() => false));
    assert.throws(() => admission.turn(() => false), isOverloaded);
    waiting.push(admission.turn(() => true));
    await Promise.all(waiting.map(async (one) => one));
  });

  it('begins few requests between two reads of sockets, even if reading takes long', async () => {
    const admission = await createWarm();
    let begun = 0;
    let maxPerTurn = 0;
    const timer = setInterval(() => {
      maxPerTurn = Math.max(maxPerTurn, begun);
      begun = 0;
      block(10);
    }, 1);
    const ones = Array.from({ length: 60 }, async () => {
      await admission.turn(() => true);
      begun += 1;
      burn(2);
    });
    await Promise.all(ones).finally(() => clearInterval(timer));
    assert.ok(maxPerTurn > 0 && maxPerTurn <= 6, `${maxPerTurn} requests between two turns`);
  });

  it('does not refuse requests while the queue is short, whatever its age', async () => {
    const admission = await createWarm();
    for (let n = 0; n < 100; n++) void admission.turn(() => true);
    clock.advance(600);
    admission.refuseExcess();
    assert.ok(admission.turn(() => true));
  });
});
