/**
 * Logs. Every line is JSON with a fixed message and fields; a request has one line at its end,
 * and one more if the cause of a refusal is logged.
 *
 * `Log` is what the parts of the server get; request-line.ts writes the line of a request.
 *
 * No line may contain a credential, a variable of an operation or a query string.
 */
import { hostname } from 'node:os';
import { type Logger, pino } from 'pino';
import { REDACTION } from './redaction.ts';

/** The log. Only operators may read it, so entries may name upstreams and causes. */
export type Log = Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>;

/**
 * Creates the log of the process itself, such as the address it listens on and the reason for a crash.
 * It is independent of the configured log level, and writes synchronously, so that the process may exit
 * right after a line.
 */
export const createProcessLog = (name: string, worker?: number): Log & Pick<Logger, 'fatal'> =>
  pino({ name, base: baseOf(worker), ...REDACTION }, pino.destination({ fd: 1, sync: true }));

interface LogOptions {
  readonly name: string;
  readonly level: string;
  /** Writes lines in blocks, at the latest after FLUSH_INTERVAL_MS; otherwise each at once. */
  readonly isBuffered: boolean;
  /** The number of this process among the workers of a BFF, if it has some. */
  readonly worker: number | undefined;
}

const BLOCK_BYTES = {
  alone: 65_536,
  /** Writes of up to this size are not mixed with those of other workers (PIPE_BUF, pipe(7)). */
  worker: 4_096,
};
/** Of UTF-8. */
const MAX_CHARACTER_BYTES = 4;
const FLUSH_INTERVAL_MS = 200;

/** Creates the log of requests and of everything that a BFF does for them. */
export const createLog = ({ name, level, isBuffered, worker }: LogOptions): Logger =>
  pino(
    { name, level, base: baseOf(worker), ...REDACTION },
    isBuffered
      ? createBlockStream(BLOCK_BYTES[worker === undefined ? 'alone' : 'worker'])
      : undefined,
  );

/**
 * Writes lines in blocks, also what is left when the process ends, except by SIGKILL. Lines are copied to
 * bytes at once: as text they would live until the block is written, and survive minor garbage
 * collections.
 */
function createBlockStream(blockBytes: number) {
  // Its types know the other content mode only.
  const stdout: { write(bytes: unknown): void } = pino.destination({
    fd: 1,
    contentMode: 'buffer',
    // Otherwise a thread writes the block while the next lines are copied into it.
    sync: true,
  });
  const block = Buffer.allocUnsafeSlow(blockBytes);
  let length = 0;

  function flush(): void {
    // It is written when this returns, so that the block can be filled again.
    if (length > 0) stdout.write(block.subarray(0, length));
    length = 0;
  }

  /** @returns false if there is not enough space */
  function append(line: string): boolean {
    const end = length + block.write(line, length);
    // A line that does not fit is cut at a character of up to four bytes.
    if (end > blockBytes - MAX_CHARACTER_BYTES) return false;
    length = end;
    return true;
  }

  setInterval(flush, FLUSH_INTERVAL_MS).unref();
  process.on('exit', flush);
  return {
    write(line: string): void {
      if (append(line)) return;
      flush();
      if (!append(line)) stdout.write(Buffer.from(line));
    },
  };
}

/** The fields of every line: the process, and its number if it is a worker. */
const baseOf = (worker: number | undefined) => ({
  pid: process.pid,
  hostname: hostname(),
  ...(worker !== undefined && { worker }),
});

const CLIENT_NAME = /^[\x20-\x7e]{1,64}$/;

/** @returns undefined unless the header is a short name of printable ASCII */
export const clientOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' && CLIENT_NAME.test(header) ? header : undefined;
