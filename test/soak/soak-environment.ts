import { hash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mobile } from '../../bff-mobile/bff.ts';
import type { Faults } from '../../services/support/faults.ts';
import { portVariable } from '../../services/support/settings.ts';
import { urlVariable } from '../../src/config/index.ts';
import { bundleProgram } from '../../tools/build/program-bundle.ts';
import { startTokenIssuer } from '../attack/token-issuer.ts';
import { SERVICE_NAMES } from '../support/services.ts';
import { startMeasuredProcess } from './measured-process.ts';

const BFF_READY = /"url":"(http:[^"]+)\/graphql","adminUrl":"(http:[^"]+)"/;
const SERVICE_READY = /service listening on (http:\S+)/;
const TOKEN_SECONDS = 24 * 3_600;

export type SoakServices = Awaited<ReturnType<typeof startSoakServices>>;

/** What each scenario takes besides its settings. */
export interface ScenarioOptions {
  /** For tests that plant a fault in the BFF. */
  readonly preloads?: readonly string[];
  /** Running services; otherwise the scenario starts its own. */
  readonly services?: SoakServices;
}

export interface SoakEnvironmentOptions extends ScenarioOptions {
  /** Variables of the BFF besides those of production. */
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

export type SoakEnvironment = Awaited<ReturnType<typeof startSoakEnvironment>>;

/** Starts the stand-in services, each as a process of its own. `await using` kills them. */
export async function startSoakServices() {
  await using started = new AsyncDisposableStack();
  const secret = () => randomBytes(32).toString('base64url');
  const secrets = {
    UPSTREAM_TOKEN: secret(),
    VIEWER_SIGNING_KEY: secret(),
    PURGE_SECRET: secret(),
  };
  const services = await Promise.all(
    SERVICE_NAMES.map(async (name) => {
      const service = await startMeasuredProcess({
        file: `services/${name}/main.ts`,
        env: { ...secrets, [portVariable(name)]: '0' },
        ready: SERVICE_READY,
      });
      started.use(service);
      return { name, url: service.urls[0] ?? '' };
    }),
  );
  const resources = started.move();
  return { services, secrets, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

/**
 * Starts the mobile BFF as in production, and the stand-in services, each as a process of its own, so
 * that nothing but the BFF is measured. `await using` kills them.
 */
export async function startSoakEnvironment(options: SoakEnvironmentOptions = {}) {
  await using started = new AsyncDisposableStack();
  const issuer = started.use(await startTokenIssuer());
  const { services, secrets } = options.services ?? started.use(await startSoakServices());
  const bff = started.use(
    await startMeasuredProcess({
      file: await bundleProgram('bff-mobile/main.ts'),
      env: {
        NODE_ENV: 'production',
        MOBILE_PORT: '0',
        MOBILE_ADMIN_PORT: '0',
        ...Object.fromEntries(services.map(({ name, url }) => [urlVariable(name), url])),
        ...secrets,
        ...issuer.env,
        // Clients have addresses of their own, as behind a balancer.
        TRUSTED_PROXIES: '127.0.0.1',
        ...options.env,
      },
      ready: BFF_READY,
      preloads: options.preloads ?? [],
      onLine: options.onLine ?? (() => {}),
    }),
  );
  const [url = '', adminUrl = ''] = bff.urls;

  const put = async (service: string, path: string, body: unknown): Promise<void> => {
    const response = await fetch(new URL(path, service), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  for (const service of services) {
    await put(service.url, '/_control/subscribers', { urls: [new URL('/purge', adminUrl).href] });
  }
  const resources = started.move();

  return {
    bff,
    url,
    endpoint: `${url}/graphql`,
    services: Object.fromEntries(services.map(({ name, url }) => [name, url])),

    /** Replaces the faults of all services; none without an argument. */
    async setFaults(faults: Partial<Record<(typeof SERVICE_NAMES)[number], Faults>> = {}) {
      for (const { name, url } of services) await put(url, '/_control/faults', faults[name] ?? {});
    },

    /** The headers of a user, who has an address of its own. */
    async headersOf(userId: string): Promise<Record<string, string>> {
      const token = await issuer.sign({
        sub: userId,
        exp: Math.floor(Date.now() / 1_000) + TOKEN_SECONDS,
      });
      return { authorization: `Bearer ${token}`, 'x-forwarded-for': addressOf(Number(userId)) };
    },

    /** Reads from a service directly. */
    async read(service: (typeof SERVICE_NAMES)[number], path: string) {
      const response = await fetch(
        new URL(path, services.find(({ name }) => name === service)?.url),
        { headers: { authorization: `Bearer ${secrets.UPSTREAM_TOKEN}` } },
      );
      if (!response.ok) throw new Error(`${service} ${path}: ${response.status}`);
      return response.json();
    },

    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** A private address of a client, one of 65,536. */
export const addressOf = (number: number): string => `10.0.${(number >> 8) & 255}.${number & 255}`;

/** A committed operation of the BFF, and its hash. */
export function committed(name: string) {
  const text = readFileSync(new URL(`${name}.graphql`, mobile.operations), 'utf8');
  return { text, hash: hash('sha256', text) };
}
