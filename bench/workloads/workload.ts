import type { LoadRequest } from '../harness/load.ts';
import type { Bench } from '../harness/measure.ts';
import type { Options } from '../harness/options.ts';
import type { SchemaName } from '../peers/index.ts';
import type { Delays } from '../upstream/routes.ts';

/** A measurement of some peers in some modes. */
export interface Workload {
  readonly peers: readonly string[];
  readonly modes: readonly string[];
  /** @param options - peers and modes are a non-empty selection of the workload's own */
  readonly run: (bench: Bench, options: Options) => Promise<WorkloadResult>;
}

/** Figures of one peer in one mode, medians of its rounds, under the names used in results.json. */
export type Figures = Readonly<Record<string, number>>;

/** By mode, then by peer. */
export type AllFigures = Readonly<Record<string, Readonly<Record<string, Figures>>>>;

export interface WorkloadResult {
  /** Markdown tables for the README; empty if no peer could be measured. */
  readonly lines: readonly string[];
  /** The same results for the chart and the summary. */
  readonly figures: AllFigures;
  /** Caveats printed below the tables. */
  readonly notes: readonly string[];
}

/** The workloads that `npm run bench -- <name>` runs. */
export interface Suite {
  readonly title: string;
  /** Default duration of one measurement. */
  readonly seconds: number;
  readonly workloads: readonly Workload[];
}

/** Peers that receive the same requests, at full load or at a fixed rate. */
export interface Comparison {
  readonly peers: readonly string[];
  /** The peers that ratios refer to. */
  readonly baselines: readonly string[];
  /** The BFF whose schema the peers serve. */
  readonly schema: SchemaName;
  /** Variables in addition to those of all workloads. */
  readonly env: Readonly<Record<string, string>>;
  /** The tables show the garbage collection of the peers. */
  readonly recordsGc?: boolean;
  /** Paths of the upstream, fetched by GET to measure its own limits. */
  readonly upstreamPaths?: readonly string[];
  readonly modes: Readonly<Record<string, Mode>>;
  readonly probes: () => Promise<readonly Probe[]>;
}

/** A way to put a server under load. */
export interface Mode {
  readonly title: string;
  readonly connections: number;
  /** Requests per second; undefined sends as fast as the peer answers. */
  readonly rate?: number;
  /** The upstream delays its responses. */
  readonly delays?: Delays;
  /** The mode that is measured in the same rounds, and whose rates the table compares with. */
  readonly pairedWith?: string;
  /** The peers that take part, if not all. */
  readonly peers?: readonly string[];
  /** The table shows the largest number of open upstream calls. */
  readonly reportsMaxOpenCalls?: boolean;
  /**
   * Creates the requests, which are sent round robin.
   * @param origin - of the peer
   * @throws Error with the reason why this peer can't be measured in this mode
   */
  readonly requests: (origin: string) => Promise<readonly LoadRequest[]>;
}

/** A request that is sent before any measurement, and its expected answer. */
export interface Probe {
  readonly name: string;
  readonly request: LoadRequest;
  /** The whole body; undefined if the peer must refuse the request. */
  readonly expected: unknown;
  /** The probe depends on roles, which not every peer supports. */
  readonly checksRoles?: boolean;
}
