/**
 * Traces at the edges: a poll, a message at work, a request. Only the API of OpenTelemetry, which does nothing until
 * somebody loads an SDK before us (docs/operate.md). Ids, counts and codes only (I9): no message of an error either, for
 * it may quote a server.
 */
import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { asMailchuteError } from './errors.ts'

export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Runs `work` within a span of that name; what it finds out is added by `tell`. */
export async function traced<T>(
  name: 'poll' | 'work',
  facts: Facts,
  work: (tell: (found: Facts) => void) => Promise<T>,
): Promise<T> {
  return await tracer().startActiveSpan(name, { kind: SpanKind.CONSUMER, attributes: ours(facts) }, async (span) => {
    try {
      return await work((found) => add(span, found))
    } catch (error) {
      fail(span, asMailchuteError(error).code)
      throw error
    } finally {
      span.end()
    }
  })
}

/** A request's span, to be ended by whoever answers it. */
export function startRequest(method: string, route: string): { end(statusCode: number): void } {
  const attributes = { 'http.request.method': method, 'http.route': route }
  const span = tracer().startSpan('http', { kind: SpanKind.SERVER, attributes })
  return {
    end: (statusCode) => {
      span.setAttribute('http.response.status_code', statusCode)
      if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    },
  }
}

/** Asked for each time: an SDK may come after this module. */
const tracer = () => trace.getTracer('mailchute')

function ours(facts: Facts): Attributes {
  const known = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries(known.map(([name, value]) => [`mailchute.${name}`, value ?? '']))
}

/** A poll that fails does not throw: it has a sheet, and an error. */
function add(span: Span, found: Facts): void {
  span.setAttributes(ours(found))
  if (typeof found['error'] === 'string') fail(span, found['error'])
}

function fail(span: Span, code: string): void {
  span.setAttribute('mailchute.error', code)
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
}
