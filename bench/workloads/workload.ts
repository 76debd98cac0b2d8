import type { LoadRequest } from '../harness/load.ts';
import type { Bench } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import type { SchemaName } from '../peers/index.ts';
import type { Delays } from '../upstream/routes.ts';

/** Something that is measured of some peers, in some modes. */
export interface Workload {
  readonly peers: readonly string[];
  readonly modes: readonly string[];
  /** @param options - with no peers and modes but the workload's own, and at least one of each */
  readonly run: (bench: Bench, options: Options) => Promise<Outcome>;
}

/** What a peer did in a mode: medians of its rounds, by the names that results.json has them under. */
export type Figures = Readonly<Record<string, number>>;

/** By mode, then by peer. */
export type AllFigures = Readonly<Record<string, Readonly<Record<string, Figures>>>>;

export interface Outcome {
  /** Tables for the README, as Markdown; none if no peer could be timed. */
  readonly lines: readonly string[];
  /** The same for the chart and the summary. */
  readonly figures: AllFigures;
  /** What the reader must know of them. */
  readonly notes: readonly string[];
}

/** What `npm run bench -- <name>` runs. */
export interface Suite {
  readonly title: string;
  /** Of each measurement, unless the command says otherwise. */
  readonly seconds: number;
  readonly workloads: readonly Workload[];
}

/** Peers that are asked as fast as they go, or at a rate, and compared. */
export interface Race {
  readonly peers: readonly string[];
  /** Whom the ratios are taken to. */
  readonly baselines: readonly string[];
  /** Which of the product's schemas they serve. */
  readonly schema: SchemaName;
  /** What the peers are told besides what all are told. */
  readonly env: Readonly<Record<string, string>>;
  /** How long the upstreams take in delayed modes. */
  readonly delays?: Delays;
  /** What the upstream alone is asked for its own limit, if the peers ask it much; GET each. */
  readonly bare?: readonly string[];
  readonly modes: Readonly<Record<string, Mode>>;
  readonly probes: () => Promise<readonly Probe[]>;
}

/** One way of loading a server. */
export interface Mode {
  readonly title: string;
  readonly connections: number;
  /** Whether the upstream takes its time. */
  readonly delayed?: boolean;
  /** Whether the rate is half of what the peer reached in the mode `full`. */
  readonly half?: boolean;
  /** The mode that this one takes turns with, and whose rates its table compares with. */
  readonly beside?: string;
  /** Who takes part, if not all of the race's peers. */
  readonly peers?: readonly string[];
  /** Whether the table tells how many upstream calls were open at once. */
  readonly atOnce?: boolean;
  /**
   * What is asked, in turn.
   * @param origin - of the peer
   * @throws Error that says why this peer can't be asked so
   */
  readonly requests: (origin: string) => Promise<readonly LoadRequest[]>;
}

/** A question that is asked before anything is timed, and what must come back. */
export interface Probe {
  readonly what: string;
  readonly request: LoadRequest;
  /** The whole body; undefined if the peer must refuse. */
  readonly expected: unknown;
  /** Whether it is about roles, which not every peer knows. */
  readonly isOfRoles?: boolean;
}
