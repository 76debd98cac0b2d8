import type { IExecutableSchemaDefinition } from '@graphql-tools/schema';
import type { PermissionTree } from './auth/rules.ts';
import type { RequestContext } from './context.ts';
import type { UpstreamTable } from './datasources/upstreams.ts';
import type { OperationLimits } from './operations/limits/index.ts';
import type { ProxyRoute } from './protocols/proxy/proxy-route.ts';

export type { ProxyRoute };

/** One domain (users, orders, …): its part of the schema, the resolvers and the permissions of a BFF. */
export interface DomainModule {
  /** Its SDL: a file or a folder of files, as a path below schema/ or as a URL. */
  readonly schema: string;
  /** Their context has the datasources of the BFF's upstreams. */
  readonly resolvers: NonNullable<IExecutableSchemaDefinition<RequestContext<never>>['resolvers']>;
  readonly permissions: PermissionTree;
}

/** A session cookie, an API key, or a client certificate that a token is bound to. */
export type Credential = 'cookie' | 'key' | 'certificate';

/** A BFF: its domains, and a module of its own for what only its client has. */
export interface BffDefinition<U extends UpstreamTable = UpstreamTable> extends DomainModule {
  readonly name: string;
  /** The default of `<NAME>_PORT`. */
  readonly port: number;
  /** The default of `<NAME>_ADMIN_PORT`. */
  readonly adminPort: number;
  /** The upstreams whose datasources its resolvers use. */
  readonly upstreams: U;
  readonly domains: readonly DomainModule[];
  /**
   * The credentials that it accepts besides bearer tokens and DPoP. With `certificate`, browsers that have
   * a client certificate may ask their users whether to send it.
   */
  readonly credentials: readonly Credential[];
  /** The protocols of its subscriptions, if it has any: server-sent events, WebSocket. */
  readonly subscriptions?: readonly ('sse' | 'websocket')[];
  /** The default in production: true accepts registered operations only (`OPERATIONS`). */
  readonly trustedOnly: boolean;
  /** The limits of one operation. */
  readonly limits: OperationLimits;
  /** The folder with the committed operations of first-party clients. */
  readonly operations: URL;
  /** The time for which expired responses may be served, in seconds; purged ones never are. */
  readonly stale: {
    /** While a new response is computed in the background (RFC 5861 §3). */
    readonly whileRevalidate: number;
    /** If upstreams fail (RFC 5861 §4); shared responses only. */
    readonly ifError: number;
  };
  /** The paths whose requests are forwarded to an upstream as they are; default: none. */
  readonly routes?: readonly ProxyRoute[];
  /** The committed operation that explorer and start page show. */
  readonly example: string;
}
