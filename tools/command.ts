import { existsSync } from 'node:fs';

/** The environment and the output of a command; a test passes its own. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  print(line: string): void;
  printError(line: string): void;
}

export interface Command {
  readonly usage: string;
  /**
   * @returns false if some of the work failed
   * @throws Error with one sentence for people: wrong arguments, or nothing could be done
   */
  run(args: string[], terminal: Terminal): Promise<boolean>;
}

/** @returns the exit code: 0, 1 if some of the work failed, 2 with the usage if the command throws */
export async function runCommand(
  { usage, run }: Command,
  args: string[],
  terminal: Terminal,
): Promise<number> {
  try {
    return (await run(args, terminal)) ? 0 : 1;
  } catch (error) {
    // Only the first sentence: parseArgs appends hints about its own options.
    const [reason] = (error as Error).message.split(/\.\s/);
    terminal.printError(`${reason}. ${usage}`);
    return 2;
  }
}

/** Runs a command as this process, with the variables of `.env` if there is such a file. */
export async function main(command: Command): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile();
  process.exitCode = await runCommand(command, process.argv.slice(2), {
    env: process.env,
    print: console.log,
    printError: console.error,
  });
}
