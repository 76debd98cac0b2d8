import { SEED } from '../attack/random.ts';
import { runCheckedConnections } from './checked-connections.ts';
import { runMixedLoad } from './mixed-load.ts';
import { readSettings } from './settings.ts';
import { runTimeoutsInARow, runTimeoutsThroughBff } from './timeouts.ts';

// npm run soak [-- <scenario> …]: exits with 1 if a figure grows in every round, or a response is wrong.

const SCENARIOS = {
  mix: { title: 'Mixed load with failing services', run: runMixedLoad },
  timeouts: { title: 'Upstream timeouts through the BFF', run: runTimeoutsThroughBff },
  'timeouts-in-a-row': {
    title: 'Upstream timeouts in a row, without circuit breakers',
    run: runTimeoutsInARow,
  },
  connections: { title: 'Connections with every body compared', run: runCheckedConnections },
};
type Name = keyof typeof SCENARIOS;

const isName = (name: string): name is Name => Object.hasOwn(SCENARIOS, name);

const names = process.argv.slice(2);
const unknown = names.filter((name) => !isName(name));
if (unknown.length > 0) {
  console.error(`No scenario "${unknown[0]}": there are ${Object.keys(SCENARIOS).join(', ')}.`);
  process.exit(2);
}
const settings = readSettings(process.env);
console.log(`SEED=${SEED}`);
for (const name of names.length > 0 ? names.filter(isName) : (Object.keys(SCENARIOS) as Name[])) {
  const { title, run } = SCENARIOS[name];
  console.log(`\n${title} (${name})`);
  const faults = await run(settings, console.log);
  for (const fault of faults) console.log(`FAILED: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  else console.log('ok');
}
