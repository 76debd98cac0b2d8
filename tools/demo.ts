import { randomBytes } from 'node:crypto';
import { get as getByHttp } from 'node:http';
import { get as getByHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readSecret } from '../services/support/secret.ts';
import { readSettings } from '../services/support/settings.ts';
import { issueToken } from '../services/support/tokens.ts';
import { withDemo } from '../src/config/demo-defaults.ts';
import { ConfigError, findMisspelt, readAll, urlVariable } from '../src/config/index.ts';
import { isRunByNpm } from '../src/config/parsers.ts';
import { UPSTREAMS, type UpstreamTable } from '../src/datasources/upstreams.ts';
import { readConfig } from '../src/server/read-config.ts';
import { closeOnTermination } from '../src/server/termination.ts';
import { type Child, startChild } from './demo/child.ts';
import { type ExamplePages, pageFaults, startExamplePages } from './demo/example-pages.ts';
import { createDemoLogin, type DemoLogin, usesDemoIssuer } from './demo/login.ts';
import { type OrderMessages, startOrderMessages } from './demo/order-messages.ts';
import { bffNames, loadBff, ROOT } from './tree.ts';

// npm start: starts the stand-in services, the identity provider and every BFF, each as its own
// process, so that you can kill one and see a partial response; and the pages of examples/, in this process.
// --services-only starts no BFF and no page.

const SERVICES = Object.keys(UPSTREAMS);
const IDENTITY = 'identity';
const TOKEN_LIFETIME_SECONDS = 30 * 86_400;
const START_TIMEOUT_MS = 30_000;
/** Longer than a child may take, after which it is killed. */
const CLOSE_TIMEOUT_MS = 10_000;
/** Secrets shared by BFFs and stand-ins, which authenticate BFFs and the viewers of their calls. */
const SHARED_SECRETS = ['VIEWER_SIGNING_KEY', 'UPSTREAM_TOKEN', 'LOGIN_CLIENT_SECRET'];

const { values } = parseArgs({ options: { 'services-only': { type: 'boolean' } } });
const secrets = values['services-only'] ? {} : newSecrets();
const environment = withoutMisspelt(nonEmpty(process.env));
const standIns = [
  ...SERVICES.filter((name) => !environment[urlVariable(name)]),
  ...(usesDemoIssuer(environment) ? [IDENTITY] : []),
];
const children: Child[] = [];
let pages: ExamplePages | undefined;
let orderMessages: OrderMessages | undefined;
const failed = Promise.withResolvers<never>();
let phase = 'starting' as 'starting' | 'running' | 'stopping';

closeOnTermination({
  isRunByNpm: isRunByNpm(process.env),
  closeTimeoutMs: CLOSE_TIMEOUT_MS,
  logger: console,
  logCrash: console.error,
  close: stop,
  abort() {
    for (const child of children) child.kill();
  },
});

try {
  const ready = await Promise.race([start(), failed.promise]);
  phase = 'running';
  console.log(ready);
} catch (error) {
  if (phase === 'starting') {
    console.error((error as Error).message);
    await stop();
    process.exit(1);
  }
}

