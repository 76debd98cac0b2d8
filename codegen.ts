import type { CodegenConfig } from '@graphql-codegen/cli';
import { bffNames } from './tools/tree.ts';

type Outputs = CodegenConfig['generates'];

/** Types that only one BFF has, and what their resolvers get as a parent. */
const OWN_MAPPERS: Record<string, Record<string, string>> = {
  web: { Viewer: '../src/viewer.ts#SignedInViewer' },
  mobile: { Dashboard: '../src/viewer.ts#SignedInViewer' },
  partner: { Me: '../src/viewer.ts#SignedInViewer' },
};

// A domain's resolvers see only what all clients share; each BFF's own resolvers see the rest too.
const config: CodegenConfig = {
  generates: Object.assign(
    output('src/resolvers/generated.ts', '..', ['shared']),
    ...bffNames().map((name) =>
      output(`bff-${name}/generated.ts`, '../src', ['shared', name], OWN_MAPPERS[name]),
    ),
  ),
};

/** @param src - the way from the output's folder to src/ */
function output(
  path: string,
  src: string,
  folders: string[],
  mappers: Record<string, string> = {},
): Outputs {
  const model = (name: string) => `${src}/datasources/models.ts#${name} as ${name}Model`;
  return {
    [path]: {
      schema: folders.map((folder) => `schema/${folder}/*.graphql`),
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        contextType: `${src}/context.ts#RequestContext`,
        enumsAsTypes: true,
        immutableTypes: true,
        importExtension: '.ts',
        inputMaybeValue: 'T | null | undefined',
        mappers: {
          Announcement: model('Announcement'),
          Money: model('Money'),
          Notification: model('Notification'),
          Order: model('Order'),
          OrderItem: model('OrderItem'),
          Profile: model('User'),
          User: model('User'),
          ...mappers,
        },
        scalars: { DateTime: 'string', ID: 'string', MinorUnits: 'number' },
        strictScalars: true,
        useTypeImports: true,
      },
    },
  };
}

export default config;
