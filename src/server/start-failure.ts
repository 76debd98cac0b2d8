import { ConfigError } from '../config/index.ts';

/** Tells faults of the configuration or the machine from faults of the code. */
export const isExpected = (error: unknown): boolean =>
  error instanceof ConfigError || (error as NodeJS.ErrnoException).syscall !== undefined;

/** Ends the process with one readable message. */
export function exitWith(error: unknown): never {
  const { message, stack } = error as Error;
  process.stderr.write(`${isExpected(error) ? message : stack}\n`);
  process.exit(1);
}
