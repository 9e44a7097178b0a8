/** Machines that answer each other: two Mailchutes, and one that heeds no RFC. Each mail travels as it would. */
import { describe, expect, test } from 'vitest'
import { type Acknowledging, headerOf, openAcknowledging } from '../support/acknowledging.ts'
import { mail } from '../support/mails.ts'
import { type ReceivedMail, startSmtp } from '../support/smtp-server.ts'

const [NORTH, SOUTH] = ['support@north.example', 'help@south.example']
const [ROBOT, ROUNDS] = ['otto@machine.example', 5]

/** A round of polling, working and sending at each, again and again, as if time passed. */
async function letTimePass(...desks: readonly Acknowledging[]): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const desk of desks) {
      await desk.takeIn()
      await desk.makeDue()
      await desk.send()
    }
  }
}

const tickets = async ({ query }: Acknowledging) =>
  (await query<{ count: number }>('SELECT count(*)::int AS count FROM tickets'))[0]?.count

/** As the last server on its way would note the envelope sender (RFC 5321 section 4.4). */
const delivered = ({ from, octets }: ReceivedMail) => Buffer.concat([Buffer.from(`Return-Path: <${from}>\r\n`), octets])

describe('machines that answer machines', () => {
  test.each(['empty', 'own'] as const)(
    'two Mailchutes that acknowledge each other fall silent after one acknowledgement (RFC 3834 section 2, %s envelope)',
    async (envelope) => {
      const travelled: ReceivedMail[] = []
      await using smtp = await startSmtp()
      const env = { MAILBOX_TEST_SMTP_URL: `smtp://127.0.0.1:${smtp.port}?envelope=${envelope}` }
      await using north = await openAcknowledging({ smtp, env, from: NORTH })
      await using south = await openAcknowledging({ smtp, env, from: SOUTH })
      smtp.manners.data = (received) => {
        travelled.push(received)
        const desk = received.to.includes(NORTH) ? north : south
        desk.deliver(delivered(received))
        return null
      }
      // Somebody at the one writes to the other, from its support address.
      north.deliver(mail({ id: 'first', from: SOUTH }))
      await letTimePass(north, south)
      expect(travelled.map(({ to }) => to)).toEqual([[SOUTH]])
      expect(headerOf(travelled[0]?.octets ?? Buffer.alloc(0)).get('auto-submitted')).toBe('auto-replied')
      // What answers a mail opens no ticket.
      expect([await tickets(north), await tickets(south)]).toEqual([1, 0])
    },
  )

  test('one that heeds neither header nor envelope and threads nothing is stopped by its share of an hour', async () => {
    let answers = 0
    await using smtp = await startSmtp()
    await using desk = await openAcknowledging({ smtp, from: NORTH })
    smtp.manners.data = () => {
      answers += 1
      desk.deliver(mail({ id: `answer-${answers}`, from: ROBOT }))
      return null
    }
    desk.deliver(mail({ id: 'first', from: ROBOT }))
    await letTimePass(desk)
    expect(answers).toBe(3)
    expect(await tickets(desk)).toBe(4)
    expect(await desk.query(`SELECT reason FROM outbox WHERE state = 'skipped'`)).toEqual([
      { reason: 'outbound/rate-limited' },
    ])
  })
})
