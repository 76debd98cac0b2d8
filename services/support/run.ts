import { enableCompileCache } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { readSecret } from './secret.ts';
import type { ServiceOptions } from './stand-in.ts';

type Runnable = {
  name: 'user' | 'order' | 'notification';
  defaultPort: number;
  /** Imports the service itself, so that the import is served by the compile cache. */
  create: (options: ServiceOptions) => Promise<FastifyInstance>;
};

/** Runs one service as a process: environment in, one line out, ends on a signal. */
export async function run({ name, defaultPort, create }: Runnable): Promise<void> {
  const variable = `${name.toUpperCase()}_SERVICE_PORT`;
  const port = toPort(process.env[variable] || String(defaultPort));
  if (port === undefined) {
    return fail(`${variable} must be a port from 0 to 65535, not "${process.env[variable]}"`);
  }
  enableCompileCache();
  const dataDir = process.env.DATA_DIR;
  try {
    const viewerKey = readSecret('VIEWER_SIGNING_KEY');
    const serviceToken = readSecret('UPSTREAM_TOKEN');
    const purgeSecret = readSecret('PURGE_SECRET');
    const app = await create({
      ...(dataDir && { dataDir }),
      ...(viewerKey && { viewerKey }),
      subscribers: (process.env.PURGE_URLS ?? '').split(',').filter(Boolean),
      ...(serviceToken && { serviceToken }),
      ...(purgeSecret && { purgeSecret }),
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => void app.close());
    }
    const url = await app.listen({ port, host: process.env.HOST || '127.0.0.1' });
    console.log(`${name} service listening on ${url}`);
  } catch (error) {
    fail(`${name} service cannot start: ${describe(error, variable, port)}`);
  }
}

function describe(error: unknown, variable: string, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${variable}: port ${port} is in use by another program`;
  return message;
}

function toPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= 0 && port <= 65_535 ? port : undefined;
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
