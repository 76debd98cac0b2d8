import { readConfig } from '../src/server/read-config.ts';
import { exitWith, serve } from '../src/server/run.ts';
import { partner } from './bff.ts';

try {
  await serve(partner, readConfig(process.env, partner));
} catch (error) {
  exitWith(error);
}
