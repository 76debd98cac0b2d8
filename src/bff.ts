import type { IExecutableSchemaDefinition } from '@graphql-tools/schema';
import type { PermissionTree } from './auth/rules.ts';
import type { RequestContext } from './context.ts';
import type { UpstreamTable } from './datasources/upstreams.ts';
import type { OperationLimits } from './operations/limits/index.ts';

/** One domain (users, orders, …) as every BFF may take it in: what it adds to schema, resolvers and rights. */
export interface DomainModule {
  /** Its SDL: a file or a folder of files, as a path below schema/ or as a URL. */
  readonly schema: string;
  /** Their context has the datasources of the BFF's upstreams. */
  readonly resolvers: NonNullable<IExecutableSchemaDefinition<RequestContext<never>>['resolvers']>;
  readonly permissions: PermissionTree;
}

/** A BFF is data: which domains it takes in, and what only its own client has. */
export interface BffDefinition<U extends UpstreamTable = UpstreamTable> extends DomainModule {
  readonly name: string;
  /** Where it listens unless `<NAME>_PORT` says otherwise. */
  readonly port: number;
  /** Where its operators' listener is unless `<NAME>_ADMIN_PORT` says otherwise. */
  readonly adminPort: number;
  /** The upstreams whose datasources its resolvers use. */
  readonly upstreams: U;
  readonly domains: readonly DomainModule[];
  /** How its clients may show who they are, besides a bearer token. */
  readonly credentials: readonly ('cookie' | 'key')[];
  /** Whether in production it takes only operations that it knows, unless `OPERATIONS` says otherwise. */
  readonly trustedOnly: boolean;
  /** The most that one operation may ask for. */
  readonly limits: OperationLimits;
  /** The folder with the committed operations of our own clients. */
  readonly operations: URL;
  /** For how long answers that have expired may still be served, in seconds; never purged ones. */
  readonly stale: {
    /** While a new one is made behind it (RFC 5861 §3). */
    readonly whileRevalidate: number;
    /** When no new one can be made (RFC 5861 §4); shared answers only. */
    readonly ifError: number;
  };
  /** The committed operation that the explorer opens with. */
  readonly example: string;
}
