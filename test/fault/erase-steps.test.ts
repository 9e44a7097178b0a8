/**
 * `erase` fails at the 1st, 2nd, 3rd ... call of each function by which it reaches the database, once before the call takes
 * effect and once after (its answer is lost). Then it runs again, and everything of that person is gone everywhere.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { auditKeysOf } from '../../src/commands/seal-duty.ts'
import { createParsePool, type ParsePool } from '../../src/ticketing/parse-pool.ts'
import { type Erased, erase } from '../../src/upkeep/erase.ts'
import { createMailReader } from '../../src/upkeep/mail-reader.ts'
import { personWith } from '../../src/upkeep/person.ts'
import { createSealing } from '../../src/upkeep/seal.ts'
import { verifyChain } from '../../src/upkeep/verify-chain.ts'
import { type Acknowledging, never, openAcknowledging } from '../support/acknowledging.ts'
import { createFaults, type Faults, type Moment } from '../support/faults.ts'
import { absenceNote, mail } from '../support/mails.ts'
import { snapshot } from '../support/snapshot.ts'
import { tracesInDatabase } from '../support/traces.ts'

const ZOE = 'zoe.quagga@canary.example'
const WORDS = [ZOE, 'zebrafinch']

const replaced = (octets: Buffer, one: string, other: string) => octets.toString().replaceAll(one, other)
const absentZoe = () => replaced(absenceNote({ id: 'zebrafinch-away', about: 'others' }), 'dora@example.com', ZOE)
const toZoe = () => replaced(mail({ id: 'to-her', from: 'bert@example.com' }), 'To: ', `To: <${ZOE}>, `)
/** That she wrote it, too, stands in its octets alone. */
const ofTwo = () => replaced(mail({ id: 'zebrafinch-two' }), '<carla@example.com>', `<carla@example.com>, <${ZOE}>`)
const OWN = 5
/** `toZoe` */
const NAMING = 1

let desk: Acknowledging
let pool: ParsePool
let restore: () => Promise<void>

beforeAll(async () => {
  pool = createParsePool({ threads: 1 })
  desk = await openAcknowledging()
  desk.deliver(mail({ id: 'zebrafinch', from: ZOE }), mail({ id: 'others' }), absentZoe(), toZoe(), ofTwo())
  await desk.takeIn()
  await desk.send()
  desk.deliver(mail({ id: 'zebrafinch-again', from: ZOE }), mail({ id: 'meanwhile', from: 'emil@example.com' }))
  await desk.takeIn()
  // What is to go out to her, though no mail of hers is its cause.
  await desk.query(`UPDATE outbox SET recipient = $1 WHERE recipient = 'emil@example.com'`, [ZOE])
  desk.deliver(mail({ id: 'zebrafinch-waits', from: ZOE }))
  await desk.worker.poll({ wake: async () => undefined })
  await seal()
  restore = await snapshot(desk.query)
})
afterAll(async () => {
  await pool.close()
  await desk[Symbol.asyncDispose]()
})

async function seal(): Promise<void> {
  const { app } = desk.worker
  await createSealing(app.store.audit, await auditKeysOf(app.config))(never)
}

const CALLS = ['from', 'unread', 'eraseMessages', 'raw.octets', 'recipients', 'participants', 'removeParticipants']
const MORE_CALLS = ['outbox', 'blankOutbox', 'contacts', 'blankContacts']

describe.each([
  { mentions: false, only: ['removeRecipients'] },
  { mentions: true, only: ['naming', 'speaking'] },
])('whatever call of an erasure fails, with mentions: $mentions,', ({ mentions, only }) => {
  test.each(['before', 'after'] as const)(
    '%s its effect, the next one finds what is left, and nothing of it stays',
    async (moment) => {
      await restore()
      const faults = createFaults()
      const whole = await erased(mentions, faults)
      expect(whole).toMatchObject({ messages: mentions ? OWN + NAMING : OWN, unreadable: [] })
      const calls = faults.labels().toSorted()
      expect(calls).toEqual([...CALLS, ...MORE_CALLS, ...only].toSorted())
      for (const label of calls) {
        let nth = 1
        while (await oneRun({ faults, mentions, whole }, { label, nth, moment })) nth += 1
        expect({ label, nth }).not.toEqual({ label, nth: 1 })
      }
    },
  )
})

interface Bench {
  readonly faults: Faults
  readonly mentions: boolean
  /** What an erasure tells of which no call fails. */
  readonly whole: Erased
}

/** Returns whether there was such a call. */
async function oneRun({ faults, mentions, whole }: Bench, fault: { label: string; nth: number; moment: Moment }) {
  await restore()
  faults.arm(fault.label, fault.nth, fault.moment)
  const first = await erased(mentions, faults).catch((error: Error) => error.message)
  const hasStruck = faults.disarm()
  expect(first).toEqual(hasStruck ? expect.stringMatching(/^made to fail/) : whole)
  const before = await tombstones()
  const { messages, digests, octets } = await erased(mentions)
  expect({ ...fault, messages, digests: [...digests, ...before.digests].toSorted(), octets }).toEqual({
    ...fault,
    ...{
      messages: whole.messages - before.digests.length,
      digests: whole.digests,
      octets: whole.octets - before.octets,
    },
  })
  expect({ ...fault, ...(await state()) }).toEqual({
    ...fault,
    // The octets of what others wrote stay as they are, unless it goes as a whole.
    traces: mentions ? [] : [`public.raw_chunks.octets: ${ZOE}`],
    ...{ imbalances: [], finding: null, unsealed: 0 },
    ...{ tombstones: whole.messages, told: whole.messages, recipients: whole.recipients },
  })
  return hasStruck
}

async function erased(mentions: boolean, faults?: Faults): Promise<Erased> {
  const { store } = desk.worker.app
  const isStream = (label: string) => label === 'raw.octets'
  const { raw } = faults?.guard({ raw: store.raw }, { code: 'store/unavailable', isStream }) ?? store
  const erasure = faults?.guard(store.erasure, { code: 'store/unavailable' }) ?? store.erasure
  const options = { by: 'test', mentions, isDryRun: false, signal: never }
  return await erase(erasure, createMailReader(raw, pool.parse), personWith(ZOE), options)
}

async function state() {
  await seal()
  const { app } = desk.worker
  const { finding, unsealed } = await verifyChain(app.store.audit, await auditKeysOf(app.config))
  const [events] = await desk.query<{ told: number; recipients: number }>(
    `SELECT count(*) FILTER (WHERE NOT detail ? 'what')::int AS told, count(*) FILTER (WHERE detail ? 'what')::int AS recipients
     FROM inbound_events WHERE code = 'operator/erased'`,
  )
  return {
    traces: await tracesInDatabase(desk.query, WORDS),
    imbalances: (await app.store.balance()).imbalances,
    ...{ finding, unsealed: unsealed.events, ...events, tombstones: (await tombstones()).digests.length },
  }
}

async function tombstones() {
  const rows = await desk.query<{ sha256: string; octets: number }>(
    `SELECT sha256, size_bytes AS octets FROM raw_messages WHERE erased_at IS NOT NULL AND purged_at IS NOT NULL`,
  )
  return { digests: rows.map(({ sha256 }) => sha256), octets: rows.reduce((sum, { octets }) => sum + octets, 0) }
}
