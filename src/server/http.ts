import type { FastifyInstance } from 'fastify';
import type { BffDefinition } from '../bff.ts';
import { type Config, ConfigError } from '../config.ts';
import { createServer } from './create-server.ts';

const DRAIN_LIMIT_MS = 10_000;

/**
 * Runs one BFF until SIGTERM or SIGINT, which lets the requests under way end first.
 * @throws Error if it can't listen
 */
export async function serve(bff: BffDefinition, config: Config): Promise<void> {
  const app = await createServer(bff, config);
  const address = await app.listen({ host: config.host, port: config.port });
  closeOnSignal(app);
  process.stdout.write(`${bff.name} listening on ${address}/graphql\n`);
}

/** Ends the process with one readable message. */
export function exitWith(error: unknown): never {
  const { code, message, stack } = error as NodeJS.ErrnoException;
  const expected = error instanceof ConfigError || code === 'EADDRINUSE' || code === 'EACCES';
  process.stderr.write(`${expected ? message : stack}\n`);
  process.exit(1);
}

function closeOnSignal(app: FastifyInstance): void {
  const close = () => {
    setTimeout(() => process.exit(1), DRAIN_LIMIT_MS).unref();
    app.close().then(() => process.exit(0), exitWith);
  };
  process.once('SIGTERM', close).once('SIGINT', close);
}
