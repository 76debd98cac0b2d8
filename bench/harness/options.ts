/** Options of one suite's run. */
export interface Options {
  readonly rounds: number;
  /** Duration of one measurement: one peer, one mode, one round. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly peers: readonly string[];
  readonly modes: readonly string[];
  /** Publishes the results in README.md, results.json and results.svg. */
  readonly write: boolean;
}
