import { inChild } from '../support/child.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'

export const INTAKE_PLAIN = 'intake, plain'

export const intakeRows: readonly Row[] = [
  {
    group: 'intake',
    what: INTAKE_PLAIN,
    unit: 'mails/s',
    goal: { atLeast: 1000 },
    measure: (world) => intake(world, 'plain'),
  },
  {
    group: 'intake',
    what: 'intake, TLS',
    unit: 'mails/s',
    comparedWith: INTAKE_PLAIN,
    measure: (world) => intake(world, 'tls'),
  },
]

function intake(world: World, security: 'plain' | 'tls'): Promise<Measured> {
  return world.withDatabase(async (databaseUrl) => {
    const mails = world.mails.length
    const mailbox = world.dovecot.mailbox(await world.fullMailbox(mails), security)
    const { seconds, cpuMs, peakMib } = await inChild('intake', { databaseUrl, mailbox, mails })
    return { figure: mails / seconds, note: `${(cpuMs / mails).toFixed(2)} ms CPU a mail, ${peakMib} MiB` }
  })
}
