import { parseArgs } from 'node:util';
import type { Suite } from '../workloads/workload.ts';
import type { Options } from './options.ts';

/** Fewer rounds or shorter measurements than these are not published unless `--write` is given. */
const MIN_PUBLISHED_ROUNDS = 5;
const MIN_PUBLISHED_SECONDS = 3;

type Suites = Readonly<Record<string, Suite>>;

export const usageText = (suites: Suites): string => `npm run bench -- [suite] [options]

${Object.entries(suites).map(describeSuite).join('\n')}
  profile  CPU profiles and flame graphs (npm run bench -- profile --help)
  attack   hostile requests: status, time, bytes and event-loop lag
  scaling  a simulation of 1 to 1,000 replicas; with "measure", also its costs (docs/scaling.md)
  Without a name: all suites, but none of these three.

  --rounds n       rounds per mode (default 5); peers take turns in each round
  --seconds n      seconds per measurement
  --peers a,b      only these peers
  --modes a,b      only these modes
  --quick          3 rounds of 1 second, or 1 round of each suite if no suite is named
  --no-write       print the tables; leave README.md, results.json and results.svg unchanged
                   (the default for partial runs: fewer rounds, peers or modes)
  --write          publish the results of a partial run too
  --help           print this text`;

const describeSuite = ([name, suite]: [string, Suite]): string =>
  `  ${name.padEnd(8)} modes ${allOf(suite, 'modes').join(', ')}; ${suite.seconds} seconds`;

const allOf = ({ workloads }: Suite, kind: 'peers' | 'modes'): readonly string[] => [
  ...new Set(workloads.flatMap((workload) => workload[kind])),
];

/**
 * Reads the options of one suite from the command line.
 * @param isOnlySuite - true if the command names this suite, which allows a choice of peers and modes
 * @throws Error that names the invalid argument
 */
export function parseOptions(args: readonly string[], suite: Suite, isOnlySuite: boolean): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      peers: { type: 'string' },
      modes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean' },
    },
  });
  const { quick } = values;
  if (!isOnlySuite && (values.peers || values.modes)) {
    throw new Error('--peers and --modes need a suite. Name one, such as fanout.');
  }
  const quickRounds = isOnlySuite ? '3' : '1';
  const rounds = parseCount('--rounds', values.rounds ?? (quick ? quickRounds : '5'));
  const seconds = parseCount('--seconds', values.seconds ?? (quick ? '1' : String(suite.seconds)));
  const peers = parseNames('--peers', values.peers, allOf(suite, 'peers'));
  const modes = parseNames('--modes', values.modes, allOf(suite, 'modes'));
  const isComplete =
    rounds >= MIN_PUBLISHED_ROUNDS &&
    seconds >= MIN_PUBLISHED_SECONDS &&
    !values.peers &&
    !values.modes;
  return {
    rounds,
    seconds,
    warmUpSeconds: quick ? 1 : 2,
    peers,
    modes,
    write: values.write ?? isComplete,
  };
}

function parseCount(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`${option} must be a whole number of at least 1`);
  }
  return count;
}

function parseNames(
  option: string,
  text: string | undefined,
  allowed: readonly string[],
): readonly string[] {
  if (text === undefined) return allowed;
  const names = text.split(',');
  const unknown = names.find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw new Error(`${option}: unknown name ${unknown}. Choose from ${allowed.join(', ')}.`);
  }
  return names;
}
