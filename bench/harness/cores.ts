import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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

/** Moves a process and the processes that it has started to the given core. */
export function moveToCore(pid: number, core: number): void {
  for (const each of processTree(pid)) spawnSync('taskset', ['-acp', String(core), String(each)]);
}

/** A process, and those that it has started (proc(5), task). */
function processTree(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => processTree(Number(child)))];
}

/** CPU time used by a process and those that it has started, in seconds. */
export const cpuSeconds = (pid: number): number =>
  processTree(pid).reduce((sum, each) => sum + ownCpuSeconds(each), 0);

/** Resident memory of a process, in bytes (proc(5), status). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/**
 * CPU time used by the threads of a process, in seconds. The first field of schedstat is in nanoseconds;
 * the ticks of stat are too coarse for some hundred requests.
 */
const ownCpuSeconds = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const schedstat = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return sum + Number.parseInt(schedstat, 10) / 1e9;
  }, 0);

/** Time that a core has been busy since the machine started, in seconds (proc(5), stat). */
export function busySeconds(core: number): number {
  const line = new RegExp(`^cpu${core} (.+)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line ?? '')
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
