import type { FastifyInstance } from 'fastify';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import { type createApollo, renderLandingPage } from '../pipeline/index.ts';
import type { ApiDescription } from '../protocols/rest/openapi.ts';
import type { OperationPageOptions } from './operation-page.ts';
import { addStartPage } from './start-page.ts';

interface PageParts extends Omit<OperationPageOptions, 'name' | 'sandboxToken'> {
  readonly bff: BffDefinition;
  readonly apollo: ReturnType<typeof createApollo>;
}

/** Adds the explorer and the page of explanations, and prepares the other pages for developers. Production has none. */
export async function addDevelopmentPages(
  app: FastifyInstance,
  config: Config,
  { bff: { name }, apollo, ...parts }: PageParts,
) {
  if (config.production) return undefined;
  // Loaded here, because production has no use for it.
  const { addExplorer } = await import('./explorer/explorer.ts');
  const { addExplainPage } = await import('./explain-page.ts');
  const options = { ...config, ...parts, name };
  const explorer = addExplorer(app, options);
  const explain = addExplainPage(app, options);
  return {
    renderLandingPage: () => renderLandingPage(apollo, explorer?.sandboxFallback),
    addStartPage: (api: Pick<ApiDescription, 'routes'>) =>
      addStartPage(app, { ...options, api, explorer: explorer?.path, explain }),
  };
}
