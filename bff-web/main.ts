import { exitWith, serve } from '../src/server/http.ts';
import { readConfig } from '../src/server/read-config.ts';
import { web } from './bff.ts';

try {
  await serve(web, readConfig(process.env, web));
} catch (error) {
  exitWith(error);
}
