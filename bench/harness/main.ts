import { environmentOf, PEERS } from '../peers/index.ts';
import { userIds } from '../upstream/data.ts';
import type { Delays } from '../upstream/routes.ts';
import { fanout, type Probe } from '../workloads/fanout.ts';
import { findFaults } from './compare.ts';
import { chooseCores, measureNoise, pinSelf } from './cores.ts';
import { findLoadGenerator } from './load.ts';
import { describeMachine } from './machine.ts';
import { type Bench, measureUpstream } from './measure.ts';
import { MODES, type Mode, NO_DELAYS } from './modes.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { type Server, startServer, startUpstream } from './processes.ts';
import { replaceSection, toTable } from './report.ts';
import { runModes, warmUp } from './rounds.ts';
import { warningsOf } from './warnings.ts';

const README = new URL('../README.md', import.meta.url);
const MOST_NOISE = 0.05;
const WORKLOADS = { fanout };

/** Runs one workload from its arguments to its tables. */
export async function main([name = '', ...args]: readonly string[]): Promise<void> {
  if (!Object.hasOwn(WORKLOADS, name)) throw new Error(USAGE);
  const workload = WORKLOADS[name as keyof typeof WORKLOADS];
  const options = readOptions(args, workload.peers);

  const cores = chooseCores();
  pinSelf(cores.load);
  const noise = await measureNoise(cores);
  const generator = findLoadGenerator();
  const upstream = await startUpstream(cores.upstream);
  const bench: Bench = { cores, generator, upstream, requests: await workload.requests() };

  const excluded: string[] = [];
  const servers = await startPeers(bench, options.peers, await workload.probes(), excluded);
  if (servers.size === 0) throw new Error(['No peer can be timed.', ...excluded].join('\n'));
  const bare = await measureBare(bench, workload.delays, options);
  await warmUp(bench, servers, options.warmUpSeconds);
  const results = await runModes(bench, servers, workload, options);
  await Promise.all([...servers.values()].map((server) => server.stop()));

  const warnings = [...warningsOf(results, bare.rate)];
  if (noise > MOST_NOISE) {
    warnings.unshift(`The cores were ${Math.round(noise * 100)} % busy before the run began`);
  }
  const lines = [
    `${describeMachine()}. ${generator.name}; ${options.rounds} rounds of ${options.seconds} s, median (lowest–highest).`,
    '',
    `The upstream alone: ${Math.round(bare.rate).toLocaleString('en')} calls/s; delayed, its slowest answers in p50 ${bare.p50.toFixed(2)} ms, p99 ${bare.p99.toFixed(2)} ms; "added" is what comes on top of that p50.`,
    '',
    ...[...results].map(([mode, rounds]) =>
      toTable(MODES[mode] as Mode, rounds, workload.baseline, bare.p50),
    ),
    ...[...excluded, ...warnings].map((warning) => `- ${warning}`),
  ];
  const text = `${lines.join('\n').trimEnd()}\n`;
  console.log(`\n### ${workload.title}\n\n${text}`);
  if (options.write) replaceSection(README, name, text);
}

async function startPeers(
  { cores, upstream }: Bench,
  peers: readonly string[],
  probes: readonly Probe[],
  excluded: string[],
): Promise<ReadonlyMap<string, Server>> {
  const servers = new Map<string, Server>();
  for (const peer of peers) {
    const file = PEERS[peer] ?? '';
    try {
      const server = await startServer(cores.server, file, environmentOf(upstream.urls));
      const [fault] = await findFaults(server, probes);
      if (fault === undefined) {
        servers.set(peer, server);
      } else {
        excluded.push(`\`${peer}\` was not timed, because it answered wrongly: ${fault}`);
        await server.stop();
      }
    } catch (error) {
      excluded.push(`\`${peer}\` was not timed: ${(error as Error).message}`);
    }
  }
  return servers;
}

/** The upstream's own limit, and how long its slowest answer takes when it is delayed. */
async function measureBare(bench: Bench, delays: Delays, options: Options) {
  const seconds = Math.min(options.seconds, 2);
  const full = { connections: 64, seconds, delays: NO_DELAYS };
  await measureUpstream(bench, userIds, full);
  const { rate } = await measureUpstream(bench, userIds, full);
  const { p50, p99 } = await measureUpstream(bench, userIds, { connections: 1, seconds, delays });
  return { rate, p50, p99 };
}
