import { createNotificationService } from '../../services/notification/service.ts';
import { createOrderService } from '../../services/order/service.ts';
import type { ServiceOptions, StandIn } from '../../services/support/stand-in.ts';
import { createUserService } from '../../services/user/service.ts';
import { urlVariable } from '../../src/config/index.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import type { LIBRARY_UPSTREAMS } from './fixture/bff.ts';
import { createLendingService } from './fixture/lending-service.ts';
import { createMemberService } from './fixture/member-service.ts';

type Names = keyof typeof UPSTREAMS | keyof typeof LIBRARY_UPSTREAMS;
type CreateStandIn = (options?: ServiceOptions) => Promise<StandIn>;

/** The stand-in of each upstream, of the product and of the fixture. */
export const STAND_INS = {
  user: createUserService,
  order: createOrderService,
  notification: createNotificationService,
  member: createMemberService,
  lending: createLendingService,
} satisfies Readonly<Record<Names, CreateStandIn>>;

export type ServiceName = keyof typeof STAND_INS;

/** The names of the product's upstreams. */
export const SERVICE_NAMES = Object.keys(UPSTREAMS) as (keyof typeof UPSTREAMS)[];

const LOCAL = { host: '127.0.0.1', port: 0 };

/**
 * Starts the stand-ins of these upstreams on free ports, in this process. `await using` closes them.
 * @param grpc - the names of those that are called over gRPC
 * @returns the services by name, and the variables with their URLs
 */
export async function startServices<Name extends ServiceName>(
  names: readonly Name[],
  grpc: readonly ServiceName[] = [],
) {
  await using started = new AsyncDisposableStack();
  const created = await Promise.all(names.map(async (name) => [name, await STAND_INS[name]()]));
  const services: Record<Name, StandIn> = Object.fromEntries(created);
  // Reads `services` when it closes them, because a test may replace one.
  started.defer(async () => {
    await Promise.all(Object.values<StandIn>(services).map((service) => service.close()));
  });
  const env: Record<string, string> = Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const url = await services[name].listen(LOCAL);
        return [urlVariable(name), grpc.includes(name) ? url.replace('http:', 'grpc:') : url];
      }),
    ),
  );
  const resources = started.move();
  return { services, env, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
