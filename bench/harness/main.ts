import { publish } from '../report/publish.ts';
import { SUITES } from '../workloads/index.ts';
import type { Suite, WorkloadResult } from '../workloads/workload.ts';
import { parseOptions, usageText } from './command-line.ts';
import { chooseCores, measureNoise, pinSelf } from './cores.ts';
import { findLoadGenerator } from './load-generator.ts';
import { describeMachine, today } from './machine.ts';
import type { Bench } from './measure.ts';
import type { Options } from './options.ts';
import { startUpstream } from './upstream.ts';

const MAX_NOISE = 0.05;

/**
 * Runs the named suite, or all suites: parses the command line, starts the upstream, measures each
 * workload, prints the tables, and publishes them if the run is complete.
 */
export async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    console.log(usageText(SUITES));
    return;
  }
  const [first] = args;
  const isOnlySuite = first !== undefined && !first.startsWith('--');
  const names = isOnlySuite ? [first] : Object.keys(SUITES);
  const optionArgs = isOnlySuite ? args.slice(1) : args;
  const runs = names.map((name) => {
    const suite = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined;
    if (!suite) throw new Error(usageText(SUITES));
    return { name, suite, options: parseOptions(optionArgs, suite, isOnlySuite) };
  });

  const cores = chooseCores();
  pinSelf(cores.load);
  const generator = findLoadGenerator();
  const upstream = await startUpstream(cores.upstream);
  const failures: string[] = [];
  for (const { name, suite, options } of runs) {
    try {
      await runSuite({ cores, generator, upstream }, name, suite, options);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  }
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

async function runSuite(bench: Bench, name: string, suite: Suite, options: Options) {
  process.stderr.write(`\n${suite.title}\n`);
  const noise = await measureNoise(bench.cores);
  const results = await runWorkloads(bench, suite, options);
  const tables = results.flatMap(({ lines }) => lines);
  const notes = results.flatMap((result) => result.notes);
  if (tables.length === 0) throw new Error(['No peer could be measured.', ...notes].join('\n'));
  if (noise > MAX_NOISE) {
    notes.unshift(`The cores were ${Math.round(noise * 100)} % busy before the run`);
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
  const modes = Object.assign({}, ...results.map(({ figures }) => figures));
  publish(name, { machine, date, run, modes }, text);
}

async function runWorkloads(
  bench: Bench,
  suite: Suite,
  options: Options,
): Promise<WorkloadResult[]> {
  const results: WorkloadResult[] = [];
  for (const workload of suite.workloads) {
    const peers = workload.peers.filter((peer) => options.peers.includes(peer));
    const modes = workload.modes.filter((mode) => options.modes.includes(mode));
    if (peers.length === 0 || modes.length === 0) continue;
    results.push(await workload.run(bench, { ...options, peers, modes }));
  }
  return results;
}
