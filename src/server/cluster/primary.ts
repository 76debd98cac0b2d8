import cluster from 'node:cluster';
import type { BffDefinition } from '../../bff.ts';
import { connectReplicas, createEdgePurger, EVERYTHING } from '../../cache/index.ts';
import { type Config, ConfigError } from '../../config/index.ts';
import { sendToReplicas } from '../../events/index.ts';
import { createLog, createProcessLog } from '../../telemetry/log.ts';
import { aggregateMetrics, createPrimaryMetrics } from '../../telemetry/metrics/index.ts';
import { createAdmin } from '../admin.ts';
import { watchFileDescriptors } from '../descriptor-watch.ts';
import { adminListener, announce, listen } from '../listen.ts';
import { openRedis } from '../open-redis.ts';
import { failStart } from '../start-failure.ts';
import { closeOnTermination, createCrashLog } from '../termination.ts';
import { createCountHub } from './count-hub.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { WorkerMessage } from './messages.ts';
import { createMetricsHub } from './metrics-hub.ts';
import { createPurgeHub } from './purge-hub.ts';
import { createSupervisor } from './supervisor.ts';
import { closeTimeoutOf } from './worker.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Time beyond that which a worker takes itself. */
const MARGIN_MS = 2_000;

/**
 * Runs the workers and the admin listener until a signal or a crash ends the process. SIGHUP replaces
 * all workers.
 * @throws Error if a worker or the admin listener can't start
 */
export async function servePrimary(bff: BffDefinition, config: Config): Promise<void> {
  const { workers: size, production, logLevel: level, isRunByNpm } = config;
  const log = createProcessLog(bff.name);
  const logCrash = createCrashLog(log);
  const requestLog = createLog({ name: bff.name, level, isBuffered: false, worker: undefined });
  const redis = await openRedis(config, requestLog);
  const connection = redis && (await connectReplicas(redis, requestLog));
  const count = createCountHub();
  const workerMetrics = createMetricsHub();
  const metrics = createPrimaryMetrics();
  const edges =
    config.edges &&
    createEdgePurger({ ...config.edges, log: requestLog, countFor: metrics.edgePurgeCounter });
  const purges = createPurgeHub(connection?.replicas, () => edges?.purge([EVERYTHING]));
  /** The address of the public listener, once a worker has opened it. */
  let address: string | undefined;
  let { port } = config;
  let hasGivenUp = false;

  /** With port 0, the port that is left when no worker holds it must be opened by its number from then on. */
  function portToOpen(): number {
    if (address !== undefined && supervisor.readyWorkers().length === 0) {
      port = Number(new URL(address).port);
    }
    return port;
  }

  function endUnresponsive({ id, kill }: WorkerProcess): void {
    log.error({ worker: id }, 'worker does not respond and is killed');
    kill();
  }

  function admit(worker: WorkerProcess): void {
    const { id, send } = worker;
    const effective = purges.join(id, {
      send: (purgeId, purge) => send({ type: 'purge', id: purgeId, purge }),
      endUnresponsive: () => endUnresponsive(worker),
    });
    send({ type: 'welcome', port: portToOpen(), purges: effective });
  }

  function onMessage(worker: WorkerProcess, message: WorkerMessage): void {
    const { id: from, send } = worker;
    onSignOfLife(worker);
    if (message.type === 'join') admit(worker);
    if (message.type === 'ready') address ??= message.address;
    if (message.type === 'applied') purges.applied(from, message.id);
    if (message.type === 'count') {
      send({ type: 'counted', id: message.id, counts: count(message.increments) });
    }
    if (message.type === 'metrics') workerMetrics.receive(from, message.metrics, message.id);
    if (message.type === 'publish') {
      void purges
        .publish(message.purge, from)
        .then(() => send({ type: 'published', id: message.id }));
    }
  }

  async function collectMetrics(): Promise<string> {
    const ofWorkers = await workerMetrics.collect(supervisor.servingWorkers());
    return aggregateMetrics([await metrics.registry.getMetricsAsJSON(), ...ofWorkers]);
  }

  cluster.schedulingPolicy = cluster.SCHED_RR;
  const endTimeoutMs = closeTimeoutOf(config) + MARGIN_MS;
  const supervisor = createSupervisor({
    size,
    endTimeoutMs,
    log,
    onMessage,
    onEnd({ id }, isCrash) {
      purges.leave(id, isCrash);
      workerMetrics.leave(id);
    },
    giveUp() {
      log.fatal('workers keep ending before they are ready');
      hasGivenUp = true;
      close();
    },
  });
  const onSignOfLife = startHeartbeat({ workers: supervisor.readyWorkers, endUnresponsive });
  const admin = createAdmin({
    log: requestLog,
    secret: config.admin.purgeSecret,
    async receive({ tags, event }) {
      metrics.countPurge('event', tags.length);
      await purges.publishEverywhere({ kind: 'tags', tags });
      edges?.purge(tags);
      if (!event) return;
      for (const { send } of supervisor.servingWorkers()) send({ type: 'event', event });
      sendToReplicas(redis, event);
    },
    collectMetrics,
  });
  const close = closeOnTermination({
    isRunByNpm,
    handlers: { SIGHUP: () => void supervisor.roll() },
    closeTimeoutMs: endTimeoutMs + MARGIN_MS,
    logger: log,
    logCrash,
    async close() {
      const wasClean = await supervisor.stop();
      await admin.close();
      await edges?.close();
      await connection?.close();
      redis?.close();
      if (hasGivenUp || !wasClean) process.exit(1);
    },
    abort: supervisor.kill,
  });

  for (const { message, fields } of config.warnings) requestLog.warn(fields, message);
  const [workers, listener] = await Promise.allSettled([
    supervisor.start(),
    listen(adminListener(admin, bff, config)),
  ]);
  if (workers.status === 'rejected' || listener.status === 'rejected') {
    supervisor.kill();
    failStart(firstFailure([workers, listener]), production, logCrash);
  }
  // The primary accepts the connections.
  watchFileDescriptors(log);
  announce(bff, config, { address: address ?? '', adminUrl: listener.value[0] }, log);
}

/** An error of the code, or one error with all faults of the configuration. */
function firstFailure(results: readonly PromiseSettledResult<unknown>[]): unknown {
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const faults = errors.flatMap((error) => (error instanceof ConfigError ? error.faults : []));
  return (
    errors.find((error) => !(error instanceof ConfigError)) ?? new ConfigError([...new Set(faults)])
  );
}
