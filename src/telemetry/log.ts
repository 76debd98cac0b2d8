import type { Logger } from 'pino';

/** Where things are said that only operators may read. */
export type Log = Pick<Logger, 'error' | 'warn' | 'info' | 'debug'>;
