import type { DescService } from '@bufbuild/protobuf';
import type { CallContext } from '../upstream/call-context.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createNotificationSource } from './notification.ts';
import { createOrderSource } from './order.ts';
import { createUserSource } from './user.ts';

/** One upstream service and the datasource that speaks to it. */
export interface UpstreamDefinition {
  /** The default port of its stand-in, which the demo uses. */
  readonly port: number;
  /** The path of the demo's signing keys, if this stand-in issues the demo's tokens. */
  readonly jwksPath?: string;
  /**
   * Loads the description of its gRPC methods, which are named after the operations. Its addresses can
   * then be grpc(s) ones.
   */
  readonly grpcService?: () => Promise<DescService>;
  /** The name of its datasource in `RequestContext.datasources`. */
  readonly datasource: string;
  /** Declares its operations, once per process; the result creates the datasource of one request. */
  readonly createSource: (upstream: Upstream) => (call: CallContext) => unknown;
}

/** Upstreams by name: `order` has `ORDER_SERVICE_URL`, `ORDER_SERVICE_PORT` and services/order/. */
export type UpstreamTable = Readonly<Record<string, UpstreamDefinition>>;

/** The datasources of one request, by their names. */
export type DatasourcesOf<T extends UpstreamTable> = {
  readonly [Name in keyof T as T[Name]['datasource']]: ReturnType<
    ReturnType<T[Name]['createSource']>
  >;
};

/**
 * The upstreams of the product. Configuration, creation, demo, stand-ins and tests derive from this
 * list: a new upstream is one more entry.
 */
export const UPSTREAMS = {
  user: {
    port: 5001,
    jwksPath: '/.well-known/jwks.json',
    datasource: 'users',
    createSource: createUserSource,
  },
  order: { port: 5002, datasource: 'orders', createSource: createOrderSource },
  notification: {
    port: 5003,
    datasource: 'notifications',
    createSource: createNotificationSource,
    grpcService: async () => (await import('./generated/notification-grpc.ts')).NotificationService,
  },
} as const satisfies UpstreamTable;

/** The datasources that the product's resolvers and rules use. */
export type Datasources = DatasourcesOf<typeof UPSTREAMS>;
