import type { Delays } from '../upstream/routes.ts';

/** One way of loading a server. */
export interface Mode {
  readonly title: string;
  readonly connections: number;
  /** Whether the upstream takes its time. */
  readonly delayed: boolean;
  /** Whether the rate is half of what the peer reached in the mode `full`. */
  readonly half: boolean;
}

export const NO_DELAYS: Delays = { user: 0, order: 0, notification: 0 };

export const MODES: Readonly<Record<string, Mode>> = {
  idle: { title: 'Idle: 1 connection', connections: 1, delayed: false, half: false },
  'idle-delayed': {
    title: 'Idle: 1 connection, upstreams that take their time',
    connections: 1,
    delayed: true,
    half: false,
  },
  full: { title: 'Full load: 64 connections', connections: 64, delayed: false, half: false },
  'full-delayed': {
    title: 'Full load: 64 connections, upstreams that take their time',
    connections: 64,
    delayed: true,
    half: false,
  },
  half: {
    title: 'Half load: half the rate that the peer reached with 64 connections, delayed upstreams',
    connections: 64,
    delayed: true,
    half: true,
  },
};
