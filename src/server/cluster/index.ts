/**
 * Several processes of one BFF on one machine.
 *
 * The primary (primary.ts) accepts connections and hands them to the workers in turn (node:cluster). It
 * starts, replaces, rolls and ends workers (supervisor.ts), notices when one hangs (heartbeat.ts),
 * hands connections that a worker has not read before its end to the others (unread-connections.ts), and
 * has the only admin listener. Each worker (worker.ts) is a complete BFF with a cache of its own. What
 * workers must know of each other passes through the primary as messages (messages.ts): purges
 * (purge-hub.ts) and rate limits (count-hub.ts). The primary also adds up their metrics (metrics-hub.ts).
 *
 * A response must never leave a worker after a purge while another one could still serve older data,
 * and no worker may wait for another one, or for the primary, without a limit.
 */
import cluster from 'node:cluster';
import type { BffDefinition } from '../../bff.ts';
import type { Config } from '../../config/index.ts';
import { servePrimary } from './primary.ts';
import { serveWorker } from './worker.ts';

/** Runs the primary, or in a process that the primary has started, a worker. */
export const serveInCluster = (bff: BffDefinition, config: Config): Promise<void> =>
  cluster.worker ? serveWorker(bff, config, cluster.worker.id) : servePrimary(bff, config);
