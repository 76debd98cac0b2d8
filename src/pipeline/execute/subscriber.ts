import {
  createSourceEventStream,
  execute,
  type ExecutionResult as GraphQLResult,
  type GraphQLSchema,
} from 'graphql';
import type { ExecutionResult } from '../../cache/index.ts';
import type { RequestContext } from '../../context.ts';
import type { EventStream } from '../../events/index.ts';
import type { Compiler, PreparedOperation } from '../../operations/index.ts';
import type { ServiceEvent } from '../../service-event.ts';
import type { Log } from '../../telemetry/log.ts';
import { formatResult } from './compiled.ts';
import { withRequestId } from './executor.ts';
import { createErrorFormatter } from './format-error.ts';

export interface Subscriber {
  /** Applies the rules of a subscription and opens its stream of events; or returns its errors. */
  readonly open: (
    prepared: PreparedOperation,
    context: RequestContext,
  ) => Promise<EventStream | ExecutionResult>;
  /** Executes a subscription for one event, with its rules. */
  readonly execute: (
    prepared: PreparedOperation,
    context: RequestContext,
    event: ServiceEvent,
  ) => Promise<ExecutionResult>;
}

interface SubscriberOptions {
  readonly schema: GraphQLSchema;
  readonly compiler: Pick<Compiler, 'find'>;
  readonly log: Log;
}

/** Creates what executes subscriptions, which Apollo Server does not: their start, and each of their events. */
export function createSubscriber({ schema, compiler, log }: SubscriberOptions): Subscriber {
  const format = createErrorFormatter(log);

  const toArgs = ({ operation, definition, variables }: PreparedOperation) => ({
    schema,
    document: operation.document,
    operationName: definition.name?.value,
    variableValues: variables,
  });

  function toResult(result: GraphQLResult, context: RequestContext): ExecutionResult {
    const { data, errors = [] } = formatResult(result, format);
    return {
      status: 200,
      data,
      ...(errors.length > 0 && { errors: errors.map(withRequestId(context)) }),
      extensions: undefined,
      errorCodes: errors.map(({ extensions }) => String(extensions?.code)),
    };
  }

  return {
    async open(prepared, context) {
      const opened = await createSourceEventStream({ ...toArgs(prepared), contextValue: context });
      // The streams of `context.listen` are the only source of events.
      if (Symbol.asyncIterator in opened) return opened as EventStream;
      // Nothing was executed (GraphQL, October 2021, §7.1.2).
      return { ...toResult(opened, context), data: undefined };
    },
    async execute(prepared, context, event) {
      const { operation, definition, variables } = prepared;
      const compiled = compiler.find(operation.document, definition);
      const result = compiled
        ? await compiled(event, context, variables)
        : await execute({ ...toArgs(prepared), contextValue: context, rootValue: event });
      return toResult(result as GraphQLResult, context);
    },
  };
}
