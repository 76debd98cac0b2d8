import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { toChart } from '../../bench/scaling/chart.ts';
import { Counts } from '../../bench/scaling/counts.ts';
import type { Costs } from '../../bench/scaling/redis-load.ts';
import { type Results, simulateAll } from '../../bench/scaling/run-all.ts';
import { simulateKey } from '../../bench/scaling/simulate-key.ts';
import { createRandom } from '../../bench/scaling/simulation.ts';

const FOLDER = new URL('../../bench/scaling/', import.meta.url);
/** Larger fleets take most of the time. */
const MAX_REPLICAS = 30;

const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const committed: Results = JSON.parse(read('results.json'));

describe('Simulation of many replicas', () => {
  it('gives the committed results again', () => {
    const costs: Costs = JSON.parse(read('costs.json'));
    const { fleets } = simulateAll(costs, MAX_REPLICAS);
    assert.deepEqual(
      fleets,
      committed.fleets.filter(({ replicas }) => replicas <= MAX_REPLICAS),
    );
  });

  it('has a chart of the committed results', () => {
    assert.equal(read('scaling.svg'), toChart(committed));
  });

  it('agrees with the formula for one replica', () => {
    const [rate, ttlSeconds, seconds] = [1 / 20, 30, 20_000];
    const counts = new Counts(seconds, 1, [0, seconds]);
    const load = { rate, purgesPerSecond: 0, ttlSeconds, weight: 1 };
    const random = createRandom(1);
    const fleet = { replicas: 1, maxAgeSeconds: Infinity, hidesRedis: false };
    const never = { redisLostAt: Infinity, redisBackAt: Infinity };
    simulateKey(load, { ...fleet, ...never, endsAt: seconds, random }, counts);
    // A mean of 0.95 × 30 s in memory, 0.05 s of execution, and 20 s until the next request.
    const expected = 1 / (0.95 * ttlSeconds + 0.05 + 1 / rate);
    const deviation = counts.mean('executions') / expected - 1;
    assert.ok(Math.abs(deviation) < 0.05, String(deviation));
  });
});
