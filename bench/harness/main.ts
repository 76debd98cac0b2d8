import { publish } from '../report/publish.ts';
import { SUITES } from '../workloads/index.ts';
import type { Outcome, Suite } from '../workloads/workload.ts';
import { readOptions, usageOf } from './command-line.ts';
import { chooseCores, measureNoise, pinSelf } from './cores.ts';
import { findLoadGenerator } from './load-generator.ts';
import { describeMachine, today } from './machine.ts';
import type { Bench } from './measure.ts';
import type { Options } from './options.ts';
import { startUpstream } from './upstream.ts';

const MOST_NOISE = 0.05;

/** Runs one suite, or all of them if none is named, from the arguments to the tables. */
export async function main(args: readonly string[]): Promise<void> {
  const [first] = args;
  const isOne = first !== undefined && !first.startsWith('--');
  const named = isOne ? [first] : Object.keys(SUITES);
  const options = isOne ? args.slice(1) : args;
  const planned = named.map((name) => {
    const suite = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined;
    if (!suite) throw new Error(usageOf(SUITES));
    return { name, suite, options: readOptions(options, suite, isOne) };
  });

  const cores = chooseCores();
  pinSelf(cores.load);
  const generator = findLoadGenerator();
  const upstream = await startUpstream(cores.upstream);
  const failed: string[] = [];
  for (const { name, suite, options } of planned) {
    try {
      await runSuite({ cores, generator, upstream }, name, suite, options);
    } catch (error) {
      failed.push(`${name}: ${(error as Error).message}`);
    }
  }
  if (failed.length > 0) throw new Error(failed.join('\n'));
}

async function runSuite(bench: Bench, name: string, suite: Suite, options: Options) {
  process.stderr.write(`\n${suite.title}\n`);
  const noise = await measureNoise(bench.cores);
  const outcomes = await runWorkloads(bench, suite, options);
  const tables = outcomes.flatMap(({ lines }) => lines);
  const notes = outcomes.flatMap((outcome) => outcome.notes);
  if (tables.length === 0) throw new Error(['No peer can be timed.', ...notes].join('\n'));
  if (noise > MOST_NOISE) {
    notes.unshift(`The cores were ${Math.round(noise * 100)} % busy before the run began`);
  }
  const [machine, date] = [describeMachine(), today()];
  const rounds = options.rounds === 1 ? 'one round' : `${options.rounds} rounds`;
  const run = `${bench.generator.name}; ${rounds} of ${options.seconds} s, median (lowest–highest)`;
  const lines = [
    `${machine}, ${date}. ${run}.`,
    '',
    ...tables,
    ...notes.map((note) => `- ${note}`),
  ];
  const text = `${lines.join('\n').trimEnd()}\n`;
  console.log(`\n### ${suite.title}\n\n${text}`);
  if (!options.write) return;
  const modes = Object.assign({}, ...outcomes.map(({ figures }) => figures));
  publish(name, { machine, date, run, modes }, text);
}

async function runWorkloads(bench: Bench, suite: Suite, options: Options): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const workload of suite.workloads) {
    const peers = workload.peers.filter((peer) => options.peers.includes(peer));
    const modes = workload.modes.filter((mode) => options.modes.includes(mode));
    if (peers.length === 0 || modes.length === 0) continue;
    outcomes.push(await workload.run(bench, { ...options, peers, modes }));
  }
  return outcomes;
}
