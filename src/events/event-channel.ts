import * as z from 'zod';
import type { SharedRedis } from '../redis/client.ts';
import { SERVICE_EVENT_TYPES, type ServiceEvent } from '../service-event.ts';
import type { EventHub } from './event-hub.ts';

const CHANNEL = 'frontdesk:events';

const EVENT = z.object({
  id: z.string(),
  type: z.enum(SERVICE_EVENT_TYPES),
  user: z.string(),
  object: z.string(),
});

/** The other workers of a replica; their events come from the primary, which has the admin listener. */
export interface EventPeers {
  readonly onEvent: (listener: (event: ServiceEvent) => void) => void;
}

interface EventChannelOptions {
  readonly hub: Pick<EventHub, 'deliver'>;
  readonly workers: EventPeers | undefined;
  readonly redis: Pick<SharedRedis, 'run'> | undefined;
  /** The connection for messages of other replicas. */
  readonly replicas:
    | { readonly onMessage: (channel: string, listener: (text: string) => void) => void }
    | undefined;
}

/**
 * Connects the hub of a process to those of the others.
 * @returns a function that sends an event of this process's admin listener to all hubs; it never waits
 */
export function createEventChannel({ hub, workers, redis, replicas }: EventChannelOptions) {
  workers?.onEvent(hub.deliver);
  replicas?.onMessage(CHANNEL, (text) => {
    const event = parse(text);
    if (event) hub.deliver(event);
  });
  return (event: ServiceEvent): void => {
    hub.deliver(event);
    sendToReplicas(redis, event);
  };
}

/** Sends an event to the other replicas. It is lost if Redis is unavailable. */
export function sendToReplicas(
  redis: Pick<SharedRedis, 'run'> | undefined,
  event: ServiceEvent,
): void {
  redis?.run((client) => client.publish(CHANNEL, JSON.stringify(event))).catch(ignore);
}

/** @returns undefined for an event of a later release */
function parse(text: string): ServiceEvent | undefined {
  try {
    return EVENT.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const ignore = () => undefined;
