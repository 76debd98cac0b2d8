import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';

describe('a BFF process that is told to end', () => {
  it('says that it takes no more, answers what is under way, and exits with 0', async () => {
    await using users = await createUserService();
    const userUrl = await users.listen({ host: '127.0.0.1', port: 0 });
    const child = spawn(process.execPath, ['bff-mobile/main.ts'], {
      env: { ...process.env, MOBILE_PORT: '0', USER_SERVICE_URL: userUrl },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await until(() => output.includes('\n'));
    const endpoint = /^mobile listening on (http:\S+)$/m.exec(output)?.[1] as string;
    assert.ok(endpoint, output);

    users.control.faults({ usersByIds: { delayMs: 500 } });
    const underWay = fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ profile(id: "42") { name } }' }),
    });
    await until(() => users.control.requests().routes.usersByIds === 1);
    child.kill('SIGTERM');

    const answer = await underWay;
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /Amara Okafor/);
    assert.deepEqual(await exited, [0, null]);
  });
});
