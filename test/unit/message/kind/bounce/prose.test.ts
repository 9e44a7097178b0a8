import { describe, expect, test } from 'vitest'
import { classified, letter } from '../mail.ts'
import { NOTICES_OF_SERVERS, ORIGINAL } from './notices.ts'
import { NOTICES_OF_PROVIDERS } from './provider-notices.ts'

const NOTICES = [...NOTICES_OF_SERVERS, ...NOTICES_OF_PROVIDERS]

describe('a bounce in prose', () => {
  test.each(NOTICES)('of $by is one, and tells whom and why', async ({ fields, text, says }) => {
    const { kind, mayAnswer, delivery } = await classified(letter(fields, text))
    expect({ kind, mayAnswer }).toEqual({ kind: 'delivery-status', mayAnswer: false })
    const told = delivery?.recipients.map(({ address, status, action }) => [address, status, action])
    expect(told).toEqual(says.map(([address, status]) => [address, status, 'failed']))
    expect(delivery?.temporary).toBe(false)
  })

  test('names the mail that it gives back, then those which that one refers to', async () => {
    for (const { fields, text } of NOTICES.filter((each) => each.text.includes(ORIGINAL))) {
      const { delivery, reportsOn } = await classified(letter(fields.replace(/\nIn-Reply-To:.*/, ''), text))
      expect(delivery?.originalMessageId).toBe('<t.12.1.abc@desk.example>')
      expect(reportsOn).toEqual(['<t.12.1.abc@desk.example>', '<first@example.org>', '<root@example.org>'])
    }
  })

  test('names the mail that it answers, where it gives none back', async () => {
    const { fields = '', text } = NOTICES.find(({ by }) => by === 'Gmail today') ?? {}
    const { delivery } = await classified(letter(fields, text))
    expect(delivery?.originalMessageId).toBe('<t.12.1.abc@desk.example>')
  })

  test('that only warns of a delay is temporary', async () => {
    const text = `This is an automatically generated Delivery Status Notification

THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.

Delivery to the following recipient has been delayed:

     slow@example.org

Message will be retried for 2 more day(s)
`
    const fields =
      'From: Mail Delivery Subsystem <mailer-daemon@mx.example.net>\nSubject: Delivery Status Notification (Delay)'
    const { kind, delivery } = await classified(letter(fields, text))
    expect(kind).toBe('delivery-status')
    expect(delivery).toMatchObject({
      temporary: true,
      recipients: [{ address: 'slow@example.org', action: 'delayed' }],
    })
    expect(delivery?.recipients[0]?.status?.[0]).toBe('4')
  })

  test('never names who sent the mail, who receives the bounce, or whom to ask', async () => {
    const text = `A message sent by

  <support@desk.example>

could not be delivered. For help write to postmaster@mx.example.net.
The following address failed:

  <gone@example.org>
`
    const fields = 'From: MAILER-DAEMON@mx.example.net\nSubject: Undeliverable mail\nTo: bounces@desk.example'
    const { delivery } = await classified(letter(fields, `${text}\n--- The original message ---\n\n${ORIGINAL}`))
    expect(delivery?.recipients.map(({ address }) => address)).toEqual(['gone@example.org'])
  })

  test('names at most 200 recipients, whatever it holds', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => `<a${at}@b.example>: unknown`).join('\n')
    const fields = 'From: MAILER-DAEMON@mx.example.net\nSubject: failure notice'
    expect((await classified(letter(fields, `Could not deliver.\n\n${many}\n`))).delivery?.recipients).toHaveLength(200)
  })
})

describe('no bounce', () => {
  const inline = NOTICES[0]?.text ?? ''
  const fields = `Final-Recipient: rfc822; gone@example.org
Action: failed
Status: 5.1.1
`
  test.each([
    [
      'a bounce that somebody forwards',
      'Subject: Fwd: Undelivered Mail Returned to Sender',
      `What is this?\n\n${inline}`,
    ],
    ['a bounce that somebody pastes', 'Subject: Undelivered Mail Returned to Sender', inline],
    ['its fields, pasted', 'Subject: My mail came back\nReturn-Path: <carla@example.com>', `Why?\n\n${fields}`],
    [
      'a question about one',
      'Subject: my mail came back with 550 5.1.1',
      'It says: user unknown. Could not be delivered?\n',
    ],
    [
      'an answer to one',
      'Subject: Re: Undeliverable: Help\nIn-Reply-To: <x@mx.example.net>',
      `> ${inline.replaceAll('\n', '\n> ')}\nOops.\n`,
    ],
    [
      'an answer to one, by somebody with the name of a server',
      'From: System Administrator <admin@example.net>\nSubject: Re: Undeliverable: Help',
      inline,
    ],
    [
      'what a postmaster writes by hand',
      'From: Postmaster <postmaster@example.net>\nReturn-Path: <postmaster@example.net>\nSubject: Your question',
      'Your mail was rejected because of its size. Call me.\n',
    ],
  ])('is %s', async (_, header, text) => {
    const { kind, delivery } = await classified(letter(header, text))
    expect(kind).not.toBe('delivery-status')
    expect(kind).not.toBe('auto-reply')
    expect(delivery).toBeNull()
  })

  test.each([
    [
      'a shop that could not deliver a parcel',
      'From: no-reply@parcels.example\nAuto-Submitted: auto-generated\nSubject: Delivery failed',
      'Your parcel could not be delivered.\n',
      'notification',
    ],
    [
      'a report of what a server rejected',
      'From: root@host.example\nAuto-Submitted: auto-generated\nSubject: Logwatch for host',
      '550 user unknown: 3 times. Undeliverable: 5\n',
      'notification',
    ],
    [
      'a failure that a monitor reports',
      'From: checks@example.net\nReturn-Path: <>\nSubject: Failure: backup',
      'The backup failed.\n',
      'notification',
    ],
    [
      'an absence note with an empty envelope sender',
      'Return-Path: <>\nSubject: Out of office: Help',
      'Messages are not delivered to anybody else.\n',
      'auto-reply',
    ],
    [
      'a confirmation of receipt that quotes a bounce',
      'Return-Path: <>\nAuto-Submitted: auto-replied\nSubject: [Ticket 4] Help',
      `Thank you.\n\n> ${inline.replaceAll('\n', '\n> ')}`,
      'auto-reply',
    ],
  ])('is %s', async (_, header, text, kind) => {
    expect((await classified(letter(header, text))).kind).toBe(kind)
  })
})
