import { loadConfig } from '../src/config.ts';
import { exitWith, serve } from '../src/server/http.ts';
import { web } from './bff.ts';

try {
  await serve(web, loadConfig(process.env, web));
} catch (error) {
  exitWith(error);
}
