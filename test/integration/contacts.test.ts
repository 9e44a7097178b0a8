/** Somebody who complained gets no acknowledgements: an operator sees why, and has them sent again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Acknowledging, openAcknowledging } from '../support/acknowledging.ts'
import { mail } from '../support/mails.ts'
import { buildProgram, run, runJson } from '../support/program.ts'

const WHO = 'ada@example.com'

let desk: Acknowledging
beforeAll(async () => {
  await buildProgram()
  desk = await openAcknowledging()
  await write('first')
}, 300_000)
afterAll(() => desk?.[Symbol.asyncDispose]())

async function write(id: string): Promise<void> {
  desk.deliver(mail({ id, from: WHO }))
  await desk.takeIn()
}

const complain = () =>
  desk.query(
    `UPDATE contacts SET undeliverable_at = now(), undeliverable_status = 'complaint' WHERE address = '${WHO}'`,
  )

const contacts = (...options: string[]) => run(['contacts', ...options], desk.env)

test('shows why nothing is sent, and has it sent again: with an event that names nobody', async () => {
  await complain()
  await write('second')
  const shown = await contacts('show', 'ADA@example.com')
  expect(shown.stdout.toString()).toMatch(/acknowledgements are not sent there since .*: somebody there complained/)
  expect(shown.stdout.toString()).toMatch(/#2 {2}acknowledge\/complained\n#1 {2}waiting\n/)
  expect(await contacts('reset', '"ada"@EXAMPLE.com', '--note', 'asked by phone')).toMatchObject({ code: 0 })
  await write('third')
  expect(await runJson(['contacts', 'show', WHO, '--json'], desk.env)).toMatchObject([
    { address: WHO, silentSince: null, silentFor: null, tickets: [{ acknowledgement: 'waiting' }, {}, {}] },
  ])
  const [row] = await desk.query<{ id: string }>('SELECT id FROM contacts')
  const events = await desk.query(`SELECT detail FROM inbound_events WHERE code = 'operator/contact-reset'`)
  expect(events).toEqual([
    { detail: { contact: row?.id, was: 'complaint', actor: expect.stringMatching(/^cli:/), note: 'asked by phone' } },
  ])
  expect((await desk.worker.app.store.balance()).imbalances).toEqual([])
})

test('changes nothing where there is nothing to undo, and knows nobody who never wrote', async () => {
  const again = await contacts('reset', WHO)
  expect([again.code, again.stdout.toString()]).toEqual([0, 'nothing was changed: it is written to\n'])
  expect(await desk.query(`SELECT FROM inbound_events WHERE code = 'operator/contact-reset'`)).toHaveLength(1)
  for (const what of ['show', 'reset']) {
    expect(await contacts(what, 'nobody@example.com')).toMatchObject({ code: 64 })
  }
})
