import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mobile } from '../../bff-mobile/bff.ts';
import { partner } from '../../bff-partner/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { startWorld, type World } from '../support/world.ts';

const TOOL = fileURLToPath(new URL('../../tools/purge.ts', import.meta.url));
const CACHED = { CACHE_MEMORY_MB: '64' };
const QUERY = '{ profile(id: "42") { name } }';
const SECRET = 'a-secret-that-only-this-test-knows';

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function purge(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return new Promise<Ended>((resolve) => {
    const clean = { PATH: process.env.PATH, ...env };
    execFile(process.execPath, [TOOL, ...args], { env: clean }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

async function isKept(world: World): Promise<boolean> {
  const { headers } = await world.ask(QUERY);
  return (headers.get('cache-status') ?? '').includes('; hit;');
}

/** An address at which nothing listens any more. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

test('purges the tags at each address, and says how many', async () => {
  await using one = await startWorld(web, CACHED);
  await using another = await startWorld(mobile, CACHED);
  await Promise.all([one.ask(QUERY), another.ask(QUERY)]);
  const addresses = [one.adminUrl, another.adminUrl].flatMap((address) => ['--at', address]);
  const { code, stdout, stderr } = await purge(['User:42', 'Order', ...addresses]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.equal(stdout, `${one.adminUrl}: {"purged":2}\n${another.adminUrl}: {"purged":2}\n`);
  for (const world of [one, another]) assert.equal(await isKept(world), false);
});

test('purges at every BFF of this machine if no address is given', async () => {
  await using ofWeb = await startWorld(web, CACHED);
  await using ofMobile = await startWorld(mobile, CACHED);
  await using ofPartner = await startWorld(partner, CACHED);
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

test('signs with PURGE_SECRET, and says it if that is not the right one', async () => {
  await using world = await startWorld(web, { ...CACHED, PURGE_SECRET: SECRET });
  await world.ask(QUERY);
  const refused = await purge(['User:42', '--at', world.adminUrl]);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /"UNAUTHENTICATED"/);
  assert.ok(await isKept(world));
  const { code } = await purge(['User:42', '--at', world.adminUrl], { PURGE_SECRET: SECRET });
  assert.equal(code, 0);
  assert.equal(await isKept(world), false);
});

test('one that can not be reached keeps none of the others from purging', async () => {
  await using world = await startWorld(web, CACHED);
  await world.ask(QUERY);
  const closed = await closedAddress();
  const { code, stdout, stderr } = await purge(['User:42', '--at', closed, '--at', world.adminUrl]);
  assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
  assert.match(stdout, new RegExp(`^${closed}: can't be reached \\(ECONNREFUSED\\): its .*--at`));
  assert.match(stdout, /: {"purged":1}\n$/);
  assert.equal(await isKept(world), false);
});

test('a tag of another form is refused by the BFF, and nothing is purged', async () => {
  await using world = await startWorld(web, CACHED);
  await world.ask(QUERY);
  const { code, stdout } = await purge(['User:42', 'User 42', '--at', world.adminUrl]);
  assert.equal(code, 1);
  assert.match(stdout, /"BAD_USER_INPUT"/);
  assert.ok(await isKept(world));
});

test('what is no BFF is named as one that did not purge', async () => {
  await using world = await startWorld(web, CACHED);
  const { code, stdout } = await purge(['User:42', '--at', world.url]);
  assert.equal(code, 1);
  assert.ok(stdout.startsWith(`${world.url}: `), stdout);
  assert.doesNotMatch(stdout, /purged/);
});

const MISTAKES: Record<string, { args: string[]; env?: NodeJS.ProcessEnv; says: RegExp }> = {
  'no tag': { args: ['--at', 'http://127.0.0.1:1'], says: /at least one tag/ },
  'nothing at all': { args: [], says: /at least one tag/ },
  'an unknown option': { args: ['User:42', '--all'], says: /'--all'/ },
  'an address that is none': {
    args: ['User:42', '--at', 'nonsense'],
    says: /--at must be an address, not "nonsense"/,
  },
  'an address missing': { args: ['User:42', '--at'], says: /'--at <value>'/ },
  'a secret that is too short': {
    args: ['User:42'],
    env: { PURGE_SECRET: 'short' },
    says: /PURGE_SECRET: must have at least 32 characters/,
  },
  'a secret in no file': {
    args: ['User:42'],
    env: { PURGE_SECRET_FILE: '/nowhere/purge-secret' },
    says: /PURGE_SECRET_FILE: there is no file/,
  },
};

for (const [name, { args, env, says }] of Object.entries(MISTAKES)) {
  test(`${name} is refused in words that say what is right`, async () => {
    const { code, stdout, stderr } = await purge(args, env);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, says);
    assert.match(stderr, /Usage: npm run -s purge -- <tag>/);
    assert.doesNotMatch(stderr, /\n +at /);
  });
}

test('--help prints the usage and every option, and purges nothing', async () => {
  const { code, stdout, stderr } = await purge(['--help']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.match(stdout, /^Usage: npm run -s purge -- <tag>.*^ +--at /ms);
});
