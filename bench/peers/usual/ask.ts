import got from 'got';
import { Pool } from 'undici';

/** One GET of a service. @returns the body, from JSON */
export type Ask = <Body>(
  service: string,
  path: string,
  parameters?: Readonly<Record<string, string | number>>,
) => Promise<Body>;

/** got with its defaults. */
export const askWithGot: Ask = (service, path, searchParams = {}) =>
  got(`${service}${path}`, { searchParams }).json();

/** undici with a pool for each service, as its documentation has it. */
export function createUndiciAsk(): Ask {
  const pools = new Map<string, Pool>();

  function poolOf(service: string): Pool {
    const pool = pools.get(service) ?? new Pool(service);
    pools.set(service, pool);
    return pool;
  }

  return async <Body>(service: string, path: string, query: Record<string, unknown> = {}) => {
    const { statusCode, body } = await poolOf(service).request({ method: 'GET', path, query });
    if (statusCode !== 200) throw new Error(`${path} was answered with ${statusCode}`);
    return (await body.json()) as Body;
  };
}
