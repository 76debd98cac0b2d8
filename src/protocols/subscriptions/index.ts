/**
 * Subscriptions: GET and POST /graphql/stream (server-sent-events.ts) and WebSocket on /graphql (websocket.ts).
 *
 * Both parse a subscription, have the pipeline begin it, and send its results as their client reads them. The
 * pipeline decides who may subscribe, how many subscriptions a client may have, and when one ends; the reason
 * tells the client whether to connect again, and when.
 *
 * They must never keep results for a client that does not read them, or run queries and mutations.
 */
export { addServerSentEvents } from './server-sent-events.ts';
export { createWebSocketHandler } from './websocket.ts';
