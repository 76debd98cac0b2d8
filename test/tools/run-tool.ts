import { execFile } from 'node:child_process';
import { type Command, runCommand } from '../../tools/command.ts';

export interface Result {
  /** The exit code. */
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process. */
export async function runTool(
  command: Command,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  let stdout = '';
  let stderr = '';
  const code = await runCommand(command, args, {
    env,
    print: (line) => (stdout += `${line}\n`),
    printError: (line) => (stderr += `${line}\n`),
  });
  return { code, stdout, stderr };
}

interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Runs a program as a process of its own. */
export function runProcess(
  file: string,
  args: string[],
  options: ProcessOptions = {},
): Promise<Result> {
  return new Promise((resolve) => {
    execFile(file, args, options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}
