import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdmissionControl } from '../../src/traffic/index.ts';

type Admission = ReturnType<typeof createAdmissionControl>;

/** Keeps the process from anything else. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Uses so much processor time, however busy the machine is. */
function burn(ms: number): void {
  const start = process.threadCpuUsage();
  let usedMs = 0;
  while (usedMs < ms) {
    const { user, system } = process.threadCpuUsage(start);
    usedMs = (user + system) / 1_000;
  }
}

/** One whose first request has used up the time of this turn. */
function createBusy() {
  const admission = createAdmissionControl();
  assert.equal(admission.turn(assert.fail), undefined);
  work(11);
  return admission;
}

/** Keeps the process busy, and has it begin as many requests from the line as a warm one has. */
async function createWarm() {
  const admission = createBusy();
  const waiting = [true, false].flatMap((isTrusted) =>
    Array.from({ length: 1_000 }, () => admission.turn(() => isTrusted)),
  );
  await Promise.all(waiting.map(async (one) => one));
  await sleep(1);
  assert.equal(admission.turn(assert.fail), undefined);
  work(11);
  return admission;
}

/** Has so many wait that more may be refused. */
const crowd = (admission: Admission, isTrusted: boolean) =>
  Array.from({ length: 101 }, () => admission.turn(() => isTrusted));

const isOverloaded = { code: 'OVERLOADED' };

describe('admission', () => {
  it('lets requests begin at once as long as there is time', () => {
    const admission = createAdmissionControl();
    admission.refuseExcess();
    assert.equal(admission.turn(assert.fail), undefined);
  });

  it('has the others wait in line, those with registered operations first', async () => {
    const admission = createBusy();
    const begun: string[] = [];
    const one = async (name: string, isTrusted: boolean) => {
      await admission.turn(() => isTrusted);
      begun.push(name);
      work(5);
    };
    await Promise.all([
      ...['a', 'b', 'c'].map((name) => one(name, false)),
      ...['A', 'B', 'C'].map((name) => one(name, true)),
    ]);
    assert.deepEqual(begun, ['A', 'B', 'C', 'a', 'b', 'c']);
  });

  it('goes on with everything else meanwhile', async () => {
    const admission = createBusy();
    let timers = 0;
    const timer = setInterval(() => timers++, 1);
    const ones = Array.from({ length: 20 }, async () => {
      await admission.turn(() => true);
      work(21);
    });
    await Promise.all(ones);
    clearInterval(timer);
    assert.ok(timers >= 10, `${timers} timers in 20 turns`);
  });

  it('refuses those who come when the first in line has waited too long', async () => {
    const admission = await createWarm();
    const waiting = [...crowd(admission, false), ...crowd(admission, true)];
    work(300);
    assert.throws(() => admission.turn(() => false), isOverloaded);
    const late = admission.turn(() => true);
    admission.refuseExcess();
    work(250);
    assert.throws(() => admission.refuseExcess(), isOverloaded);
    assert.throws(() => admission.turn(() => true), isOverloaded);

    await Promise.all([...waiting, late].map(async (one) => one));
    admission.refuseExcess();
    await sleep(1);
    assert.equal(admission.turn(assert.fail), undefined);
  });

  it('lets go of whoever has waited for longer than anyone would', async () => {
    const admission = await createWarm();
    const waiting = crowd(admission, true);
    work(1_100);
    const outcomes = await Promise.allSettled(waiting.map(async (one) => one));
    const [first, last] = [outcomes[0], outcomes.at(-1)];
    assert.ok(first?.status === 'rejected' && first.reason.code === 'OVERLOADED');
    assert.equal(last?.status, 'fulfilled', 'a few are not too many, however late');
  });

  it('refuses nobody in a process that has just started, however long the line waits', async () => {
    const admission = createBusy();
    const waiting = [...crowd(admission, false), ...crowd(admission, true)];
    work(1_100);
    admission.refuseExcess();
    waiting.push(
      admission.turn(() => false),
      admission.turn(() => true),
    );
    await Promise.all(waiting.map(async (one) => one));
  });

  it('refuses in a process that has just started when 1,000 wait', async () => {
    const admission = createBusy();
    const waiting = Array.from({ length: 1_000 }, () => admission.turn(() => false));
    assert.throws(() => admission.turn(() => false), isOverloaded);
    waiting.push(admission.turn(() => true));
    await Promise.all(waiting.map(async (one) => one));
  });

  it('reads sockets between few requests, also when that takes long', async () => {
    const admission = await createWarm();
    let begun = 0;
    let mostAtOnce = 0;
    const timer = setInterval(() => {
      mostAtOnce = Math.max(mostAtOnce, begun);
      begun = 0;
      work(10);
    }, 1);
    const ones = Array.from({ length: 60 }, async () => {
      await admission.turn(() => true);
      begun += 1;
      burn(2);
    });
    await Promise.all(ones).finally(() => clearInterval(timer));
    assert.ok(mostAtOnce > 0 && mostAtOnce <= 6, `${mostAtOnce} requests between two turns`);
  });

  it('refuses nobody while there are few in line, however late', async () => {
    const admission = await createWarm();
    for (let n = 0; n < 100; n++) void admission.turn(() => true);
    work(600);
    admission.refuseExcess();
    assert.ok(admission.turn(() => true));
  });
});
