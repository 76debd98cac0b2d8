#!/usr/bin/env node
// `exec node …` in an npm script has the shell replace itself with Node, so that signals to npm reach
// it. cmd.exe has no `exec` and finds this program in node_modules/.bin: it runs the command as a
// child, and exits with its code. Every other shell uses its own `exec`.
import { spawn } from 'node:child_process';
import process from 'node:process';

const child = spawn(process.argv.slice(2).join(' '), { shell: true, stdio: 'inherit' });
// Ctrl-C reaches every process of the console: the child decides when to end.
process.on('SIGINT', () => {});
child.on('exit', (code) => process.exit(code ?? 1));
