import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Representation, requestDirectiveOf } from '../cache/index.ts';
import type { createProofReader } from '../http/request-proof.ts';
import type { OperationInput, OperationRequest } from '../pipeline/index.ts';
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

export type RequestReader = ReturnType<typeof createRequestReader>;
