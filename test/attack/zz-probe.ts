import { BFFS } from './bffs.ts';
import { startProcess } from './process.ts';
import { dial } from './wire.ts';
const desk = await startProcess(BFFS[0] as never);
const t = performance.now();
const s = [];
for (let i = 0; i < 20; i++) { const x = await dial(desk.url); x.pause(); x.write('POST /gra'); s.push(x); }
let last = -1;
while (performance.now() - t < 45000) { const { connections } = await desk.vitals(); if (connections !== last) console.log(((performance.now() - t) / 1000).toFixed(1), connections); last = connections; await new Promise((r) => setTimeout(r, 500)); }
await desk[Symbol.asyncDispose](); process.exit();
