import { fileURLToPath } from 'node:url';
import { freePort } from '../../../tools/free-port.ts';
import { ROOT } from '../../../tools/tree.ts';
import { startCommand } from '../../deploy/start-command.ts';
import { COMPILE_CACHE } from '../../support/bff-process.ts';

/**
 * Starts replicas of the web BFF, each as a process of its own. Nothing is refused, but requests are
 * counted. `await using` kills them.
 * @param envs - the variables of each: the addresses of the services, and that of a Redis
 * @returns the URLs of their GraphQL endpoints
 */
export async function startReplicaProcesses(envs: readonly Readonly<Record<string, string>>[]) {
  await using started = new AsyncDisposableStack();
  const endpoints = await Promise.all(
    envs.map(async (env) => {
      const port = String(await freePort());
      const url = `http://127.0.0.1:${port}`;
      const replica = await startCommand([process.execPath, 'bff-web/main.ts'], {
        cwd: fileURLToPath(ROOT),
        url,
        env: {
          ...COMPILE_CACHE,
          NODE_ENV: 'test',
          LOG_LEVEL: 'fatal',
          WEB_PORT: port,
          WEB_ADMIN_PORT: '0',
          RATE_LIMIT_ADDRESS: '100000000',
          RATE_LIMIT_VIEWER: '100000000',
          TRUSTED_PROXIES: '127.0.0.1',
          ...env,
        },
      });
      started.use(replica);
      return `${url}/graphql`;
    }),
  );
  const resources = started.move();
  return { endpoints, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
