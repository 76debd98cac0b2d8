import type { FastifyInstance } from 'fastify';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { Listener } from './listen.ts';

/** Connections that may wait to be accepted: a client that finds no room retries after seconds. */
const BACKLOG = 4_096;

/** @param port - instead of the configured one */
export const publicListener = (
  app: FastifyInstance,
  { name }: BffDefinition,
  config: Config,
  port = config.port,
): Listener => ({
  app,
  options: { host: config.host, port, backlog: BACKLOG },
  variables: { host: 'HOST', port: `${name.toUpperCase()}_PORT` },
});

export const adminListener = (
  app: FastifyInstance,
  { name }: BffDefinition,
  { admin }: Config,
): Listener => ({
  app,
  options: { host: admin.host, port: admin.port },
  variables: { host: 'ADMIN_HOST', port: `${name.toUpperCase()}_ADMIN_PORT` },
});

interface Addresses {
  /** Of the public listener. */
  readonly address: string;
  readonly adminUrl: string;
}

/** Writes the addresses at every log level, because the parent process may wait for them. */
export function announce(
  { name }: BffDefinition,
  { production }: Config,
  { address, adminUrl }: Addresses,
  log: Log,
): void {
  const url = `${address}/graphql`;
  if (production) log.info({ url, adminUrl }, 'listening');
  else {
    process.stdout.write(`${name} listening on ${url}\n${name} admin listening on ${adminUrl}\n`);
  }
}
