import { parseArgs } from 'node:util';
import type { Suite } from '../workloads/workload.ts';
import type { Options } from './options.ts';

type Suites = Readonly<Record<string, Suite>>;

export const usageOf = (suites: Suites): string => `npm run bench -- [suite] [options]

${Object.entries(suites).map(describe).join('\n')}
  attack   what attackers send, no speed
  If none is named: all of them but attack.

  --rounds 5       rounds of each mode, in which the peers take turns
  --seconds n      seconds of each measurement
  --peers a,b      only these peers
  --modes a,b      only these modes
  --quick          3 rounds of 1 second; 1 round of each suite if none is named
  --no-write       print the tables, and leave README.md, results.json and results.svg as they are;
                   so does everything that is no whole run (fewer rounds, peers or modes)
  --write          write them even so`;

const describe = ([name, suite]: [string, Suite]): string =>
  `  ${name.padEnd(8)} modes ${allOf(suite, 'modes').join(', ')}; ${suite.seconds} seconds`;

const allOf = ({ workloads }: Suite, what: 'peers' | 'modes'): readonly string[] => [
  ...new Set(workloads.flatMap((workload) => workload[what])),
];

/**
 * @param isOne - whether the suite is the only one
 * @throws Error that says what is wrong with the arguments
 */
export function readOptions(args: readonly string[], suite: Suite, isOne: boolean): Options {
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
  if (!isOne && (values.peers || values.modes)) throw new Error('Name a suite to choose in it.');
  const quickRounds = isOne ? '3' : '1';
  const rounds = count('--rounds', values.rounds ?? (quick ? quickRounds : '5'));
  const seconds = count('--seconds', values.seconds ?? (quick ? '1' : String(suite.seconds)));
  const peers = choose('--peers', values.peers, allOf(suite, 'peers'));
  const modes = choose('--modes', values.modes, allOf(suite, 'modes'));
  const whole = rounds >= 5 && seconds >= 3 && !values.peers && !values.modes;
  return {
    rounds,
    seconds,
    warmUpSeconds: quick ? 1 : 2,
    peers,
    modes,
    write: values.write ?? whole,
  };
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${name} must be a whole number`);
  return number;
}

function choose(name: string, text: string | undefined, all: readonly string[]): readonly string[] {
  if (text === undefined) return all;
  const chosen = text.split(',');
  const unknown = chosen.find((item) => !all.includes(item));
  if (unknown !== undefined) throw new Error(`${name}: ${unknown} is none of ${all.join(', ')}`);
  return chosen;
}
