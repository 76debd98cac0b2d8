import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import pino from 'pino';
import { mobile } from '../../bff-mobile/bff.ts';
import { createOrderService } from '../../services/order/service.ts';
import { CAST } from '../../services/support/cast.ts';
import { createDiscovery } from '../../src/upstream/discovery.ts';
import { startDns } from '../support/dns.ts';
import { startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const NAME = new URL('srv+http://_orders._tcp.example.org/api/');
const record = (port: number, priority = 1) => ({ priority, port, target: 'localhost' });

const find = (address: string, refreshMs = 10_000) =>
  createDiscovery([NAME], [address], log, refreshMs);
const basesOf = async (discovery: ReturnType<typeof createDiscovery>) =>
  (await discovery.instances()).map(({ baseUrl: base }) => base).sort();

describe('the instances of a name', () => {
  it('are what its SRV records say, of the lowest priority', async () => {
    await using dns = await startDns([record(1001), record(1002), record(1003, 2)]);
    const discovery = find(dns.address);
    assert.deepEqual(await basesOf(discovery), [
      'http://localhost:1001/api',
      'http://localhost:1002/api',
    ]);
    discovery.close();
  });

  it('follow the records, and stay the same objects while they stay', async () => {
    await using dns = await startDns([record(1001), record(1002)]);
    const discovery = find(dns.address, 20);
    const [first] = await discovery.instances();
    dns.change([record(1001), record(1003)]);
    await until(async () => (await basesOf(discovery)).includes('http://localhost:1003/api'));
    const instances = await discovery.instances();
    assert.equal(instances.length, 2);
    assert.ok(first && instances.includes(first));
    discovery.close();
  });

  it('stay the last ones known when DNS has none any more', async () => {
    await using dns = await startDns([record(1001)]);
    const discovery = find(dns.address, 20);
    await discovery.instances();
    dns.change([]);
    const before = dns.asked();
    await until(() => dns.asked() > before + 2);
    assert.deepEqual(await basesOf(discovery), ['http://localhost:1001/api']);
    discovery.close();
  });

  it('serve a BFF', async () => {
    const orders = await createOrderService();
    await orders.listen({ host: 'localhost', port: 0 });
    const { port } = orders.server.address() as AddressInfo;
    {
      await using dns = await startDns([record(port)]);
      await using environment = await startEnvironment(mobile, {
        ORDER_SERVICE_URL: 'srv+http://_orders._tcp.example.org',
        DNS_SERVERS: dns.address,
      });
      const query = '{ dashboard { orders(first: 1) { id } } }';
      const { body } = await environment.send(query, { as: CAST.customer });
      assert.equal(body.errors, undefined);
      assert.equal(orders.control.requests().routes.ordersByUsers, 1);
    }
    await orders.close();
  });

  it('that has none cost the fields at stake', async () => {
    await using dns = await startDns([]);
    await using environment = await startEnvironment(mobile, {
      ORDER_SERVICE_URL: 'srv+http://_orders._tcp.example.org',
      DNS_SERVERS: dns.address,
    });
    const query = '{ dashboard { orders(first: 1) { id } unreadCount } }';
    const { body } = await environment.send(query, { as: CAST.customer });
    assert.equal(body.data.dashboard.orders, null);
    assert.equal(body.data.dashboard.unreadCount, 12);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
  });
});
