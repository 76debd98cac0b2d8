import { SUITES } from '../workloads/index.ts';
import type { Outcome, Workload } from '../workloads/workload.ts';
import { chooseCores, measureNoise, pinSelf } from './cores.ts';
import { findLoadGenerator } from './load.ts';
import { describeMachine } from './machine.ts';
import type { Bench } from './measure.ts';
import { type Options, readOptions, usageOf } from './options.ts';
import { startUpstream } from './processes.ts';
import { replaceSection } from './report.ts';

const README = new URL('../README.md', import.meta.url);
const MOST_NOISE = 0.05;

/** Runs one suite from its arguments to its tables. */
export async function main([name = '', ...args]: readonly string[]): Promise<void> {
  const suite = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined;
  if (!suite) throw new Error(usageOf(SUITES));
  const options = readOptions(args, suite);

  const cores = chooseCores();
  pinSelf(cores.load);
  const noise = await measureNoise(cores);
  const generator = findLoadGenerator();
  const upstream = await startUpstream(cores.upstream);

  const outcomes = await runAll({ cores, generator, upstream }, suite.workloads, options);
  const tables = outcomes.flatMap(({ lines }) => lines);
  const notes = outcomes.flatMap((outcome) => outcome.notes);
  if (tables.length === 0) throw new Error(['No peer can be timed.', ...notes].join('\n'));
  if (noise > MOST_NOISE) {
    notes.unshift(`The cores were ${Math.round(noise * 100)} % busy before the run began`);
  }
  const lines = [
    `${describeMachine()}. ${generator.name}; ${options.rounds} rounds of ${options.seconds} s, median (lowest–highest).`,
    '',
    ...tables,
    ...notes.map((note) => `- ${note}`),
  ];
  const text = `${lines.join('\n').trimEnd()}\n`;
  console.log(`\n### ${suite.title}\n\n${text}`);
  if (options.write) replaceSection(README, name, text);
}

async function runAll(
  bench: Bench,
  workloads: readonly Workload[],
  options: Options,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const workload of workloads) {
    const peers = workload.peers.filter((peer) => options.peers.includes(peer));
    const modes = workload.modes.filter((mode) => options.modes.includes(mode));
    if (peers.length === 0 || modes.length === 0) continue;
    outcomes.push(await workload.run(bench, { ...options, peers, modes }));
  }
  return outcomes;
}
