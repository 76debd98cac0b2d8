import { readConfig } from '../src/server/read-config.ts';
import { exitWith, serve } from '../src/server/run.ts';
import { mobile } from './bff.ts';

try {
  await serve(mobile, readConfig(process.env, mobile));
} catch (error) {
  exitWith(error);
}
