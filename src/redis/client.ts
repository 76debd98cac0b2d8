/**
 * The connection to the Redis that all replicas share. Its users get `run`, which calls a command within a
 * budget of milliseconds, and a circuit breaker that stops calling while Redis fails.
 *
 * A request must never wait for a connection, for longer than the budget, or fail because Redis does:
 * every user has a fallback within the process, except sessions and logins, which are refused.
 */
import { once } from 'node:events';
import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import type { Redis } from 'ioredis';
import type { ClientTls, RedisAddress } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';
import { CONNECT_TIMEOUT_MS, connectRedis, type RedisClient } from './connect.ts';

const COMMAND_TIMEOUT_MS = 50;
const FAILURES_TO_OPEN = 3;
/** The message of a command that ioredis ends after its timeout. */
const TIMED_OUT = 'Command timed out';
/** A timer that is later than this shows that the process is busy, not that Redis is slow. */
const MAX_TIMER_DELAY_MS = 10;
/**
 * Failures this close together count once, because all commands in flight fail together after a busy
 * period.
 */
const FAILURE_DEDUPLICATION_MS = 5;
const OPEN_MS = { initialDelay: 100, maxDelay: 2_000 };
const REPLY_ERROR_LOG_INTERVAL_MS = 60_000;

/** The shared Redis connection, for features that also work without Redis. */
export interface SharedRedis {
  readonly client: RedisClient;
  /**
   * Runs commands if Redis is available.
   * @returns the reply, within 50 ms; rejects immediately while Redis is unavailable
   */
  readonly run: <T>(work: (client: RedisClient) => Promise<T>) => Promise<T>;
  /**
   * Connects again, for pub/sub. Who calls this subscribes whenever the connection is ready, and closes
   * it.
   */
  readonly duplicate: () => Promise<RedisClient>;
  /** Sends a PING to each primary, which is also the probe of a process without requests. Never rejects. */
  readonly isUp: () => Promise<boolean>;
  /** Closes the connection immediately; commands in flight fail. */
  readonly close: () => void;
}

interface RedisOptions {
  /** Used for addresses with TLS only. */
  readonly tls?: ClientTls;
  /** What is refused while Redis is unavailable, since it has no fallback; logged with the loss. */
  readonly refused?: string | undefined;
  /** The maximum duration of one command; default 50. */
  readonly timeoutMs?: number | undefined;
}

/** A reply after more than half of the timeout. It is used, but the breaker counts it as a failure. */
class LateReply<T> extends Error {
  readonly reply: T;
  constructor(reply: T) {
    super('slow reply');
    this.reply = reply;
  }
}

/**
 * Connects to the shared Redis in the background, and reconnects with backoff. A dead Redis costs no
 * time, and a hanging one costs a few requests 50 ms. While the circuit is open, one probe runs every 0.1
 * to 2 seconds, until a reply arrives within half of the timeout. Each loss and each recovery is logged
 * once.
 */