/** @returns the line to print when all processes are ready */
async function start(): Promise<string> {
  await checkConfiguration();
  const bffs = await Promise.all(bffNames().map(loadBff));
  const withSessions = bffs.find(({ credentials }) => credentials.includes('cookie'));
  const token = await issueToken({
    userId: '42',
    role: 'customer',
    expiresIn: TOKEN_LIFETIME_SECONDS,
  });
  if (!values['services-only'] && standIns.includes(IDENTITY)) {
    pages = await startExamplePages(environment, token);
  }
  const login = withSessions && (await createDemoLogin(withSessions, environment, pages?.web.url));
  const [services, identityUrl] = await Promise.all([
    Promise.all(SERVICES.map(startService)),
    startIdentityProvider(login),
  ]);
  if (values['services-only']) return `${readyIn()}. Next: ${webCommand(services)}`;

  const addresses = Object.fromEntries(
    SERVICES.map((name, index) => [urlVariable(name), services[index]]),
  );
  const env = {
    ...demoIssuer(addresses),
    SANDBOX_TOKEN: token,
    ...secrets,
    ...environment,
    ...addresses,
  };
  const urls = await Promise.all(
    bffs.map((bff) => {
      const ofLogin = bff === withSessions && identityUrl ? login?.bff(identityUrl) : {};
      return run(bff.name, `bff-${bff.name}/main.ts`, { ...env, ...ofLogin });
    }),
  );
  await Promise.all(urls.map(waitUntilReady));
  for (const [name, page] of Object.entries(pages ?? {})) {
    page.connect(urls[bffs.findIndex((bff) => bff.name === page.bff)] ?? '');
    print(`${name} page`, page.url);
  }
  if (pages && standIns.includes('notification')) await startMessages();
  await subscribe();
  const standIn = children.find(({ name }) => SERVICES.includes(name) && !issuesTokens(name));
  if (pages) {
    const { web, phone } = pages;
    const tryPartial = standIn
      ? `, then kill one service (kill ${standIn.pid}) and refresh the phone page`
      : '';
    return `${readyIn()}. Next: open ${web.url} (web page) and ${phone.url} (phone page) in a browser${tryPartial}`;
  }
  const tryPartial = standIn
    ? `, or kill one service (kill ${standIn.pid}) and send a request with "cache-control: no-cache" for a partial response`
    : '';
  const tryLogin = identityUrl && login ? `, log in at ${login.url}` : '';
  return `${readyIn()}. Next: open ${urls[0]} in a browser${tryLogin}${tryPartial}`;
}

/** The demo's issuer, which production must be told; empty if another one is configured. */
function demoIssuer(addresses: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE } = withDemo(
    { ...environment, ...addresses },
    UPSTREAMS,
  );
  return { JWKS_URL, JWT_ISSUER, JWT_AUDIENCE };
}

/**
 * Validates the configuration of all processes before any of them starts, with placeholders for
 * values that are known only afterwards.
 * @throws ConfigError that names every invalid variable
 */
async function checkConfiguration(): Promise<void> {
  const bffs = values['services-only'] ? [] : await Promise.all(bffNames().map(loadBff));
  const addresses = Object.fromEntries(
    SERVICES.map((name) => [urlVariable(name), 'http://127.0.0.1']),
  );
  const env = { ...addresses, ...demoIssuer(addresses), ...environment };
  readAll(
    ...bffs.map((bff) => () => readConfig(env, bff)),
    () => {
      const faults = values['services-only'] ? [] : pageFaults(environment);
      if (faults.length > 0) throw new ConfigError(faults);
    },
    ...standIns.map((name) => () => {
      const { faults } = readSettings(environment, name, 0);
      if (faults.length > 0) throw new ConfigError(faults);
    }),
  );
}

/** The command that starts a BFF with the URLs of these services, where they differ from the defaults. */
function webCommand(services: readonly string[]): string {
  const defaults = withDemo({}, UPSTREAMS);
  const variables = SERVICES.map((name, index) => [urlVariable(name), services[index]])
    .filter(([variable = '', url]) => url !== defaults[variable])
    .map(([variable, url]) => `${variable}=${url} `);
  return `${variables.join('')}npm run start:web`;
}

/** Warns of misspelt variables and removes them, so that not every process repeats the warning. */
function withoutMisspelt(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const misspelt = findMisspelt(env, { bffs: bffNames(), upstreams: SERVICES });
  for (const { variable, similarTo } of misspelt) {
    print('warning', `unknown variable ${variable}, did you mean ${similarTo}?`);
  }
  const names = misspelt.map(({ variable }) => variable);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}

async function startService(name: string): Promise<string> {
  const url = process.env[urlVariable(name)];
  const env = { PURGE_URLS: await purgeUrls(), ...secrets, ...environment };
  if (!url) return run(name, `services/${name}/main.ts`, env);
  print(name, `${url} (from ${urlVariable(name)})`);
  return url;
}

