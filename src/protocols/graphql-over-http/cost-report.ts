import type { IncomingHttpHeaders } from 'node:http';
import type { OperationLimits } from '../../operations/limits/index.ts';
import type { EngineAnswer } from '../../pipeline/execute/executor.ts';

/** Whether the client wants to know what its operation costs: `GraphQL-Cost: report`. */
export const isCostWanted = ({ 'graphql-cost': wanted }: IncomingHttpHeaders): boolean =>
  wanted === 'report';

/** The answer with `extensions.cost`: what the operation costs, and the most that one may. */
export function withCost(
  answer: EngineAnswer,
  requested: number,
  { cost: limit }: OperationLimits,
): EngineAnswer {
  const result = JSON.parse(answer.body);
  const extensions = { ...result.extensions, cost: { requested, limit } };
  return { ...answer, body: JSON.stringify({ ...result, extensions }) };
}
