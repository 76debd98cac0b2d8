import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chooseCores, measureNoise, pinSelf } from '../harness/cores.ts';
import { findLoadGenerator } from '../harness/load-generator.ts';
import { describeMachine } from '../harness/machine.ts';
import type { Bench } from '../harness/measure.ts';
import { startUpstream } from '../harness/upstream.ts';
import { replaceSection } from '../report/replace-section.ts';
import { toCallTree } from './call-tree.ts';
import { toFlameGraph } from './flame-graph.ts';
import { toTables } from './profile-tables.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { record } from './record.ts';

const README = new URL('../README.md', import.meta.url);
const MAX_NOISE = 0.05;
const USAGE = `npm run bench -- profile [${Object.keys(PROFILES).join('|')} …] [options]

  --raw folder     also save the profiles (.cpuprofile, for Chrome DevTools and other viewers)
  --no-write       print the tables; leave bench/README.md and the flame graphs unchanged
  --help           print this text`;

/** Runs the named profiles, or all, one after the other. */
export async function profile(args: readonly string[]): Promise<void> {
  const { names, write, raw } = parseOptions(args);
  const cores = chooseCores();
  pinSelf(cores.load);
  const noise = await measureNoise(cores);
  const warning = `The cores were ${Math.round(noise * 100)} % busy before the run`;
  const notes = noise > MAX_NOISE ? [warning] : [];
  const upstream = await startUpstream(cores.upstream);
  const bench = { cores, generator: findLoadGenerator(), upstream };
  for (const name of names) {
    await profileOne(bench, name, PROFILES[name] as Profile, { write, raw, notes });
  }
}

interface OutputOptions {
  /** Updates bench/README.md and the flame graph. */
  readonly write: boolean;
  /** Folder for the raw profile. */
  readonly raw: string | undefined;
  /** Caveats of all profiles. */
  readonly notes: readonly string[];
}

async function profileOne(
  bench: Bench,
  name: string,
  { title, workload, mode }: Profile,
  { write, raw, notes }: OutputOptions,
): Promise<void> {
  const recording = await record(bench, workload, mode);
  const root = toCallTree(recording);
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

function parseOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      raw: { type: 'string' },
      write: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false },
    },
  });
  const isValid = positionals.every((name) => Object.hasOwn(PROFILES, name));
  if (values.help || !isValid) throw new Error(USAGE);
  const names = positionals.length > 0 ? positionals : Object.keys(PROFILES);
  return { names, write: values.write, raw: values.raw };
}
