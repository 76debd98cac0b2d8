import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const NOISE_SAMPLE_MS = 1_000;
const TICKS_PER_SECOND = 100; // USER_HZ, which Linux reports as 100 on every machine.

/** The core of each part. The server has its own; with two cores, the other parts share one. */
export interface Cores {
  readonly server: number;
  readonly load: number;
  readonly upstream: number;
}

export function chooseCores(): Cores {
  const count = availableParallelism();
  if (count < 2) throw new Error('The bench needs two cores: one is reserved for the server.');
  return { server: 0, load: 1, upstream: count > 2 ? 2 : 1 };
}

/** Moves this process to the given core, away from the server under test. */
export function pinSelf(core: number): void {
  const { error, status } = spawnSync('taskset', ['-acp', String(core), String(process.pid)]);
  if (error || status !== 0) {
    throw new Error('The bench needs Linux with taskset (Debian: apt-get install util-linux).');
  }
}

/** Share of the cores' time, 0 to 1, that other programs use before a run; it distorts the figures. */
export async function measureNoise(cores: Cores): Promise<number> {
  const used = [...new Set(Object.values(cores) as number[])];
  const totalBusySeconds = () => used.reduce((sum, core) => sum + busySeconds(core), 0);
  const before = totalBusySeconds();
  await sleep(NOISE_SAMPLE_MS);
  return ((totalBusySeconds() - before) * 1_000) / NOISE_SAMPLE_MS / used.length;
}

/** CPU time used by all threads of a process, in seconds (proc(5), stat). */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may contain spaces; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Time that a core has been busy since the machine started, in seconds (proc(5), stat). */
export function busySeconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.+)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? '')
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
