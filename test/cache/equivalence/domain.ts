import fc from 'fast-check';
import type { Json } from '../../support/environment.ts';
import type { CachePair } from './cache-pair.ts';

/** Values of an argument: those that usually work, and those that often don't. */
export interface Candidates {
  readonly valid: readonly unknown[];
  readonly boundary: readonly unknown[];
}

/** A change as a call to a service. */
export interface ServiceCall {
  readonly service: keyof CachePair['services'];
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

/** The input of one mutation, and the same change at its service. */
export interface MutationKind<Details = unknown> {
  readonly declared: string;
  readonly variable: string;
  /** The generated part of the input. */
  readonly details: fc.Arbitrary<Details>;
  /** Completes the input with what depends on the services' current data. */
  inputFor(services: Pick<CachePair, 'read'>, owner: string, details: Details): Promise<Json>;
  serviceCall(owner: string, input: Json): ServiceCall;
}

/** The part of the cases that depends on one domain; the rest derives from the schemas. */
export interface Domain {
  readonly mutations: Readonly<Record<string, MutationKind>>;
  /** Keyed by field and argument name, or by argument name. */
  readonly candidates?: Readonly<Record<string, Candidates>>;
  /** A cursor for each field that returns a list. */
  readonly cursors: Readonly<Record<string, string>>;
  /** Ids for arguments without candidates of their own. */
  readonly seededIds?: () => Promise<readonly string[]>;
}

export const UNKNOWN_ID = '999999';
export const UNUSUAL_IDS = [UNKNOWN_ID, 999_999, '0', '', '../1', ' 42', '042', 'nonsense'];

/** Keeps the type of the details between their generator and the input. */
export const mutationKind = <Details>(kind: MutationKind<Details>) => kind as MutationKind;

/** Mostly the first value. */
export const usually = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
