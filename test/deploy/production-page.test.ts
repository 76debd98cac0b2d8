import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ConfigError, loadConfig } from '../../src/config/index.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { bffNames, loadBff, ROOT } from '../../tools/tree.ts';
import { PRODUCTION, UNREACHABLE_UPSTREAMS } from '../support/production.ts';
import { skipWithout } from '../support/program.ts';

const read = (file: string): Promise<string> => readFile(new URL(file, ROOT), 'utf8');

/** Of the stand-in services, without effect in production, or of an upstream or BFF that was added. */
const NOT_ON_PAGE = /^(?:\w+_PORT|\w+_SERVICE_URL|DATA_DIR|PURGE_URLS|SANDBOX_TOKEN)$/;
const ROW = /^\| `([A-Z][A-Z0-9_]*)` \| (.+?) \|/gm;
const ASSIGNMENT = /^([A-Z][A-Z0-9_]*)=/gm;

const bffs = await Promise.all(bffNames().map(loadBff));
const page = await read('docs/production.md');
const { OPERATIONS: _given, ...production } = PRODUCTION;

/** The default in production, as the page has it. */
function defaultOf(name: string): string {
  for (const { name: bff, port, adminPort } of bffs) {
    if (name === `${bff.toUpperCase()}_PORT`) return `\`${port}\``;
    if (name === `${bff.toUpperCase()}_ADMIN_PORT`) return `\`${adminPort}\``;
  }
  if (isRequired(name)) return 'required';
  const value = productionDefaults()[name] ?? schemaDefault(name);
  return typeof value === 'string' || typeof value === 'number' ? `\`${value}\`` : '–';
}

function isRequired(name: string): boolean {
  try {
    for (const bff of bffs) loadConfig({ NODE_ENV: 'production' }, bff);
    return false;
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.includes(`${name}: must be set`);
    throw error;
  }
}

/** Lists are empty by default. */
const schemaDefault = (name: string): string | number | undefined | readonly unknown[] =>
  VARIABLES.shape[name as keyof typeof VARIABLES.shape]?.safeParse(undefined).data as never;

/** The defaults that depend on NODE_ENV. */
function productionDefaults(): Readonly<Record<string, string | number>> {
  const [bff] = bffs;
  assert.ok(bff);
  const { rateLimits, drainDelayMs, logLevel } = loadConfig(
    { ...production, ...UNREACHABLE_UPSTREAMS },
    bff,
  );
  return {
    RATE_LIMIT_ADDRESS: rateLimits.address,
    RATE_LIMIT_VIEWER: rateLimits.viewer,
    DRAIN_DELAY_MS: drainDelayMs,
    LOG_LEVEL: logLevel,
  };
}

describe('docs/production.md', () => {
  const rows = new Map([...page.matchAll(ROW)].map(([, name = '', cell = '']) => [name, cell]));

  it('has a row for every variable: add yours to its table', async () => {
    const names = [...(await read('.env.example')).matchAll(ASSIGNMENT)].map(
      ([, name = '']) => name,
    );
    const missing = names.filter((name) => !rows.has(name) && !NOT_ON_PAGE.test(name));
    assert.deepEqual(missing, []);
    const unknown = [...rows.keys()].filter((name) => !names.includes(name));
    assert.deepEqual(unknown, []);
  });

  for (const [name, cell] of rows) {
    if (name === 'OPERATIONS') continue;
    it(`has the default of ${name}`, () => assert.equal(cell, defaultOf(name)));
  }

  it('has the default of OPERATIONS, which depends on the BFF', () => {
    const trusted = bffs.filter(({ trustedOnly }) => trustedOnly).map(({ name }) => name);
    const any = bffs.filter(({ trustedOnly }) => !trustedOnly).map(({ name }) => name);
    const list = new Intl.ListFormat('en-GB');
    const expected = `\`any\` for ${list.format(any)}, \`trusted\` for ${list.format(trusted)}`;
    assert.equal(rows.get('OPERATIONS'), expected);
  });

  it('links only to files that exist', async () => {
    for (const [, link = ''] of page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      await read(new URL(link, new URL('docs/', ROOT)).href);
    }
  });

  it('has HAProxy configuration that is valid', { skip: skipWithout('haproxy') }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'haproxy-'));
    const file = join(folder, 'haproxy.cfg');
    const [defaults] = (await read('deploy/haproxy/haproxy.cfg')).split('\nfrontend ');
    const blocks = [...page.matchAll(/^```haproxy\n(.*?)^```/gms)].map(([, code]) => code);
    assert.ok(blocks.length > 0);
    for (const code of blocks) {
      await writeFile(file, `${defaults}\n${code}`);
      const { status, stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stderr, /WARNING/);
    }
    await rm(folder, { recursive: true });
  });
});
