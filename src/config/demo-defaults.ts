import { urls } from './parsers.ts';

const JWKS_PATH = '/.well-known/jwks.json';

/** The demo's services and issuer; production must set its own. */
const DEMO = {
  USER_SERVICE_URL: 'http://127.0.0.1:5001',
  ORDER_SERVICE_URL: 'http://127.0.0.1:5002',
  NOTIFICATION_SERVICE_URL: 'http://127.0.0.1:5003',
  JWT_ISSUER: 'https://demo.frontdesk.example',
  JWT_AUDIENCE: 'frontdesk',
  PURGE_SECRET: 'the-demo-purges-with-this-public-key',
};

/** Adds the demo's values for variables that are not set. */
export function withDemo(given: Record<string, string | undefined>) {
  const all = { ...DEMO, ...given };
  const [issuer] = urls.safeParse(all.USER_SERVICE_URL).data ?? [];
  return { JWKS_URL: new URL(JWKS_PATH, issuer ?? DEMO.USER_SERVICE_URL).href, ...all };
}

/** The credentials that still have the demo's values, which production must replace. */
export const demoValues = (given: NodeJS.ProcessEnv): string[] =>
  (['JWT_ISSUER', 'PURGE_SECRET'] as const).filter((name) => given[name] === DEMO[name]);
