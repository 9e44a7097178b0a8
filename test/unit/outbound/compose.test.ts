import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AcknowledgeConfig } from '../../../src/config.ts'
import { parse } from '../../../src/message/parse/parse.ts'
import { understand } from '../../../src/message/understand.ts'
import { composeAcknowledgement } from '../../../src/outbound/compose.ts'
import type { Template } from '../../../src/outbound/templates.ts'
import type { Claimed } from '../../../src/store/outbox.ts'

const MAIL: Claimed = {
  ...{ id: '7', mailboxId: 'm', ticketId: 't', ticketNumber: 12, inboundMessageId: 'i', attempts: 1 },
  ...{ recipient: 'carla@example.com', language: 'en', createdAt: new Date(0), messageId: '<t.12.7.00@example.org>' },
  ...{ ticketSubject: 'Help', name: 'Carla', answeredHead: Buffer.from('Message-ID: <a@x>\r\n\r\n') },
}
const SETTING: AcknowledgeConfig = {
  from: { name: 'Support', address: 'support@example.org' },
  ...{ perSenderAndHour: 3, templatesDir: null, language: 'en' },
}
const template = (over: Partial<Template> = {}): Template => ({
  ...{
    language: 'en',
    text: 'For {{name}}: {{ticket}}, {{subject}}\n',
    html: '<p>{{name}} {{ticket}} {{subject}}</p>',
  },
  ...{ subject: 'Received' },
  ...over,
})

const compose = (over: Partial<Claimed> = {}, words = template()) =>
  composeAcknowledgement({ ...MAIL, ...over }, SETTING, { choose: () => words }, new Date('2026-11-25T12:00:00Z'))

const names = (octets: Buffer) => {
  const [header = ''] = octets.toString('latin1').split('\r\n\r\n')
  return header
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line) => line.slice(0, line.indexOf(':')))
}

/** Whatever a sender can bring in: line ends of every kind, header fields, brackets, other scripts. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        '\r',
        '\n',
        '\r\n',
        'Bcc: x@y',
        '\u2028',
        '\0',
        '<',
        '>',
        '"',
        ',',
        ' ',
        'é',
        '\u202e',
        '😀',
        '=?utf-8?q?=0A?=',
      ),
      {
        maxLength: 60,
      },
    )
    .map((parts) => parts.join('')),
)

describe('an acknowledgement', () => {
  test('has exactly these fields, whatever subject, name and msg-ids the sender chose (no header injection)', async () => {
    const expected = names(await compose()).toSorted()
    expect(expected).toContain('Auto-Submitted')
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, async (ticketSubject, name, id) => {
        const answeredHead = Buffer.from(`Message-ID: <${id}>\r\nReferences: <${id}> <b@x>\r\n\r\n`)
        const octets = await compose({ ticketSubject, name, answeredHead })
        const optional = new Set(['In-Reply-To', 'References'])
        const required = expected.filter((field) => !optional.has(field))
        expect(
          names(octets)
            .filter((field) => !optional.has(field))
            .toSorted(),
        ).toEqual(required)
        const parsed = await understand(Readable.from([octets]))
        expect(parsed.to).toEqual([{ name: '', address: 'carla@example.com' }])
        expect(parsed).toMatchObject({ messageId: MAIL.messageId, cc: [], reason: 'auto-reply/auto-submitted' })
        expect(parsed.subject.startsWith('[#12]')).toBe(true)
        for (const line of octets.toString('latin1').split('\r\n')) expect(line.length).toBeLessThanOrEqual(998)
      }),
      { numRuns: 300 },
    )
  })

  test('is seen by a mail parser as it was meant', async () => {
    const parsed = await parse(Readable.from([await compose({ ticketSubject: 'Größe 42 – wieder?', name: 'Zoë' })]))
    expect(parsed).toMatchObject({
      subject: '[#12] Größe 42 – wieder?',
      from: [{ name: 'Support', address: 'support@example.org' }],
      date: '2026-11-25T12:00:00.000Z',
      text: 'For Zoë: 12, Größe 42 – wieder?\n',
      language: 'en',
      inReplyTo: ['<a@x>'],
      references: ['<a@x>'],
    })
  })

  test('names the references of the mail it answers, and that mail last (RFC 5322 section 3.6.4)', async () => {
    const answeredHead = Buffer.from('References: <r@x>\r\n <p@x>\r\nMessage-ID: <a@x>\r\n\r\n')
    const parsed = await parse(Readable.from([await compose({ answeredHead })]))
    expect(parsed.references).toEqual(['<r@x>', '<p@x>', '<a@x>'])
  })

  test('answers a mail without a usable Message-ID without naming one', async () => {
    for (const head of ['\r\n', 'Message-ID: <ä@x>\r\n\r\n', `Message-ID: <${'x'.repeat(2000)}>\r\n\r\n`]) {
      expect(names(await compose({ answeredHead: Buffer.from(head) }))).not.toContain('In-Reply-To')
    }
  })

  test('has a subject of its own where the mail had none, and cuts a long one', async () => {
    const subjectOf = async (ticketSubject: string) =>
      (await parse(Readable.from([await compose({ ticketSubject })]))).subject
    expect(await subjectOf(' \r\n ')).toBe('[#12] Received')
    expect(await subjectOf('😀'.repeat(500))).toBe(`[#12] ${'😀'.repeat(149)}…`)
  })

  test('has no markup of the sender in its HTML, and no placeholder of theirs is filled', async () => {
    const octets = await compose({ ticketSubject: '<img src=x onerror=a> {{name}}', name: '"><script>{{ticket}}' })
    const { html } = await understand(Readable.from([octets]))
    expect(html).toContain('&lt;img src=x onerror=a&gt; {{name}}')
    expect(html).toContain('&quot;&gt;&lt;script&gt;{{ticket}}')
    expect(html).not.toMatch(/<(img|script)/)
  })

  test('goes to an internationalised domain in ASCII (RFC 5890)', async () => {
    const octets = await compose({ recipient: 'anna@grün.example' })
    expect(octets.toString()).toContain('anna@xn--grn-ioa.example')
  })
})
