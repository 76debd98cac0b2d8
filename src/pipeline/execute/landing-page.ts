import { type ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { RequestContext } from '../../context.ts';
import type { CommittedOperation } from '../../operations/index.ts';

export interface LandingPageOptions {
  /** The operation that the explorer shows at first. */
  readonly example: CommittedOperation | undefined;
  readonly production: boolean;
  /** The bearer token that the explorer sends at first. */
  readonly sandboxToken: string | undefined;
}

/**
 * Creates the plugin for Apollo Sandbox at /graphql, which opens with the example operation. Its
 * scripts come from Apollo's CDN. Production has no landing page.
 */
export function createLandingPagePlugin({
  example,
  production,
  sandboxToken,
}: LandingPageOptions): ApolloServerPlugin {
  if (production) return ApolloServerPluginLandingPageDisabled();
  return ApolloServerPluginLandingPageLocalDefault({
    footer: false,
    embed: { runTelemetry: false },
    ...(example && { document: example.source }),
    ...(sandboxToken && { headers: { Authorization: `Bearer ${sandboxToken}` } }),
  });
}

/**
 * Returns the HTML of the landing page, which has a new nonce each time.
 * @param script - the path of a script of this server that runs before anything else is loaded
 */
export async function renderLandingPage(
  apollo: ApolloServer<RequestContext>,
  script: string | undefined,
): Promise<string> {
  const { body } = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: {
      method: 'GET',
      headers: new HeaderMap([['accept', 'text/html']]),
      search: '',
      body: undefined,
    },
    context: async () => ({}) as RequestContext,
  });
  if (body.kind !== 'complete') throw new Error('The landing page is not a complete response');
  if (script === undefined) return body.string;
  return body.string.replace('<head>', `<head><script src="${script}"></script>`);
}
