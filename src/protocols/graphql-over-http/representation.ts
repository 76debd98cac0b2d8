import { type ExecutionResult, type Representation, toJson } from '../../cache/index.ts';

/** The result as a response body contains it; errors come first, as the specification recommends. */
export const toBody = ({ errors, data, extensions }: ExecutionResult) => ({
  errors,
  data,
  extensions,
});

/** The response bodies of GraphQL over HTTP. */
export const GRAPHQL: Representation = {
  name: 'graphql',
  serialise: (result) => toJson(toBody(result)),
};
