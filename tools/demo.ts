import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readSettings } from '../services/support/settings.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER, issueToken } from '../services/user/tokens.ts';
import { ConfigError, findMisspelt, readAll } from '../src/config.ts';
import { withDemo } from '../src/config-demo.ts';
import { isRunByNpm } from '../src/config-readers.ts';
import { readConfig } from '../src/server/read-config.ts';
import { onTermination } from '../src/server/termination.ts';
import { type Child, startChild } from './demo/child.ts';
import { bffNames, loadBff, ROOT, serviceNames } from './tree.ts';

// npm start: the stand-ins and every BFF, each a process of its own, so that one can be killed to
// see a partial answer. --services-only leaves the BFFs out.

const SERVICES = serviceNames();
const TOKEN_SECONDS = 30 * 86_400;
const START_LIMIT_MS = 30_000;
/** What the BFFs and the stand-ins must share, so that the stand-ins know who calls, and for whom. */
const SECRETS = ['VIEWER_SIGNING_KEY', 'UPSTREAM_TOKEN'];

const { values } = parseArgs({ options: { 'services-only': { type: 'boolean' } } });
const secrets = values['services-only'] ? {} : newSecrets();
const environment = withoutMisspelt(given(process.env));
const children: Child[] = [];
const failed = Promise.withResolvers<never>();
let phase = 'starting' as 'starting' | 'running' | 'ending';

onTermination({
  signals: ['SIGINT', 'SIGTERM', 'SIGHUP'],
  isRunByNpm: isRunByNpm(process.env),
  drain: () => void end(0),
  abort() {
    for (const child of children) child.kill();
  },
});

try {
  const ready = await Promise.race([start(), failed.promise]);
  phase = 'running';
  console.log(ready);
} catch (error) {
  if (phase !== 'ending') console.error((error as Error).message);
  await end(1);
}

/** @returns the line to say when all answer */
async function start(): Promise<string> {
  await checkConfiguration();
  const services = await Promise.all(SERVICES.map(startService));
  if (values['services-only']) return `${readyIn()}. Next: ${webCommand(services)}`;

  const [userUrl] = services[SERVICES.indexOf('user')]?.split(',') ?? [];
  const env = {
    JWKS_URL: new URL('/.well-known/jwks.json', userUrl).href,
    JWT_ISSUER: DEMO_ISSUER,
    JWT_AUDIENCE: DEMO_AUDIENCE,
    SANDBOX_TOKEN: await issueToken({ userId: '42', role: 'customer', expiresIn: TOKEN_SECONDS }),
    ...secrets,
    ...environment,
    ...Object.fromEntries(SERVICES.map((name, index) => [urlVariable(name), services[index]])),
  };
  const urls = await Promise.all(bffNames().map((name) => run(name, `bff-${name}/main.ts`, env)));
  await Promise.all(urls.map(answers));
  await tellOfWrites();
  const order = children.find(({ name }) => name === 'order');
  const part = order
    ? `, or kill one service (kill ${order.pid}) and ask with "cache-control: no-cache" for a partial answer`
    : '';
  return `${readyIn()}. Next: open ${urls[0]} in a browser${part}`;
}

/**
 * Checks the configuration of all that is about to start. What only the start itself decides has a
 * placeholder.
 * @throws ConfigError that names every variable at fault
 */
async function checkConfiguration(): Promise<void> {
  const bffs = values['services-only'] ? [] : await Promise.all(bffNames().map(loadBff));
  const env = {
    ...Object.fromEntries(SERVICES.map((name) => [urlVariable(name), 'http://127.0.0.1'])),
    JWKS_URL: 'http://127.0.0.1',
    JWT_ISSUER: DEMO_ISSUER,
    JWT_AUDIENCE: DEMO_AUDIENCE,
    ...environment,
  };
  readAll(
    ...bffs.map((bff) => () => readConfig(env, bff)),
    ...SERVICES.filter((name) => !environment[urlVariable(name)]).map((name) => () => {
      const { faults } = readSettings(environment, name, 0);
      if (faults.length > 0) throw new ConfigError(faults);
    }),
  );
}

