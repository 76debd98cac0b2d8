/*
 * Property: no replica serves an answer that is older than it may be. Two replicas share a real Redis;
 * clients read and write random keys through either one, while replicas are replaced, subscriptions
 * are cut, Redis loses or evicts keys or has garbage, is paused, killed and restarted empty.
 *
 * run-model.ts runs the clients, replica.ts is a replica made of the product's cache, and history.ts
 * the reference model: it knows every write and when its purge was answered, and so the lowest value that
 * each read may return. Choices follow a seed; how operations interleave depends on the machine too.
 *
 * `npm test` runs two seconds of each kind; `npm run test:replica-model` runs MODEL_SECONDS=120. A
 * failure prints the seed, and `SEED=<number>` repeats its choices. Each defect is a part of the product
 * left out: the model must notice.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Replicas } from '../../../../src/cache/index.ts';
import { SEED } from '../../../attack/random.ts';
import { skipWithoutRedis } from '../../../support/redis.ts';
import type { Defect } from './replica.ts';
import { DISTURBANCES, type Disturbance, OUTAGES, runModel } from './run-model.ts';

const { MODEL_SECONDS } = process.env;
const SECONDS = Number(MODEL_SECONDS ?? 2);
/** A defect is found in a few seconds. */
const MAX_DEFECT_SECONDS = 60;

/** @param disturbances - those in which the defect shows */
interface DefectCase extends Defect {
  readonly disturbances: readonly Disturbance[];
}

const DEFECTS: Readonly<Record<string, DefectCase>> = {
  'the version check': {
    disturbances: DISTURBANCES,
    replicas: (replicas: Replicas) => {
      replicas.accepts = ({ generation }) => generation === replicas.stamp()?.generation;
    },
  },
  'the generation': {
    disturbances: DISTURBANCES,
    replicas: (replicas: Replicas) => {
      const accepts = replicas.accepts.bind(replicas);
      replicas.accepts = (stamp, tags) =>
        accepts({ ...stamp, generation: replicas.stamp()?.generation ?? '' }, tags);
    },
  },
  'the floor': {
    disturbances: ['a replica is replaced'],
    sharedTags: ({ purge, changesSince }) => ({
      purge,
      changesSince: async (version) => ({ ...(await changesSince(version)), floor: 0 }),
    }),
  },
};

describe('Two replicas that share a Redis', { skip: skipWithoutRedis, concurrency: true }, () => {
  const kinds = {
    'while Redis answers': DISTURBANCES,
    'while Redis is away at times': [...DISTURBANCES, ...OUTAGES],
  };
  for (const [name, disturbances] of Object.entries(kinds)) {
    it(`serve nothing that is older than it may be, ${name}`, async (t) => {
      const result = await runModel({ seed: SEED, seconds: SECONDS, disturbances });
      const { violation, reads, writes, counts } = result;
      t.diagnostic(`seed ${SEED}: ${reads} reads, ${writes} writes; ${JSON.stringify(counts)}`);
      assert.equal(violation, undefined, `seed ${SEED}: ${violation}`);
      assert.ok(counts.memory > 0 && counts.redis > 0 && counts.executed > 0);
    });
  }

  for (const [name, { disturbances, ...defect }] of Object.entries(DEFECTS)) {
    it(`would serve something too old without ${name}`, async (t) => {
      const options = { seed: SEED, seconds: MAX_DEFECT_SECONDS, disturbances, defect };
      const { violation, reads } = await runModel(options);
      t.diagnostic(`after ${reads} reads: ${violation}`);
      assert.notEqual(violation, undefined, `seed ${SEED}`);
    });
  }
});
