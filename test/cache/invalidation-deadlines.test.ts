import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import type { Answer, World } from '../support/world.ts';
import { ME, PHONE } from './invalidation-copies.ts';
import { ask, type Copy, howOf, send, signIn, startGated } from './invalidation-desk.ts';

const DASHBOARD = PHONE.dashboard ?? '';
const UNREAD = /^\/unread/;

const hows = (answers: readonly Answer[]) => answers.map(howOf).sort();

/** The viewer's first screen, for so long as they wait. */
async function screenOf(world: World, timeoutMs?: number): Promise<Copy> {
  const headers = await signIn(world, ME);
  if (timeoutMs) headers['x-request-timeout-ms'] = String(timeoutMs);
  return { query: DASHBOARD, headers };
}

describe('with the others’ answer under way', () => {
  it('who has less time gets in time what can be had', async () => {
    await using world = await startGated(mobile);
    const screen = await screenOf(world);
    const hasty = await screenOf(world, 2_000);
    const held = world.gates.notification.hold(UNREAD);
    const { answers: whole } = await send(world, screen);
    await held.has(1);
    const part = await ask(world, hasty);
    assert.equal(part.status, 200);
    assert.deepEqual(
      part.body.errors.map(({ path }: { path: string[] }) => path),
      [['dashboard', 'unreadCount']],
    );
    assert.ok(part.body.data.dashboard.user);
    held.letGo();
    assert.deepEqual(hows(await whole), ['stored']);
  });

  it('who has more time than the first gets all of it', async () => {
    await using world = await startGated(mobile);
    const hasty = await screenOf(world, 2_000);
    const screen = await screenOf(world);
    const held = world.gates.notification.hold(UNREAD);
    const { answers: part } = await send(world, hasty);
    await held.has(1);
    const { answers: whole } = await send(world, screen);
    const [first] = await part;
    assert.equal(first?.body.errors.length, 1);
    held.letGo();
    const [second] = await whole;
    assert.equal(second?.body.errors, undefined);
  });

  it('who has as much time gets as much as who asked first', async () => {
    await using world = await startGated(mobile);
    const screen = await screenOf(world, 2_000);
    const held = world.gates.notification.hold(UNREAD);
    const { answers } = await send(world, ...Array<Copy>(5).fill(screen));
    for (const { status, body } of await answers) {
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(body.data.dashboard.user, JSON.stringify(body.errors));
      assert.ok(body.data.dashboard.orders);
    }
    held.letGo();
  });
});

it('who is answered at once, or not at all, leaves nothing behind that waits', async () => {
  await using world = await startGated(mobile);
  const screen = await screenOf(world);
  await ask(world, screen);
  const waiting = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = waiting();
  for (let time = 0; time < 20; time++) {
    assert.equal(howOf(await ask(world, { query: DASHBOARD, as: ME })), 'hit');
    const { status } = await ask(world, {
      query: DASHBOARD,
      headers: { authorization: 'Bearer a.b.c' },
    });
    assert.equal(status, 401);
  }
  assert.ok(waiting() < before + 10, `${waiting()} after ${before}`);
});
