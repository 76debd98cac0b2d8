import type { Config } from '../config/index.ts';
import { createRedis, type SharedRedis } from '../redis/client.ts';
import type { Log } from '../telemetry/log.ts';

/** Connects to the configured Redis. @returns undefined if there is none */
export async function openRedis(
  { redis, redisTls: tls, login }: Config,
  log: Log,
): Promise<SharedRedis | undefined> {
  const refused = login && 'sessions, logins and logouts';
  return redis && createRedis(redis, log, { tls, refused });
}
