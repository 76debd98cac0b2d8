import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { publicKeySet } from '../../services/user/tokens.ts';
import { until } from '../support/until.ts';
import { startWorld } from '../support/world.ts';

const BLANKS = ' '.repeat(64 * 1024);

describe("an issuer's key set", () => {
  it('without an end is given up early, and everyone with a token is told to come again', async () => {
    let sent = 0;
    let left = false;
    const write = (response: ServerResponse) => {
      while (!left && response.write(BLANKS)) sent += BLANKS.length;
      if (!left) response.once('drain', () => write(response));
    };
    await using issuer = await startIssuer((response) => {
      response.once('close', () => {
        left = true;
      });
      response.write('{"keys":[');
      write(response);
    });
    await using world = await startWorld(web, { JWKS_URL: issuer.url });

    const { status, body } = await world.ask('{ viewer { id } }', { as: CAST.customer });

    assert.equal(status, 503);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    await until(() => left);
    assert.ok(sent < 16 * 1024 * 1024, `${sent} bytes were taken`);
  });

  it('is taken however it is cut into pieces', async () => {
    const keys = JSON.stringify(publicKeySet());
    await using issuer = await startIssuer((response) => {
      response.setHeader('content-type', 'application/json');
      for (const character of keys) response.write(character);
      response.end();
    });
    await using world = await startWorld(web, { JWKS_URL: issuer.url });
    const { body } = await world.ask('{ viewer { id } }', { as: CAST.customer });
    assert.deepEqual(body, { data: { viewer: { id: CAST.customer } } });
  });
});

async function startIssuer(answer: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
