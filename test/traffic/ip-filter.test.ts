import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import fastify from 'fastify';
import { createIpFilter } from '../../src/traffic/index.ts';
import { parseAddress, rateLimitKeyOf } from '../../src/traffic/ip-filter.ts';

const NO_LISTS = { trustedProxies: [], allow: [], deny: [] };

describe('Client address', () => {
  for (const [text, normalized, key] of [
    ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:80', '192.0.2.1', '192.0.2.1'],
    // The deprecated IPv4-compatible form (RFC 4291 §2.5.5.1), which no network routes.
    ['::192.0.2.1', '192.0.2.1', '192.0.2.1'],
    ['2001:DB8::0a', '2001:db8:0:0:0:0:0:a', '2001:db8:0:0::/64'],
    ['[2001:db8::a]:443', '2001:db8:0:0:0:0:0:a', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1', 'fe80:0:0:0::/64'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
    ['::', '0:0:0:0:0:0:0:0', '0:0:0:0::/64'],
    ['::1', '0:0:0:0:0:0:0:1', '0:0:0:0::/64'],
    ['1::', '1:0:0:0:0:0:0:0', '1:0:0:0::/64'],
    ['unknown', undefined, 'unreadable'],
    ['', undefined, 'unreadable'],
    ['192.0.2.1, 192.0.2.2', undefined, 'unreadable'],
    ['999.0.2.1:80', undefined, 'unreadable'],
    ['for=192.0.2.1', undefined, 'unreadable'],
  ] as const) {
    it(`"${text}" is read as ${normalized} and has the rate-limit key ${key}`, () => {
      assert.equal(parseAddress(text)?.toNormalizedString(), normalized);
      assert.equal(rateLimitKeyOf(text), key);
    });
  }
});

describe('IP filter', () => {
  for (const [lists, address, isPermitted] of [
    [{}, '192.0.2.1', true],
    [{}, 'unknown', true],
    [{ deny: ['192.0.2.0/24'] }, '192.0.2.1', false],
    [{ deny: ['192.0.2.0/24'] }, '192.0.3.1', true],
    [{ deny: ['192.0.2.0/24'] }, '::ffff:192.0.2.1', false],
    [{ deny: ['192.0.2.0/24'] }, '::ffff:c000:201', false],
    [{ deny: ['192.0.2.0/24'] }, '192.0.2.1:4711', false],
    [{ deny: ['192.0.2.0/24'] }, 'unknown', false],
    [{ deny: ['::ffff:192.0.2.0/120'] }, '192.0.2.1', false],
    [{ deny: ['::ffff:192.0.2.0/120'] }, '192.0.2.255', false],
    [{ deny: ['::ffff:192.0.2.0/120'] }, '192.0.3.1', true],
    [{ deny: ['::ffff:0.0.0.0/90'] }, '192.0.2.1', false],
    [{ deny: ['::ffff:192.0.2.1'] }, '192.0.2.1', false],
    [{ deny: ['::ffff:192.0.2.1'] }, '192.0.2.2', true],
    [{ deny: ['2001:db8::/32'] }, '2001:DB8:0::1', false],
    [{ deny: ['2001:db8::/32'] }, '[2001:db8::1]:80', false],
    [{ deny: ['2001:db8::/32'] }, '2001:db9::1', true],
    [{ deny: ['::/0'] }, '192.0.2.1', true],
    [{ deny: ['::/0'] }, '2001:db8::1', false],
    [{ deny: ['0.0.0.0/0'] }, '192.0.2.1', false],
    [{ allow: ['10.0.0.0/8', '2001:db8::1'] }, '10.1.2.3', true],
    [{ allow: ['10.0.0.0/8', '2001:db8::1'] }, '2001:db8:0::1', true],
    [{ allow: ['10.0.0.0/8', '2001:db8::1'] }, '2001:db8::2', false],
    [{ allow: ['10.0.0.0/8'] }, '11.0.0.1', false],
    [{ allow: ['10.0.0.0/8'] }, 'unknown', false],
    [{ allow: ['10.0.0.0/8'], deny: ['10.0.0.66'] }, '10.0.0.65', true],
    [{ allow: ['10.0.0.0/8'], deny: ['10.0.0.66'] }, '10.0.0.66', false],
  ] as const) {
    it(`${isPermitted ? 'permits' : 'refuses'} ${address} with ${JSON.stringify(lists)}`, () => {
      const { refuseAddress } = createIpFilter({ ...NO_LISTS, ...lists });
      if (isPermitted) refuseAddress(address);
      else assert.throws(() => refuseAddress(address), { code: 'FORBIDDEN' });
    });
  }
});

/** A server that responds with the client's address as Fastify determines it. */
async function startEcho(trustedProxies: string[]) {
  const app = fastify({ trustProxy: trustedProxies });
  app.get('/', (request) => request.ip);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  return {
    /** @param headers - lines that are sent unchanged; fetch would join and normalize them */
    async send(...headers: string[]): Promise<string> {
      const socket = connect(port, '127.0.0.1');
      const lines = ['GET / HTTP/1.1', 'Host: test', 'Connection: close', ...headers];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      let response = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        response += chunk;
      });
      await once(socket, 'close');
      assert.match(response, /^HTTP\/1.1 200/);
      return response.slice(response.indexOf('\r\n\r\n') + 4);
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

describe('X-Forwarded-For', () => {
  const CLIENT = '198.51.100.7';

  it('is ignored without trusted proxies', async () => {
    await using echo = await startEcho([]);
    assert.equal(await echo.send(`X-Forwarded-For: ${CLIENT}`), '127.0.0.1');
  });

  it('is ignored from addresses that are not trusted proxies', async () => {
    await using echo = await startEcho(['10.0.0.0/8']);
    assert.equal(await echo.send(`X-Forwarded-For: ${CLIENT}`), '127.0.0.1');
    assert.equal(await echo.send(`X-Forwarded-For: ${CLIENT}, 10.0.0.1`), '127.0.0.1');
  });

  for (const [description, header, ip] of [
    ['gives the address that the proxy saw', CLIENT, CLIENT],
    ['gives the last address that is not a proxy', `1.2.3.4, ${CLIENT}`, CLIENT],
    ['gives the address before all proxies', `1.2.3.4, ${CLIENT}, 10.0.0.1, 10.0.0.2`, CLIENT],
    ['gives the address before the first unknown one', `10.0.0.9, ${CLIENT}, 10.0.0.1`, CLIENT],
    ['gives the first address if all are proxies', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['gives an IPv6 client', '2001:db8::7', '2001:db8::7'],
    ['recognizes a proxy in mapped IPv6 form', `${CLIENT}, ::ffff:10.0.0.1`, CLIENT],
    ['is ignored if it is empty', '', '127.0.0.1'],
    ['is ignored if it has only commas', ' , ,,', '127.0.0.1'],
    ['ignores values that a client made up', `<script>, 127.0.0.1, ${CLIENT}`, CLIENT],
    ['ignores the syntax of the Forwarded header', `for=127.0.0.1;by=10.0.0.1, ${CLIENT}`, CLIENT],
    ['ignores bytes that are not text', `\x80\xff, ${CLIENT}`, CLIENT],
    ['reads a thousand proxies', `${'10.0.0.1, '.repeat(1_000)}${CLIENT}`, CLIENT],
  ] as const) {
    it(`${description}, from a trusted proxy`, async () => {
      await using echo = await startEcho(['127.0.0.1', '10.0.0.0/8']);
      assert.equal(await echo.send(`X-Forwarded-For: ${header}`), ip);
    });
  }

  it('is read as one list if the header is repeated', async () => {
    await using echo = await startEcho(['127.0.0.1']);
    const ip = await echo.send('X-Forwarded-For: 1.2.3.4', `X-Forwarded-For: ${CLIENT}`);
    assert.equal(ip, CLIENT);
  });

  it('with ports or unreadable values still has a rate-limit key', async () => {
    await using echo = await startEcho(['127.0.0.1', '10.0.0.0/8']);
    const keyOf = async (header: string) =>
      rateLimitKeyOf(await echo.send(`X-Forwarded-For: ${header}`));
    assert.equal(await keyOf(`1.2.3.4, ${CLIENT}:1025`), CLIENT);
    assert.equal(await keyOf('[2001:db8::7]:1025'), '2001:db8:0:0::/64');
    assert.equal(await keyOf(`${CLIENT}, unknown`), 'unreadable');
    // A proxy with a port is not recognized, so the value before it is ignored.
    assert.equal(await keyOf(`${CLIENT}, 10.0.0.1:80`), '10.0.0.1');
  });

  it('is the only header from which the client address is read', async () => {
    await using echo = await startEcho(['127.0.0.1']);
    const headers = ['Forwarded: for=1.2.3.4', 'X-Real-IP: 1.2.3.4', 'True-Client-IP: 1.2.3.4'];
    assert.equal(await echo.send(...headers, `X-Forwarded-For: ${CLIENT}`), CLIENT);
    assert.equal(await echo.send(...headers), '127.0.0.1');
  });
});
