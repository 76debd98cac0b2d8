import { enableCompileCache } from 'node:module';
import closeWithGrace from 'close-with-grace';
import { readSecret } from './secret.ts';
import { portVariable, readSettings, type Settings } from './settings.ts';
import type { ServiceOptions } from './stand-in.ts';

type Server = {
  /** @returns its URL */
  listen(address: { port: number; host: string }): Promise<string>;
  close(): Promise<unknown>;
};

type Service = {
  /** Its name, such as `user`. */
  name: string;
  defaultPort: number;
  /** Imports the service lazily, so that the compile cache covers it. */
  create: (options: ServiceOptions) => Promise<Server>;
};

/** Runs a service as a process: reads the environment, prints its URL, and closes on a signal or a crash. */
export async function runService({ name, defaultPort, create }: Service): Promise<void> {
  const settings = readSettings(process.env, name, defaultPort);
  const { dataDir, subscribers, faults } = settings;
  if (faults.length > 0) return fail(name, faults.join('; '));
  enableCompileCache();
  try {
    const viewerKey = readSecret('VIEWER_SIGNING_KEY');
    const serviceToken = readSecret('UPSTREAM_TOKEN');
    const purgeSecret = readSecret('PURGE_SECRET');
    const app = await create({
      ...(dataDir && { dataDir }),
      ...(viewerKey && { viewerKey }),
      subscribers,
      ...(serviceToken && { serviceToken }),
      ...(purgeSecret && { purgeSecret }),
    });
    // At beforeExit, it would replace the exit code of a failed start.
    closeWithGrace({ skip: ['beforeExit'] }, async ({ err }) => {
      if (err) console.error(err);
      await app.close();
    });
    const url = await app.listen({ port: settings.port, host: settings.host });
    console.log(`${name} service listening on ${url}`);
  } catch (error) {
    fail(name, describe(error, name, settings));
  }
}

function describe(error: unknown, name: string, { host, port }: Settings): string {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return `${portVariable(name)}: port ${port} is in use by another program`;
  }
  if (code === 'EADDRNOTAVAIL' || syscall === 'getaddrinfo') {
    return (
      'HOST: must be an IP address or a name of this machine, ' +
      `or 0.0.0.0 for all interfaces, not "${host}"`
    );
  }
  return message;
}

function fail(name: string, reason: string): void {
  console.error(`${name} service can't start: ${reason}`);
  process.exitCode = 1;
}
