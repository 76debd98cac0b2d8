import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const NOISE_MS = 1_000;

/** Which core each part has for itself; with two, load generator and upstream share one. */
export interface Cores {
  readonly server: number;
  readonly load: number;
  readonly upstream: number;
}

export function chooseCores(): Cores {
  const count = availableParallelism();
  if (count < 2) throw new Error('The bench needs two cores: one is for the server alone.');
  return { server: 0, load: 1, upstream: count > 2 ? 2 : 1 };
}

/** Keeps this process off the core of the server under test. */
export function pinSelf(core: number): void {
  const { error, status } = spawnSync('taskset', ['-acp', String(core), String(process.pid)]);
  if (error || status !== 0) {
    throw new Error('The bench needs Linux with taskset (Debian: apt-get install util-linux).');
  }
}

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts a program on one core; it ends with the bench at the latest. */
export function start(
  core: number,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdio: ('ignore' | 'inherit' | 'pipe' | 'ipc')[],
): ChildProcess {
  const line = ['-c', String(core), program, ...args];
  // taskset becomes the program, so that the process id is the program's own.
  const child = spawn('taskset', line, { env: { ...process.env, ...env }, stdio });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/** Runs a program on one core to its end. @returns what it printed */
export async function run(
  core: number,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = start(core, program, args, env, ['ignore', 'pipe', 'inherit']);
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = await text(child.stdout as NodeJS.ReadableStream);
  if ((await code) !== 0) throw new Error(`${program} failed:\n${output}`);
  return output;
}

/** How busy the cores are before anything runs, 0 to 1: whatever it is, it will be in the figures. */
export async function measureNoise(cores: Cores): Promise<number> {
  const all = [...new Set(Object.values(cores) as number[])];
  const busy = () => all.reduce((sum, core) => sum + busySeconds(core), 0);
  const before = busy();
  await sleep(NOISE_MS);
  return ((busy() - before) * 1_000) / NOISE_MS / all.length;
}

const TICKS_PER_SECOND = 100; // USER_HZ, which Linux shows to programs on every machine.

/** CPU time that a process has used, all its threads together, in seconds (proc(5), stat). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; utime and stime are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Time that a core was busy since the machine started, in seconds (proc(5), stat). */
export function busySeconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.+)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? '')
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
