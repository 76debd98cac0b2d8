import type { IncomingHttpHeaders } from 'node:http';

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const ALL_ZEROS = /^0+$/;
const TRACESTATE = /^[\t\x20-\x7e]{1,512}$/;
const SAMPLED = 0x01;

/** The client's trace, as the headers of upstream calls. */
export interface TraceContext {
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
}

const NO_TRACE: TraceContext = { traceparent: undefined, tracestate: undefined };

/**
 * Reads the client's trace (W3C Trace Context). A `traceparent` of a later version continues as one of
 * version 00, with what that version knows of it (§4.3); without a valid one there is no `tracestate`
 * either (§3.3).
 */
export function traceContextOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext {
  if (typeof traceparent !== 'string') return NO_TRACE;
  const [, version, traceId = '', parentId = '', flags = '', rest] =
    TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest)) return NO_TRACE;
  if (ALL_ZEROS.test(traceId) || ALL_ZEROS.test(parentId)) return NO_TRACE;
  return {
    traceparent: version === '00' ? traceparent : toVersion00(traceId, parentId, flags),
    tracestate:
      typeof tracestate === 'string' && TRACESTATE.test(tracestate) ? tracestate : undefined,
  };
}

/** The client's trace with the decision not to sample it, which the services then follow. */
export const toUnsampled = ({ traceparent, tracestate }: TraceContext): TraceContext => ({
  traceparent: traceparent && `${traceparent.slice(0, -2)}00`,
  tracestate,
});

/** @param traceparent - a valid one */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  traceparent?.split('-', 2)[1];

const toVersion00 = (traceId: string, parentId: string, flags: string): string =>
  `00-${traceId}-${parentId}-0${Number.parseInt(flags, 16) & SAMPLED}`;