/** Starts the identity provider of the demo's issuer. */
async function startIdentityProvider(login: DemoLogin | undefined): Promise<string | undefined> {
  if (!standIns.includes(IDENTITY)) return undefined;
  const env = { ...secrets, ...environment, ...login?.identity };
  return run(IDENTITY, `services/${IDENTITY}/main.ts`, env);
}

async function run(name: string, file: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (phase === 'stopping') throw new Error('stopped while starting');
  const child = startChild(name, new URL(file, ROOT), env, print);
  children.push(child);
  void child.exited.then((exit) => {
    if (phase === 'starting') failed.reject(new Error(`${name} ${exit}`));
    if (phase === 'running') print(name, `${exit}; the other processes keep running`);
  });
  const url = await child.url;
  // Not after a failed start: its reason stays the last line.
  if (phase === 'starting') print(name, `${url} (process ${child.pid})`);
  return url;
}

/** The purge URLs of BFFs that are started by hand; none for a BFF whose admin port is 0. */
async function purgeUrls(): Promise<string> {
  const bffs = await Promise.all(bffNames().map(loadBff));
  const ports = bffs.map(
    (bff) => process.env[`${bff.name.toUpperCase()}_ADMIN_PORT`] || String(bff.adminPort),
  );
  return ports.flatMap((port) => (port === '0' ? [] : `http://127.0.0.1:${port}/purge`)).join(',');
}

/** Starts the sender of notifications about orders. */
async function startMessages(): Promise<void> {
  const notification = await children.find(({ name }) => name === 'notification')?.url;
  const upstreamToken = secrets.UPSTREAM_TOKEN ?? readSecret('UPSTREAM_TOKEN');
  if (notification) orderMessages = await startOrderMessages(notification, upstreamToken);
}

/**
 * Subscribes every BFF to the stand-ins' purge messages, so that no stored response is outdated, and the sender
 * of notifications.
 */
async function subscribe(): Promise<void> {
  const bffs = children.filter(({ name }) => bffNames().includes(name));
  const listeners = await Promise.all(bffs.map(({ adminUrl }) => adminUrl));
  const urls = listeners.map((listener) => new URL('/purge', listener).href);
  if (orderMessages) urls.push(orderMessages.url);
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

async function waitUntilReady(url: string): Promise<void> {
  const readyz = new URL('/readyz', url);
  const end = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < end && phase === 'starting') {
    if (await isReady(readyz)) return;
    await sleep(50);
  }
  throw new Error(`${readyz.href} is not ready`);
}

function isReady(url: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const get = url.protocol === 'https:' ? getByHttps : getByHttp;
  // The certificate is for the name that clients use, not for the address of this machine.
  const request = get(url, { timeout: 1_000, rejectUnauthorized: false, agent: false });
  request.on('response', (response) => {
    resolve(response.statusCode === 200);
    response.resume();
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => resolve(false));
  return promise;
}

async function stop(): Promise<void> {
  phase = 'stopping';
  for (const server of [orderMessages, ...Object.values(pages ?? {})]) server?.close();
  await Promise.all(children.map((child) => child.stop()));
}

/** Creates the shared secrets that are not set; not for --services-only, as no BFF would get them. */
function newSecrets(): NodeJS.ProcessEnv {
  const missing = SHARED_SECRETS.filter(
    (name) => !process.env[name] && !process.env[`${name}_FILE`],
  );
  return Object.fromEntries(missing.map((name) => [name, randomBytes(32).toString('base64url')]));
}

function nonEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

function print(name: string, text: string): void {
  console.log(`${name.padEnd(12)} | ${text}`);
}

function issuesTokens(name: string): boolean {
  const table: UpstreamTable = UPSTREAMS;
  return table[name]?.jwksPath !== undefined;
}

function readyIn(): string {
  return `ready in ${(performance.now() / 1_000).toFixed(1)} s`;
}
