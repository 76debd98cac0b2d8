import { readFileSync, writeFileSync } from 'node:fs';
import { toChart } from './chart.ts';
import type { Costs } from './redis-load.ts';
import { type Results, simulateAll } from './run-all.ts';

const fileOf = (name: string): URL => new URL(name, import.meta.url);

/**
 * Simulates fleets of replicas, and writes results.json and the chart of docs/scaling.md. With `measure`,
 * measures the costs in costs.json first (two minutes on an idle machine, with Redis and wrk).
 */
export async function scaling([command]: readonly string[]): Promise<void> {
  if (command === 'measure') {
    const { measureCosts } = await import('./measure-costs.ts');
    await measureCosts(fileOf('costs.json'));
  }
  const costs: Costs = JSON.parse(readFileSync(fileOf('costs.json'), 'utf8'));
  const results = simulateAll(costs);
  writeFileSync(fileOf('results.json'), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(fileOf('scaling.svg'), toChart(results));
  console.table(results.fleets.map(toRow));
  for (const { name, fleets } of results.variants) {
    console.log(`If ${name}:`);
    console.table(fleets.map(toRow));
  }
}

const toRow = (fleet: Results['fleets'][number]) => {
  const { replicas, maxAgeSeconds, perSecond, redisCores, entriesPerReplica } = fleet;
  const percent = ({ memory, redis, executed }: typeof fleet.public) =>
    [memory, redis, executed].map((share) => (share * 100).toFixed(1)).join(' · ');
  return {
    replicas,
    'public: memory · Redis · executed %': percent(fleet.public),
    'private %': percent(fleet.private),
    'executions/s': perSecond.executions,
    'GETs/s': perSecond.gets,
    'messages/s': perSecond.purgeMessages,
    'Redis cores': redisCores.total,
    'max age s': maxAgeSeconds,
    'entries per replica': entriesPerReplica,
  };
};
