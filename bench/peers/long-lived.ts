import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mobile } from '../../bff-mobile/bff.ts';
import { readConfig } from '../../src/server/read-config.ts';
import { exitWith, serve } from '../../src/server/run.ts';
import { requireVariable } from './environment.ts';

// The mobile BFF, with dashboards that are fresh for five minutes: after the 30 seconds of the product,
// the first of 100,000 stored dashboards would have expired before the last one is stored.

const SCHEMA = fileURLToPath(new URL('../../schema/mobile/', import.meta.url));

function longLivedSchema(): URL {
  const folder = join(requireVariable('BENCH_FOLDER'), 'long-lived-schema');
  cpSync(SCHEMA, folder, { recursive: true });
  const file = join(folder, 'dashboard.graphql');
  writeFileSync(file, readFileSync(file, 'utf8').replace('maxAge: 30', 'maxAge: 300'));
  return pathToFileURL(`${folder}/`);
}

try {
  const bff = { ...mobile, schema: longLivedSchema().href };
  await serve(bff, readConfig(process.env, bff));
} catch (error) {
  exitWith(error);
}
