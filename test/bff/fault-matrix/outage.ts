import type { AddressInfo } from 'node:net';
import type { Environment } from '../../support/environment.ts';
import { SERVICE_NAMES, STAND_INS } from '../../support/services.ts';
import type { Failure, ServiceName, Target } from './table.ts';

/** Lets a target fail. @returns a function that ends the failure */
export async function startOutage(environment: Environment, target: Target, { fault }: Failure) {
  const [name, operation = '*'] = target.split('.') as [ServiceName, string?];
  if (!fault) return stop(environment, name);
  const { control } = environment.services[name];
  control.faults({ [operation]: fault });
  return async () => control.clear();
}

/** Restarts the services with the seeded data. */
export async function resetData(environment: Environment): Promise<void> {
  for (const name of SERVICE_NAMES) {
    const start = await stop(environment, name);
    await start();
  }
}

/** @returns a function that starts the service on the same port, with the seeded data */
async function stop(environment: Environment, name: ServiceName) {
  const service = environment.services[name];
  const { port } = service.server.address() as AddressInfo;
  await service.close();
  return async () => {
    const restarted = await STAND_INS[name]();
    await restarted.listen({ host: '127.0.0.1', port });
    Object.assign(environment.services, { [name]: restarted });
  };
}
