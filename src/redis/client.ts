import { once } from 'node:events';
import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import type { Redis } from 'iovalkey';
import type { Log } from '../telemetry/log.ts';

const COMMAND_TIMEOUT_MS = 50;
const CONNECT_TIMEOUT_MS = 200;
const RECONNECT_MS = { step: 50, most: 1_000 };
const FAILURES_TO_OPEN = 3;
/** By how much a timer of ours must be late for it to be us. */
const LATE_TIMER_MS = 10;
/** Everything that is under way fails at once when this process itself was busy for too long. */
const SAME_MOMENT_MS = 5;
const OPEN_MS = { initialDelay: 100, maxDelay: 2_000 };
const REPLY_ERROR_LOG_INTERVAL_MS = 60_000;

/** Redis, for those who can do without it. */
export interface SharedRedis {
  readonly client: Redis;
  /**
   * Asks something, if Redis can be asked now.
   * @returns the answer within 50 ms; rejects at once while Redis is away or does not answer
   */
  readonly run: <T>(work: (client: Redis) => Promise<T>) => Promise<T>;
  /** Ends the connection at once, and what is under way on it. */
  readonly close: () => void;
}

/** An answer that came so late that more of them would hold up everyone. */
class LateReply<T> extends Error {
  readonly answer: T;
  constructor(answer: T) {
    super('it answers too slowly');
    this.answer = answer;
  }
}

/**
 * Connects in the background, again and again if need be, and says once when Redis is lost and when it
 * is back. One that is dead costs nothing, one that hangs costs few callers 50 ms: then it is left
 * alone but for one question every 0.1 to 2 seconds, until one is answered in half of that time.
 * @param timeoutMs - the longest that one answer may take
 */
export async function createRedis(
  url: URL,
  log: Log,
  timeoutMs = COMMAND_TIMEOUT_MS,
): Promise<SharedRedis> {
  // Loading takes time, which those without Redis need not spend.
  const { Redis, ReplyError } = await import('iovalkey');
  const client = new Redis(url.href, {
    commandTimeout: timeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // One that hangs does not take leave.
    disconnectTimeout: CONNECT_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) => Math.min(attempts * RECONNECT_MS.step, RECONNECT_MS.most),
  });
  const tell = createStateLogger(log);
  let failedAt = -Infinity;
  const counts = (error: unknown): boolean => {
    if (error instanceof ProcessBusyError) return false;
    if (error instanceof ReplyError) {
      tell.refused(error);
      return false;
    }
    const isRepeated = performance.now() - failedAt < SAME_MOMENT_MS;
    if (!isRepeated) failedAt = performance.now();
    return !isRepeated || breaker.state !== CircuitState.Closed;
  };
  const breaker = circuitBreaker(handleWhen(counts), {
    halfOpenAfter: new ExponentialBackoff(OPEN_MS),
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
  });
  breaker.onBreak((reason) =>
    tell.unavailable(reason && 'error' in reason ? reason.error : undefined),
  );
  breaker.onReset(tell.available);
  client.on('error', tell.unavailable);
  client.on('close', tell.unavailable);
  client.on('ready', tell.available);
  // Who is let in before would not be counted; but who starts does not depend on it.
  await once(client, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) }).catch(ignore);

  return {
    client,
    async run(work) {
      if (client.status !== 'ready') throw new Error('Redis is not connected');
      // The breaker would let the others wait for the one that asks.
      if (breaker.state === CircuitState.HalfOpen) throw new Error('Redis is being tried');
      try {
        return await breaker.execute(() => inTime(work(client), timeoutMs));
      } catch (error) {
        // Late counts as a failure, but is not wrong.
        if (error instanceof LateReply) return error.answer;
        throw error;
      }
    },
    close() {
      tell.close();
      client.disconnect();
    },
  };
}

/**
 * Tells a Redis that is slow from a process that is: a timer of ours that is late itself says nothing
 * of Redis.
 */
async function inTime<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const start = performance.now();
  const isAfter = (ms: number) => performance.now() - start > ms + LATE_TIMER_MS;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = !isAfter(timeoutMs / 2);
  }, timeoutMs / 2);
  try {
    const given = await answer;
    if (isLate) throw new LateReply(given);
    return given;
  } catch (error) {
    throw isAfter(timeoutMs)
      ? new ProcessBusyError('this process was late', { cause: error })
      : error;
  } finally {
    clearTimeout(timer);
  }
}

/** What this process itself was too busy for. */
class ProcessBusyError extends Error {}

/** Says what changes, not what goes on. */
function createStateLogger(log: Log) {
  let state: 'well' | 'lost' | 'closed' = 'well';
  let refusedAt = -Infinity;
  return {
    unavailable(error?: unknown) {
      if (state !== 'well') return;
      state = 'lost';
      log.warn({ reason: reasonOf(error) }, 'Redis is lost: this replica goes on alone');
    },
    available() {
      if (state !== 'lost') return;
      state = 'well';
      log.warn('Redis is back');
    },
    /** It answers, but with an error: for one key, or for all as long as it loads or is full. */
    refused(error: unknown) {
      if (state === 'closed' || performance.now() - refusedAt < REPLY_ERROR_LOG_INTERVAL_MS) return;
      refusedAt = performance.now();
      log.warn({ reason: reasonOf(error) }, 'Redis refuses a command');
    },
    close() {
      state = 'closed';
    },
  };
}

const ignore = (): void => undefined;

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'the connection ended';
