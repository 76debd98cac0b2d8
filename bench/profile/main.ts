import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseCores, measureNoise, pinSelf } from '../harness/cores.ts';
import { findLoadGenerator } from '../harness/load-generator.ts';
import { describeMachine } from '../harness/machine.ts';
import type { Bench } from '../harness/measure.ts';
import { startUpstream } from '../harness/upstream.ts';
import { replaceSection } from '../report/section.ts';
import { toFlameGraph } from './flame.ts';
import { record } from './record.ts';
import { toTables } from './table.ts';
import { toTree } from './tree.ts';
import { PROFILED, type Profiled } from './workloads.ts';

const README = new URL('../README.md', import.meta.url);
const MOST_NOISE = 0.05;
const USAGE = `npm run bench -- profile [${Object.keys(PROFILED).join('|')} …] [options]

  --raw folder     keep the profiles as well (.cpuprofile, for Chrome's and other viewers)
  --no-write       print the tables, and leave bench/README.md and the graphs as they are`;

/** Profiles workloads of the bench, all or those named, one after the other. */
export async function profile(args: readonly string[]): Promise<void> {
  const { names, write, raw } = readOptions(args);
  const cores = chooseCores();
  pinSelf(cores.load);
  const noise = await measureNoise(cores);
  const busy = `The cores were ${Math.round(noise * 100)} % busy before the run began`;
  const notes = noise > MOST_NOISE ? [busy] : [];
  const upstream = await startUpstream(cores.upstream);
  const bench = { cores, generator: findLoadGenerator(), upstream };
  for (const name of names) {
    await profileOne(bench, name, PROFILED[name] as Profiled, { write, raw, notes });
  }
}

interface Keeping {
  /** Whether tables and graph go where readers find them. */
  readonly write: boolean;
  /** A folder for the profile itself. */
  readonly raw: string | undefined;
  /** What is true of all of them. */
  readonly notes: readonly string[];
}

async function profileOne(
  bench: Bench,
  name: string,
  { title, workload, mode }: Profiled,
  { write, raw, notes }: Keeping,
): Promise<void> {
  const recording = await record(bench, workload, mode);
  const root = toTree(recording);
  const lines = [toTables(root, recording), ...notes.map((note) => `- ${note}`)];
  const tables = `${describeMachine()}. ${lines.join('\n').trimEnd()}`;
  console.log(`\n### ${title}\n\n${tables}`);
  if (raw !== undefined) {
    mkdirSync(raw, { recursive: true });
    writeFileSync(join(raw, `${name}.cpuprofile`), JSON.stringify(recording.profile));
  }
  if (!write) return;
  writeFileSync(new URL(`${name}.svg`, import.meta.url), toFlameGraph(title, root));
  const section = `### ${title}\n\n![Flame graph](profile/${name}.svg)\n\n${tables}`;
  replaceSection(README, `profile ${name}`, section);
}

function readOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: { raw: { type: 'string' }, write: { type: 'boolean', default: true } },
  });
  if (positionals.some((name) => !Object.hasOwn(PROFILED, name))) throw new Error(USAGE);
  const names = positionals.length > 0 ? positionals : Object.keys(PROFILED);
  return { names, write: values.write, raw: values.raw };
}
