import { once } from 'node:events';
import { type Server, Server as TcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BffDefinition } from '../../bff.ts';
import type { Config } from '../../config/index.ts';
import { createProcessLog } from '../../telemetry/log.ts';
import { addProcessMetrics } from '../../telemetry/metrics/index.ts';
import { type BffServer, createServer } from '../create-server.ts';
import { watchFileDescriptors } from '../descriptor-watch.ts';
import { listen } from '../listen.ts';
import { publicListener } from '../listeners.ts';
import { CLOSE_TIMEOUT_MS, closeOnTermination, createCrashLog } from '../termination.ts';
import { toStartFailure } from './messages.ts';
import {
  createClusterCounter,
  createClusterPurgeChannel,
  openPrimaryLink,
} from './primary-link.ts';

/** The time for which a worker that is replaced keeps connections without requests. */
export const MAX_IDLE_MS = 2_000;

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
  let isDrained = false;
  const close = closeOnTermination({
    isRunByNpm,
    handlers: IGNORED_SIGNALS,
    closeTimeoutMs: Math.max(drainDelayMs, MAX_IDLE_MS) + CLOSE_TIMEOUT_MS,
    logger: log,
    logCrash: createCrashLog(log),
    close: async () => {
      if (!listening) return;
      if (isDrained) await drain(listening, drainDelayMs);
      else await retire(listening);
      // Requests are counted when their responses have ended.
      await link.sendLast({ type: 'metrics', metrics: await collect(listening) });
    },
  });
  link.on('retire', close);
  link.on('drain', () => {
    isDrained = true;
    close();
  });

  try {
    const peers = {
      workerId,
      purges: createClusterPurgeChannel(link, log),
      counter: createClusterCounter(link, log),
    };
    const server = await createServer(bff, config, peers);
    // A worker gets connections as soon as it listens, so it must be ready before.
    await server.warmUp();
    const port = await join(link);
    const [address] = await listen(publicListener(server.app, bff, config, port));
    listening = server;
    watchFileDescriptors(server.app.log);
    addProcessMetrics(server.metrics);
    link.on('collect', ({ id }) => {
      void collect(server).then((metrics) => link.send({ type: 'metrics', id, metrics }));
    });
    link.send({ type: 'ready', address });
  } catch (error) {
    await link.sendLast({ type: 'failed', failure: toStartFailure(error) });
    process.exit(1);
  }
}

const collect = ({ metrics }: BffServer) => metrics.registry.getMetricsAsJSON();

/** @returns the port to listen on, once all purges that have an effect are applied */
function join(link: ReturnType<typeof openPrimaryLink>): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  link.on('welcome', ({ port }) => resolve(port));
  link.send({ type: 'join' });
  return promise;
}

/** Takes new requests for the drain delay, and then waits for the requests in flight. */
async function drain(server: BffServer, drainDelayMs: number): Promise<void> {
  server.drain();
  await sleep(drainDelayMs);
  await server.app.close();
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
