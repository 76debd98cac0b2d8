import { loadConfig } from '../src/config.ts';
import { exitWith, serve } from '../src/server/http.ts';
import { mobile } from './bff.ts';

try {
  await serve(mobile, loadConfig(process.env, mobile));
} catch (error) {
  exitWith(error);
}
