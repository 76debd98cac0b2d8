import { LRUCache } from 'lru-cache';
import { objectTopic, type ServiceEvent, type Topic, userTopic } from '../service-event.ts';
import { EventStream } from './event-stream.ts';

/** Events whose copies are recognised: several listeners, replicas and BFFs can get the same event. */
const MAX_REMEMBERED = 10_000;
const REMEMBERED_MS = 15 * 60 * 1_000;

/** Hands events to the streams of this process that are about them. */
export class EventHub {
  readonly #streams = new Map<Topic, Set<EventStream>>();
  // With `max`, all of its memory is allocated at once.
  readonly #delivered = new LRUCache<string, true>({
    maxSize: MAX_REMEMBERED,
    sizeCalculation: () => 1,
    ttl: REMEMBERED_MS,
  });

  /** Opens a stream of the events about a topic. */
  readonly listen = (topic: Topic): EventStream => {
    const streams = this.#streams.get(topic) ?? new Set();
    const stream = new EventStream();
    stream.onEnd(() => {
      streams.delete(stream);
      if (streams.size === 0) this.#streams.delete(topic);
    });
    streams.add(stream);
    this.#streams.set(topic, streams);
    return stream;
  };

  /** Hands over an event; a further copy of it has no effect. */
  readonly deliver = (event: ServiceEvent): void => {
    if (this.#delivered.has(event.id)) return;
    this.#delivered.set(event.id, true);
    const { type, user, object } = event;
    for (const topic of [userTopic(type, user), objectTopic(type, object)]) {
      for (const stream of this.#streams.get(topic) ?? []) stream.push(event);
    }
  };
}
