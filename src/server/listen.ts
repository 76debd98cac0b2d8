import type { FastifyInstance, FastifyListenOptions } from 'fastify';
import type { BffDefinition } from '../bff.ts';
import { type Config, ConfigError } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';

/** Connections that may wait to be accepted: a client that finds no room retries after seconds. */
const BACKLOG = 4_096;

interface Listener {
  readonly app: FastifyInstance;
  readonly options: FastifyListenOptions;
  /** The names of the variables that set the host and the port. */
  readonly variables: { readonly host: string; readonly port: string };
}

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

/**
 * Opens listeners.
 * @returns their addresses
 * @throws ConfigError that names the host or the port of every listener that can't be opened
 */
export async function listen<const T extends readonly Listener[]>(...listeners: T) {
  const results = await Promise.allSettled(
    listeners.map(({ app, options }) => app.listen(options)),
  );
  const faults = results.flatMap((result, index) => {
    const listener = listeners[index];
    return result.status === 'rejected' && listener ? [describe(result.reason, listener)] : [];
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return results.map((result) => (result as PromiseFulfilledResult<string>).value) as {
    readonly [K in keyof T]: string;
  };
}

/** @throws the error itself if neither the host nor the port causes it */
function describe(error: NodeJS.ErrnoException, { options, variables }: Listener): string {
  const { code, syscall } = error;
  if (code === 'EADDRINUSE') {
    return `${variables.port}: port ${options.port} is in use by another program`;
  }
  if (code === 'EACCES') return `${variables.port}: this user may not open port ${options.port}`;
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo') {
    return (
      `${variables.host}: must be an IP address or a name of this machine, ` +
      `or 0.0.0.0 for all interfaces, not "${options.host}"`
    );
  }
  throw error;
}

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
