import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { CommittedOperation } from '../../operations/index.ts';

/**
 * Apollo Sandbox at /graphql, opened with an operation and, if there is one, a token ready to use.
 * Its scripts come from Apollo's CDN; nothing is shown in production.
 */
export function createExplorer(
  example: CommittedOperation | undefined,
  { production, sandboxToken }: { production: boolean; sandboxToken: string | undefined },
): ApolloServerPlugin {
  if (production) return ApolloServerPluginLandingPageDisabled();
  return ApolloServerPluginLandingPageLocalDefault({
    footer: false,
    embed: { runTelemetry: false },
    ...(example && { document: example.source }),
    ...(sandboxToken && { headers: { Authorization: `Bearer ${sandboxToken}` } }),
  });
}
