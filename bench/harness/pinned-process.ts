import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts a program on one core. It is killed when the bench exits. */
export function spawnOnCore(
  core: number,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdio: ('ignore' | 'inherit' | 'pipe' | 'ipc')[],
): ChildProcess {
  const commandLine = ['-c', String(core), program, ...args];
  // taskset execs the program, so the child's process id is the program's.
  const child = spawn('taskset', commandLine, { env: { ...process.env, ...env }, stdio });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

/**
 * Runs a program on one core until it exits.
 * @returns its standard output
 * @throws Error with that output if the exit code is not 0
 */
export async function runOnCore(
  core: number,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawnOnCore(core, program, args, env, ['ignore', 'pipe', 'inherit']);
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output = await text(child.stdout as NodeJS.ReadableStream);
  if ((await exitCode) !== 0) throw new Error(`${program} failed:\n${output}`);
  return output;
}
