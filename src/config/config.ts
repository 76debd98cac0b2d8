import type { TracingOptions } from '../telemetry/tracing/index.ts';
import type { IssuerConfig } from './issuers.ts';
import type { LoginConfig } from './login.ts';
import type { ClientTls, ListenerTls } from './pem-files.ts';
import type { RedisAddress } from './redis-address.ts';
import type { UpstreamServices } from './upstream-services.ts';
import type { ConfigWarning } from './warnings.ts';

/** The connection to the upstream services. */
export interface UpstreamConfig extends UpstreamServices {
  /** The DNS servers for SRV records, as `address:port`; the system's if empty. */
  readonly dnsServers: readonly string[];
  /** The timeout of one attempt of a read. */
  readonly attemptTimeoutMs: number;
  /** The timeout of a write, independent of the deadline of its client. */
  readonly writeTimeoutMs: number;
  /** The key that signs viewers' identities, which the services verify. */
  readonly viewerKey: string | undefined;
}

/** The clients that may connect: addresses and CIDR ranges. */
export interface NetworkConfig {
  readonly trustedProxies: readonly string[];
  /** Everyone if empty. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** The complete configuration of a BFF. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The certificate of the public listener, which then speaks HTTP/2 too; undefined for plain HTTP. */
  readonly tls: ListenerTls | undefined;
  /** The number of processes that share the port; 1 for a process without a primary. */
  readonly workers: number;
  /** The internal listener for purges by operators and services. */
  readonly admin: {
    readonly host: string;
    readonly port: number;
    /** The secret that signs purges; undefined refuses all purges. */
    readonly purgeSecret: string | undefined;
  };
  /**
   * The shared caches that get purges, and the token that they require; undefined if there are none, or
   * none that can be purged.
   */
  readonly edges: { readonly urls: readonly URL[]; readonly token: string | undefined } | undefined;
  /** The memory for stored responses; 0 turns storing off. */
  readonly cacheBytes: number;
  /** Makes it an error to read the viewer while executing a shareable response. */
  readonly strictScopes: boolean;
  /** Writes each log line at once, and sends Server-Timing to every client. */
  readonly isDevelopment: boolean;
  /** Turns introspection, the explorer and suggestions off. */
  readonly production: boolean;
  readonly logLevel: string;
  /** The time limit of a request. */
  readonly requestDeadlineMs: number;
  /** True if an npm script starts the process, so that npm is its parent and forwards signals. */
  readonly isRunByNpm: boolean;
  /** The time after SIGTERM in which requests are accepted, so that load balancers notice. */
  readonly drainDelayMs: number;
  readonly upstreams: UpstreamConfig;
  /** The token issuers, at least one. */
  readonly issuers: readonly IssuerConfig[];
  /**
   * Endpoint and credentials of token introspection (RFC 7662) at the first issuer; undefined refuses
   * opaque tokens.
   */
  readonly introspection:
    | { readonly url: URL; readonly clientId: string; readonly clientSecret: string }
    | undefined;
  /** The file with the hashes of API keys; undefined refuses all API keys. */
  readonly apiKeysPath: string | undefined;
  /** Login at the token issuer; undefined for a BFF without sessions. */
  readonly login: LoginConfig | undefined;
  /** The origin of the public listener as clients see it; undefined for the one that they name. */
  readonly publicUrl: URL | undefined;
  readonly network: NetworkConfig;
  /** The origins whose pages may send requests from a browser (CORS). */
  readonly corsOrigins: readonly string[];
  /** The request headers that these pages may send besides the default ones, in lower case. */
  readonly corsHeaders: readonly string[];
  /** Refuses operations that are not registered. */
  readonly trustedOnly: boolean;
  /**
   * The manifest, or the folder of manifests, whose operations are registered besides the committed ones;
   * undefined for those of the BFF's released clients, clients/<name>/.
   */
  readonly manifestPath: string | undefined;
  /** The maximum number of operations in one request; 0 refuses arrays. */
  readonly maxBatchOperations: number;
  /** Serves the operations that are tools for agents (Model Context Protocol). */
  readonly servesTools: boolean;
  /** Cost units per minute; unlimited if 0. */
  readonly rateLimits: { readonly address: number; readonly viewer: number };
  /** Shared by all replicas; undefined for a single process. */
  readonly redis: RedisAddress | undefined;
  readonly redisTls: ClientTls;
  /** The export of traces; undefined if there is none. */
  readonly tracing: TracingOptions | undefined;
  /** The explorer's initial token; undefined in production. */
  readonly sandboxToken: string | undefined;
  /** Logged at start. */
  readonly warnings: readonly ConfigWarning[];
}
