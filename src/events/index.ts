/**
 * The events of services, from the admin listener of any process to the subscriptions of all of them.
 *
 * admin listener ─► purge, in all processes ─► EventChannel (Redis, workers) ─► EventHub ─► EventStream
 *
 * A process gets each event at most once, after the purge that belongs to it. An event that is sent while
 * a process has no connection to the others is lost there: clients load what they show when they subscribe
 * again. A stream keeps a bounded number of events for a client that reads slowly.
 *
 * An event must never contain more than ids: what a viewer may see of the object is decided when it is
 * loaded.
 */
export { createEventChannel, type EventPeers, sendToReplicas } from './event-channel.ts';
export { EventHub } from './event-hub.ts';
export { type EndReason, EventStream } from './event-stream.ts';
