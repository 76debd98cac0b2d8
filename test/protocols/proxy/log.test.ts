import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, it } from 'node:test';
import { web } from '../../../bff-web/bff.ts';
import { startBffProcess } from '../../support/bff-process.ts';
import { createToken } from '../../support/environment.ts';
import { until } from '../../support/until.ts';
import { startService } from './harness.ts';

describe('The log of forwarded requests', () => {
  it('has no credential, whoever ends a response early', async () => {
    await using service = await startService((incoming, response) => {
      response.writeHead(200, { 'content-length': '100', 'x-secret': 'secret-header' });
      response.write('secret-body');
      if (incoming.url?.endsWith('reset')) setImmediate(() => incoming.socket.destroy());
    });
    const env = { LOG_LEVEL: 'trace', ORDER_SERVICE_URL: service.url };
    await using bff = await startBffProcess(web, { shell: 'exec 2>&1', env });
    const token = await createToken('staff');
    const headers = { authorization: `Bearer ${token}`, cookie: 'secret-cookie=1' };
    for (const path of ['/api/orders/left?a=secret-query', '/api/orders/reset']) {
      const { hostname, port } = new URL(bff.url);
      const outgoing = request({ hostname, port, path, headers, agent: false }).end();
      outgoing.on('error', () => {});
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      if (path.includes('left')) outgoing.destroy();
      else await once(response.resume(), 'error');
    }
    const lines = (text: string) => bff.logEntries().filter(({ msg }) => msg === text);
    await until(() => lines('request completed').length === 2);
    await until(() => lines('upstream failed').length === 2);
    const kinds = lines('upstream failed').map(({ kind }) => kind);
    assert.deepEqual(kinds.sort(), ['abandoned', 'connection']);
    bff.kill('SIGTERM');
    await bff.ended();
    const output = bff.lines().join('\n');
    assert.ok(!output.includes(token));
    assert.doesNotMatch(output, /secret-/);
  });
});
