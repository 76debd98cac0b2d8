import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Representation, requestDirectiveOf } from '../cache/index.ts';
import type { createProofReader } from '../http/request-proof.ts';
import type { ClientRequest, OperationInput, OperationRequest } from '../pipeline/index.ts';
import { onDisconnect } from './on-disconnect.ts';

/**
 * Creates the function that adds to an operation what the pipeline needs to know about its HTTP request.
 */
export function createRequestReader(readProof: ReturnType<typeof createProofReader>) {
  return (
    input: OperationInput,
    representation: Representation,
    request: FastifyRequest,
    reply: FastifyReply,
  ): OperationRequest => {
    const { id, ip: address, method, headers, record } = request;
    return {
      id,
      address,
      headers,
      readProof: () => readProof(request),
      input,
      representation,
      allowsMutations: method !== 'GET' && method !== 'HEAD',
      cacheDirective: requestDirectiveOf(headers['cache-control']),
      reportsCost: headers['graphql-cost'] === 'report',
      record,
      setCookie(header) {
        reply.header('set-cookie', header);
      },
      onDisconnect: (listener) => onDisconnect(reply, listener),
    };
  };
}

/** Creates the function that describes a request that executes no operation to the pipeline. */
export function createClientReader(readProof: ReturnType<typeof createProofReader>) {
  return (request: FastifyRequest, reply: FastifyReply): ClientRequest => {
    const { id, ip: address, headers, record } = request;
    const setCookie = (header: string) => void reply.header('set-cookie', header);
    return { id, address, headers, record, readProof: () => readProof(request), setCookie };
  };
}

export type RequestReader = ReturnType<typeof createRequestReader>;
