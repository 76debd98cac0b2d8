import { type FastifyReply, type FastifyRequest, LogController } from 'fastify';

/** One line in the log for each request, when it is answered. */
export class RequestLog extends LogController {
  override incomingRequest(): void {
    // What comes of it says what came.
  }

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const line = { req: request, res: reply, responseTime: reply.elapsedTime };
    if (error) request.log.error({ ...line, err: error }, 'request broken off');
    else request.log.info(line, 'request completed');
  }
}
