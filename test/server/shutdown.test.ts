import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';

async function startMobile(env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, ['bff-mobile/main.ts'], {
    env: { ...process.env, MOBILE_PORT: '0', MOBILE_ADMIN_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await until(() => output.includes('\n'));
  const [, endpoint = ''] = /^mobile listening on (http:\S+)$/m.exec(output) ?? [];
  return { child, endpoint, exited: once(child, 'exit') };
}

const ask = (endpoint: string, query: string) =>
  fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });

describe('a BFF process that is told to end', () => {
  it('answers what is under way, and exits with 0', async () => {
    await using users = await createUserService();
    const userUrl = await users.listen({ host: '127.0.0.1', port: 0 });
    const { child, endpoint, exited } = await startMobile({ USER_SERVICE_URL: userUrl });

    users.control.faults({ usersByIds: { delayMs: 500 } });
    const underWay = ask(endpoint, '{ profile(id: "42") { name } }');
    await until(() => users.control.requests().routes.usersByIds === 1);
    child.kill('SIGTERM');

    const answer = await underWay;
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /Amara Okafor/);
    assert.deepEqual(await exited, [0, null]);
  });

  it('says at once that it wants no more, and still answers for as long as it was told', async () => {
    const { child, endpoint, exited } = await startMobile({ DRAIN_DELAY_MS: '60000' });
    const ready = async () => (await fetch(new URL('/readyz', endpoint))).status;
    assert.equal(await ready(), 200);
    child.kill('SIGTERM');
    while ((await ready()) === 200);
    assert.equal(await ready(), 503);
    const answer = await ask(endpoint, '{ __typename }');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('connection'), 'close');
    child.kill('SIGKILL');
    await exited;
  });
});
