import type { LoadRequest } from './load.ts';

/** Sends one request outside a load run. Like the load generators, it accepts no compression. */
export const send = (
  origin: string,
  { method, path, headers, body }: LoadRequest,
): Promise<Response> =>
  fetch(origin + path, {
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
    ...(body && { body }),
  });
