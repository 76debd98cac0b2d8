import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { createProofReader } from '../../http/request-proof.ts';
import type { OperationInput, StreamProtocol, SubscriptionRequest } from '../../pipeline/index.ts';
import type { RequestRecord } from '../../telemetry/request-record.ts';
import { GRAPHQL } from '../graphql-over-http/representation.ts';

export interface RequestReaders {
  readonly readProof: ReturnType<typeof createProofReader>;
  /** The origin whose pages may use a session. */
  readonly originOf: (request: FastifyRequest) => string;
}

interface StreamRequest {
  readonly protocol: StreamProtocol;
  readonly input: OperationInput;
  readonly record: RequestRecord;
  /** Those of the request, and the credential of the connection. */
  readonly headers: IncomingHttpHeaders;
  readonly isConnected?: boolean;
  readonly setCookie: (header: string) => void;
  readonly onDisconnect: (listener: () => void) => void;
}

/** Creates the function that describes a subscription, and the connection that it comes by, to the pipeline. */
export const createRequestReader =
  ({ readProof, originOf }: RequestReaders) =>
  (request: FastifyRequest, { protocol, ...given }: StreamRequest): SubscriptionRequest => ({
    ...given,
    id: request.id,
    address: request.ip,
    readProof: () => readProof(request),
    streamOrigin: originOf(request),
    representation: GRAPHQL,
    streamProtocol: protocol,
    allowsMutations: false,
    cacheDirective: undefined,
    reportsCost: false,
  });
