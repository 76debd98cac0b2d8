import type { Pool } from 'undici';
import type { LoadRequest } from '../harness/load.ts';

/** A request of any method. */
export interface TextRequest extends Omit<LoadRequest, 'method'> {
  readonly method: string;
}

/** @throws Error unless the status is 200 and the body has no GraphQL errors */
export async function fetchText(pool: Pool, request: TextRequest): Promise<string> {
  const { method, path, headers, body = null } = request;
  const response = await pool.request({ method, path, headers: { ...headers }, body });
  const text = await response.body.text();
  if (response.statusCode !== 200 || text.includes('"errors"')) {
    throw new Error(`${method} ${path} returned ${response.statusCode} ${text.slice(0, 200)}`);
  }
  return text;
}
