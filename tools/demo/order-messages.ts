import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface OrderMessages {
  /** The subscriber of the order service. */
  readonly url: string;
  readonly close: () => void;
}

/** An event of the order service (services/README.md). */
interface OrderEvent {
  readonly type?: string;
  readonly data?: { readonly user: string; readonly id: string };
  readonly tags: readonly string[];
}

/**
 * Sends a notification about each order that is placed or cancelled, as a messaging service would: so a user of
 * the demo sees one arrive.
 * @param upstreamToken - of calls to the notification service
 */
export async function startOrderMessages(
  notificationUrl: string,
  upstreamToken: string | undefined,
): Promise<OrderMessages> {
  const server = createServer((request, response) => {
    // The order service waits for the response.
    request.on('end', () => response.writeHead(204).end());
    json(request)
      .then((event) => send(event as OrderEvent))
      .catch((error: Error) => console.warn(`no message about an order: ${error.message}`));
  });

  async function send({ type, data, tags }: OrderEvent): Promise<void> {
    if (type !== 'order.changed' || !data) return;
    const isCancelled = tags.some((tag) => tag.endsWith('status=cancelled'));
    const title = `Order ${data.id} is ${isCancelled ? 'cancelled' : 'placed'}`;
    const body = 'Thank you for shopping with us.';
    await fetch(new URL('/notifications', notificationUrl), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(upstreamToken && { authorization: `Bearer ${upstreamToken}` }),
      },
      body: JSON.stringify({ userId: data.user, kind: 'order_update', title, body }),
    });
  }

  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
