import { bytesOf, type ExecutionResult } from '../../cache/index.ts';
import type { OperationResponse } from '../../pipeline/index.ts';
import { type ExplainOptions, explain } from '../../telemetry/explanation.ts';
import type { RequestRecord } from '../../telemetry/request-record.ts';
import { GRAPHQL } from './representation.ts';

/**
 * Creates the function that adds `extensions.explain` to a response. It is added to the copy for one
 * client, after the cache: what is stored has none, and a stored response is explained as the hit it is.
 */
export const createResponseExplainer =
  (options: ExplainOptions) =>
  /** @returns the body; undefined unless the viewer may get an explanation */
  (record: RequestRecord, response: OperationResponse): string | undefined => {
    const entry = response.kind === 'shared' ? response.entry : undefined;
    const explanation = explain(record, entry, options);
    if (!explanation) return undefined;
    const result: ExecutionResult =
      response.kind === 'shared' ? JSON.parse(bytesOf(response.entry).toString()) : response.result;
    return GRAPHQL.serialise({
      ...result,
      extensions: { ...result.extensions, explain: explanation },
    });
  };
