import { promisify } from 'node:util';
import type { FastifyInstance } from 'fastify';
import type { Replicas, ResponseCache } from '../cache/index.ts';
import type { SharedRedis } from '../redis/client.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';
import type { reloadCertificate } from './certificate-reload.ts';
import type { WatchedManifests } from './manifest-reload.ts';

interface GaugeSources {
  readonly app: FastifyInstance;
  readonly cache: Pick<ResponseCache, 'usage'>;
  readonly certificate: ReturnType<typeof reloadCertificate> | undefined;
  readonly manifests: WatchedManifests | undefined;
  readonly redis: SharedRedis | undefined;
  readonly replicas: Replicas | undefined;
}

/** Adds the figures of a server's parts to its metrics. */
export const addGauges = (metrics: Metrics, sources: GaugeSources): void => {
  const { app, cache, certificate, manifests, redis, replicas } = sources;
  metrics.addGauges({
    cacheBytes: () => cache.usage().bytes,
    cacheEntries: () => cache.usage().entries,
    connections: () => promisify(app.server.getConnections).call(app.server),
    certificateExpiry: certificate && (() => certificate.validTo().getTime() / 1_000),
    areManifestsCurrent: manifests?.isCurrent,
    isRedisUp: redis?.isUp,
    isSynced: replicas?.isSynced,
  });
};
