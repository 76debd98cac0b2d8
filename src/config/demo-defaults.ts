import type { IssuerConfig } from './issuers.ts';
import { urls } from './parsers.ts';
import { urlVariable } from './variables.ts';

/** The configuration of one upstream that the demo needs; see UpstreamDefinition. */
export interface UpstreamDefaults {
  readonly port: number;
  readonly jwksPath?: string;
}

/** The demo's issuer and secret; production must set its own. */
const DEMO_ISSUER = { JWT_ISSUER: 'https://demo.frontdesk.example', JWT_AUDIENCE: 'frontdesk' };
const PURGE_SECRET = 'the-demo-purges-with-this-public-key';

/** Adds the demo's values for variables that are not set: the stand-ins on this machine are the upstreams. */
export function withDemo(
  given: Readonly<Record<string, string | undefined>>,
  upstreams: Readonly<Record<string, UpstreamDefaults>>,
): Readonly<Record<string, string | undefined>> {
  const addresses = Object.entries(upstreams).map(([name, { port, jwksPath }]) => ({
    variable: urlVariable(name),
    standIn: `http://127.0.0.1:${port}`,
    jwksPath,
  }));
  const all: Record<string, string | undefined> = {
    ...Object.fromEntries(addresses.map(({ variable, standIn }) => [variable, standIn])),
    PURGE_SECRET,
    ...(given.JWT_ISSUERS ? {} : DEMO_ISSUER),
    ...given,
  };
  if (given.JWT_ISSUERS) return all;
  const issuer = addresses.find(({ jwksPath }) => jwksPath !== undefined);
  if (!issuer?.jwksPath) return all;
  const [instance] = urls.safeParse(all[issuer.variable]).data ?? [];
  return { JWKS_URL: new URL(issuer.jwksPath, instance ?? issuer.standIn).href, ...all };
}

/** The credentials that still have the demo's values, which production must replace. */
export const demoValues = (
  given: NodeJS.ProcessEnv,
  issuers: readonly Pick<IssuerConfig, 'issuer'>[],
): string[] => [
  ...(issuers.some(({ issuer }) => issuer === DEMO_ISSUER.JWT_ISSUER)
    ? [given.JWT_ISSUERS ? 'JWT_ISSUERS' : 'JWT_ISSUER']
    : []),
  ...(given.PURGE_SECRET === PURGE_SECRET ? ['PURGE_SECRET'] : []),
];
