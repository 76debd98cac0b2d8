import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from './figures.ts';
import { findGrowth, type GrowingFigure } from './growth.ts';
import type { MeasuredProcess } from './measured-process.ts';
import type { SoakSettings } from './settings.ts';
import { formatCounts, formatRound, HEADER } from './table.ts';

export type Print = (line: string) => void;

/** What a round of load did, such as `dashboard 200` 5,312 times. */
export type Outcomes = Record<string, number>;

export interface RoundsResult {
  readonly rounds: readonly Figures[];
  readonly outcomes: Outcomes;
  readonly growing: readonly GrowingFigure[];
}

/** Loads a process and lets it calm down, in rounds, and finds what grows in every one of them. */
export async function runRounds(
  { rounds: count, calmMs, snapshots }: SoakSettings,
  target: MeasuredProcess,
  load: (round: number) => Promise<Outcomes>,
  print: Print,
): Promise<RoundsResult> {
  const rounds: Figures[] = [];
  const outcomes: Outcomes = {};
  if (snapshots) await mkdir(snapshots, { recursive: true });
  print(HEADER);
  for (let round = 1; round <= count; round++) {
    for (const [name, times] of Object.entries(await load(round))) {
      outcomes[name] = (outcomes[name] ?? 0) + times;
    }
    await sleep(calmMs);
    const figures = await target.measure();
    rounds.push(figures);
    print(formatRound(round, figures));
    if (snapshots)
      await target.writeSnapshot(join(resolve(snapshots), `${target.pid}-${round}.heapsnapshot`));
  }
  print(`outcomes: ${formatCounts(outcomes)}`);
  return { rounds, outcomes, growing: findGrowth(rounds) };
}

/** Counts outcomes while workers repeat their work. */
export async function repeat(
  workers: number,
  goesOn: () => boolean,
  work: () => Promise<string>,
): Promise<Outcomes> {
  const outcomes: Outcomes = {};
  const run = async () => {
    while (goesOn()) {
      const outcome = await work();
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: workers }, run));
  return outcomes;
}

/** The faults of a run: what grew, errors in the log, and an end of the process. */
export function faultsOf(target: MeasuredProcess, { growing }: RoundsResult): string[] {
  return [
    ...growing.map(({ name, values }) => `${name} grew in every round: ${values}`),
    ...target.errors().map((line) => `the process logged an error: ${line}`),
    ...(target.isAlive() ? [] : ['the process ended']),
  ];
}
