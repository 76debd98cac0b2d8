import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface SrvRecord {
  readonly priority: number;
  readonly port: number;
  readonly target: string;
}

const HEADER_BYTES = 12;
const SRV = 33;

/** Starts a DNS server (RFC 1035) on a free port that responds to every query with these SRV records. */
export async function startDns(records: SrvRecord[]) {
  const socket = createSocket('udp4');
  let queries = 0;
  socket.on('message', (query, { port, address }) => {
    queries++;
    socket.send(toResponse(query, records), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    /** The number of queries so far. */
    queries: () => queries,
    /** Replaces the records. */
    change(next: readonly SrvRecord[]) {
      records.splice(0, records.length, ...next);
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function toResponse(query: Buffer, records: readonly SrvRecord[]): Buffer {
  const end = query.indexOf(0, HEADER_BYTES) + 5;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records.map(toRecord)]);
}

function toRecord({ priority, port, target }: SrvRecord): Buffer {
  const labels = target.split('.').map((label) => Buffer.from(`${label}`));
  const name = Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), label]),
    Buffer.from([0]),
  ]);
  const fixed = Buffer.alloc(18);
  fixed.writeUInt16BE(0xc00c, 0); // the name in the question section
  fixed.writeUInt16BE(SRV, 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt32BE(1, 6);
  fixed.writeUInt16BE(6 + name.length, 10);
  fixed.writeUInt16BE(priority, 12);
  fixed.writeUInt16BE(port, 16);
  return Buffer.concat([fixed, name]);
}
