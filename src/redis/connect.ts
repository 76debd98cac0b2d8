import { isIP } from 'node:net';
import type { Cluster, Redis } from 'ioredis';
import type { ClientTls, RedisAddress } from '../config/index.ts';

/** A client of one Redis, of the primary that Sentinels name, or of a cluster. */
export type RedisClient = Redis | Cluster;

export const CONNECT_TIMEOUT_MS = 200;
const RECONNECT_MS = { step: 50, max: 1_000 };
/** A connection that does not reply for this long is replaced. */
const SOCKET_TIMEOUT_MS = 1_000;
/** How often a cluster is asked which node has which keys; a MOVED error asks at once. */
const SLOTS_REFRESH_MS = 1_000;

interface ConnectOptions {
  readonly tls: ClientTls | undefined;
  readonly commandTimeoutMs: number;
}

/**
 * Connects in the background, and reconnects with backoff, for ever. Commands fail at once while there
 * is no connection, and are never sent twice.
 */
export async function connectRedis(
  address: RedisAddress,
  { tls, commandTimeoutMs }: ConnectOptions,
): Promise<RedisClient> {
  // Loaded on demand: a process without Redis starts faster.
  const { Cluster, Redis } = await import('ioredis');
  const { username, password } = address;
  const options = {
    ...(username && { username }),
    ...(password && { password }),
    commandTimeout: commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A hanging Redis does not close its side of the connection.
    disconnectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    // Nothing would catch its failure: who subscribes does so again when the connection is ready.
    autoResubscribe: false,
    ...(address.isTls && { tls: { ...tls } }),
  };
  const single = { ...options, enableOfflineQueue: false, retryStrategy: backoff };

  switch (address.kind) {
    case 'standalone': {
      const { host, port, db } = address;
      const serverName = address.isTls && { tls: { ...tls, ...serverNameOf(host) } };
      return new Redis({ ...single, host, port, db, ...serverName });
    }
    case 'sentinel': {
      const { username: sentinelUsername, password: sentinelPassword } =
        address.sentinelCredentials;
      return new Redis({
        ...single,
        sentinels: [...address.sentinels],
        name: address.primaryName,
        ...(sentinelUsername && { sentinelUsername }),
        ...(sentinelPassword && { sentinelPassword }),
        sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
        sentinelRetryStrategy: backoff,
        ...(address.isTls && { sentinelTLS: { ...tls }, enableTLSForSentinelMode: true }),
      });
    }
    case 'cluster': {
      const cluster = new Cluster([...address.nodes], {
        redisOptions: options,
        enableOfflineQueue: false,
        clusterRetryStrategy: backoff,
        // Without it, a lost node is forgotten until the cluster names it again.
        clusterNodeRetryStrategy: backoff,
        // Its timer would go on for ever if the client is closed during a refresh (6.0.0).
        slotsRefreshInterval: 0,
        // A command whose node is gone fails instead of waiting for another one.
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        // Names are resolved when connecting, so that certificates are verified for them.
        dnsLookup: (host, callback) => callback(null, host),
      });
      const timer = setInterval(() => {
        if (cluster.status === 'ready') cluster.refreshSlotsCache();
      }, SLOTS_REFRESH_MS).unref();
      cluster.once('end', () => clearInterval(timer));
      return cluster;
    }
  }
}

const backoff = (attempts: number): number =>
  Math.min(attempts * RECONNECT_MS.step, RECONNECT_MS.max);

/** The name for SNI, which must not be an IP address (RFC 6066 §3). Node verifies either one. */
const serverNameOf = (host: string): { readonly servername?: string } =>
  isIP(host) === 0 ? { servername: host } : {};
