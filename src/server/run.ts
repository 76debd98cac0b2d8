import { setTimeout as sleep } from 'node:timers/promises';
import type { BffDefinition } from '../bff.ts';
import { type Config, ConfigError } from '../config/index.ts';
import { createProcessLog } from '../telemetry/log.ts';
import { type BffServer, createServer } from './create-server.ts';
import { watchFileDescriptors } from './descriptor-watch.ts';
import { listen } from './listen.ts';
import { onTermination } from './termination.ts';

const CLOSE_LIMIT_MS = 10_000;
/** Connections that may wait to be accepted: whoever finds no room comes back after seconds. */
const BACKLOG = 4_096;

/**
 * Runs one BFF until SIGTERM or SIGINT, which lets the requests under way end first.
 * @throws Error if it can't listen
 */
export async function serve(bff: BffDefinition, config: Config): Promise<void> {
  const { host, port, production, drainDelayMs, isRunByNpm } = config;
  let listening: BffServer | undefined;

  function crash(error: unknown): never {
    createProcessLog(bff.name).fatal({ err: error }, 'process crashed');
    process.exit(1);
  }
  // Rejections that nothing handles come here as well.
  process.on('uncaughtException', crash);
  onTermination({
    signals: ['SIGTERM', 'SIGINT'],
    isRunByNpm,
    drain: () => void close(listening, drainDelayMs).then(() => process.exit(0), crash),
  });

  const server = await createServer(bff, config).catch((error) => {
    if (production && !isExpected(error)) crash(error);
    throw error;
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
  // Written whatever the log level is: the parent process may wait for it.
  if (production) createProcessLog(bff.name).info({ url, adminUrl }, 'listening');
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

/** Whether the configuration or the machine is at fault, and not the code. */
const isExpected = (error: unknown): boolean =>
  error instanceof ConfigError || (error as NodeJS.ErrnoException).syscall !== undefined;

/** @param server - undefined if it does not listen yet */
async function close(server: BffServer | undefined, drainDelayMs: number): Promise<void> {
  if (!server) return;
  server.drain();
  await sleep(drainDelayMs);
  setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref();
  await server.app.close();
}
