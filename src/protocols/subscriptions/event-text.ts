// The text of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), named as in
// the distinct connections mode of graphql-sse (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md).

export const STREAM_PATH = '/graphql/stream';
export const STREAM_TYPE = 'text/event-stream; charset=utf-8';

/** JSON has no line breaks outside of strings, and escapes those in strings. */
export const toEvent = (result: object): string =>
  `event: next\ndata: ${JSON.stringify(result)}\n\n`;

/** EventSource drops events without data. */
export const COMPLETE = 'event: complete\ndata:\n\n';

/** A comment, which clients ignore. */
export const HEARTBEAT = ':\n\n';

/** The time after which EventSource connects again. */
export const toRetry = (ms: number): string => `retry: ${ms}\n\n`;
