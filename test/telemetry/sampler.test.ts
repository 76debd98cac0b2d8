import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSampler } from '../../src/telemetry/tracing/sampler.ts';

const traceOf = (randomPart: string, flags: string) => ({
  traceparent: `00-${'a'.repeat(32 - randomPart.length)}${randomPart}-b7ad6b7169203331-${flags}`,
  tracestate: undefined,
});
const LOW = '0000000000001';
const HIGH = 'fffffffffffff';
const NONE = { traceparent: undefined, tracestate: undefined };

describe('The sampler', () => {
  it('samples all requests, or none', () => {
    assert.ok(createSampler({ name: 'always_on', ratio: 0 })(NONE));
    assert.ok(!createSampler({ name: 'always_off', ratio: 1 })(NONE));
  });

  it('decides for itself, whatever id and flag the client’s trace has', () => {
    for (const trace of [traceOf(LOW, '01'), traceOf(LOW, '00'), traceOf(HIGH, '01')]) {
      assert.ok(!createSampler({ name: 'traceidratio', ratio: 0 })(trace));
      assert.ok(!createSampler({ name: 'always_off', ratio: 1 })(trace));
      assert.ok(createSampler({ name: 'traceidratio', ratio: 1 })(trace));
    }
    const isSampled = createSampler({ name: 'traceidratio', ratio: 0.25 });
    const sampled = Array.from({ length: 10_000 }, () => isSampled(traceOf(LOW, '01')));
    const count = sampled.filter(Boolean).length;
    assert.ok(count > 2_000 && count < 3_000, `${count} of 10,000`);
  });

  it('follows the client’s decision if it is parent-based', () => {
    const isSampled = createSampler({ name: 'parentbased_traceidratio', ratio: 0.5 });
    assert.ok(isSampled(traceOf(HIGH, '01')));
    assert.ok(isSampled(traceOf(HIGH, '03')));
    assert.ok(!isSampled(traceOf(LOW, '00')));
  });

  it('samples about the share of requests without a trace', () => {
    const isSampled = createSampler({ name: 'parentbased_traceidratio', ratio: 0.25 });
    const sampled = Array.from({ length: 10_000 }, () => isSampled(NONE)).filter(Boolean).length;
    assert.ok(sampled > 2_000 && sampled < 3_000, `${sampled} of 10,000`);
  });

  it('samples nothing with a share of 0, and everything with 1', () => {
    for (const trace of [NONE, traceOf('0000000000000', '01'), traceOf(HIGH, '00')]) {
      assert.ok(!createSampler({ name: 'traceidratio', ratio: 0 })(trace));
      assert.ok(createSampler({ name: 'traceidratio', ratio: 1 })(trace));
    }
  });
});
