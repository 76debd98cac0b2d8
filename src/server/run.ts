import { setTimeout as sleep } from 'node:timers/promises';
import type { BffDefinition } from '../bff.ts';
import { type Config, ConfigError } from '../config/index.ts';
import { createProcessLog } from '../telemetry/log.ts';
import { addProcessMetrics } from '../telemetry/metrics/index.ts';
import { type BffServer, createServer } from './create-server.ts';
import { watchFileDescriptors } from './descriptor-watch.ts';
import { listen } from './listen.ts';
import { closeOnTermination } from './termination.ts';

/** The time that requests in flight get, after the drain delay. */
const CLOSE_TIMEOUT_MS = 10_000;
/** Connections that may wait to be accepted: a client that finds no room retries after seconds. */
const BACKLOG = 4_096;

/**
 * Runs one BFF until a signal or a crash ends the process, after the requests in flight.
 * @throws Error if it can't listen
 */
export async function serve(bff: BffDefinition, config: Config): Promise<void> {
  const { host, port, production, drainDelayMs, isRunByNpm } = config;
  let listening: BffServer | undefined;

  const log = createProcessLog(bff.name);
  const logCrash = (error: unknown) =>
    log.fatal({ err: error ?? new Error('rejection without a reason') }, 'process crashed');
  closeOnTermination({
    isRunByNpm,
    closeTimeoutMs: drainDelayMs + CLOSE_TIMEOUT_MS,
    logger: log,
    logCrash,
    close: () => close(listening, drainDelayMs),
  });

  const server = await createServer(bff, config).catch((error) => {
    if (!production || isExpected(error)) throw error;
    logCrash(error);
    process.exit(1);
  });
  const { app, admin } = server;
  for (const { message, fields } of config.warnings) app.log.warn(fields, message);
  const prefix = bff.name.toUpperCase();
  const [address, adminUrl] = await listen(
    {
      app,
      options: { host, port, backlog: BACKLOG },
      variables: { host: 'HOST', port: `${prefix}_PORT` },
    },
    {
      app: admin,
      options: { host: config.admin.host, port: config.admin.port },
      variables: { host: 'ADMIN_HOST', port: `${prefix}_ADMIN_PORT` },
    },
  );
  const url = `${address}/graphql`;
  listening = server;
  watchFileDescriptors(server.app.log);
  addProcessMetrics(server.metrics);
  // Written at every log level, because the parent process may wait for it.
  if (production) log.info({ url, adminUrl }, 'listening');
  else {
    process.stdout.write(
      `${bff.name} listening on ${url}\n${bff.name} admin listening on ${adminUrl}\n`,
    );
  }
}

/** Ends the process with one readable message. */
export function exitWith(error: unknown): never {
  const { message, stack } = error as Error;
  process.stderr.write(`${isExpected(error) ? message : stack}\n`);
  process.exit(1);
}

/** Tells faults of the configuration or the machine from faults of the code. */
const isExpected = (error: unknown): boolean =>
  error instanceof ConfigError || (error as NodeJS.ErrnoException).syscall !== undefined;

/**
 * Takes new requests for the drain delay, and then waits for the requests in flight.
 * @param server - undefined if it does not listen yet
 */
async function close(server: BffServer | undefined, drainDelayMs: number): Promise<void> {
  if (!server) return;
  server.drain();
  await sleep(drainDelayMs);
  await server.app.close();
}
