import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generate } from '@graphql-codegen/cli';
import config from '../codegen.ts';
import { UPSTREAMS } from '../src/datasources/upstreams.ts';
import { wireTypes } from './openapi/wire-types.ts';
import { ROOT } from './tree.ts';

const run = promisify(execFile);

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
    ...(await Promise.all(Object.keys(UPSTREAMS).filter(hasProto).map(grpcService))),
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

const protoOf = (name: string): string => `services/${name}/${name}.proto`;

const hasProto = (name: string): boolean => existsSync(new URL(protoOf(name), ROOT));

/** The messages and the service of a .proto file. */
async function grpcService(name: string): Promise<GeneratedFile> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'frontdesk-'));
  const bin = (program: string) =>
    fileURLToPath(new URL(`node_modules/@bufbuild/${program}/bin/${program}`, ROOT));
  const plugin = {
    local: [process.execPath, bin('protoc-gen-es')],
    out: folder.path,
    opt: ['target=ts', 'import_extension=ts', 'erasable_syntax=true'],
  };
  const template = JSON.stringify({ version: 'v2', plugins: [plugin] });
  const input = fileURLToPath(new URL(`services/${name}`, ROOT));
  await run(process.execPath, [bin('buf'), 'generate', input, '--template', template]);
  const code = await readFile(join(folder.path, `${name}_pb.ts`), 'utf8');
  return {
    path: `src/datasources/generated/${name}-grpc.ts`,
    content: `${header(protoOf(name))}${code}`,
  };
}

export const header = (source: string) =>
  `// Generated from ${source} by \`npm run codegen\`. Do not edit.\n\n`;
