import type { LoadRequest } from './load.ts';

/** Sends a request as the load generators do, who want no compression. */
export const send = (
  origin: string,
  { method, path, headers, body }: LoadRequest,
): Promise<Response> =>
  fetch(origin + path, {
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
    ...(body && { body }),
  });
