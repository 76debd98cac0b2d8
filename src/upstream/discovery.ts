import { Resolver } from 'node:dns/promises';
import type { Log } from '../telemetry/log.ts';
import { createInstance, type Instance } from './load-balancer.ts';

const REFRESH_MS = 10_000;
const SRV = /^srv\+/;

/** Where the instances of a service are. */
export interface Discovery {
  /** Those known now; the first time of a name, those that DNS gives. */
  instances(): readonly Instance[] | Promise<readonly Instance[]>;
  close(): void;
}

/**
 * @param urls - an address each, or one name whose SRV records (RFC 2782) give host and port:
 *   `srv+http://_orders._tcp.example.org`
 * @param dnsServers - whom to ask, as `address:port`; the system's if empty
 * @param refreshMs - how often the records are asked for
 */
export function createDiscovery(
  urls: readonly URL[],
  dnsServers: readonly string[],
  log: Log,
  refreshMs = REFRESH_MS,
): Discovery {
  const [first] = urls;
  if (first && SRV.test(first.protocol))
    return createSrvDiscovery(first, dnsServers, log, refreshMs);
  const fixed = urls.map(createInstance);
  return { instances: () => fixed, close: () => {} };
}

function createSrvDiscovery(
  url: URL,
  dnsServers: readonly string[],
  log: Log,
  refreshMs: number,
): Discovery {
  const resolver = new Resolver();
  if (dnsServers.length > 0) resolver.setServers(dnsServers);
  const protocol = url.protocol.replace(SRV, '');
  let known: readonly Instance[] = [];
  let asking: Promise<readonly Instance[]> | undefined;

  async function refresh(): Promise<readonly Instance[]> {
    try {
      const records = await resolver.resolveSrv(url.hostname);
      // RFC 2782: only the targets of the lowest priority, unless they can't be reached.
      const best = Math.min(...records.map(({ priority }) => priority));
      const bases = records
        .filter(({ priority }) => priority === best)
        .map(({ name, port }) =>
          createInstance(new URL(`${protocol}//${name}:${port}${url.pathname}`)),
        );
      known = bases.map(
        (fresh) => known.find(({ baseUrl: base }) => base === fresh.baseUrl) ?? fresh,
      );
    } catch (error) {
      log.warn({ err: error, name: url.hostname }, 'DNS gives no instances; the last ones stay');
    }
    return known;
  }
  const timer = setInterval(() => void refresh(), refreshMs).unref();

  return {
    instances() {
      if (known.length > 0) return known;
      asking ??= refresh().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    close() {
      clearInterval(timer);
      resolver.cancel();
    },
  };
}
