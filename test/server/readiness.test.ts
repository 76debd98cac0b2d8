import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { createServer } from '../../src/server/create-server.ts';
import { library } from '../support/fixture/bff.ts';

describe('/readyz', () => {
  it('responds 503 until the committed operations are compiled, and while the server drains', async () => {
    const env = { NODE_ENV: 'test', LOG_LEVEL: 'silent' };
    const { app, warmUp, drain, retire } = await createServer(library, loadConfig(env, library));
    const read = async () => {
      const { statusCode, headers, body } = await app.inject('/readyz');
      return [statusCode, JSON.parse(body).status, headers.connection];
    };
    try {
      assert.deepEqual(await read(), [503, 'starting', 'keep-alive']);
      assert.equal((await app.inject('/healthz')).statusCode, 200);
      await warmUp();
      assert.deepEqual(await read(), [200, 'ok', 'keep-alive']);
      retire();
      assert.deepEqual(await read(), [200, 'ok', 'close']);
      drain();
      assert.deepEqual(await read(), [503, 'draining', 'close']);
    } finally {
      await app.close();
    }
  });
});
