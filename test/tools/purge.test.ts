import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mobile } from '../../bff-mobile/bff.ts';
import { partner } from '../../bff-partner/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { purgeCommand } from '../../tools/purge.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { runProcess, runTool } from './run-tool.ts';

const TOOL = fileURLToPath(new URL('../../tools/purge.ts', import.meta.url));
const CACHED = { CACHE_MEMORY_MB: '64' };
const QUERY = '{ profile(id: "42") { name } }';
const SECRET = 'a-secret-that-only-this-test-knows';

const purge = (args: string[], env?: NodeJS.ProcessEnv) => runTool(purgeCommand, args, env);

const isStored = async ({ send }: Environment): Promise<boolean> =>
  ((await send(QUERY)).headers.get('cache-status') ?? '').includes('; hit;');

/** An origin at which nothing listens. */
async function closedOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe('npm run purge', () => {
  let ofWeb: Environment;
  let ofMobile: Environment;
  let ofPartner: Environment;
  const started = new AsyncDisposableStack();

  before(async () => {
    ofWeb = started.use(await startEnvironment(web, CACHED));
    ofMobile = started.use(await startEnvironment(mobile, CACHED));
    ofPartner = started.use(await startEnvironment(partner, CACHED));
  });
  after(() => started.disposeAsync());

  it('purges the tags at each address and prints the number of purged tags', async () => {
    const environments = [ofWeb, ofMobile];
    for (const { send } of environments) await send(QUERY);
    const addresses = environments.flatMap(({ adminUrl }) => ['--at', adminUrl]);
    const args = [TOOL, 'User:42', 'Order', ...addresses];
    const { code, stdout, stderr } = await runProcess(process.execPath, args);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const [first, second] = environments.map(({ adminUrl }) => `${adminUrl}: {"purged":2}\n`);
    assert.equal(stdout, `${first}${second}`);
    for (const environment of environments) assert.equal(await isStored(environment), false);
  });

  it('purges at every BFF of this machine if no address is given', async () => {
    const { code, stdout } = await purge(['User:42'], {
      WEB_ADMIN_PORT: new URL(ofWeb.adminUrl).port,
      MOBILE_ADMIN_PORT: new URL(ofMobile.adminUrl).port,
      PARTNER_ADMIN_PORT: new URL(ofPartner.adminUrl).port,
    });
    assert.equal(code, 0);
    assert.deepEqual(
      stdout.trim().split('\n').sort(),
      [ofWeb, ofMobile, ofPartner].map(({ adminUrl }) => `${adminUrl}: {"purged":1}`).sort(),
    );
  });

  it('signs with PURGE_SECRET and prints the refusal of a wrong secret', async () => {
    await using environment = await startEnvironment(web, { ...CACHED, PURGE_SECRET: SECRET });
    await environment.send(QUERY);
    const args = ['User:42', '--at', environment.adminUrl];
    const refused = await purge(args);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /"UNAUTHENTICATED"/);
    assert.ok(await isStored(environment));
    assert.equal((await purge(args, { PURGE_SECRET: SECRET })).code, 0);
    assert.equal(await isStored(environment), false);
  });

  it('purges at the other addresses if one is unreachable', async () => {
    await ofWeb.send(QUERY);
    const closed = await closedOrigin();
    const args = ['User:42', '--at', closed, '--at', ofWeb.adminUrl];
    const { code, stdout, stderr } = await purge(args);
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
    assert.match(stdout, new RegExp(`^${closed}: unreachable \\(ECONNREFUSED\\), set .*--at`));
    assert.match(stdout, /: {"purged":1}\n$/);
    assert.equal(await isStored(ofWeb), false);
  });

  it('purges nothing if the BFF refuses one of the tags', async () => {
    await ofWeb.send(QUERY);
    const { code, stdout } = await purge(['User:42', 'User 42', '--at', ofWeb.adminUrl]);
    assert.equal(code, 1);
    assert.match(stdout, /"BAD_USER_INPUT"/);
    assert.ok(await isStored(ofWeb));
  });

  it('reports an address that is not an admin listener as not purged', async () => {
    const { code, stdout } = await purge(['User:42', '--at', ofWeb.url]);
    assert.equal(code, 1);
    assert.ok(stdout.startsWith(`${ofWeb.url}: `), stdout);
    assert.doesNotMatch(stdout, /purged/);
  });

  const MISTAKES: Record<string, { args: string[]; env?: NodeJS.ProcessEnv; error: RegExp }> = {
    'an address without a tag': {
      args: ['--at', 'http://127.0.0.1:1'],
      error: /at least one tag/,
    },
    'missing arguments': { args: [], error: /at least one tag/ },
    'an unknown option': { args: ['User:42', '--all'], error: /'--all'/ },
    'an address that is not a URL': {
      args: ['User:42', '--at', 'nonsense'],
      error: /--at must be a URL, not "nonsense"/,
    },
    'a missing address': { args: ['User:42', '--at'], error: /'--at <value>'/ },
    'a secret that is too short': {
      args: ['User:42'],
      env: { PURGE_SECRET: 'short' },
      error: /PURGE_SECRET: must have at least 32 characters/,
    },
    'a secret in a file that does not exist': {
      args: ['User:42'],
      env: { PURGE_SECRET_FILE: '/nowhere/purge-secret' },
      error: /PURGE_SECRET_FILE: there is no readable file/,
    },
  };

  for (const [mistake, { args, env, error }] of Object.entries(MISTAKES)) {
    it(`rejects ${mistake} with a message that says what is allowed`, async () => {
      const { code, stdout, stderr } = await purge(args, env);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
      assert.match(stderr, error);
      assert.match(stderr, /Usage: npm run -s purge -- <tag>/);
      assert.doesNotMatch(stderr, /\n +at /);
    });
  }

  it('--help prints the usage and every option and purges nothing', async () => {
    const { code, stdout, stderr } = await purge(['--help']);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.match(stdout, /^Usage: npm run -s purge -- <tag>.*^ +--at /ms);
  });
});
