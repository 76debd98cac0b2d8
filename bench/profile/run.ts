import { profile } from './main.ts';

await profile(process.argv.slice(3));
process.exit(); // the upstream would keep this process alive
