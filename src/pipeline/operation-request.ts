import type { CredentialRequest } from '../auth/credentials.ts';
import type {
  CacheEntry,
  CacheStatus,
  ExecutionResult,
  ForwardReason,
  NotStoredReason,
  Representation,
  RequestDirective,
} from '../cache/index.ts';
import type { OperationParameters, OperationRef } from '../operations/index.ts';
import type { RequestRecord } from '../telemetry/request-record.ts';
import type { RateHeaders } from '../traffic/index.ts';
import type { ResultStream } from './result-stream.ts';

/** Server-sent events (graphql-sse), or graphql-transport-ws. */
export type StreamProtocol = 'sse' | 'websocket';

/** One operation as a client sends it: its text or id, its name and its variables. */
export interface OperationInput extends OperationRef, OperationParameters {}

/** What the pipeline needs to know about any request. */
export interface ClientRequest extends CredentialRequest {
  readonly id: string;
  /** The client's IP address, behind trusted proxies. */
  readonly address: string;
  /** Credentials, language, deadline and trace are read from these. */
  readonly headers: CredentialRequest['headers'];
  /** True for a further operation on a connection whose credentials were read before, by `connect`. */
  readonly isConnected?: boolean;
  /** The pipeline adds what it learns about the request, for logs, metrics and traces. */
  readonly record: RequestRecord;
}

/** One operation, with everything of its request that the pipeline needs to know. */
export interface OperationRequest extends ClientRequest {
  readonly input: OperationInput;
  /** The form in which a response is stored for other requests. */
  readonly representation: Representation;
  /** False for what must not change anything, such as a GET. */
  readonly allowsMutations: boolean;
  /** The request's Cache-Control, where it excludes stored responses. */
  readonly cacheDirective: RequestDirective | undefined;
  /**
   * The protocol that can deliver the results of a subscription; then no other operation is accepted.
   */
  readonly streamProtocol?: StreamProtocol;
  /** Adds the operation's cost to the response, as `extensions.cost`. */
  readonly reportsCost: boolean;
  /** Calls the listener when the client disconnects; at once if it already has. */
  readonly onDisconnect: (listener: () => void) => void;
}

/** A subscription, with the protocol that delivers its results. */
export interface SubscriptionRequest extends OperationRequest {
  readonly streamProtocol: StreamProtocol;
}

interface ResponseInfo {
  /** The RateLimit headers; empty without limits. */
  readonly rateLimit: RateHeaders;
  /** The reason for executing (RFC 9211 §2.2); ignored if the response is a hit. */
  readonly reason: ForwardReason;
  /** The reason for which the response was not stored, if it was not. */
  readonly notStored?: NotStoredReason | undefined;
  /** The codes of the execution's errors; also if a stored response takes its place. */
  readonly errorCodes: readonly string[];
}

/** A response that other requests may receive too: bytes, and the key that they are stored under. */
export interface SharedResponse extends ResponseInfo {
  readonly kind: 'shared';
  readonly cacheStatus: CacheStatus;
  readonly entry: CacheEntry;
  readonly key: string;
}

/** A response for this request alone: data and errors. */
export interface ExecutedResponse extends ResponseInfo {
  readonly kind: 'executed';
  readonly result: ExecutionResult;
}

/** The results of a subscription, one for each event. */
export interface StreamResponse extends ResponseInfo {
  readonly kind: 'stream';
  readonly stream: ResultStream;
}

export type OperationResponse = SharedResponse | ExecutedResponse;

/** The results of several operations in one request, in their order. */
export interface BatchResponse extends ResponseInfo {
  readonly kind: 'batch';
  readonly results: readonly ExecutionResult[];
}
