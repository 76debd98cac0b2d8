export interface Options {
  readonly rounds: number;
  /** Of one measurement: one peer, one mode, one round. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly peers: readonly string[];
  readonly modes: readonly string[];
  /** Whether the tables go into the README. */
  readonly write: boolean;
}
