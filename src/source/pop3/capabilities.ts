import type { Failures } from '../failure.ts'
import type { Pop3Limits } from './limits.ts'
import { linesBody } from './lines-body.ts'
import type { Pipeline } from './pipeline.ts'

/** What a server announces (RFC 2449): capability to parameters, all in upper case; null: it knows no CAPA. */
export type Capabilities = ReadonlyMap<string, readonly string[]> | null

export async function askCapabilities(
  pipeline: Pipeline,
  limits: Pop3Limits,
  { failure }: Failures,
): Promise<Capabilities> {
  const capabilities = new Map<string, readonly string[]>()
  const body = linesBody(
    { lineOctets: limits.lineOctets, lines: MAX_CAPABILITIES, octets: MAX_CAPABILITIES * limits.lineOctets },
    (line) => {
      const [name = '', ...parameters] = line.toUpperCase().trim().split(/\s+/)
      capabilities.set(name, parameters)
    },
    () => failure('source/protocol-violation', 'the list has no end', { verb: 'CAPA' }),
  )
  const reply = await pipeline.send({ verb: 'CAPA', line: 'CAPA', body })
  return reply.kind === 'ok' ? capabilities : null
}

/** RFC 2449 section 6.6: without the announcement, one command at a time. */
export function windowOf(capabilities: Capabilities, limits: Pop3Limits): number {
  return capabilities?.has('PIPELINING') ? limits.window : 1
}

const MAX_CAPABILITIES = 200
