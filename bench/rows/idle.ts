import { inChild } from '../support/child.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'

const POLLS = 200

export const idleRows: readonly Row[] = (['plain', 'tls'] as const).map((security) => ({
  group: 'idle',
  what: `a poll of an empty mailbox, ${security === 'tls' ? 'TLS' : security}`,
  unit: 'ms CPU',
  goal: { atMost: 10 },
  measure: (world) => idle(world, security),
}))

function idle(world: World, security: 'plain' | 'tls'): Promise<Measured> {
  return world.withDatabase(async (databaseUrl) => {
    const mailbox = world.dovecot.mailbox(await world.fullMailbox(0), security)
    const { cpuMs, wallMs } = await inChild('idle', { databaseUrl, mailbox, polls: POLLS })
    return { figure: cpuMs, note: `${wallMs.toFixed(1)} ms on the clock` }
  })
}