export async function createRedis(
  address: RedisAddress,
  log: Log,
  { tls, refused, timeoutMs = COMMAND_TIMEOUT_MS }: RedisOptions = {},
): Promise<SharedRedis> {
  const { ReplyError } = await import('ioredis');
  const connect = () => connectRedis(address, { tls, commandTimeoutMs: timeoutMs });
  const client = await connect();
  /** A node of a cluster is gone: commands for it fail at once, and those for others must go on. */
  const isLossOfNode = (error: unknown): boolean =>
    'nodes' in client && !(error instanceof LateReply) && reasonOf(error) !== TIMED_OUT;
  const stateLogger = createStateLogger(log, refused);
  let failedAt = -Infinity;
  const isFailure = (error: unknown): boolean => {
    if (error instanceof ProcessBusyError) return false;
    if (error instanceof ReplyError || isLossOfNode(error)) {
      stateLogger.rejected(error);
      return false;
    }
    const isRepeated = performance.now() - failedAt < FAILURE_DEDUPLICATION_MS;
    if (!isRepeated) failedAt = performance.now();
    return !isRepeated || breaker.state !== CircuitState.Closed;
  };
  const breaker = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: new ExponentialBackoff(OPEN_MS),
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
  });
  breaker.onBreak((reason) =>
    stateLogger.unavailable(reason && 'error' in reason ? reason.error : undefined),
  );
  breaker.onReset(stateLogger.available);
  client.on('error', stateLogger.unavailable);
  client.on('close', stateLogger.unavailable);
  client.on('ready', stateLogger.available);
  // Waits, so that Redis counts the first requests too; startup succeeds without Redis.
  await once(client, 'ready', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) }).catch(ignore);

  async function run<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    if (client.status !== 'ready') throw new Error('Redis is not connected');
    // The breaker would make other requests wait for the probe.
    if (breaker.state === CircuitState.HalfOpen) throw new Error('Redis is being probed');
    try {
      return await breaker.execute(() => inTime(work(client), timeoutMs));
    } catch (error) {
      // A late reply counts as a failure, but its value is valid.
      if (error instanceof LateReply) return error.reply;
      throw error;
    }
  }

  const isUp = () =>
    run(pingAll).then(
      () => true,
      () => false,
    );
  // Nodes of a cluster connect at their first command.
  await isUp();

  return {
    client,
    run,
    async duplicate() {
      const duplicate = await connect();
      // The state logger reports the same loss.
      duplicate.on('error', ignore);
      return duplicate;
    },
    isUp,
    close() {
      stateLogger.close();
      client.disconnect();
    },
  };
}

/**
 * Distinguishes a slow Redis from a busy process: if the process's own timer is late, the delay says
 * nothing about Redis.
 */
async function inTime<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
  const start = performance.now();
  const isAfter = (ms: number) => performance.now() - start > ms + MAX_TIMER_DELAY_MS;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = !isAfter(timeoutMs / 2);
  }, timeoutMs / 2);
  try {
    const value = await reply;
    if (isLate) throw new LateReply(value);
    return value;
  } catch (error) {
    throw isAfter(timeoutMs) ? new ProcessBusyError('process busy', { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** A command that timed out because this process was busy. */
class ProcessBusyError extends Error {}

/**
 * Logs changes of the connection's state, each once.
 * @param refused - what is refused while it is unavailable
 */
function createStateLogger(log: Log, refused: string | undefined) {
  let state: 'available' | 'unavailable' | 'closed' = 'available';
  let rejectedAt = -Infinity;
  return {
    unavailable(error?: unknown) {
      if (state !== 'available') return;
      state = 'unavailable';
      log.warn(
        { reason: reasonOf(error), refused },
        'Redis unavailable: rate limits are counted per process, responses are not shared',
      );
    },
    available() {
      if (state !== 'unavailable') return;
      state = 'available';
      log.warn('Redis available again');
    },
    /** Redis replied with an error: for one key, or for all while it loads or is full. */
    rejected(error: unknown) {
      if (state === 'closed' || performance.now() - rejectedAt < REPLY_ERROR_LOG_INTERVAL_MS)
        return;
      rejectedAt = performance.now();
      log.warn({ reason: reasonOf(error) }, 'Redis rejected a command');
    },
    close() {
      state = 'closed';
    },
  };
}

/** Sends a PING to each node that holds keys. */
async function pingAll(client: RedisClient): Promise<void> {
  const nodes: readonly Redis[] = 'nodes' in client ? client.nodes('master') : [client];
  // A PING would wait for the connection.
  const isLost = nodes.some(({ status }) => status !== 'ready' && status !== 'wait');
  if (isLost) throw new Error('a node of the cluster is not connected');
  await Promise.all(nodes.map((node) => node.ping()));
}

const ignore = (): void => undefined;

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'connection closed';
