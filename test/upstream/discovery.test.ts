import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import pino from 'pino';
import { createDiscovery } from '../../src/upstream/discovery.ts';
import { startDns } from '../support/dns.ts';
import { CAST } from '../support/fixture/cast.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { createLendingService } from '../support/fixture/lending-service.ts';
import { until } from '../support/until.ts';

const log = pino({ level: 'silent' });
const NAME = new URL('srv+http://_lending._tcp.example.org/api/');
const HOME = '{ home { loans(first: 1) { id } member { id } } }';
const record = (port: number, priority = 1) => ({ priority, port, target: 'localhost' });

const create = (address: string, refreshMs = 10_000) =>
  createDiscovery([NAME], [address], log, refreshMs);
const basesOf = async (discovery: ReturnType<typeof createDiscovery>) =>
  (await discovery.instances()).map(({ baseUrl }) => baseUrl).sort();

describe('Service discovery by DNS', () => {
  it('returns the instances of the SRV records with the lowest priority', async () => {
    await using dns = await startDns([record(1001), record(1002), record(1003, 2)]);
    const discovery = create(dns.address);
    assert.deepEqual(await basesOf(discovery), [
      'http://localhost:1001/api',
      'http://localhost:1002/api',
    ]);
    discovery.close();
  });

  it('follows the records, and keeps the objects of instances that stay', async () => {
    await using dns = await startDns([record(1001), record(1002)]);
    const discovery = create(dns.address, 20);
    const [first] = await discovery.instances();
    dns.change([record(1001), record(1003)]);
    await until(async () => (await basesOf(discovery)).includes('http://localhost:1003/api'));
    const instances = await discovery.instances();
    assert.equal(instances.length, 2);
    assert.ok(first && instances.includes(first));
    discovery.close();
  });

  it('keeps the last known instances when DNS has no records any more', async () => {
    await using dns = await startDns([record(1001)]);
    const discovery = create(dns.address, 20);
    await discovery.instances();
    dns.change([]);
    const before = dns.queries();
    await until(() => dns.queries() > before + 2);
    assert.deepEqual(await basesOf(discovery), ['http://localhost:1001/api']);
    discovery.close();
  });

  it('provides the instances of a BFF', async () => {
    await using lending = await createLendingService();
    await lending.listen({ host: 'localhost', port: 0 });
    const { port } = lending.server.address() as AddressInfo;
    await using dns = await startDns([record(port)]);
    await using environment = await startLibrary({
      LENDING_SERVICE_URL: 'srv+http://_lending._tcp.example.org',
      DNS_SERVERS: dns.address,
    });
    const { body } = await environment.send(HOME, { as: CAST.reader });
    assert.equal(body.errors, undefined);
    assert.equal(lending.control.requests().routes.loansByMembers, 1);
  });

  it('without records fails only the fields of that service', async () => {
    await using dns = await startDns([]);
    await using environment = await startLibrary({
      LENDING_SERVICE_URL: 'srv+http://_lending._tcp.example.org',
      DNS_SERVERS: dns.address,
    });
    const { body } = await environment.send(HOME, { as: CAST.reader });
    assert.deepEqual(body.data.home, { loans: null, member: { id: CAST.reader } });
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
  });
});
