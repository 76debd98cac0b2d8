import { setFlagsFromString } from 'node:v8';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import { createProcessLog } from '../telemetry/log.ts';
import { addProcessMetrics } from '../telemetry/metrics/index.ts';
import { type BffServer, createServer } from './create-server.ts';
import { watchFileDescriptors } from './descriptor-watch.ts';
import { adminListener, announce, listen, publicListener } from './listen.ts';
import { failStart } from './start-failure.ts';
import {
  CLOSE_TIMEOUT_MS,
  closeOnTermination,
  createCrashLog,
  drainAndClose,
} from './termination.ts';

const V8_FLAGS = [
  // Otherwise V8 decides while the cache fills that the objects of stored responses are long-lived, and from
  // then on allocates them in its old generation. There, those that are read from packed entries for one
  // response each, with all strings that they refer to, are garbage until a long collection.
  '--no-allocation-site-pretenuring',
  // The old generation may grow to three times what is in use before it is collected. By default it grows by
  // about a fifth, so under load there is a collection every few seconds, whose 0.1 s of CPU delay requests.
  '--heap-growing-percent=200',
];

export { exitWith } from './start-failure.ts';

/**
 * Runs one BFF until a signal or a crash ends the process, after the requests in flight. With several
 * workers, the process that is started is their primary, which starts each worker with the same
 * command.
 * @throws Error if it can't listen
 */
export async function serve(bff: BffDefinition, config: Config): Promise<void> {
  for (const flag of V8_FLAGS) setFlagsFromString(flag);
  if (config.workers === 1) return serveAlone(bff, config);
  // Loaded on demand: a single process has no use for it.
  const { serveInCluster } = await import('./cluster/index.ts');
  return serveInCluster(bff, config);
}

async function serveAlone(bff: BffDefinition, config: Config): Promise<void> {
  const { production, drainDelayMs, isRunByNpm } = config;
  let listening: BffServer | undefined;

  const log = createProcessLog(bff.name);
  const logCrash = createCrashLog(log);
  closeOnTermination({
    isRunByNpm,
    closeTimeoutMs: drainDelayMs + CLOSE_TIMEOUT_MS,
    logger: log,
    logCrash,
    close: async () => listening && drainAndClose(listening, drainDelayMs),
  });

  const server = await createServer(bff, config).catch((error) =>
    failStart(error, production, logCrash),
  );
  const { app, admin, log: requestLog } = server;
  for (const { message, fields } of config.warnings) requestLog.warn(fields, message);
  const [address, adminUrl] = await listen(
    publicListener(app, bff, config),
    adminListener(admin, bff, config),
  );
  listening = server;
  watchFileDescriptors(requestLog);
  addProcessMetrics(server.metrics);
  await server.warmUp();
  announce(bff, config, { address, adminUrl }, log);
}
