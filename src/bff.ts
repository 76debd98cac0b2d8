import type { IExecutableSchemaDefinition } from '@graphql-tools/schema';
import type { PermissionTree } from './auth/rules.ts';
import type { RequestContext } from './context.ts';

/** One domain (users, orders, …) as every BFF may take it in: what it adds to schema, resolvers and rights. */
export interface DomainModule {
  /** Its SDL, relative to schema/. */
  readonly schema: string;
  readonly resolvers: NonNullable<IExecutableSchemaDefinition<RequestContext>['resolvers']>;
  readonly permissions: PermissionTree;
}

/** A BFF is data: which domains it takes in, and what only its own client has. */
export interface BffDefinition extends DomainModule {
  readonly name: string;
  /** Where it listens unless `<NAME>_PORT` says otherwise. */
  readonly port: number;
  readonly domains: readonly DomainModule[];
  /** The folder with the committed operations of our own clients. */
  readonly operations: URL;
  /** The committed operation that the explorer opens with. */
  readonly example: string;
}
