import { exitWith, serve } from '../src/server/http.ts';
import { readConfig } from '../src/server/read-config.ts';
import { mobile } from './bff.ts';

try {
  await serve(mobile, readConfig(process.env, mobile));
} catch (error) {
  exitWith(error);
}
