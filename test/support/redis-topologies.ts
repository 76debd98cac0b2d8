import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { freePort } from '../../tools/free-port.ts';
import { type RedisTls, startRedis } from './redis.ts';
import { until } from './until.ts';

const PASSWORD = 'redis-secret';
const SENTINEL_PASSWORD = 'sentinel-secret';
const SLOTS = 16_384;

/**
 * Starts a primary, its replica, and a Sentinel that replaces a primary which does not reply for 200 ms.
 * Redis and Sentinel have passwords of their own.
 */
export async function startSentinel(tls?: RedisTls) {
  await using started = new AsyncDisposableStack();
  const replication = tls ? ['--tls-replication', 'yes'] : [];
  // A replica copies its primary at once instead of after 5 s.
  const copying = ['--repl-diskless-sync-delay', '0'];
  const args = ['--requirepass', PASSWORD, '--masterauth', PASSWORD, ...replication, ...copying];
  const primary = started.use(await startRedis({ tls, args }));
  const replicaOf = ['--replicaof', `127.0.0.1 ${primary.port}`];
  const replica = started.use(await startRedis({ tls, args: [...args, ...replicaOf] }));
  await withClient(replica.port, { tls, password: PASSWORD }, (client) =>
    until(async () => (await client.info('replication')).includes('master_link_status:up')),
  );
  const config = [
    `sentinel monitor shop 127.0.0.1 ${primary.port} 1`,
    `sentinel auth-pass shop ${PASSWORD}`,
    'sentinel down-after-milliseconds shop 200',
    `requirepass ${SENTINEL_PASSWORD}`,
    ...(tls ? ['tls-replication yes'] : []),
  ];
  const sentinelArgs = { tls, config: `${config.join('\n')}\n`, args: ['--sentinel'] };
  const sentinel = started.use(await startRedis(sentinelArgs));
  await withClient(sentinel.port, { tls, password: SENTINEL_PASSWORD }, (client) =>
    until(async () => JSON.stringify(await client.info()).includes('slaves=1')),
  );
  const scheme = tls ? 'rediss' : 'redis';
  // The first address has no Sentinel.
  const hosts = `127.0.0.1:${await freePort()},127.0.0.1:${sentinel.port}`;
  const rest = started.move();
  return {
    url: `${scheme}+sentinel://:${PASSWORD}@${hosts}/shop?sentinelPassword=${SENTINEL_PASSWORD}`,
    primary,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** Starts a cluster of three nodes without replicas, which serves the slots of the living ones. */
export async function startCluster(tls?: RedisTls) {
  await using started = new AsyncDisposableStack();
  const nodes = await Promise.all(
    [0, 1, 2].map(async () => {
      const busPort = await freePort();
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
      const options = ['--cluster-node-timeout', '500', '--cluster-require-full-coverage', 'no'];
      const tlsOptions = tls ? ['--tls-cluster', 'yes'] : [];
      const redis = await startRedis({ tls, args: [...cluster, ...options, ...tlsOptions] });
      return { ...started.use(redis), busPort };
    }),
  );
  await Promise.all(
    nodes.map(({ port }, n) =>
      withClient(port, { tls }, async (client) => {
        const [from, to] = [n, n + 1].map((each) => Math.ceil((each * SLOTS) / nodes.length));
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', n + 1);
        await client.call('CLUSTER', 'ADDSLOTSRANGE', from as number, (to as number) - 1);
        for (const other of nodes)
          await client.call('CLUSTER', 'MEET', '127.0.0.1', other.port, other.busPort);
        await until(async () => {
          const info = String(await client.call('CLUSTER', 'INFO'));
          return info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384');
        });
      }),
    ),
  );
  const rest = started.move();
  return {
    url: `${tls ? 'rediss' : 'redis'}+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`)}`,
    nodes,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

interface Access {
  readonly tls?: RedisTls | undefined;
  readonly password?: string;
}

async function withClient<T>(
  port: number,
  { tls, password }: Access,
  use: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    enableReadyCheck: false,
    ...(password && { password }),
    ...(tls && {
      tls: {
        cert: readFileSync(tls.client.cert),
        key: readFileSync(tls.client.key),
        rejectUnauthorized: false,
      },
    }),
  });
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}
