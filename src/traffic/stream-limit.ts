import { BffError } from '../errors.ts';

const MAX_PER_CLIENT = 10;
const MAX_PER_PROCESS = 10_000;
/** A client that is refused has to end another stream first. */
const RETRY_SECONDS = 10;

/** Limits the open streams of each client and of this process. */
export class StreamLimit {
  readonly #byClient = new Map<string, number>();
  #total = 0;

  /**
   * Takes the place of one stream.
   * @param client - the key of the viewer or, if it is anonymous, of its address
   * @returns a function that gives the place back; call it once
   * @throws BffError RATE_LIMITED if the client has too many, OVERLOADED if the process has
   */
  take(client: string): () => void {
    const open = this.#byClient.get(client) ?? 0;
    if (open >= MAX_PER_CLIENT) throw tooMany();
    if (this.#total >= MAX_PER_PROCESS) throw full();
    this.#byClient.set(client, open + 1);
    this.#total++;
    return () => this.#release(client);
  }

  #release(client: string): void {
    this.#total--;
    const others = (this.#byClient.get(client) ?? 1) - 1;
    if (others > 0) this.#byClient.set(client, others);
    else this.#byClient.delete(client);
  }
}

const headers = { 'retry-after': String(RETRY_SECONDS) };

const tooMany = () =>
  new BffError('RATE_LIMITED', `At most ${MAX_PER_CLIENT} subscriptions may be open at a time.`, {
    details: { policy: 'subscriptions', limit: MAX_PER_CLIENT, retryAfterSeconds: RETRY_SECONDS },
    headers,
  });

const full = () =>
  new BffError('OVERLOADED', 'Server overloaded; retry later.', {
    details: { retryAfterSeconds: RETRY_SECONDS },
    headers,
  });
