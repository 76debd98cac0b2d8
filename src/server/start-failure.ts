import { ConfigError } from '../config/index.ts';

/** Tells faults of the configuration or the machine from faults of the code. */
const isExpected = (error: unknown): boolean =>
  error instanceof ConfigError || (error as NodeJS.ErrnoException).syscall !== undefined;

/**
 * Ends a start that has failed. In production, a fault of the code is a crash, and its log line is JSON.
 * @throws the error otherwise
 */
export function failStart(
  error: unknown,
  production: boolean,
  logCrash: (error: unknown) => void,
): never {
  if (!production || isExpected(error)) throw error;
  logCrash(error);
  process.exit(1);
}

/** Ends the process with one readable message. */
export function exitWith(error: unknown): never {
  const { message, stack } = error as Error;
  process.stderr.write(`${isExpected(error) ? message : stack}\n`);
  process.exit(1);
}

/** The error of a start as plain data, for another process. */
export interface StartFailure {
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a ConfigError. */
  readonly faults: readonly string[] | undefined;
  /** Of a system error. */
  readonly syscall: string | undefined;
}

export function toStartFailure(error: unknown): StartFailure {
  const { message, stack, syscall } = error as NodeJS.ErrnoException;
  const faults = error instanceof ConfigError ? error.faults : undefined;
  return { message, stack, faults, syscall };
}

/** @returns the error that the other process had, as far as {@link failStart} reads it */
export function toError({ message, stack, faults, syscall }: StartFailure): Error {
  if (faults) return new ConfigError(faults);
  return Object.assign(new Error(message), { stack, ...(syscall && { syscall }) });
}
