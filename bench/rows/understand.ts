import { inChild } from '../support/child.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'
import type { UnderstandInput } from '../tasks/understand.ts'

const OURS = 'understand: parse, kind, reply, on one core'

export const understandRows: readonly Row[] = [
  {
    group: 'understand',
    what: OURS,
    unit: 'mails/s',
    goal: { atLeast: 600 },
    measure: (world) => understood(world, 'mailchute'),
  },
  {
    group: 'understand',
    what: "mailparser's simpleParser, on one core",
    unit: 'mails/s',
    comparedWith: OURS,
    measure: (world) => understood(world, 'mailparser'),
  },
  {
    group: 'understand',
    what: 'mailparser without HTML to text and back, on one core',
    unit: 'mails/s',
    comparedWith: OURS,
    measure: (world) => understood(world, 'mailparser bare'),
  },
]

/** By the CPU that it took, of all threads: that is what one core gives in a second, also where it is shared. */
async function understood(world: World, by: UnderstandInput['by']): Promise<Measured> {
  const mails = world.mails.length
  const { seconds, cpuSeconds, averageBytes, core } = await inChild('understand', { by, mails })
  const where = core === null ? 'not bound to a core' : `on core ${core}`
  const onTheClock = Math.round(mails / seconds)
  return {
    figure: mails / cpuSeconds,
    note: `${onTheClock} mails/s on the clock ${where}, ${averageBytes} octets on average`,
  }
}
