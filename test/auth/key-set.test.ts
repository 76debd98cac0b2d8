import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { publicKeySet } from '../../services/support/tokens.ts';
import { startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';
import { startEndpoint } from './endpoint.ts';

const BLANKS = ' '.repeat(64 * 1024);

describe('Issuer key set', () => {
  it('is given up early if it never ends, and requests with a token get a 503', async () => {
    let sentBytes = 0;
    let isClosed = false;
    const write = (response: ServerResponse) => {
      while (!isClosed && response.write(BLANKS)) sentBytes += BLANKS.length;
      if (!isClosed) response.once('drain', () => write(response));
    };
    await using issuer = await startEndpoint((response) => {
      response.once('close', () => {
        isClosed = true;
      });
      response.write('{"keys":[');
      write(response);
    });
    await using environment = await startEnvironment(web, { JWKS_URL: issuer.url.href });

    const { status, body } = await environment.send('{ viewer { id } }', { as: CAST.customer });

    assert.equal(status, 503);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    await until(() => isClosed);
    assert.ok(sentBytes < 16 * 1024 * 1024, `${sentBytes} bytes were read`);
  });

  it('is read from a response that arrives byte by byte', async () => {
    const keys = JSON.stringify(publicKeySet());
    await using issuer = await startEndpoint((response) => {
      response.setHeader('content-type', 'application/json');
      for (const character of keys) response.write(character);
      response.end();
    });
    await using environment = await startEnvironment(web, { JWKS_URL: issuer.url.href });
    const { body } = await environment.send('{ viewer { id } }', { as: CAST.customer });
    assert.deepEqual(body, { data: { viewer: { id: CAST.customer } } });
  });
});