/** The command that starts a BFF in front of these services, whose addresses may not be the defaults. */
function webCommand(services: readonly string[]): string {
  const defaults: Record<string, string> = withDemo({});
  const variables = SERVICES.map((name, index) => [urlVariable(name), services[index]])
    .filter(([variable = '', url]) => url !== defaults[variable])
    .map(([variable, url]) => `${variable}=${url} `);
  return `${variables.join('')}npm run start:web`;
}

/** Says which variables nothing reads although they resemble ours, once and not by every process. */
function withoutMisspelt(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const misspelt = findMisspelt(env, bffNames());
  for (const { variable, similarTo } of misspelt) {
    say('warning', `${variable} is not read by anything: is ${similarTo} meant?`);
  }
  const names = misspelt.map(({ variable }) => variable);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

async function startService(name: string): Promise<string> {
  const url = process.env[urlVariable(name)];
  const env = { PURGE_URLS: await purgeUrls(), ...secrets, ...environment };
  if (!url) return run(name, `services/${name}/main.ts`, env);
  say(name, `${url} (from ${urlVariable(name)})`);
  return url;
}

async function run(name: string, file: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (phase === 'ending') throw new Error('ended while starting');
  const child = startChild(name, new URL(file, ROOT), env, say);
  children.push(child);
  void child.ended.then((how) => {
    if (phase === 'starting') failed.reject(new Error(`${name} ${how}`));
    if (phase === 'running') say(name, `${how}; the others go on without it`);
  });
  const url = await child.url;
  // Not after the reason of a failed start, which should be the last that is read.
  if (phase === 'starting') say(name, `${url} (process ${child.pid})`);
  return url;
}

/** Where BFFs that are started by hand take purges, unless their ports are any free ones. */
async function purgeUrls(): Promise<string> {
  const bffs = await Promise.all(bffNames().map(loadBff));
  const ports = bffs.map(
    (bff) => process.env[`${bff.name.toUpperCase()}_ADMIN_PORT`] || String(bff.adminPort),
  );
  return ports.flatMap((port) => (port === '0' ? [] : `http://127.0.0.1:${port}/purge`)).join(',');
}

/** Has the stand-ins tell every BFF what they write, so that nothing that is kept is out of date. */
async function tellOfWrites(): Promise<void> {
  const bffs = children.filter(({ name }) => bffNames().includes(name));
  const listeners = await Promise.all(bffs.map(({ adminUrl }) => adminUrl));
  const urls = listeners.map((listener) => new URL('/purge', listener).href);
  const services = children.filter(({ name }) => SERVICES.includes(name));
  await Promise.all(
    services.map(async (service) =>
      fetch(new URL('/_control/subscribers', await service.url), {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ urls }),
      }),
    ),
  );
}

async function answers(url: string): Promise<void> {
  const readyz = new URL('/readyz', url);
  const limit = performance.now() + START_LIMIT_MS;
  while (performance.now() < limit && phase === 'starting') {
    const response = await fetch(readyz, { signal: AbortSignal.timeout(1_000) }).catch(
      () => undefined,
    );
    if (response?.ok) return;
    await sleep(50);
  }
  throw new Error(`${readyz.href} does not answer`);
}

async function end(code: number): Promise<void> {
  if (phase === 'ending') return;
  phase = 'ending';
  await Promise.all(children.map((child) => child.stop()));
  process.exit(code);
}

/** Not with --services-only: a BFF that is started by hand would not know them. */
function newSecrets(): NodeJS.ProcessEnv {
  const missing = SECRETS.filter((name) => !process.env[name] && !process.env[`${name}_FILE`]);
  return Object.fromEntries(missing.map((name) => [name, randomBytes(32).toString('base64url')]));
}

function given(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

function say(name: string, text: string): void {
  console.log(`${name.padEnd(12)} | ${text}`);
}

function urlVariable(name: string): string {
  return `${name.toUpperCase()}_SERVICE_URL`;
}

function readyIn(): string {
  return `ready in ${(performance.now() / 1_000).toFixed(1)} s`;
}
