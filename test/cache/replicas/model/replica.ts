import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectReplicas,
  createInvalidation,
  createReplicaChannel,
  createResponseCache,
  type ExecutionRecorder,
  Replicas,
  TagVersions,
} from '../../../../src/cache/index.ts';
import { createSharedTags, type SharedTags } from '../../../../src/cache/replicas/shared-tags.ts';
import { redisUrl } from '../../../../src/config/parsers.ts';
import { RequestDeadline } from '../../../../src/deadline.ts';
import { GRAPHQL } from '../../../../src/protocols/graphql-over-http/representation.ts';
import { createRedis } from '../../../../src/redis/client.ts';
import type { Log } from '../../../../src/telemetry/log.ts';

/** So few that Redis drops the versions of tags all the time. */
const MAX_TAGS = 4;
const MAX_AGE_SECONDS = 300;
const DEADLINE_MS = 5_000;
const MAX_UPSTREAM_MS = 5;
const MAX_PURGE_DELAY_MS = 10;

const ignore = () => undefined;
const log: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore };

/** A part of the product that a test leaves out, to see that the model notices. */
export interface Defect {
  readonly sharedTags?: (tags: SharedTags) => SharedTags;
  readonly replicas?: (replicas: Replicas) => void;
}

/** Lets requests run between a purge in this process and its version in Redis. */
const delay = ({ purge, changesSince }: SharedTags): SharedTags => ({
  async purge(message) {
    await sleep(Math.random() * MAX_PURGE_DELAY_MS);
    return purge(message);
  },
  changesSince,
});

/** One replica: its memory, and its connections to Redis. What executes is a read of `service`. */
export async function startReplica(
  url: URL,
  service: { readonly current: (key: string) => number },
  { sharedTags = (tags) => tags, replicas: breakReplicas = ignore }: Defect,
) {
  const redis = await createRedis(redisUrl.parse(url.href), log);
  const replicas = new Replicas(sharedTags(delay(createSharedTags(redis, MAX_TAGS))), log);
  breakReplicas(replicas);
  const { close } = await connectReplicas(redis, log, replicas);
  const tagVersions = new TagVersions();
  const channel = createReplicaChannel(replicas, undefined);
  const { purge } = createInvalidation(tagVersions, { channel });
  const stale = { whileRevalidate: 0, ifError: 0 };
  const cache = createResponseCache({ bytes: 2 ** 22, tagVersions, replicas, redis, stale, log });
  const counts = { memory: 0, redis: 0, executed: 0 };

  function execute(key: string) {
    counts.executed++;
    return async (recorder: ExecutionRecorder) => {
      await sleep(Math.random() * MAX_UPSTREAM_MS);
      const data = { value: service.current(key) };
      recorder.addTags([key]);
      await sleep(Math.random() * MAX_UPSTREAM_MS);
      return { status: 200, data, errors: [], errorCodes: [] };
    };
  }

  return {
    redis,
    replicas,
    counts,

    /** The value in the response that a client gets. */
    async read(key: string): Promise<number> {
      const stored = cache.getFresh(key);
      if (stored) counts.memory++;
      const entry = stored ?? (await lookUp(key));
      return JSON.parse(entry.body).data.value;
    },

    /** Returns when the response of a mutation may leave. */
    purge: async (key: string) => purge([key]),

    async close() {
      await close();
      redis.close();
    },
  };

  async function lookUp(key: string) {
    const policy = { maxAge: MAX_AGE_SECONDS, scope: 'public', tags: [] } as const;
    const lookup = { key, policy, representation: GRAPHQL };
    const deadline = new RequestDeadline(DEADLINE_MS);
    const executions = counts.executed;
    const run = (recorder: ExecutionRecorder) => execute(key)(recorder);
    const result = await cache.getOrExecute(lookup, deadline, run);
    deadline.release();
    if (!('entry' in result)) throw new Error('not shareable');
    if (counts.executed === executions) counts.redis++;
    return result.entry;
  }
}
