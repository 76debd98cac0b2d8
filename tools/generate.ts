import { fileURLToPath } from 'node:url';
import { generate } from '@graphql-codegen/cli';
import config from '../codegen.ts';
import { UPSTREAMS } from '../src/datasources/upstreams.ts';
import { wireTypes } from './openapi/wire-types.ts';
import { ROOT } from './tree.ts';

export interface GeneratedFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly content: string;
}

/** Generates all TypeScript files in memory. */
export async function generateTypes(): Promise<GeneratedFile[]> {
  return [
    ...(await graphqlTypes()),
    ...(await Promise.all(Object.keys(UPSTREAMS).map(upstreamTypes))),
  ];
}

async function graphqlTypes(): Promise<GeneratedFile[]> {
  const files = await generate({ ...config, cwd: fileURLToPath(ROOT), silent: true }, false);
  return (files as { filename: string; content: string }[]).map(({ filename, content }) => ({
    path: filename,
    content: `${header('schema/')}${content}`,
  }));
}

async function upstreamTypes(name: string): Promise<GeneratedFile> {
  const description = `services/${name}/openapi.yaml`;
  const types = await wireTypes(new URL(description, ROOT));
  return {
    path: `src/datasources/generated/${name}.ts`,
    content: `${header(description)}${types}`,
  };
}

export const header = (source: string) =>
  `// Generated from ${source} by \`npm run codegen\`. Do not edit.\n\n`;
