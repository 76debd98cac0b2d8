import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { cacheStatusHeader } from '../../cache/index.ts';
import { BffError, type ClientError, type ErrorCode, toClientError } from '../../errors.ts';
import { answerError } from '../../http/error-handler.ts';
import { createRefusalCharge } from '../../http/refusal-charge.ts';
import { logRefusal } from '../../http/request-log.ts';
import { DocumentError } from '../../operations/index.ts';
import { maskMessage } from '../../pipeline/execute/format-error.ts';
import type { RateLimiter } from '../../traffic/index.ts';
import { createErrorTypeChooser, isLegacy } from './content-negotiation.ts';

/** Some sentences repeat what was sent. */
const LONGEST_SENTENCE = 300;
const VARIABLE = /^Variable "\$\w+"/;

/**
 * Answers what goes wrong before an execution: a wrong document in the form that the client knows.
 * @param isOpen - whether the schema's names may be told: what graphql-js says of a wrong document
 *   gives types and fields away, one by one
 * @param charge - lets the address pay, which has not paid for anything yet
 */
export function createErrorAnswerer(isOpen: boolean, charge: RateLimiter['charge']) {
  const typeFor = createErrorTypeChooser();
  const chargeRefusal = createRefusalCharge(charge);
  const sentenceOf = isOpen ? maskMessage : withoutNames;

  const toErrors = ({ code, errors }: DocumentError, requestId: string): ClientError[] =>
    // To say all of them would answer as many questions about the schema at once.
    (isOpen ? errors : errors.slice(0, 1)).map(({ message, locations }) => {
      const sentence = sentenceOf(message, code).slice(0, LONGEST_SENTENCE);
      const error = toClientError(code, sentence, requestId);
      return locations ? { ...error, locations } : error;
    });

  return (
    error: FastifyError | BffError | DocumentError,
    request: FastifyRequest,
    reply: FastifyReply,
  ) => {
    chargeRefusal(request, reply, isPaid(error));
    reply.header('cache-status', cacheStatusHeader('bypass')).type(typeFor(request.headers.accept));
    if (!(error instanceof DocumentError)) return answerError(error, request, reply);
    logRefusal(request, error.code);
    return reply
      .code(isLegacy(request.headers.accept) ? 200 : 400)
      .send({ errors: toErrors(error, request.id) });
  };
}

/** Refused before anything was done. */
const isPaid = (error: Error): boolean =>
  error instanceof BffError && (error.code === 'OVERLOADED' || error.details.policy === 'address');

function withoutNames(message: string, code: ErrorCode): string {
  if (code === 'BAD_USER_INPUT')
    return `${VARIABLE.exec(message)?.[0] ?? 'A variable'} is not valid.`;
  if (code !== 'GRAPHQL_VALIDATION_FAILED') return message;
  const ours = maskMessage(message);
  return ours === message ? 'The document is not valid for this API.' : ours;
}
