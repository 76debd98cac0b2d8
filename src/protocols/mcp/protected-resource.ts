import type { FastifyInstance, FastifyRequest } from 'fastify';
import { SCOPES } from '../../auth/rules.ts';
import { createOriginReader } from '../../http/request-origin.ts';
import { isLoopback } from '../../loopback.ts';
import type { RateLimiter } from '../../traffic/index.ts';
import type { SignedInViewer } from '../../viewer.ts';

export const MCP_PATH = '/mcp';
const METADATA_PATH = '/.well-known/oauth-protected-resource';
/** The cost of reading the metadata, in cost units. */
const COST = 1;
const MAX_AGE_SECONDS = 300;
const HTTP_URL = /^https?:\/\//;

export interface ProtectedResourceOptions {
  /** The name of the BFF. */
  readonly name: string;
  /** The origin that clients see; undefined for the one that each request names. */
  readonly publicUrl: URL | undefined;
  /** `scopePrefix` precedes our scopes in those of the issuer. */
  readonly issuers: readonly { readonly issuer: string; readonly scopePrefix: string }[];
}

/**
 * The endpoint as a protected resource (RFC 9728), so that a client that is refused finds the issuer of the
 * tokens that are accepted.
 */
export function createProtectedResource({ name, publicUrl, issuers }: ProtectedResourceOptions) {
  const prefixes = new Set(issuers.map(({ scopePrefix }) => scopePrefix));
  const originOf = createOriginReader(publicUrl);

  return {
    /**
     * True for a page of this server. Without a public URL, a page of another site could reach the server by
     * a name of its own (DNS rebinding), so only names of this machine are trusted then.
     */
    isOwnPage: (origin: string, request: FastifyRequest): boolean =>
      origin === originOf(request) && (publicUrl !== undefined || isOfThisMachine(origin)),
    /** RFC 9728 §2. */
    metadataOf: (request: FastifyRequest) => ({
      resource: originOf(request) + MCP_PATH,
      resource_name: `Frontdesk: ${name}`,
      authorization_servers: issuers
        .map(({ issuer }) => issuer)
        .filter((url) => HTTP_URL.test(url)),
      scopes_supported: [...prefixes].flatMap((prefix) => SCOPES.map((scope) => prefix + scope)),
      bearer_methods_supported: ['header'],
    }),
    /**
     * The challenge to get a token with further scopes (RFC 6750 §3.1). It names ours that the token has as
     * well, because a client may ask for nothing else.
     */
    challengeForScopes(
      { issuer, scopes = [] }: SignedInViewer,
      missing: readonly string[],
    ): string {
      const prefix = issuers.find((one) => one.issuer === issuer)?.scopePrefix ?? '';
      const needed = SCOPES.filter((scope) => scopes.includes(scope) || missing.includes(scope));
      const scope = needed.map((name) => prefix + name).join(' ');
      return `Bearer error="insufficient_scope", scope="${scope}"`;
    },
    /** Adds to a challenge where the metadata is (RFC 9728 §5.1). */
    extendChallenge(challenge: string, request: FastifyRequest): string {
      const url = originOf(request) + METADATA_PATH + MCP_PATH;
      return `${challenge}${challenge.includes('=') ? ',' : ''} resource_metadata="${url}"`;
    },
  };
}

export type ProtectedResource = ReturnType<typeof createProtectedResource>;

/** Serves the metadata, below its own path and that of the endpoint (RFC 9728 §3). */
export function addMetadata(
  app: FastifyInstance,
  { metadataOf }: ProtectedResource,
  rateLimiter: Pick<RateLimiter, 'take'>,
): void {
  for (const url of [METADATA_PATH, METADATA_PATH + MCP_PATH]) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      async handler(request, reply) {
        const { ip: address } = request;
        reply.headers({ ...(await rateLimiter.take({ address, viewer: undefined }, COST)) });
        reply.header('cache-control', `private, max-age=${MAX_AGE_SECONDS}`);
        return reply.send(metadataOf(request));
      },
    });
  }
}

function isOfThisMachine(origin: string): boolean {
  const url = URL.parse(origin);
  return url !== null && isLoopback(url);
}
