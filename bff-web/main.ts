import { readConfig } from '../src/server/read-config.ts';
import { exitWith, serve } from '../src/server/run.ts';
import { web } from './bff.ts';

try {
  await serve(web, readConfig(process.env, web));
} catch (error) {
  exitWith(error);
}
