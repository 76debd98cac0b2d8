import { Counter, Histogram, type Registry } from 'prom-client';
import { type CompletedRequest, nameOf, type RequestRecord } from '../request-record.ts';
import type { FieldUsage } from './field-usage.ts';
import { BoundedLabel, MAX_CLIENTS, OTHER } from './label.ts';
import type { ManifestUsage } from './manifest-usage.ts';

const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Names of operations that are registered; the names of others are chosen by clients. */
const MAX_OPERATIONS = 500;

interface RequestMetricsOptions {
  readonly registry: Registry;
  readonly fieldUsage: FieldUsage;
  readonly manifestUsage: ManifestUsage;
  /** True for operations whose names the BFF knows, by the hash of their text. */
  readonly isTrusted: (hash: string) => boolean;
}

/** Creates the metrics of requests, which are counted at their end. */
export function createRequestMetrics(options: RequestMetricsOptions) {
  const { registry, fieldUsage, manifestUsage, isTrusted } = options;
  const registers = [registry];
  const clients = new BoundedLabel(MAX_CLIENTS);
  const names = new BoundedLabel(MAX_OPERATIONS);
  const requests = new Counter({
    name: 'frontdesk_requests_total',
    help: 'Requests, by registered operation, client and HTTP status (499: the client left).',
    labelNames: ['operation', 'client', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'frontdesk_request_duration_seconds',
    help: 'Time from the headers of a request to the end of its response; without streams.',
    labelNames: ['operation'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'frontdesk_errors_total',
    help: 'Errors in responses, by code; also those of responses with status 200.',
    labelNames: ['operation', 'code'],
    registers,
  });
  const failedRequests = new Counter({
    name: 'frontdesk_failed_requests_total',
    help: 'Requests with at least one error of a code, however many parts of the response it concerns.',
    labelNames: ['operation', 'code'],
    registers,
  });
  const cache = new Counter({
    name: 'frontdesk_cache_responses_total',
    help: 'Responses of operations, by their source (RFC 9211) and the reason for not storing them.',
    labelNames: ['status', 'not_stored'],
    registers,
  });
  const refusals = new Counter({
    name: 'frontdesk_refusals_total',
    help: 'Requests refused by overload or by a rate limit.',
    labelNames: ['limit'],
    registers,
  });

  // Without a series at zero, an increase does not include the first refusal.
  refusals.inc({ limit: 'overload' }, 0);

  function labelOf({ operations: [first, second] }: RequestRecord): string {
    if (!first) return 'none';
    if (second) return 'batch';
    return isTrusted(first.operation.hash) ? names.valueOf(nameOf(first)) : OTHER;
  }

  return {
    observe(request: Omit<CompletedRequest, 'method'>): void {
      const { record, status, durationMs, client, clientVersion } = request;
      const { operations, errorCodes = [], cacheStatus, notStored = 'none', refusedBy } = record;
      const operation = labelOf(record);
      const isKnownViewer = record.viewer !== undefined && record.viewer !== 'anonymous';
      requests.inc({ operation, client: clients.valueOf(client, isKnownViewer), status });
      if (!record.isStream) durations.observe({ operation }, durationMs / 1_000);
      for (const code of errorCodes) errors.inc({ operation, code });
      for (const code of new Set(errorCodes)) failedRequests.inc({ operation, code });
      if (cacheStatus) cache.inc({ status: cacheStatus, not_stored: notStored });
      if (refusedBy) refusals.inc({ limit: refusedBy });
      for (const { operation, fields } of operations) {
        fieldUsage.count(fields, { client, version: clientVersion }, isKnownViewer);
        manifestUsage.count(operation.hash, client, clientVersion);
      }
    },
  };
}
