/** `mailchute erase` is killed on its way, again and again; the last one finds what is left, and nothing of it stays. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Acknowledging, openAcknowledging } from '../support/acknowledging.ts'
import { mail } from '../support/mails.ts'
import { buildProgram, run, start } from '../support/program.ts'
import { tracesInDatabase } from '../support/traces.ts'

const MAILS = 400
const WHO = 'zoe.quagga@canary.example'

let desk: Acknowledging
beforeAll(async () => {
  await buildProgram()
  desk = await openAcknowledging()
}, 300_000)
afterAll(() => desk[Symbol.asyncDispose]())

const left = async () => {
  const [row] = await desk.query<{ left: number }>(
    'SELECT count(*)::int AS left FROM inbound_messages WHERE content_purged_at IS NULL AND from_address = $1',
    [WHO],
  )
  return row?.left ?? 0
}

/** Looked for without a pause: it is killed as soon as something is gone. */
async function killInTheMiddle(before: number): Promise<boolean> {
  const { child, ended } = start(['erase', '--address', WHO, '--yes'], desk.env)
  const over = ended.then(() => true)
  while ((await left()) === before && !(await Promise.race([over, Promise.resolve(false)])));
  child.kill('SIGKILL')
  return (await ended).signal === 'SIGKILL'
}

describe('an erasure that is killed', () => {
  test('is gone on with by the next one, while a worker works; all is accounted for', async () => {
    desk.deliver(...Array.from({ length: MAILS }, (_, index) => mail({ id: `zebrafinch-${index}`, from: WHO })))
    desk.deliver(mail({ id: 'other' }))
    await desk.takeIn()
    expect(await left()).toBe(MAILS)
    expect(await killInTheMiddle(MAILS)).toBe(true)
    const afterKill = await left()
    expect(afterKill).toBeGreaterThan(0)
    expect(afterKill).toBeLessThan(MAILS)
    const going = run(['erase', '--address', WHO, '--yes', '--json'], desk.env)
    desk.deliver(...Array.from({ length: 20 }, (_, index) => mail({ id: `meanwhile-${index}` })))
    await desk.takeIn()
    const { code, stdout } = await going
    expect({ code, stdout: JSON.parse(stdout.toString()) }).toMatchObject({
      code: 0,
      stdout: { certificate: { erased: { messages: afterKill } } },
    })
    expect(await tracesInDatabase(desk.query, [WHO, 'zebrafinch'])).toEqual([])
    expect((await desk.worker.app.store.balance()).imbalances).toEqual([])
    expect(await run(['audit', 'verify', '--raw'], desk.env)).toMatchObject({ code: 0 })
    expect(await desk.query(`SELECT count(*)::int FROM ticket_entries WHERE from_address <> ''`)).toEqual([
      { count: 21 },
    ])
  })
})
