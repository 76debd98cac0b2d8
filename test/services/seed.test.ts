import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import * as notificationModel from '../../services/notification/model.ts';
import { seedNotifications } from '../../services/notification/seed.ts';
import * as orderModel from '../../services/order/model.ts';
import { seedOrders } from '../../services/order/seed.ts';
import { createOrderService } from '../../services/order/service.ts';
import { CAST } from '../../services/support/cast.ts';
import { transact } from '../../services/support/store.ts';
import { seedUsers } from '../../services/user/seed.ts';
import { createUserService } from '../../services/user/service.ts';
import { TABLES } from '../../services/user/users.ts';
import { type Running, start } from './harness.ts';

const seeds = [
  { table: 'users', tables: TABLES, seed: seedUsers },
  { table: 'orders', tables: orderModel.TABLES, seed: seedOrders },
  { table: 'notifications', tables: notificationModel.TABLES, seed: seedNotifications },
];

function createSeeded({ tables, seed }: (typeof seeds)[number]): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec(tables);
  transact(db, () => seed(db));
  return db;
}

describe('Seed', () => {
  for (const each of seeds) {
    it(`creates the same ${each.table} every time`, () => {
      const hash = () => {
        const rows = createSeeded(each).prepare(`SELECT * FROM ${each.table} ORDER BY id`).all();
        return createHash('sha256').update(JSON.stringify(rows)).digest('hex');
      };
      assert.equal(hash(), hash());
    });
  }

  it('gives no user more than 40 orders or 60 notifications', () => {
    const maxima = seeds.slice(1).map((each) => {
      const counts = `SELECT count(*) AS n FROM ${each.table} GROUP BY user_id`;
      return createSeeded(each).prepare(`SELECT max(n) AS max FROM (${counts})`).get()?.max;
    });
    assert.deepEqual(maxima, [40, 60]);
  });

  it('gives the documented users their documented names', async () => {
    await using users = await start(createUserService);
    const name = async (id: string): Promise<string> => (await users.get(`/users/${id}`)).body.name;
    assert.equal([...(await name(CAST.longName))].length, 200);
    assert.match(await name(CAST.rightToLeft), /\p{Script=Arabic}.*\p{Script=Hebrew}/u);
    assert.match(await name(CAST.emoji), /\p{RGI_Emoji}/v);
  });

  it('gives the documented users their documented orders', async () => {
    await using orders = await start(createOrderService);
    const of = async (id: string) => (await orders.get(`/orders?user=${id}&limit=100`)).body.orders;
    assert.deepEqual(await of(CAST.noOrders), []);
    const statuses = (await of(CAST.otherCustomer)).map(({ status }: { status: string }) => status);
    assert.ok(statuses.length >= 3 && statuses.includes('placed'));
    const many = await of(CAST.manyOrders);
    assert.ok(
      many.some((order: { total: { currency: string } }) => order.total.currency === 'JPY'),
    );
  });

  it('is the same for all services of a process, which share no writes', async () => {
    await using changed = await start(createOrderService);
    const newest = async (service: Running) =>
      (await service.get('/orders?user=42&limit=1')).body.orders;
    const before = await newest(changed);
    await changed.send('POST', `/orders/${before[0].id}/cancel`);
    await using other = await start(createOrderService);
    assert.notDeepEqual(await newest(changed), before);
    assert.deepEqual(await newest(other), before);
  });

  it('is written once to a data directory, which keeps data across restarts', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'stand-in-'));
    try {
      {
        await using users = await start(createUserService, { dataDir });
        await users.send('PATCH', '/users/42', { name: 'Kept' });
      }
      await using users = await start(createUserService, { dataDir });
      assert.equal((await users.get('/users/42')).body.name, 'Kept');
      assert.equal((await users.get('/users/43')).body.name, 'Mateo Fernández');
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});
