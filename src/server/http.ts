import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import type { BffDefinition } from '../bff.ts';
import { type Config, ConfigError } from '../config.ts';
import { type BffServer, createServer } from './create-server.ts';

const CLOSE_LIMIT_MS = 10_000;
/** Connections that may wait to be accepted: whoever finds no room comes back after seconds. */
const BACKLOG = 4_096;

/**
 * Runs one BFF until SIGTERM or SIGINT, which lets the requests under way end first.
 * @throws Error if it can't listen
 */
export async function serve(bff: BffDefinition, config: Config): Promise<void> {
  const server = await createServer(bff, config);
  const { app, admin } = server;
  for (const { message, fields } of config.warnings) app.log.warn(fields, message);
  const prefix = bff.name.toUpperCase();
  const { host, port } = config;
  const address = await listen(app, { host, port, backlog: BACKLOG }, `${prefix}_PORT`);
  const adminAddress = await listen(
    admin,
    { host: config.admin.host, port: config.admin.port },
    `${prefix}_ADMIN_PORT`,
  );
  const end = () => void close(server, config.drainDelayMs).then(() => process.exit(0), exitWith);
  process.once('SIGTERM', end).once('SIGINT', end);
  process.stdout.write(
    `${bff.name} listening on ${address}/graphql\n${bff.name} admin listening on ${adminAddress}\n`,
  );
}

/** @throws ConfigError that names the port's variable if another program has the port */
async function listen(
  app: FastifyInstance,
  options: FastifyListenOptions,
  variable: string,
): Promise<string> {
  try {
    return await app.listen(options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new ConfigError([`${variable}: port ${options.port} is in use by another program`]);
  }
}

/** Ends the process with one readable message. */
export function exitWith(error: unknown): never {
  const { syscall, message, stack } = error as NodeJS.ErrnoException;
  const expected = error instanceof ConfigError || syscall !== undefined;
  process.stderr.write(`${expected ? message : stack}\n`);
  process.exit(1);
}

async function close({ app, drain }: BffServer, drainDelayMs: number): Promise<void> {
  drain();
  await sleep(drainDelayMs);
  setTimeout(() => process.exit(1), CLOSE_LIMIT_MS).unref();
  await app.close();
}
