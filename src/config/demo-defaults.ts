import { ISSUER_VARIABLES, type IssuerConfig } from './issuers.ts';
import { urls } from './parsers.ts';
import { urlVariable } from './variables.ts';

/** The configuration of one upstream that the demo needs; see UpstreamDefinition. */
export interface UpstreamDefaults {
  readonly port: number;
  readonly jwksPath?: string;
  readonly grpcService?: unknown;
}

/** The demo's issuer and secret; production must set its own. */
const DEMO_ISSUER = { JWT_ISSUER: 'https://demo.frontdesk.example', JWT_AUDIENCE: 'frontdesk' };
const PURGE_SECRET = 'the-demo-purges-with-this-public-key';

/**
 * Adds the demo's values for variables that are not set: the stand-ins on this machine are the upstreams.
 * The demo's issuer is added as a whole or not at all, so that no other is completed with its values.
 */
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
    ...given,
  };
  if ([...Object.keys(ISSUER_VARIABLES), 'JWT_ISSUERS'].some((name) => given[name])) return all;
  const issuer = addresses.find(({ jwksPath }) => jwksPath !== undefined);
  if (!issuer?.jwksPath) return { ...DEMO_ISSUER, ...all };
  const [instance] = urls.safeParse(all[issuer.variable]).data ?? [];
  const jwksUrl = new URL(issuer.jwksPath, instance ?? issuer.standIn).href;
  return { ...DEMO_ISSUER, JWKS_URL: jwksUrl, ...all };
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
