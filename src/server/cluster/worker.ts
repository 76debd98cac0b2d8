import { once } from 'node:events';
import { type Server, Server as TcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BffDefinition } from '../../bff.ts';
import type { Config } from '../../config/index.ts';
import { createProcessLog } from '../../telemetry/log.ts';
import { addProcessMetrics } from '../../telemetry/metrics/index.ts';
import { type BffServer, createServer } from '../create-server.ts';
import { watchFileDescriptors } from '../descriptor-watch.ts';
import { listen, publicListener } from '../listen.ts';
import { toStartFailure } from '../start-failure.ts';
import {
  CLOSE_TIMEOUT_MS,
  closeOnTermination,
  createCrashLog,
  drainAndClose,
} from '../termination.ts';
import {
  createClusterCounter,
  createClusterEvents,
  createClusterPurgeChannel,
  openPrimaryLink,
  type PrimaryLink,
} from './primary-link.ts';

/** The time for which a worker that is replaced keeps connections without requests. */
const MAX_IDLE_MS = 2_000;

/** The time that a worker takes to end, whether it is replaced or drains. */
export const closeTimeoutOf = ({ drainDelayMs }: Config): number =>
  Math.max(drainDelayMs, MAX_IDLE_MS) + CLOSE_TIMEOUT_MS;

const ignore = () => {};
/**
 * Ctrl-C and supervisors signal the whole process group; the primary then orders what to do. A worker
 * that has lost its primary is ended by node:cluster.
 */
const IGNORED_SIGNALS = { SIGINT: ignore, SIGTERM: ignore, SIGHUP: ignore, SIGQUIT: ignore };

/** Serves a BFF as one of the workers until the primary ends it. */
export async function serveWorker(
  bff: BffDefinition,
  config: Config,
  workerId: number,
): Promise<void> {
  const { drainDelayMs, isRunByNpm } = config;
  const link = openPrimaryLink();
  const log = createProcessLog(bff.name, workerId);
  let listening: BffServer | undefined;
  /** Also after an uncaught exception. */
  let end = retire;
  const close = closeOnTermination({
    isRunByNpm,
    handlers: IGNORED_SIGNALS,
    closeTimeoutMs: closeTimeoutOf(config),
    logger: log,
    logCrash: createCrashLog(log),
    async close() {
      if (!listening) return;
      await end(listening);
      // Requests are counted when their responses have ended.
      await link.sendLast({ type: 'metrics', metrics: await collect(listening) });
    },
  });
  link.on('ping', () => link.send({ type: 'pong' }));
  link.on('retire', close);
  link.on('drain', () => {
    end = (server) => drainAndClose(server, drainDelayMs);
    close();
  });

  try {
    const peers = {
      workerId,
      purges: createClusterPurgeChannel(link, log),
      counter: createClusterCounter(link, log),
      events: createClusterEvents(link),
    };
    const server = await createServer(bff, config, peers);
    // A worker gets connections as soon as it listens, so it must be ready before.
    await server.warmUp();
    const port = await join(link);
    const [address] = await listen(publicListener(server.app, bff, config, port));
    listening = server;
    watchFileDescriptors(server.log);
    addProcessMetrics(server.metrics);
    link.on('collect', ({ id }) => {
      collect(server).then(
        (metrics) => link.send({ type: 'metrics', id, metrics }),
        // The primary then counts with the last metrics that it has got.
        (error) => log.error({ err: error }, 'metrics cannot be collected'),
      );
    });
    link.send({ type: 'ready', address });
  } catch (error) {
    await link.sendLast({ type: 'failed', failure: toStartFailure(error) });
    process.exit(1);
  }
}

const collect = ({ metrics }: BffServer) => metrics.registry.getMetricsAsJSON();

/** @returns the port to listen on, once all purges that have an effect are applied */
function join(link: PrimaryLink): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  link.on('welcome', ({ port }) => resolve(port));
  link.send({ type: 'join' });
  return promise;
}

/**
 * Leaves the connections that arrive to the other workers, and closes each of its own after a response.
 * Closing a connection that seems idle could lose a request that is on its way, so it waits before.
 */
async function retire(server: BffServer): Promise<void> {
  server.retire();
  await stopAccepting(server.app.server);
  await server.app.close();
}

/** @returns when all connections have ended, or after MAX_IDLE_MS */
async function stopAccepting(server: Server): Promise<void> {
  const closed = once(server, 'close');
  // That of http.Server closes idle connections at once.
  TcpServer.prototype.close.call(server);
  await Promise.race([closed, sleep(MAX_IDLE_MS)]);
}
