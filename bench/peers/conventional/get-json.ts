import got from 'got';
import { Pool } from 'undici';

/** Sends a GET to a service. @returns the parsed JSON body */
export type GetJson = <Body>(
  service: string,
  path: string,
  parameters?: Readonly<Record<string, string | number>>,
) => Promise<Body>;

/** got with its defaults. */
export const getJsonWithGot: GetJson = (service, path, searchParams = {}) =>
  got(`${service}${path}`, { searchParams }).json();

/** undici with a connection pool per service, as documented. */
export function createUndiciGetJson(): GetJson {
  const pools = new Map<string, Pool>();

  function poolOf(service: string): Pool {
    const pool = pools.get(service) ?? new Pool(service);
    pools.set(service, pool);
    return pool;
  }

  return async <Body>(service: string, path: string, query: Record<string, unknown> = {}) => {
    const { statusCode, body } = await poolOf(service).request({ method: 'GET', path, query });
    if (statusCode !== 200) throw new Error(`${path} returned ${statusCode}`);
    return (await body.json()) as Body;
  };
}
